use concord_statistics::Level;
use serde::Serialize;

use crate::{
    Attribution, Census, Class, Confidence, Coverage, Design, ObservedRun, Unit, attribute, classify,
    separates, supports,
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
    /// Assesses the runs of one job that gave a digest, in any order. If they are a part of the job, `census` has the
    /// counts of the whole.
    #[must_use]
    pub fn of(runs: &[ObservedRun<'_>], level: Level, design: &Design, census: Option<&Census>) -> Self {
        let mut classes = classify(runs);
        if let Some(census) = census {
            census.correct(&mut classes);
        }
        let coverage = Coverage::of(runs);
        let mut confidence = Confidence::of(runs, &classes, level, design.stage);
        if let Some(census) = census {
            census.correct_confidence(&mut confidence, design.stage);
        }
        let attribution = attribute(&by_unit(runs, design.scope.unit), &classes, design.scope);
        let separates = separates(&attribution, classes.classes.len(), design, &not_looked_at(runs, design));
        let supports = supports(&confidence, &classes.classes, design);
        Self { classes: classes.classes, coverage, confidence, attribution, separates, supports }
    }
}

/// The runs, with what their copies share in place of the sandbox: on a machine that is seen, each copy of a command is a
/// fresh process, so the copies share the machine and not the process that started them.
pub(crate) fn by_unit<'a>(runs: &[ObservedRun<'a>], unit: Unit) -> Vec<ObservedRun<'a>> {
    let shared = |run: &ObservedRun<'a>| match unit {
        Unit::Machine => run.fact("host.boot_id"),
        Unit::Sandbox | Unit::Unseen => run.sandbox,
    };
    runs.iter().map(|run| ObservedRun { sandbox: shared(run), ..*run }).collect()
}

/// What may separate the classes and was not recorded.
fn not_looked_at(runs: &[ObservedRun<'_>], design: &Design) -> Vec<String> {
    let has = |found: &dyn Fn(&str) -> bool| {
        runs.iter().any(|run| run.facts.names().chain(run.environment.names()).any(found))
    };
    let mut missing = vec!["variables outside the list"];
    if design.is_python && !has(&|name| name == "variable.PYTHONHASHSEED") {
        missing.push("Python's hash seed (PYTHONHASHSEED is not set)");
    }
    if design.is_command && !has(&|name| name.starts_with("loaded.") || name == "run.peak_memory_mb") {
        missing.push("the program itself, which ended too soon to be seen");
    }
    if design.scope.unit == Unit::Unseen {
        missing.push("the machines that ran the copies");
    }
    missing.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use concord_protocol::Facts;
    use serde_json::{Value, json};

    use super::*;
    use crate::Stage;

    #[test]
    fn an_assessment_is_serialised_as_one_object() {
        let environments = ["c0", "c1"].map(|class| [("canary.class", class)].into_iter().collect::<Facts>());
        let nothing = Facts::default();
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
        let printed =
            serde_json::to_value(Assessment::of(&runs, Level::default(), &Design::plain(Stage::Ended), None))
                .unwrap();
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
