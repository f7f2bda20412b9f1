//! Which copies of a large job are read: all copies of rare classes, and blocks of neighbours from all over the job.

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::{Digest, JobTally};

/// The bounds of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleLimits {
    /// The largest number of copies. A job with at most this many copies is read whole.
    pub copies_max: u32,
    /// The largest number of copies that are chosen one by one, because they failed or gave a rare digest.
    pub singles_max: u32,
    /// The number of neighbouring copies that are chosen together; 1 where a read of one copy is cheap.
    pub block_copies: u32,
}

impl SampleLimits {
    /// Whether the order of the copies in a sample is that of the whole job: then the copies of each class are chosen
    /// one by one. Blocks and single copies together would show an order that the job does not have.
    pub(crate) fn keeps_order(&self) -> bool {
        self.block_copies <= 1
    }
}

/// The copies to read of a job with `copies` copies, as ranges in ascending order.
///
/// A job that is too large to be read whole is read in two parts. The first has copies of the rarest classes, and failed
/// copies: of the rarest class first, and within a class at random. The second has copies of the most frequent class at
/// random or, where the limits ask for blocks, blocks from all over the job. The choice depends on classes, indices and
/// nothing else, so within a class the facts of the copies are a fair sample. It is the same at each call.
pub(crate) fn sample(tally: &JobTally, copies: u32, round: u32, limits: &SampleLimits) -> Vec<Range<u32>> {
    if copies <= limits.copies_max {
        return std::iter::once(0..copies).collect();
    }
    let classes = ClassSizes::of(tally, round, copies);
    let singles_max = limits.singles_max.min(limits.copies_max) as usize;
    let mut chosen = smallest(classes.copies(copies, |class| class != Choice::MostFrequent), singles_max);
    if limits.keeps_order() {
        let room = (limits.copies_max as usize).saturating_sub(chosen.len());
        chosen.extend(smallest(classes.copies(copies, |class| class == Choice::MostFrequent), room));
    }
    let mut chosen: Vec<u32> = chosen.into_iter().map(|(_, copy)| copy).collect();
    if !limits.keeps_order() {
        chosen.extend(blocks(copies, limits).flatten());
    }
    ranges(chosen)
}

/// What a copy gave, as far as the choice depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    MostFrequent,
    OtherDigest,
    Failed,
}

/// The sizes of the classes of a job.
struct ClassSizes<'a> {
    tally: &'a JobTally,
    round: u32,
    digests: BTreeMap<Digest, u32>,
    most_frequent: Option<Digest>,
    failed: u32,
}

impl<'a> ClassSizes<'a> {
    fn of(tally: &'a JobTally, round: u32, copies: u32) -> Self {
        let mut digests = BTreeMap::<Digest, u32>::new();
        for chunk in tally.chunks.values() {
            for (digest, set) in &chunk.digests {
                *digests.entry(*digest).or_default() += set.len();
            }
        }
        let most_frequent = digests.iter().max_by_key(|(_, size)| **size).map(|(digest, _)| *digest);
        Self { tally, round, digests, most_frequent, failed: tally.failed(round, copies) }
    }

    /// The candidates: the copies below `copies` that count. Each has a key for sorting. It puts smaller classes first, and
    /// the copies of one class in random order.
    fn copies(
        &self,
        copies: u32,
        counts: impl Fn(Choice) -> bool,
    ) -> impl Iterator<Item = ((u32, u64), u32)> {
        let chunks = self.tally.chunks.iter().flat_map(move |(chunk, tally)| {
            let of_digests = tally.digests.iter().map(|(digest, set)| {
                let is_first = Some(*digest) == self.most_frequent;
                let choice = if is_first { Choice::MostFrequent } else { Choice::OtherDigest };
                (choice, self.digests.get(digest).copied().unwrap_or_default(), *set)
            });
            let failed = (Choice::Failed, self.failed, tally.failed(self.round));
            let sets: Vec<_> = of_digests.chain([failed]).filter(|(choice, ..)| counts(*choice)).collect();
            let copies = sets
                .into_iter()
                .flat_map(|(_, size, set)| set.iter().map(move |place| (size, place)).collect::<Vec<_>>());
            copies.map(move |(size, place)| (size, chunk * CHUNK_COPIES + place)).collect::<Vec<_>>()
        });
        let wanted = chunks.filter(move |(_, copy)| *copy < copies);
        wanted.map(|(size, copy)| ((size, mixed(copy.into())), copy))
    }
}

/// Blocks of neighbours: one at random from each part of the job, and as many parts as there is room for blocks.
fn blocks(copies: u32, limits: &SampleLimits) -> impl Iterator<Item = Range<u32>> {
    let block = limits.block_copies.max(1);
    let places = u64::from(copies.div_ceil(block));
    let parts = u64::from(limits.copies_max.saturating_sub(limits.singles_max) / block).min(places);
    (0..parts).map(move |part| {
        let (begin, end) = (part * places / parts, (part + 1) * places / parts);
        let place = begin + mixed(part) % (end - begin);
        let from = u32::try_from(place).unwrap_or(u32::MAX).saturating_mul(block);
        from..from.saturating_add(block).min(copies)
    })
}

