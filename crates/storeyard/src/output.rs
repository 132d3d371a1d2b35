//! Printing: what a person reads on a terminal, and what a program reads.

use std::io::{IsTerminal, Write};

use storeyard_core::compile::Compiled;
use storeyard_core::diagnostic::{self, Diagnostic, Severity, Style};

use crate::error::{CommandError, Kind};

/// Formats of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people, with excerpts.
    Text,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
}

/// Colour on a terminal, unless `NO_COLOR` is set.
pub(crate) fn style(terminal: bool) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    if terminal && !no_color { Style::Coloured } else { Style::Plain }
}

/// Style of standard error.
pub(crate) fn stderr_style() -> Style {
    style(std::io::stderr().is_terminal())
}

/// Writes to standard output; a reader that went away is not an error worth a word.
pub(crate) fn print(text: &str) -> Result<(), CommandError> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CommandError::new(Kind::World, format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Findings in a format, as data.
pub(crate) fn findings(compiled: &Compiled, format: Format) -> String {
    let (findings, sources) = (&compiled.findings, &compiled.sources);
    match format {
        Format::Text => diagnostic::to_text(findings, sources, style(std::io::stdout().is_terminal())),
        Format::Json => pretty(&diagnostic::to_json(findings, sources)),
        Format::Sarif => pretty(&diagnostic::to_sarif(findings, sources)),
        Format::Junit => diagnostic::to_junit(findings, sources),
    }
}

pub(crate) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// `3 errors, 1 warning, 2 notes`.
pub(crate) fn counts(findings: &[Diagnostic]) -> String {
    let (errors, warnings, notes) = diagnostic::count(findings);
    format!("{}, {}, {}", plural(errors, "error"), plural(warnings, "warning"), plural(notes, "note"))
}

/// `1 file`, `2 files`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Raises findings of the denied rules to errors. A name that no rule has is a usage error.
pub(crate) fn deny(compiled: &mut Compiled, denied: &[String]) -> Result<(), CommandError> {
    let mut codes = Vec::new();
    for name in denied {
        match storeyard_core::rules::find(name) {
            Some(rule) => codes.push(rule.code),
            None if name == "warnings" => {
                for finding in &mut compiled.findings {
                    finding.severity = finding.severity.max(Severity::Warning);
                    if finding.severity == Severity::Warning {
                        finding.severity = Severity::Error;
                    }
                }
            }
            None => {
                let rules = storeyard_core::rules::all();
                let near = storeyard_core::spec::structure::nearest(name, rules.iter().map(|r| r.name));
                let error = CommandError::new(Kind::Usage, format!("no rule is called `{name}`"));
                return Err(match near {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => {
                        error.hint("use a code or name that a finding shows, or `warnings` for all of them")
                    }
                });
            }
        }
    }
    for finding in compiled.findings.iter_mut().filter(|f| codes.contains(&f.code)) {
        finding.severity = Severity::Error;
    }
    diagnostic::sort(&mut compiled.findings);
    Ok(())
}
