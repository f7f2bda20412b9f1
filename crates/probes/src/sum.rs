use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded::{Seed, Whole};
use crate::error::ProbeError;
use crate::inputs::Inputs;
use crate::output::le_bytes;

/// 2^24: about a tenth of a second of arithmetic on one core; values are drawn where they are added, not stored.
const N_VALUES_MAX: u64 = 1 << 24;
/// Keeps the number of partial sums, each 16 bytes when kept for sorting, to 2^18.
const CHUNK_VALUES_MIN: u64 = 64;
const THREADS_MAX: u64 = 64;
/// Partial sums that wait for the adding thread, at most; a thread that is further ahead blocks.
const PARTIAL_SUMS_IN_FLIGHT_MAX: usize = 1024;
/// The threads only loop over numbers.
const STACK_BYTES: usize = 128 * 1024;

/// `sum`: values of very different size, added by several threads.
///
/// The values are cut into chunks; each thread adds up the chunks of its share one after another; the partial sums are
/// then added. Floating-point addition is not associative, so their order shows in the result.
///
/// | field | default | bounds | meaning |
/// |---|---|---|---|
/// | `n` | 1048576 | 1 to 16777216 | values, each of either sign, with a magnitude from 2^-32 to 2^32 |
/// | `chunk` | 128 | 64 to 16777216 | values in one partial sum; the last chunk may be shorter |
/// | `threads` | 8 | 1 to 64 | threads |
/// | `order` | `"ordered"` | `"ordered"`, `"racing"` | how partial sums are added |
/// | `seed` | 0 | 0 to 2^64 - 1 | chooses the values |
///
/// `ordered` adds the partial sums in the order of the chunks, and gives the same bytes for any number of threads.
/// `racing` adds each partial sum when it arrives, in the order in which the threads finish. It draws no random number and
/// does not sleep: it makes the mistake of real parallel reductions, so its bytes vary.
///
/// Output: the sum, little-endian binary64: 8 bytes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sum {
    #[serde(rename = "probe")]
    _probe: IgnoredAny,
    n: Whole<1, N_VALUES_MAX>,
    chunk: Whole<CHUNK_VALUES_MIN, N_VALUES_MAX>,
    threads: Whole<1, THREADS_MAX>,
    order: SumOrder,
    seed: Seed,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
enum SumOrder {
    Ordered,
    Racing,
}

impl TryFrom<String> for SumOrder {
    type Error = &'static str;

    /// By hand, because derived code would also take `{"racing":null}`.
    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "ordered" => Ok(Self::Ordered),
            "racing" => Ok(Self::Racing),
            _ => Err("unknown order, expected \"ordered\" or \"racing\""),
        }
    }
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            _probe: IgnoredAny,
            n: Whole::of(1 << 20),
            chunk: Whole::of(128),
            threads: Whole::of(8),
            order: SumOrder::Ordered,
            seed: Seed::of(0),
        }
    }
}

/// The sum of one chunk.
#[derive(Clone, Copy)]
struct Partial {
    chunk: u64,
    sum: f64,
}

impl Sum {
    pub(crate) fn run(&self) -> Result<Vec<u8>, ProbeError> {
        let total = match self.order {
            SumOrder::Racing => self.partials(|arrivals| arrivals.map(|partial| partial.sum).sum::<f64>())?,
            SumOrder::Ordered => {
                let mut partials = self.partials(|arrivals| arrivals.collect::<Vec<_>>())?;
                partials.sort_unstable_by_key(|partial| partial.chunk);
                partials.iter().map(|partial| partial.sum).sum()
            }
        };
        Ok(le_bytes([total]))
    }

    /// Hands the partial sums to `gather` while the threads send them, in the order in which they arrive.
    fn partials<T>(
        &self,
        gather: impl FnOnce(&mut dyn Iterator<Item = Partial>) -> T,
    ) -> Result<T, ProbeError> {
        let (sender, receiver) = sync_channel(PARTIAL_SUMS_IN_FLIGHT_MAX);
        thread::scope(|scope| {
            // Dropped first when a thread cannot be started: sending then fails in the other threads, and they end.
            let mut receiver = receiver.into_iter();
            for share in self.shares() {
                let sender = sender.clone();
                thread::Builder::new()
                    .name("concord-sum".to_owned())
                    .stack_size(STACK_BYTES)
                    .spawn_scoped(scope, move || self.send_partials(share, &sender))
                    .map_err(|problem| ProbeError::Threads { problem })?;
            }
            drop(sender);
            Ok(gather(&mut receiver))
        })
    }

    /// The chunks of each thread: neighbours stay together, and shares differ by at most one chunk.
    fn shares(&self) -> impl Iterator<Item = std::ops::Range<u64>> {
        let (chunks, threads) = (self.n.get().div_ceil(self.chunk.get()), self.threads.get());
        (0..threads).map(move |thread| chunks * thread / threads..chunks * (thread + 1) / threads)
    }

    fn send_partials(&self, mut share: std::ops::Range<u64>, sender: &SyncSender<Partial>) {
        // Sending fails only when the run has been given up.
        let _ = share.try_for_each(|chunk| sender.send(Partial { chunk, sum: self.partial_sum(chunk) }));
    }

    fn partial_sum(&self, chunk: u64) -> f64 {
        let values = self.chunk.get().min(self.n.get() - chunk * self.chunk.get());
        let mut inputs = Inputs::stream(self.seed, chunk);
        (0..values).map(|_| inputs.wide()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::output::values;

    fn sum(n: u64, chunk: u64, threads: u64, seed: u64) -> Sum {
        Sum {
            n: Whole::of(n),
            chunk: Whole::of(chunk),
            threads: Whole::of(threads),
            seed: Seed::of(seed),
            ..Sum::default()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn ordered_equals_a_sequential_fold_of_the_same_chunks(
            n in 1u64..5000, chunk in 64u64..600, threads in 1u64..9, seed: u64,
        ) {
            let mut left = n;
            let mut expected = -0.0;
            for stream in 0.. {
                let mut inputs = Inputs::stream(Seed::of(seed), stream);
                expected += (0..left.min(chunk)).map(|_| inputs.wide()).sum::<f64>();
                left = left.saturating_sub(chunk);
                if left == 0 { break; }
            }
            let got = values(&sum(n, chunk, threads, seed).run().unwrap())[0];
            prop_assert_eq!(got.to_bits(), f64::to_bits(expected));
        }

        #[test]
        fn racing_is_ordered_but_for_rounding(n in 1u64..5000, seed: u64) {
            let ordered = sum(n, 64, 4, seed);
            let racing = Sum { order: SumOrder::Racing, ..ordered };
            let [ordered, racing] = [ordered, racing].map(|sum| values(&sum.run().unwrap())[0]);
            prop_assert!((ordered - racing).abs() < 1.0, "{} is not {}", ordered, racing);
        }
    }

    #[test]
    fn racing_gives_various_sums() {
        let racing = Sum { order: SumOrder::Racing, ..sum(1 << 18, 64, 8, 0) };
        let outputs: HashSet<_> = (0..50).map(|_| racing.run().unwrap()).collect();
        assert!(outputs.len() > 1, "50 runs gave one and the same sum");
    }
}
