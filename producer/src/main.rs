//! The command line of Concord. Data goes one way: arguments (parsed), settings (resolved), a verb, its result, the
//! rendering, the printer, the exit code.
//!
//! Knows the store of this machine and the stacks on AWS, but not how they store anything. Decides nothing about a job.

mod args;
mod aws;
mod backend;
mod calculations;
mod comparator;
mod conclude;
mod error;
mod exit;
mod expectation;
mod folders;
mod functions;
mod gather;
mod host;
mod interrupt;
mod locked_store;
mod named;
mod new_id;
mod payloads;
mod plan;
mod printer;
mod process;
mod progress;
mod render;
mod repeated;
mod replace;
mod result;
mod rules;
mod selection;
mod settings;
mod verbs;
mod wait;
mod warning;

use std::process::ExitCode;
use std::sync::Arc;

use concord_clock::SystemClock;
use concord_local::{Opening, TransactionGate};

use crate::args::Args;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::process::Process;
use crate::settings::Settings;

/// Threads that drive the calls to AWS. They wait nearly all the time.
const THREADS: usize = 2;

/// Threads that look up addresses of hosts, at most.
const RESOLVERS_MAX: usize = 4;

/// The first file descriptor after the three standard streams.
const FIRST_OTHER_FILE: i32 = 3;

fn main() -> ExitCode {
    // Files that the caller left open are not for the commands that run here. This process may still name them: /dev/fd/9.
    close_fds::set_fds_cloexec(FIRST_OTHER_FILE, &[]);
    let args = Args::parse();
    let process = Process::read();
    let printer = Printer::new(args.output.format, args.output.color, &process);
    let exit = run(args, &process, &printer).unwrap_or_else(|error| printer.error(&error));
    exit.into()
}

/// Runs the verb on the program's one runtime.
fn run(args: Args, process: &Process, printer: &Printer) -> Result<Exit, CliError> {
    let gate = TransactionGate::default();
    interrupt::stop_between_transactions(gate.clone())?;
    let opening = Opening::new(Arc::new(SystemClock)).with_gate(gate).telling(printer.waiting());
    let settings = Settings::new(&args, process, opening)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(RESOLVERS_MAX)
        .thread_name("concord-runtime")
        .enable_all()
        .build()
        .map_err(CliError::failed)?;
    let done = runtime.block_on(verbs::run(args.verb, &settings, printer));
    // Ends the calls that nobody waits for any more.
    runtime.shutdown_background();
    done
}
