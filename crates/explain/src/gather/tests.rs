use std::ops::Range;
use std::sync::Mutex;

use concord_difference::Tolerances;
use concord_protocol::ports::PortError;
use concord_protocol::{
    Change, CopyId, Digest, Facts, JobId, JobTally, Outcome, Produced, Timestamp, chunk_of,
};
use futures::executor::block_on;

use super::*;

const LIMITS: GatherLimits = GatherLimits {
    sample: SampleLimits { copies_max: 100, singles_max: 10, block_copies: 5 },
    copies_per_read_max: 10,
    output_bytes_max: 1_000,
    skips_unreadable_outputs: false,
};

/// The output of each copy, in the order of their indices. Records which copies were read.
struct Ledger {
    outputs: Vec<&'static str>,
    /// The result of reading the output `1.5`.
    second: Result<Option<&'static str>, &'static str>,
    reads: Mutex<Vec<Range<u32>>>,
}

impl Ledger {
    fn new(outputs: Vec<&'static str>) -> Self {
        Self { outputs, second: Ok(Some("1.5")), reads: Mutex::default() }
    }

    fn job(&self) -> Job {
        let spec = concord_testkit::spec("j", u32::try_from(self.outputs.len()).unwrap());
        let state = spec.first_state();
        Job { spec: spec.into(), state }
    }
}

impl ReadOutcomes for Ledger {
    async fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        self.reads.lock().unwrap().push(copies.clone());
        let outcome = |index: u32| {
            let output = self.outputs[index as usize].as_bytes();
            Outcome {
                copy: CopyId { job: job.clone(), index },
                round: 0,
                attempt: 1,
                result: Ok(Produced { digest: Digest::of(output), bytes: output.len() as u64 }),
                started_at: Timestamp::from_unix_ms(0),
                run_us: 1,
                stderr_tail: String::new(),
                environment: None,
                facts: Facts::default(),
            }
        };
        Ok(copies.map(outcome).collect())
    }
}

impl ReadTally for Ledger {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        let mut tally = JobTally::default();
        for (index, output) in (0..).zip(&self.outputs) {
            let (copy, digest) = (CopyId { job: job.clone(), index }, Digest::of(output.as_bytes()));
            let change = Change::Produced { copy, digest, sandbox: None };
            tally.chunks.entry(chunk_of(index)).or_default().absorb(&change);
        }
        Ok(tally)
    }
}

impl ReadOutput for Ledger {
    async fn read_output(&self, _job: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        if digest == Digest::of(b"1.5") {
            let output = self.second.map_err(PortError::Invalid)?;
            return Ok(output.map(|output| output.as_bytes().to_vec()));
        }
        let output = self.outputs.iter().find(|output| Digest::of(output.as_bytes()) == digest);
        Ok(output.map(|output| output.as_bytes().to_vec()))
    }
}

fn gathered(ledger: &Ledger, limits: &GatherLimits, rules: &[&str]) -> PortResult<Gathered> {
    let rules: Vec<_> = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let tolerances = (!rules.is_empty()).then(|| Tolerances::parse(&rules).unwrap());
    let options = Options { tolerances, ..Options::default() };
    block_on(gather(ledger, &ledger.job(), limits, &options, None))
}

#[test]
fn outcomes_are_read_in_steps() {
    let ledger = Ledger::new(vec!["1.0"; 25]);
    assert_eq!(gathered(&ledger, &LIMITS, &[]).unwrap().copies_read, 25);
    assert_eq!(*ledger.reads.lock().unwrap(), [0..10, 10..20, 20..25]);
}

#[test]
fn of_a_large_job_a_part_is_read_and_the_counts_are_those_of_the_whole() {
    let mut outputs = vec!["1.0"; 1_000];
    outputs[777] = "1.5";
    (outputs[3], outputs[4]) = ("2.0", "2.0");
    let ledger = Ledger::new(outputs);
    let limits = GatherLimits { sample: SampleLimits { copies_max: 50, ..LIMITS.sample }, ..LIMITS };
    let Gathered { explanation, copies_read } = gathered(&ledger, &limits, &[]).unwrap();
    assert!((10..=50).contains(&copies_read), "{copies_read}");
    let classes: Vec<_> = explanation
        .classes
        .iter()
        .map(|class| (class.class.as_str(), class.copies, class.first_copy))
        .collect();
    assert_eq!(classes, [("A", 997, 0), ("B", 2, 3), ("C", 1, 777)]);
    let copies = explanation.confidence.copies;
    assert_eq!((copies.n, copies.different), (1_000, 3));
    let separates = explanation.summary.separates.unwrap();
    assert!(separates.ends_with(&format!("(from {copies_read} of 1,000 copies)")), "{separates}");
    assert!(explanation.summary.supports.contains("997"), "{}", explanation.summary.supports);
}

#[test]
fn the_outputs_of_each_class_are_compared_with_the_first_one() {
    let ledger = Ledger::new(vec!["1.0", "1.0", "1.5"]);
    let explanation = gathered(&ledger, &LIMITS, &["abs=0.1"]).unwrap().explanation;
    let [difference] = &explanation.differences[..] else { panic!("{:?}", explanation.differences) };
    assert_eq!((difference.reference.as_str(), difference.class.as_str()), ("A", "B"));
    assert_eq!(difference.comparison.as_ref().unwrap().equivalent, Some(false));
    assert_eq!(explanation.evidence().equivalent, Some(false));
}

#[test]
fn a_running_job_is_never_called_equivalent() {
    let ledger = Ledger::new(vec!["1.0", "1.0", "1.5"]);
    assert_eq!(gathered(&ledger, &LIMITS, &["abs=1"]).unwrap().explanation.evidence().equivalent, None);
}

#[test]
fn a_judge_sees_the_outputs_of_each_pair() {
    let ledger = Ledger::new(vec!["1.0", "1.0", "1.5", "2.0"]);
    let mut seen = Vec::new();
    let mut judge = |outputs: [&[u8]; 2]| seen.push(outputs.map(<[u8]>::to_vec));
    block_on(gather(&ledger, &ledger.job(), &LIMITS, &Options::default(), Some(&mut judge))).unwrap();
    seen.sort();
    assert_eq!(seen, [[b"1.0".to_vec(), b"1.5".to_vec()], [b"1.0".to_vec(), b"2.0".to_vec()]]);
}

#[test]
fn a_missing_comparison_has_a_reason() {
    let check = |second, limits: &GatherLimits, expect: &str| {
        let ledger = Ledger { second, ..Ledger::new(vec!["1.0", "1.0", "1.5"]) };
        let explanation = gathered(&ledger, limits, &[]).unwrap().explanation;
        assert_eq!(explanation.differences[0].unavailable.as_deref(), Some(expect));
    };
    let missing = "the output of B was not kept";
    check(Ok(None), &LIMITS, missing);
    let skips = GatherLimits { skips_unreadable_outputs: true, ..LIMITS };
    check(Err("denied"), &skips, missing);
    let small = GatherLimits { output_bytes_max: 2, ..LIMITS };
    let large = "the output of A is larger than 2 bytes, too large to be compared";
    check(Ok(Some("1.5")), &small, large);
}

#[test]
fn an_output_that_cannot_be_read_is_an_error_unless_it_is_skipped() {
    let second = Err("denied");
    let ledger = Ledger { second, ..Ledger::new(vec!["1.0", "1.0", "1.5"]) };
    assert!(gathered(&ledger, &LIMITS, &[]).is_err());
}
