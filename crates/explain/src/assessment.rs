use concord_statistics::Level;
use serde::Serialize;

use crate::{
    Attribution, Class, Confidence, Coverage, ObservedRun, Stage, attribute, classify, separates, supports,
};

/// All statistics of the runs of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assessment {
    /// The classes, most frequent first.
    pub classes: Vec<Class>,
    /// How many different environments gave a digest.
    pub coverage: Coverage,
    /// How sure the verdict is.
    pub confidence: Confidence,
    /// The facts that go together with the classes.
    pub attribution: Attribution,
    /// What separates the classes, in a sentence; see [`separates`].
    pub separates: String,
    /// What the verdict supports, in a sentence; see [`supports`].
    pub supports: String,
}

impl Assessment {
    /// Assesses the runs of one job that gave a digest, in any order.
    #[must_use]
    pub fn of(runs: &[ObservedRun<'_>], level: Level, stage: Stage) -> Self {
        let classes = classify(runs);
        let coverage = Coverage::of(runs);
        let confidence = Confidence::of(runs, &classes, level, stage);
        let attribution = attribute(runs, &classes);
        let separates = separates(&attribution, classes.classes.len());
        let supports = supports(&confidence);
        Self { classes: classes.classes, coverage, confidence, attribution, separates, supports }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::FactMap;

    #[test]
    fn an_assessment_is_serialised_as_one_object() {
        let environments =
            ["c0", "c1"].map(|class| FactMap::from([("canary.class".to_owned(), class.to_owned())]));
        let nothing = FactMap::new();
        let run = |copy: u32| ObservedRun {
            copy,
            digest: if copy.is_multiple_of(4) { "sha256:1" } else { "sha256:0" },
            bytes: 8,
            started_at_ms: 0,
            run_us: u64::from(copy),
            sandbox: Some(if copy.is_multiple_of(4) { "s1" } else { "s0" }),
            environment: &environments[usize::from(copy.is_multiple_of(4))],
            facts: &nothing,
        };
        let runs: Vec<_> = (0..40).map(run).collect();
        let printed = serde_json::to_value(Assessment::of(&runs, Level::default(), Stage::Ended)).unwrap();
        let check =
            |pointer: &str, expect: Value| assert_eq!(printed.pointer(pointer), Some(&expect), "{pointer}");
        check("/classes/0/class", json!("A"));
        check("/classes/1/run_us", json!({"min": 0, "p25": 8, "median": 16, "p75": 28, "max": 36}));
        check("/coverage/canary_classes", json!(2));
        check("/coverage/host_seen", json!(false));
        check("/confidence/level", json!(0.95));
        check("/confidence/copies/different", json!(10));
        check("/confidence/copies/interval", json!("clopper-pearson"));
        check("/confidence/unseen/copies", json!(0.0));
        check("/attribution/separators/0/facts", json!(["canary.class"]));
        check(
            "/attribution/separators/0/values/1",
            json!({"value": ["c1"], "runs": 10, "classes": {"B": 10}}),
        );
        check("/attribution/separators/0/sandboxes/n", json!(2));
        check("/attribution/splits", json!([]));
    }
}
