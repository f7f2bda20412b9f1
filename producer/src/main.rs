//! The command line of Concord: arguments become settings, a verb gives a report, the printer prints it, and the exit
//! code says what was found.
//!
//! Knows the store of this machine and the stacks of AWS, but not how they keep things; decides nothing about a job by itself.

mod args;
mod aws;
mod comparator;
mod copies_table;
mod doctor;
mod exit;
mod expected;
mod explain;
mod fault;
mod home;
mod interrupt;
mod payloads;
mod printer;
mod progress;
mod report;
mod settings;
mod stack;
mod text;
mod verbs;
mod watch;
mod watch_stack;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::printer::Printer;
use crate::settings::{Process, Settings};

fn main() -> ExitCode {
    let args = Args::parse();
    let process = Process::read();
    let printer = Printer::new(args.output.format, args.output.color, &process);
    let done = Settings::new(&args, &process).and_then(|settings| verbs::run(args.verb, &settings, &printer));
    let exit = done.unwrap_or_else(|fault| printer.fault(&fault));
    exit.into()
}
