//! What the settings of a copy make of its command.

mod busy;
mod emulator;
mod inherited;
mod padding;
mod preload;
mod reach;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use concord_protocol::{Facts, JobId, Setting, SettingChange, VariationPlan};

use super::command::{Program, ProgramError, RAN_OTHERS};

use emulator::EmulatorError;
use inherited::{joined, joined_before};
use padding::Padding;
use preload::Knobs;

pub(super) use busy::Cores;
pub use preload::HAS_PRELOAD;
pub(super) use reach::{Question, Reach, record_report};

/// The folders in which the loader looks for libraries first.
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// Why a setting cannot be applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingError {
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("no folder for what a library keeps of a setting: {0}")]
    Folder(#[source] io::Error),
    #[error("no library for the command to load first: {0}")]
    Preload(#[source] io::Error),
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
}

/// How the settings of a job are applied to its copies.
pub(super) struct Setup {
    plan: VariationPlan,
    job: JobId,
    argv: Vec<String>,
    /// The folder from which the job was submitted.
    folder: PathBuf,
    /// The folders in which programs are searched.
    search_path: Option<OsString>,
    /// A folder of this process, if a setting needs one.
    own: Option<PathBuf>,
    padding: Padding,
    /// The file of the program without settings.
    program: PathBuf,
    /// The variables that it cannot read.
    unread: BTreeSet<String>,
}

/// The program of a copy under its settings.
pub(super) struct VariedProgram {
    pub(super) program: Program,
    /// The file in which the library that is loaded first reports, if it is loaded.
    pub(super) report: Option<PathBuf>,
}

impl Setup {
    /// What the settings of a job need. `own` makes a folder of this process.
    pub(super) fn new<'a>(
        job: &JobId,
        plan: &VariationPlan,
        argv: &[String],
        folder: &Path,
        search_path: Option<&OsStr>,
        own: impl FnOnce() -> io::Result<&'a Path>,
    ) -> Result<Self, SettingError> {
        let changes = || plan.settings.iter().flat_map(|setting| &setting.changes);
        let loads = changes().any(|change| matches!(change, SettingChange::Preload { .. }));
        let keeps = changes().any(|change| matches!(change, SettingChange::OwnFolder { .. }));
        let own = if loads || keeps { Some(own().map_err(SettingError::Folder)?.to_owned()) } else { None };
        if loads && let Some(own) = &own {
            preload::write(own).map_err(SettingError::Preload)?;
        }
        let program = Program::find(argv, folder, search_path)?;
        let mut setup = Self {
            plan: plan.clone(),
            job: job.clone(),
            argv: argv.to_vec(),
            folder: folder.to_owned(),
            search_path: search_path.map(ToOwned::to_owned),
            own,
            padding: Padding::default(),
            unread: unread::unread(program.path(), &plan.variables().map(ToOwned::to_owned).collect()),
            program: program.path().to_owned(),
        };
        let environments = (0..plan.combinations()).map(|copy| setup.variables(copy));
        setup.padding = Padding::of(environments);
        Ok(setup)
    }

    /// The settings of a copy.
    pub(super) fn settings(&self, copy: u32) -> Vec<&Setting> {
        self.plan.of_copy(copy)
    }

    /// Whether all cores are to be busy while a copy runs.
    pub(super) fn is_busy(&self, copy: u32) -> bool {
        self.settings(copy).iter().any(|setting| setting.changes.contains(&SettingChange::Busy))
    }

    /// The program of a copy under its settings.
    pub(super) fn program(&self, copy: u32) -> Result<VariedProgram, SettingError> {
        let settings = self.settings(copy);
        let program = Program::find(&self.words(&settings)?, &self.folder, self.search_path.as_deref())?;
        let mut variables = self.variables(copy);
        let padding = self.padding.variables(&variables, &settings);
        variables.extend(padding.into_iter().map(|(name, value)| (name, value.into())));
        if let Some(folder) = self.kept_folder(copy).filter(|_| settings.iter().any(|setting| keeps(setting)))
        {
            std::fs::create_dir_all(folder).map_err(SettingError::Folder)?;
        }
        let report = self.report(copy).filter(|_| !knobs(&settings).is_empty());
        if let Some(report) = &report {
            File::create(report).map_err(SettingError::Preload)?;
        }
        let is_own = self.program == program.path();
        let is_emulated = settings
            .iter()
            .flat_map(|setting| &setting.changes)
            .any(|change| matches!(change, SettingChange::Emulator { .. }));
        let asks = is_emulated || (is_own && !self.unread.is_empty());
        let program = if asks { program.asking_for_others() } else { program };
        let program =
            variables.into_iter().fold(program, |program, (name, value)| program.with_variable(&name, value));
        Ok(VariedProgram { program, report })
    }

    /// Records which settings of a copy its program cannot have read, and which emulated it, if no other program ran.
    pub(super) fn record_alone(&self, settings: &[&Setting], facts: &mut Facts) {
        if facts.get(RAN_OTHERS) == Some("no") {
            reach::record_unread(settings, &self.unread, facts);
            reach::record_emulated(settings, facts);
        }
    }

    /// What is done to every copy, and then what these settings do.
    fn changes<'s>(&'s self, settings: &'s [&Setting]) -> impl Iterator<Item = &'s SettingChange> {
        self.plan.pinned.iter().chain(settings.iter().flat_map(|setting| &setting.changes))
    }

    /// The words of the command under these settings.
    fn words(&self, settings: &[&Setting]) -> Result<Vec<String>, SettingError> {
        let changes = || self.changes(settings);
        let mut words = self.argv.clone();
        for change in changes() {
            match change {
                SettingChange::Program { program } => {
                    if let Some(first) = words.first_mut() {
                        first.clone_from(program);
                    }
                }
                SettingChange::Argument { flag, value } => set_argument(&mut words, flag, value),
                _ => {}
            }
        }
        for change in changes() {
            if let SettingChange::Emulator { words: emulator } = change {
                words = emulator::emulated(&words, emulator, &self.folder, self.search_path.as_deref())?;
            }
        }
        let before = changes().filter_map(|change| match change {
            SettingChange::Wrapper { words } => Some(words),
            _ => None,
        });
        Ok(before.flatten().cloned().chain(words).collect())
    }

    /// The variables of a copy that it would not have without its settings, or not with this value.
    fn variables(&self, copy: u32) -> BTreeMap<String, OsString> {
        let settings = self.settings(copy);
        let mut variables = BTreeMap::<String, OsString>::new();
        for change in self.changes(&settings) {
            match change {
                SettingChange::Variable { name, value } => {
                    variables.insert(name.clone(), value.into());
                }
                SettingChange::Joined { name, value, separator } => {
                    let joined = joined(&variables, name, separator, value);
                    variables.insert(name.clone(), joined);
                }
                SettingChange::LibraryFolder { folder } => {
                    let folders = joined_before(&variables, LIBRARY_PATH, ":", folder);
                    variables.insert(LIBRARY_PATH.to_owned(), folders);
                }
                SettingChange::OwnFolder { name } => {
                    variables.extend(self.kept_folder(copy).map(|folder| (name.clone(), folder.into())));
                }
                _ => {}
            }
        }
        let knobs = knobs(&settings);
        if let (Some(own), Some(report), false) = (&self.own, self.report(copy), knobs.is_empty()) {
            preload::add(&mut variables, &knobs, &report, own);
        }
        variables
    }

    /// A folder for what a library keeps, one for each combination of settings of the job.
    fn kept_folder(&self, copy: u32) -> Option<PathBuf> {
        let combination = copy % self.plan.combinations();
        Some(self.own.as_ref()?.join(format!("kept-{}-{combination:06}", self.of_job())))
    }

    /// The file of the reports of a copy.
    fn report(&self, copy: u32) -> Option<PathBuf> {
        Some(self.own.as_ref()?.join(format!("seen-{}-{copy:06}", self.of_job())))
    }

    /// The job in letters of a fixed number: every copy has an environment of the same length.
    fn of_job(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.job.as_str().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

fn keeps(setting: &Setting) -> bool {
    setting.changes.iter().any(|change| matches!(change, SettingChange::OwnFolder { .. }))
}

/// What these settings ask of the library that is loaded first.
fn knobs(settings: &[&Setting]) -> Knobs {
    let changes = settings.iter().flat_map(|setting| &setting.changes);
    changes
        .filter_map(|change| match change {
            SettingChange::Preload { knob, value } => Some((knob.clone(), value.clone())),
            _ => None,
        })
        .collect()
}

/// Gives an argument a value: in place of the value that it has, or else at the end.
fn set_argument(words: &mut Vec<String>, flag: &str, value: &str) {
    let joined = format!("{flag}={value}");
    let begin = format!("{flag}=");
    if let Some(word) = words.iter_mut().skip(1).find(|word| word.starts_with(&begin)) {
        *word = joined;
        return;
    }
    let place = words.iter().skip(1).position(|word| word == flag);
    match place.and_then(|place| words.get_mut(place + 2)) {
        Some(word) => value.clone_into(word),
        // A short option has its value in the next word, as `-n 4`.
        None if flag.starts_with('-') && !flag.starts_with("--") => {
            words.retain(|word| word != flag);
            words.extend([flag.to_owned(), value.to_owned()]);
        }
        None => words.push(joined),
    }
}

#[cfg(test)]
mod tests {
    use concord_protocol::VariationDesign;

    use super::*;

    #[test]
    fn an_argument_takes_the_place_of_its_old_value() {
        let check = |argv: &[&str], flag: &str, expect: &[&str]| {
            let argv: Vec<_> = argv.iter().map(|word| (*word).to_owned()).collect();
            let mut words = argv.clone();
            set_argument(&mut words, flag, "7");
            assert_eq!(words, expect, "{argv:?} {flag}");
        };
        check(&["p"], "--tol", &["p", "--tol=7"]);
        check(&["p", "--tol=1", "x"], "--tol", &["p", "--tol=7", "x"]);
        check(&["p", "--tol", "1", "x"], "--tol", &["p", "--tol", "7", "x"]);
        check(&["p", "--tolerance=1"], "--tol", &["p", "--tolerance=1", "--tol=7"]);
        check(&["p", "-n", "1"], "-n", &["p", "-n", "7"]);
        check(&["p"], "-n", &["p", "-n", "7"]);
        check(&["p", "n=1"], "n", &["p", "n=7"]);
        check(&["--tol", "1"], "--tol", &["--tol", "1", "--tol=7"]);
    }

    fn setting(changes: Vec<SettingChange>) -> Setting {
        Setting {
            factor: "custom".to_owned(),
            name: "x".to_owned(),
            library: None,
            value: "y".to_owned(),
            changes,
            report: None,
            names: None,
        }
    }

    fn program(argv: &[&str], changes: Vec<SettingChange>) -> Program {
        let argv: Vec<_> = argv.iter().map(|word| (*word).to_owned()).collect();
        let plan = VariationPlan {
            request: Vec::new(),
            design: VariationDesign::One,
            chose_copies: true,
            settings: vec![setting(changes)],
            left_out: Vec::new(),
            pinned: Vec::new(),
        };
        let own = || Err(io::ErrorKind::Unsupported.into());
        let setup = Setup::new(&"j".parse().unwrap(), &plan, &argv, Path::new("/"), None, own).unwrap();
        setup.program(1).unwrap().program
    }

    #[test]
    fn a_program_keeps_its_arguments() {
        let program =
            program(&["/bin/sh", "x"], vec![SettingChange::Program { program: "/bin/cat".to_owned() }]);
        assert_eq!(program.argv(), ["/bin/cat", "x"]);
        assert_eq!(program.path(), Path::new("/bin/cat"));
    }

    #[test]
    fn a_wrapper_starts_the_command() {
        let words = ["nice", "-n", "19"].map(str::to_owned).to_vec();
        let program = program(&["/bin/sh", "x"], vec![SettingChange::Wrapper { words }]);
        assert_eq!(program.argv(), ["nice", "-n", "19", "/bin/sh", "x"]);
        assert!(program.path().ends_with("nice"));
    }
}
