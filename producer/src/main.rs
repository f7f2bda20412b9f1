//! The command line of Concord: arguments become settings, a verb gives a report, the printer prints it, and the exit
//! code says what was found.
//!
//! Knows the store of this machine and the stacks of AWS, but not how they keep things; decides nothing about a job by itself.

mod args;
mod aws;
mod backend;
mod comparator;
mod conclude;
mod copies_table;
mod doctor;
mod error;
mod exit;
mod expected;
mod explain;
mod gather;
mod interrupt;
mod new_id;
mod payloads;
mod printer;
mod process;
mod progress;
mod report;
mod settings;
mod stack;
mod text;
mod verbs;
mod wait;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::process::Process;
use crate::settings::Settings;

/// Threads that drive the calls to AWS: they wait nearly all of the time.
const THREADS: usize = 2;

/// Threads that look up addresses of hosts, at most.
const RESOLVERS_MAX: usize = 4;

fn main() -> ExitCode {
    let args = Args::parse();
    let process = Process::read();
    let printer = Printer::new(args.output.format, args.output.color, &process);
    let exit = run(args, &process, &printer).unwrap_or_else(|error| printer.error(&error));
    exit.into()
}

/// Runs the verb on the program's one runtime.
fn run(args: Args, process: &Process, printer: &Printer) -> Result<Exit, CliError> {
    let settings = Settings::new(&args, process)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(RESOLVERS_MAX)
        .thread_name("concord-runtime")
        .enable_all()
        .build()
        .map_err(CliError::failed)?;
    let done = runtime.block_on(verbs::run(args.verb, &settings, printer));
    // Calls that nobody waits for any more end here.
    runtime.shutdown_background();
    done
}
