use crate::Verdict;

/// What happens to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its outcomes call for this verdict.
    Decided(Verdict),
    /// The user stops it.
    Cancelled,
    /// The user has its copies without a digest run again.
    Retried,
    /// More copies are wanted, since those that there are do not say enough.
    Extended,
}

/// A thing that cannot happen to a job as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match event {
    Event::Decided(to) => format!("a {from} job cannot become {to}"),
    Event::Cancelled => format!("a {from} job has ended and cannot be cancelled"),
    Event::Retried => format!("a {from} job cannot be retried"),
    Event::Extended => format!("a {from} job cannot be extended"),
})]
pub struct IllegalTransition {
    /// The verdict as it stands.
    pub from: Verdict,
    /// What was to happen.
    pub event: Event,
}

/// The legal transitions.
///
/// # Errors
/// Every pair that the match does not name.
pub fn next(from: Verdict, event: Event) -> Result<Verdict, IllegalTransition> {
    use Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};
    match (from, event) {
        (Running, Event::Decided(to @ (Running | Reproducible | Divergent | Inconclusive)))
        | (Inconclusive, Event::Decided(to @ (Inconclusive | Reproducible | Divergent)))
        | (Reproducible, Event::Decided(to @ (Reproducible | Divergent))) => Ok(to),
        (Running, Event::Cancelled) => Ok(Cancelled),
        (Inconclusive, Event::Retried) | (Running, Event::Extended) => Ok(Running),
        // What differs stays different: cancelling stops the rest of the copies, a retry runs those that failed, and an
        // extension looks for why.
        (Divergent, Event::Decided(Divergent) | Event::Cancelled | Event::Retried | Event::Extended) => {
            Ok(Divergent)
        }
        (from, event) => Err(IllegalTransition { from, event }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};

    /// What becomes of a job, by its verdict: decided to be each of [`Verdict::ALL`], cancelled, retried, extended.
    const TRANSITIONS: [(Verdict, [Option<Verdict>; 8]); 5] = [
        (
            Running,
            [
                Some(Running),
                Some(Reproducible),
                Some(Divergent),
                Some(Inconclusive),
                None,
                Some(Cancelled),
                None,
                Some(Running),
            ],
        ),
        (Reproducible, [None, Some(Reproducible), Some(Divergent), None, None, None, None, None]),
        (
            Divergent,
            [None, None, Some(Divergent), None, None, Some(Divergent), Some(Divergent), Some(Divergent)],
        ),
        (
            Inconclusive,
            [None, Some(Reproducible), Some(Divergent), Some(Inconclusive), None, None, Some(Running), None],
        ),
        (Cancelled, [None; 8]),
    ];

    #[test]
    fn what_is_not_legal_is_an_error() {
        for (from, expected) in TRANSITIONS {
            let decided = Verdict::ALL.map(Event::Decided);
            let events = decided.into_iter().chain([Event::Cancelled, Event::Retried, Event::Extended]);
            for (event, expect) in events.zip(expected) {
                assert_eq!(
                    next(from, event),
                    expect.ok_or(IllegalTransition { from, event }),
                    "{from} {event:?}"
                );
            }
        }
    }
}
