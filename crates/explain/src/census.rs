use std::collections::HashMap;

use concord_protocol::{DigestCount, Job, JobTally};
use concord_statistics::real;

use crate::classes::{Classes, class_label};
use crate::confidence::{Confidence, Share, Stage};

/// The exact counts of a job, from its tally. An explanation needs them if it read a part of the outcomes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// Every digest with its copies, the most frequent first.
    digests: Vec<DigestCount>,
    /// The reasons of the copies that gave no digest in the last round, with the numbers of copies.
    pub(crate) failures: Vec<(String, u32)>,
    /// The number of copies that gave a digest. A copy that gave two counts once.
    pub(crate) produced: u64,
    /// The number of copies of the job.
    pub(crate) copies: u32,
    /// The number of copies whose outcomes were read.
    pub(crate) copies_read: u32,
    /// Whether the copies that were read stand in the order of the whole job.
    pub(crate) keeps_order: bool,
}

impl Census {
    /// The counts in the tally of a job. The outcomes of `copies_read` copies were read, and `keeps_order` says whether
    /// these copies stand in the order of the whole job.
    #[must_use]
    pub fn of(job: &Job, tally: &JobTally, copies_read: u32, keeps_order: bool) -> Self {
        Self {
            keeps_order,
            copies: job.state.copies(),
            copies_read,
            digests: tally.digests(),
            failures: tally.failures(job.state.round(), job.state.copies()),
            produced: u64::from(tally.produced()),
        }
    }

    /// The number of copies that gave no digest.
    pub(crate) fn failed(&self) -> u64 {
        self.failures.iter().map(|(_, copies)| u64::from(*copies)).sum()
    }

    /// The number of copies that gave another digest than the most frequent one.
    pub(crate) fn different(&self) -> u64 {
        self.digests.first().map_or(0, |first| self.produced.saturating_sub(u64::from(first.copies)))
    }

    /// The number of different digests.
    pub(crate) fn classes(&self) -> usize {
        self.digests.len()
    }

    /// Puts the exact figures about copies into a confidence that was computed from a part of the job.
    pub(crate) fn correct_confidence(&self, confidence: &mut Confidence, stage: Stage) {
        let copies = Share::of(self.different(), self.produced, confidence.level, stage);
        confidence.copies = copies;
        let once = self.digests.iter().filter(|count| count.copies == 1).count() as u64;
        confidence.unseen.copies = (self.produced > 0).then(|| real(once) / real(self.produced));
        confidence.unseen.copies_high =
            (copies.different == 0 && self.produced > 0).then_some(copies.rate_high);
    }

    /// Puts the exact numbers of copies into classes that were found in a part of the job, and orders them anew.
    pub(crate) fn correct(&self, classes: &mut Classes) {
        let exact: HashMap<String, &DigestCount> =
            self.digests.iter().map(|count| (count.digest.to_string(), count)).collect();
        for class in &mut classes.classes {
            if let Some(count) = exact.get(&class.digest) {
                class.copies = u64::from(count.copies);
                class.first_copy = count.first_copy;
            }
        }
        let mut order: Vec<usize> = (0..classes.classes.len()).collect();
        order.sort_by_key(|&place| {
            let class = &classes.classes[place];
            (std::cmp::Reverse(class.copies), class.first_copy, class.digest.clone())
        });
        let mut new_place = vec![0; order.len()];
        for (place, &before) in order.iter().enumerate() {
            new_place[before] = place;
        }
        let mut sorted: Vec<_> = order.iter().map(|&before| classes.classes[before].clone()).collect();
        for (place, class) in sorted.iter_mut().enumerate() {
            class.class = class_label(place);
        }
        classes.classes = sorted;
        classes.of_run.iter_mut().for_each(|place| *place = new_place[*place]);
    }
}
