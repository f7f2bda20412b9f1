use std::fmt::Write as _;
use std::io::{self, Stdout, Write as _};

use anstyle::{AnsiColor, Style};
use concord_local::LockWait;
use concord_protocol::{Verdict, is_hidden, readable};
use indicatif::MultiProgress;
use serde::Serialize;

use crate::args::{Color, Format};
use crate::error::CliError;
use crate::exit::Exit;
use crate::locked_store;
use crate::process::Process;
use crate::warning::Warning;

/// Begins a sequence that sets the colour of a terminal.
const ESCAPE: char = '\u{1b}';

/// Ends the colour.
const RESET: &str = "\u{1b}[0m";

/// Prints data to standard output and messages to standard error. Nothing else in the program prints.
pub(crate) struct Printer {
    format: Format,
    /// Whether progress is drawn over itself on a terminal.
    pub(crate) draws: bool,
    color_out: bool,
    color_err: bool,
    stdout: Stdout,
    lines: MultiProgress,
}

impl Printer {
    pub(crate) fn new(format: Format, color: Color, process: &Process) -> Self {
        let colored = |terminal| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !process.no_color,
        };
        Self {
            format,
            draws: process.stderr_is_terminal,
            color_out: colored(process.stdout_is_terminal),
            color_err: colored(process.stderr_is_terminal),
            stdout: io::stdout(),
            lines: MultiProgress::new(),
        }
    }

    /// Whether results are printed as text.
    pub(crate) fn is_text(&self) -> bool {
        self.format == Format::Text
    }

    /// Prints a result: the text that `text` makes of it, or one JSON object on a line.
    pub(crate) fn result<R: Serialize>(
        &self,
        result: &R,
        text: impl FnOnce(&R) -> String,
    ) -> Result<(), CliError> {
        if !self.is_text() {
            return self.data(&json_line(result)?);
        }
        // Only the verdict at the begin is in colour: an escape anywhere else comes from a calculation or a path.
        let text = text(result);
        let is_painted = self.color_out && text.trim_start_matches('\n').starts_with(ESCAPE);
        let end = text.find(RESET).filter(|_| is_painted).map_or(0, |at| at + RESET.len());
        self.data(&format!("{}{}", &text[..end], readable(&text[end..])))
    }

    /// Prints data. It is no error if the reader has closed the pipe.
    pub(crate) fn data(&self, text: &str) -> Result<(), CliError> {
        let mut stdout = self.stdout.lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CliError::failed(anyhow::Error::new(error).context("cannot write to standard output")))
            }
            _ => Ok(()),
        }
    }

    /// Prints a message, with its hidden characters made visible. It is no error if standard error is closed.
    pub(crate) fn say(&self, text: &str) {
        say(&self.lines, &readable(text));
    }

    /// The lines that show progress on a terminal. What is printed meanwhile stands above them.
    pub(crate) fn lines(&self) -> &MultiProgress {
        &self.lines
    }

    /// Says for whom a write waits.
    pub(crate) fn waiting(&self) -> impl Fn(&LockWait) + Send + Sync + use<> {
        let lines = self.lines.clone();
        move |wait| say(&lines, &readable(&locked_store::waiting(wait)))
    }

    pub(crate) fn warn(&self, warning: &Warning) {
        let head = painted(self.color_err, AnsiColor::Yellow, "warning");
        say(
            &self.lines,
            &format!("{head}: {}\n   hint: {}", readable(&warning.text), readable(&warning.hint)),
        );
    }

    pub(crate) fn error(&self, error: &CliError) -> Exit {
        let head = painted(self.color_err, AnsiColor::Red, "error");
        say(&self.lines, &format!("{head}: {}", readable(&format!("{:#}", error.cause))));
        if let Some(hint) = &error.hint {
            self.say(&format!(" hint: {hint}"));
        }
        error.exit
    }

    /// The verdict in its colour, for standard output.
    pub(crate) fn verdict(&self, verdict: Verdict, width: usize) -> String {
        let color = match verdict {
            Verdict::Running => AnsiColor::Cyan,
            Verdict::Reproducible => AnsiColor::Green,
            Verdict::Divergent => AnsiColor::Red,
            Verdict::Inconclusive | Verdict::Cancelled => AnsiColor::Yellow,
        };
        painted(self.color_out, color, &format!("{verdict:width$}"))
    }
}

fn say(lines: &MultiProgress, text: &str) {
    // Standard error may be closed.
    lines.suspend(|| {
        let _ = writeln!(io::stderr().lock(), "{text}");
    });
}

/// A value as one JSON object on a line, with its hidden characters escaped.
pub(crate) fn json_line(value: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string(value).map(|line| readable_json(&line) + "\n").map_err(CliError::failed)
}

/// The same JSON with each hidden character in its texts written as `\u202e`: only texts have any, and they keep their values.
fn readable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_hidden(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(letter);
        }
    }
    shown
}

fn painted(colored: bool, color: AnsiColor, text: &str) -> String {
    let style = Style::new().fg_color(Some(color.into())).bold();
    if colored { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_of_json_are_escaped_and_keep_their_values() {
        let value = "a\u{1b}\u{202e}\u{9b}\u{7f}\u{e0001}\n\u{e9}\u{1f600}";
        let line = json_line(&value).unwrap();
        assert_eq!(line, "\"a\\u001b\\u202e\\u009b\\u007f\\udb40\\udc01\\n\u{e9}\u{1f600}\"\n");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), value);
    }
}
