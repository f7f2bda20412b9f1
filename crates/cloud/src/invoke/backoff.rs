use std::time::Duration;

/// The longest wait before the second try; the longest wait before each further try is twice as long.
const BACKOFF: Duration = Duration::from_millis(100);

/// The longest wait before any try.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// How long to wait after `tries` tries: exponential, with full jitter
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), so that copies which were throttled
/// together do not come back together.
pub(super) fn backoff(tries: u32) -> Duration {
    let longest = BACKOFF.saturating_mul(1 << tries.min(16)).min(BACKOFF_MAX);
    longest.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn waits_grow_to_a_bound() {
        for tries in 0..200 {
            let longest = BACKOFF.saturating_mul(1 << tries.min(10)).min(BACKOFF_MAX);
            assert!(backoff(tries) <= longest, "{tries}");
        }
        let several: HashSet<_> = (0..20).map(|_| backoff(20)).collect();
        assert!(several.len() > 10, "copies that were throttled together come back together");
    }
}
