//! Findings for programs: one JSON object.

use serde_json::{Value, json};

use super::{Diagnostic, Label, count};
use crate::source::Sources;

/// `{"summary": {…}, "findings": [{code, severity, message, place, related, notes, help, subject}]}`.
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let (errors, warnings, notes) = count(diagnostics);
    json!({
        "summary": { "errors": errors, "warnings": warnings, "notes": notes },
        "findings": diagnostics.iter().map(|d| finding(d, sources)).collect::<Vec<_>>(),
    })
}

fn finding(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    json!({
        "code": diagnostic.code.0,
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "place": diagnostic.primary.as_ref().map(|l| place(l, sources)),
        "related": diagnostic.secondary.iter().map(|l| place(l, sources)).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "subject": diagnostic.subject,
    })
}

fn place(label: &Label, sources: &Sources) -> Value {
    let (line, column) = sources.line_column(label.place.file, label.place.span.start);
    let (end_line, end_column) = sources.line_column(label.place.file, label.place.span.end);
    json!({
        "file": &*sources.file(label.place.file).path,
        "line": line,
        "column": column,
        "endLine": end_line,
        "endColumn": end_column,
        "label": label.text,
    })
}
