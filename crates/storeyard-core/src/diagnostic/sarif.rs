//! Findings as SARIF 2.1.0, for code-scanning views.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Diagnostic, Label};
use crate::source::Sources;

/// A SARIF log with one run; only the rules that found something are described.
pub fn to_sarif(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let codes: BTreeSet<&str> = diagnostics.iter().map(|d| d.code.0).collect();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| {
            let summary = crate::rules::find(code).map_or("", |rule| rule.summary);
            json!({ "id": code, "shortDescription": { "text": summary } })
        })
        .collect();
    let results: Vec<Value> = diagnostics.iter().map(|d| result(d, sources)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "storeyard",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    })
}

fn result(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let mut text = diagnostic.message.clone();
    for extra in diagnostic.notes.iter().chain(&diagnostic.help) {
        text.push('\n');
        text.push_str(extra);
    }
    let mut result = json!({
        "ruleId": diagnostic.code.0,
        "level": diagnostic.severity.as_str(),
        "message": { "text": text },
        "locations": diagnostic.primary.iter().map(|l| location(l, sources)).collect::<Vec<_>>(),
    });
    if !diagnostic.secondary.is_empty() {
        result["relatedLocations"] = diagnostic.secondary.iter().map(|l| location(l, sources)).collect();
    }
    result
}

fn location(label: &Label, sources: &Sources) -> Value {
    let (line, column) = sources.line_column(label.place.file, label.place.span.start);
    let (end_line, end_column) = sources.line_column(label.place.file, label.place.span.end);
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": &*sources.file(label.place.file).path },
            "region": {
                "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
            },
        },
    });
    if !label.text.is_empty() {
        location["message"] = json!({ "text": label.text });
    }
    location
}
