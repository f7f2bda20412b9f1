//! Turns the command line into settings. Nothing behind the settings knows how the command line was written.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_difference::OutputFormat;
use concord_local::Opening;
use concord_protocol::VariationDesign;

use super::Settings;
use super::comparing::ComparingSettings;
use super::place::{AwsChoice, StackChoice};
use super::report::ReportSettings;
use super::submit::{
    CalculationChoice, CopiesChoice, ExpectationChoice, FileSettings, SecondOpinionSettings, SubmitExtent,
    SubmitSettings, VaryingSettings,
};
use crate::args::{
    Args, AwsArgs, CompareOutputsArgs, Expected, ReadAs, ReportArgs, ReportForm, StackArgs, SubmitArgs,
    VaryPlan,
};
use crate::error::CliError;
use crate::process::Process;

impl Settings {
    /// The settings of all verbs: flags come first, then the environment. `opening` is what a store is given.
    ///
    /// # Errors
    /// When no place is known for the store, or the name of a stack is not UTF-8.
    pub(crate) fn new(args: &Args, process: &Process, opening: Opening) -> Result<Self, CliError> {
        let named = args.store.store.clone().or_else(|| process.store.clone().map(PathBuf::from));
        let is_default_store = named.is_none();
        let flag = |path: &PathBuf| format!(" --store {}", path.display());
        let store_flag = args.store.store.as_ref().map_or_else(String::new, flag);
        let store = named.or_else(|| default_store(process)).ok_or_else(|| {
            CliError::usage_text("no place for the store: neither XDG_STATE_HOME nor HOME is set")
                .hint("name one with --store PATH")
        })?;
        let work = args.verb.work();
        // A relative path that cannot be made absolute names no file of a command.
        let own_files = std::path::absolute(&store).into_iter().chain(process.output_files.clone()).collect();
        Ok(Self {
            store,
            store_flag,
            is_default_store,
            search_path: process.search_path.clone(),
            temporary_folder: process.temporary_folder.clone(),
            own_files,
            cores: process.cores,
            variables: process.variables.clone(),
            copies_at_once: work.and_then(|work| work.jobs),
            accepts_equivalent: work.is_some_and(|work| work.accept.is_some()),
            comparator: work.and_then(|work| work.comparator.clone()),
            stack: stack(args, process)?,
            aws: aws(&args.aws),
            clock: Arc::clone(opening.clock()),
            opening,
        })
    }
}

fn default_store(process: &Process) -> Option<PathBuf> {
    // The XDG specification says that relative paths are to be ignored.
    let state = process.state_folder.as_ref().map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || process.home.as_ref().map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or_else(home)?.join("concord").join("concord.db"))
}

/// The stack that the flags name, or else the environment. Every flag that says where jobs are overrides the environment.
fn stack(args: &Args, process: &Process) -> Result<Option<StackChoice>, CliError> {
    let StackArgs { stack, queue_url, table, bucket } = args.stack.clone();
    match (stack, queue_url, table) {
        (Some(name), ..) => Ok(Some(StackChoice::Named(name))),
        (None, Some(queue_url), Some(table)) => Ok(Some(StackChoice::Parts { queue_url, table, bucket })),
        (None, Some(_), None) => Err(CliError::usage_text("--queue-url needs --table beside it")),
        (None, None, _) if args.store.store.is_some() => Ok(None),
        (None, None, _) => {
            let named = process.stack.clone().map(OsString::into_string).transpose();
            let named = named.map_err(|name| {
                CliError::usage_text(format!("CONCORD_STACK is not UTF-8: {}", name.display()))
            })?;
            Ok(named.map(StackChoice::Named))
        }
    }
}

fn aws(args: &AwsArgs) -> AwsChoice {
    let AwsArgs { profile, region, endpoint_url } = args.clone();
    AwsChoice { profile, region, endpoint_url }
}

