use std::ops::Range;
use std::sync::Arc;

use concord_difference::Tolerances;
use concord_protocol::ports::{ReadOutcomes, ReadTally};
use concord_protocol::{CopyId, Facts, Job, JobId, JobTally, Outcome, Produced, Timestamp};
use concord_testkit::spec;
use futures::executor::block_on;

use super::*;
use crate::{GatherLimits, SampleLimits, gather};

/// The artifacts of each copy: names and contents.
struct Ledger(Vec<Vec<(&'static str, &'static str)>>);

fn manifest_of(artifacts: &[(&str, &str)]) -> Manifest {
    let artifact = |(name, content): &(&str, &str)| Artifact {
        name: (*name).to_owned(),
        digest: Digest::of(content.as_bytes()),
        bytes: content.len() as u64,
    };
    Manifest::new(artifacts.iter().map(artifact).collect())
}

impl ReadOutcomes for Ledger {
    async fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        let outcome = |index: u32| {
            let manifest = manifest_of(&self.0[index as usize]);
            let digest = Digest::of(manifest.text().as_bytes());
            Outcome {
                copy: CopyId { job: job.clone(), index },
                round: 0,
                attempt: 1,
                result: Ok(Produced { digest, bytes: manifest.bytes() }),
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
    async fn read_tally(&self, _: &JobId) -> PortResult<JobTally> {
        unreachable!("the job is read whole")
    }
}

impl ReadOutput for Ledger {
    async fn read_output(&self, _: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        let texts = self.0.iter().map(|artifacts| manifest_of(artifacts).text());
        let contents = self.0.iter().flatten().map(|(_, content)| (*content).to_owned());
        let kept = texts.chain(contents).find(|kept| Digest::of(kept.as_bytes()) == digest);
        Ok(kept.filter(|kept| kept != "not kept").map(String::into_bytes))
    }
}

/// Explains an ended job whose copies gave these artifacts, by these rules of tolerance. Gives how often the judge was
/// asked, too.
fn explained(copies: &[&[(&'static str, &'static str)]], rules: &[&str]) -> (Explanation, usize) {
    let ledger = Ledger(copies.iter().map(|artifacts| artifacts.to_vec()).collect());
    let mut spec = spec("j", u32::try_from(copies.len()).unwrap());
    spec.policy.artifacts = vec!["*".to_owned()];
    let mut record = concord_protocol::StateRecord::from(spec.first_state());
    record.verdict = concord_protocol::Verdict::Divergent;
    (record.decided_at, record.ended_at) = (Some(spec.submitted_at), Some(spec.submitted_at));
    let job = Job { state: record.try_into().unwrap(), spec: Arc::new(spec) };
    let limits = GatherLimits {
        sample: SampleLimits { copies_max: 100, singles_max: 10, block_copies: 10 },
        copies_per_read_max: 100,
        output_bytes_max: 1_000,
        skips_unreadable_outputs: false,
    };
    let rules: Vec<_> = rules.iter().map(ToString::to_string).collect();
    let tolerances = (!rules.is_empty()).then(|| Tolerances::parse(&rules).unwrap());
    let options = Options { tolerances, ..Options::default() };
    let mut asked = 0;
    let mut judge = |_: [&[u8]; 2]| asked += 1;
    let gathered = gather(&ledger, &job, &limits, &options, Some(&mut judge));
    (block_on(gathered).unwrap().explanation, asked)
}

/// The artifacts that were compared, and the reason where one was not.
fn compared(explanation: &Explanation) -> Vec<(&str, Option<&str>)> {
    let differences = explanation.differences.iter();
    differences
        .map(|difference| {
            assert_eq!(difference.comparison.is_some(), difference.unavailable.is_none());
            (difference.artifact.as_deref().unwrap_or_default(), difference.unavailable.as_deref())
        })
        .collect()
}

#[test]
fn only_the_artifacts_that_differ_are_compared_and_the_others_are_called_stable() {
    let a: &[(&str, &str)] = &[("energy.txt", "1.0"), ("log.txt", "12:00"), ("grid.txt", "7")];
    let b: &[(&str, &str)] = &[("energy.txt", "1.0"), ("log.txt", "12:01"), ("grid.txt", "7")];
    let (explanation, asked) = explained(&[a, a, b], &[]);
    assert_eq!(compared(&explanation), [("log.txt", None)]);
    assert_eq!(asked, 1);
    let sentence = explanation.summary.difference.unwrap();
    assert!(
        sentence.starts_with("2 of 3 artifacts are stable; log.txt differs. A and B, log.txt: "),
        "{sentence}"
    );
}

#[test]
fn an_artifact_that_one_side_lacks_is_a_difference_that_no_tolerance_covers() {
    let a: &[(&str, &str)] = &[("a", "1.0"), ("b", "1")];
    let b: &[(&str, &str)] = &[("a", "1.1"), ("c", "1")];
    let (explanation, _) = explained(&[a, a, b], &["abs=1"]);
    assert_eq!(
        compared(&explanation),
        [("a", None), ("b", Some("only A has it")), ("c", Some("only B has it"))]
    );
    assert_eq!(explanation.equivalence.map(|found| found.equivalent), Some(false));
    let (explanation, _) = explained(&[a, a, &[("a", "1.1"), ("b", "1")]], &["abs=1"]);
    assert_eq!(explanation.equivalence.map(|found| found.equivalent), Some(true));
}

#[test]
fn contents_that_were_not_kept_leave_the_second_opinion_open() {
    let (explanation, _) = explained(&[&[("a", "1.0")], &[("a", "1.0")], &[("a", "not kept")]], &["abs=1"]);
    assert_eq!(compared(&explanation), [("a", Some("the artifact a of B was not kept"))]);
    assert_eq!(explanation.equivalence, None);
    assert_eq!(explanation.summary.difference.as_deref(), Some("0 of 1 artifacts are stable; a differs"));
}