/// The `count_max` smallest items, in no particular order, in memory for as many.
fn smallest<T: Ord>(items: impl Iterator<Item = T>, count_max: usize) -> Vec<T> {
    let mut heap = BinaryHeap::with_capacity(count_max.min(1 << 20) + 1);
    for item in items {
        heap.push(item);
        if heap.len() > count_max {
            heap.pop();
        }
    }
    heap.into_vec()
}

fn ranges(mut copies: Vec<u32>) -> Vec<Range<u32>> {
    copies.sort_unstable();
    copies.dedup();
    let mut ranges: Vec<Range<u32>> = Vec::new();
    for copy in copies {
        match ranges.last_mut() {
            Some(range) if range.end == copy => range.end += 1,
            _ => ranges.push(copy..copy + 1),
        }
    }
    ranges
}

/// A number that looks random and depends on nothing but `value`: the finalizer of `SplitMix64` (Steele, Lea and Flood, 2014).
fn mixed(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use concord_protocol::{Change, CopyId, Tally, chunk_of};

    use super::*;

    const SINGLES: SampleLimits = SampleLimits { copies_max: 2_000, singles_max: 1_000, block_copies: 1 };

    const BLOCKS: SampleLimits = SampleLimits { block_copies: 50, ..SINGLES };

    /// The tally of a job whose copies gave the digest with the number that `class` says; `None` is a failure.
    fn tally(copies: u32, class: impl Fn(u32) -> Option<u32>) -> JobTally {
        let mut job = JobTally::default();
        for index in 0..copies {
            let copy = CopyId { job: "j".parse().unwrap(), index };
            let change = match class(index) {
                Some(class) => {
                    Change::Produced { copy, digest: Digest::of(&class.to_le_bytes()), sandbox: None }
                }
                None => Change::Failed { copy, round: 0, reason: "exit code 1".to_owned() },
            };
            job.chunks.entry(chunk_of(index)).or_insert_with(Tally::default).absorb(&change);
        }
        job
    }

    fn sampled(limits: &SampleLimits, copies: u32, class: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
        let ranges = sample(&tally(copies, class), copies, 0, limits);
        assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "{ranges:?}");
        let chosen: Vec<u32> = ranges.into_iter().flatten().collect();
        assert!(chosen.len() <= limits.copies_max as usize && chosen.iter().all(|copy| *copy < copies));
        chosen
    }

    #[test]
    fn a_job_within_the_bound_is_read_whole() {
        assert_eq!(sampled(&SINGLES, 2_000, |_| Some(0)).len(), 2_000);
    }

    #[test]
    fn every_copy_of_a_rare_class_and_every_rare_failure_is_read() {
        let is_rare = |copy: u32| copy % 997 == 3;
        let class = |copy: u32| if is_rare(copy) { Some(1 + copy % 2) } else { Some(0) };
        let rare = (0..201_000).filter(|copy| is_rare(*copy)).count();
        for limits in [SINGLES, BLOCKS] {
            let chosen = sampled(&limits, 201_000, class);
            assert_eq!(chosen.iter().filter(|copy| is_rare(**copy)).count(), rare);
            let failed = |copy: u32| (copy != 200_500).then_some(0);
            assert!(sampled(&limits, 201_000, failed).contains(&200_500));
        }
    }

    #[test]
    fn copies_come_from_all_over_the_job() {
        for (limits, count) in [(SINGLES, 2_000), (BLOCKS, 1_000)] {
            let chosen = sampled(&limits, 200_000, |_| Some(0));
            assert_eq!(chosen.len(), count);
            let tenth = |place: u32| chosen.iter().filter(|copy| **copy / 20_000 == place).count();
            assert!((0..10).all(|place| tenth(place) >= count / 20), "{chosen:?}");
        }
    }

    #[test]
    fn the_copies_of_each_class_are_chosen_one_by_one_where_the_order_counts() {
        // If the most frequent class came in blocks, the copies of the other class between them would seem to come in
        // blocks too.
        let chosen = sampled(&SINGLES, 20_000, |copy| Some(u32::from(copy % 10 == 0)));
        let neighbours = chosen.windows(2).filter(|pair| pair[0] % 10 == 0 && pair[1] % 10 == 0).count();
        let others = chosen.iter().filter(|copy| **copy % 10 == 0).count();
        assert_eq!((chosen.len(), others), (2_000, 1_000));
        // In random order about half of the neighbours of a copy are of its class.
        assert!((400..600).contains(&neighbours), "{neighbours}");
    }

    #[test]
    fn where_every_copy_differs_the_bound_holds() {
        assert!(sampled(&SINGLES, 20_000, Some).len() >= 1_000);
        assert!(sampled(&BLOCKS, 20_000, Some).len() > 1_900);
    }
}
