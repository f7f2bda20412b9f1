//! What a submit asks for.

use std::path::PathBuf;

use concord_difference::OutputFormat;
use concord_protocol::{Digest, FunctionName, JobId, VariationDesign};
use concord_statistics::Level;

use crate::selection::Selection;

/// A submission: its payloads, what runs for them, and what is asked of each job.
#[derive(Debug)]
pub(crate) struct SubmitSettings {
    /// Files with the payloads; `-` is standard input.
    pub(crate) payloads: Vec<PathBuf>,
    /// Whether each file is a list. Then each element of the list is a payload.
    pub(crate) each: bool,
    pub(crate) calculation: CalculationChoice,
    /// The id of the submission, if the user chose it.
    pub(crate) submission: Option<JobId>,
    pub(crate) copies: CopiesChoice,
    /// The level of confidence of the bounds in a report, if the user names one.
    pub(crate) confidence: Option<Level>,
    /// Runs that a failing copy gets, if the user said how many.
    pub(crate) attempts: Option<u32>,
    pub(crate) timeout_ms: u64,
    /// Time that one run of a copy may take, if the user said how long.
    pub(crate) copy_timeout_ms: Option<u64>,
    pub(crate) fail_fast: bool,
    /// The parts of the output that are digested, if they are not the whole.
    pub(crate) selections: Vec<Selection>,
    pub(crate) files: FileSettings,
    pub(crate) second_opinion: SecondOpinionSettings,
    pub(crate) expectation: ExpectationChoice,
    /// Different sandboxes that must give a digest, if the user asks for a number.
    pub(crate) sandboxes_min: Option<u32>,
    /// How long a sandbox takes no other copy, if the user said how long.
    pub(crate) hold_ms: Option<u64>,
    /// Copies of a job that is extended, at most, if a job may be extended.
    pub(crate) copies_max: Option<u32>,
    pub(crate) varying: VaryingSettings,
    pub(crate) extent: SubmitExtent,
}

/// How far a submit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubmitExtent {
    /// It shows its plan and creates nothing.
    Plan,
    /// It creates the jobs and ends.
    Create,
    /// It creates the jobs and waits for their verdicts.
    Wait,
}

/// The settings that differ between copies.
#[derive(Clone, Debug)]
pub(crate) struct VaryingSettings {
    /// What is varied, not parsed yet; nothing when all copies are alike.
    pub(crate) request: Vec<String>,
    pub(crate) design: VariationDesign,
    /// Whether the settings that hold are searched if a job diverges.
    pub(crate) pins: bool,
}

/// How outputs are compared, beside the verdict.
#[derive(Clone, Debug, Default)]
pub(crate) struct SecondOpinionSettings {
    /// Rules of tolerance, not parsed yet.
    pub(crate) equivalent: Vec<String>,
    /// How outputs are parsed when they are compared, if the user said how.
    pub(crate) read_as: Option<OutputFormat>,
    /// Whether a divergent job is accepted if all outputs are equivalent.
    pub(crate) is_accepted: bool,
}

/// Which files count as the output, and where copies run.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileSettings {
    /// The patterns of the files that count as the output, not parsed yet; none when standard output is the output.
    pub(crate) artifacts: Vec<String>,
    /// Whether each copy runs in a folder of its own, also without artifacts.
    pub(crate) scratch: bool,
    /// Whether the folders of odd copies are kept.
    pub(crate) keep_folders: bool,
    /// Whether an empty output is a result.
    pub(crate) allow_empty: bool,
}

/// What runs for each payload.
#[derive(Clone, Debug)]
pub(crate) enum CalculationChoice {
    /// The probe that the payload names; in a stack, the calculation of the stack.
    Probe,
    /// A program with its arguments.
    Command(Vec<String>),
    /// A function. It and its flag may both name a qualifier.
    Function { function: FunctionName, qualifier: Option<String> },
}

/// How many copies a job has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CopiesChoice {
    /// As many as there are without a flag.
    Default,
    /// This many.
    Number(u32),
    /// As many as find a divergence in this share of runs, with the confidence of the job.
    Detect { rate: f64 },
}

/// What every copy should give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExpectationChoice {
    /// The digest that the other copies give.
    Agreement,
    /// The golden result of the calculation and the payload.
    Golden,
    /// This digest.
    Digest(Digest),
    /// The output in this file, or the artifacts in this folder.
    File(PathBuf),
}
