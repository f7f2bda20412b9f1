use clap_complete::Shell;

use crate::args::Args;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;

/// Prints a completion script.
pub(crate) fn script(shell: Shell, printer: &Printer) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "producer", &mut script);
    printer.data(&String::from_utf8_lossy(&script)).map(|()| Exit::DONE)
}

/// Prints the manual page of the program or of a verb, in roff.
pub(crate) fn manual(verb: Option<&str>, printer: &Printer) -> Result<Exit, CliError> {
    let mut command = Args::command();
    command.build();
    if let Some(verb) = verb {
        let found = command.find_subcommand(verb).cloned();
        command = found.ok_or_else(|| {
            CliError::usage_text(format!("there is no verb {verb:?}")).hint("producer --help lists the verbs")
        })?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(CliError::failed)?;
    printer.data(&String::from_utf8_lossy(&page)).map(|()| Exit::DONE)
}