impl SubmitSettings {
    /// What the flags of a submit ask for.
    pub(crate) fn new(args: SubmitArgs) -> Self {
        let conditions = args.conditions;
        Self {
            payloads: args.payloads,
            each: args.each,
            calculation: match args.function {
                Some(function) => CalculationChoice::Function { function, qualifier: args.qualifier },
                None if args.command.is_empty() => CalculationChoice::Probe,
                None => CalculationChoice::Command(args.command),
            },
            submission: args.job,
            copies: match args.detect {
                Some(rate) => CopiesChoice::Detect { rate },
                None => args.copies.map_or(CopiesChoice::Default, CopiesChoice::Number),
            },
            confidence: args.confidence,
            attempts: args.attempts,
            timeout_ms: args.timeout,
            copy_timeout_ms: args.copy_timeout,
            fail_fast: args.fail_fast,
            selections: args.select,
            files: FileSettings {
                artifacts: args.files.artifact,
                scratch: args.files.scratch,
                keep_folders: args.files.keep_folders,
                allow_empty: args.files.allow_empty,
            },
            second_opinion: SecondOpinionSettings {
                equivalent: conditions.equivalent,
                read_as: conditions.read_as.map(output_format),
                is_accepted: args.work.accept.is_some(),
            },
            expectation: match conditions.expect {
                Some(Expected::Digest(digest)) => ExpectationChoice::Digest(digest),
                Some(Expected::File(path)) => ExpectationChoice::File(path),
                None if conditions.golden => ExpectationChoice::Golden,
                None => ExpectationChoice::Agreement,
            },
            sandboxes_min: conditions.sandboxes,
            hold_ms: conditions.hold,
            copies_max: conditions.extend,
            varying: VaryingSettings {
                request: args.vary.vary,
                pins: args.vary.pin,
                design: match args.vary.vary_plan {
                    VaryPlan::One => VariationDesign::One,
                    VaryPlan::All => VariationDesign::All,
                },
            },
            extent: match (args.vary.dry_run, args.detach) {
                (true, _) => SubmitExtent::Plan,
                (false, true) => SubmitExtent::Create,
                (false, false) => SubmitExtent::Wait,
            },
        }
    }
}

impl ComparingSettings {
    /// The comparison that the flags ask for.
    pub(crate) fn new(args: CompareOutputsArgs) -> Self {
        let format = args.read_as.map(output_format).unwrap_or_default();
        Self { format, equivalent: args.equivalent, comparator: args.comparator }
    }
}

fn output_format(read_as: ReadAs) -> OutputFormat {
    match read_as {
        ReadAs::Json => OutputFormat::Json,
        ReadAs::Csv => OutputFormat::Csv,
        ReadAs::Text => OutputFormat::Text,
        ReadAs::F32Text => OutputFormat::F32Text,
        ReadAs::Npy => OutputFormat::Npy,
        ReadAs::Npz => OutputFormat::Npz,
        ReadAs::F32 => OutputFormat::F32,
        ReadAs::F64 => OutputFormat::F64,
        ReadAs::Bytes => OutputFormat::Bytes,
    }
}

impl ReportSettings {
    /// The report that the flags ask for. If they do not name its form, the ending of the file's name does.
    ///
    /// # Errors
    /// When neither names a form.
    pub(crate) fn new(args: ReportArgs) -> Result<Self, CliError> {
        let form = args.form.map_or_else(|| form_of(&args.output), Ok)?;
        let comparing = ComparingSettings::new(args.outputs);
        Ok(Self { names: args.names, output: args.output, form, comparing })
    }
}

fn form_of(output: &Path) -> Result<ReportForm, CliError> {
    let ending = output.extension().map(OsStr::to_ascii_lowercase);
    match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("html" | "htm") => Ok(ReportForm::Html),
        Some("md" | "markdown") => Ok(ReportForm::Markdown),
        Some("xml") => Ok(ReportForm::Junit),
        Some("json" | "jsonl") => Ok(ReportForm::Json),
        Some("txt") => Ok(ReportForm::Text),
        _ => Err(CliError::usage_text(format!("{}: the form of the report is not clear", output.display()))
            .hint("let the name end in .html, .md, .xml, .json or .txt, or say --as html")),
    }
}

#[cfg(test)]
impl SubmitSettings {
    /// What `producer submit p FLAGS -- cat` asks for.
    pub(crate) fn parsed(flags: &[&str]) -> Self {
        use clap::Parser;

        let words = [&["producer", "submit", "p"], flags, &["--", "cat"]].concat();
        let crate::args::Verb::Submit(args) = Args::try_parse_from(words).unwrap().verb else {
            panic!("no submit")
        };
        Self::new(*args)
    }
}
