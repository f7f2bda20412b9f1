use crate::Verdict;

/// An event in the life of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The outcomes call for this verdict.
    Decided(Verdict),
    /// The user cancels the job.
    Cancelled,
    /// The user retries the job: the copies without a digest run again.
    Retried,
    /// The job is extended: it wants more copies, because the present ones do not say enough.
    Extended,
}

/// An event that is not legal for a job with this verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match event {
    Event::Decided(to) => format!("a {from} job cannot become {to}"),
    Event::Cancelled => format!("a {from} job has ended and cannot be cancelled"),
    Event::Retried => format!("a {from} job cannot be retried"),
    Event::Extended => format!("a {from} job cannot be extended"),
})]
pub struct IllegalTransition {
    /// The verdict of the job.
    pub from: Verdict,
    /// The event.
    pub event: Event,
}

/// The verdict after an event: the legal transitions.
///
/// # Errors
/// When the match has no arm for the pair.
pub fn next(from: Verdict, event: Event) -> Result<Verdict, IllegalTransition> {
    use Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};
    match (from, event) {
        (Running, Event::Decided(to @ (Running | Reproducible | Divergent | Inconclusive)))
        | (Inconclusive, Event::Decided(to @ (Inconclusive | Reproducible | Divergent)))
        | (Reproducible, Event::Decided(to @ (Reproducible | Divergent))) => Ok(to),
        (Running, Event::Cancelled) => Ok(Cancelled),
        (Inconclusive, Event::Retried) | (Running, Event::Extended) => Ok(Running),
        // A divergent job stays divergent. Cancelling stops the remaining copies, a retry runs the failed ones, and
        // an extension looks for the reason.
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

    /// For each verdict, the verdict after each event: decided as each of [`Verdict::ALL`], cancelled, retried,
    /// extended.
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
    fn an_illegal_transition_is_an_error() {
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
