use std::time::Duration;

/// The longest wait before the second try. The longest wait doubles with each further try.
const BACKOFF: Duration = Duration::from_millis(100);

/// The longest wait before any try.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// How long to wait after `tries` tries: exponential, with full jitter
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>). With jitter, copies that were
/// throttled at the same time do not try again at the same time.
pub(super) fn backoff(tries: u32) -> Duration {
    let longest = BACKOFF.saturating_mul(1 << tries.min(16)).min(BACKOFF_MAX);
    longest.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_waits_grow_up_to_a_bound() {
        for tries in 0..200 {
            let longest = BACKOFF.saturating_mul(1 << tries.min(10)).min(BACKOFF_MAX);
            assert!(backoff(tries) <= longest, "{tries}");
        }
        let several: HashSet<_> = (0..20).map(|_| backoff(20)).collect();
        assert!(several.len() > 10, "the waits must be random");
    }
}
