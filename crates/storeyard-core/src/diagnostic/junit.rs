//! Findings as JUnit XML: a test case a rule, failed when it found an error, with the findings as its text.

use std::fmt::Write as _;

use super::{Diagnostic, Severity, Style, to_text};
use crate::source::Sources;

/// Every rule is a test case, so that a report shows what was looked at and not only what was found.
pub fn to_junit(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut cases = String::new();
    let mut failures = 0;
    let rules = crate::rules::all();
    for rule in &rules {
        let found: Vec<Diagnostic> = diagnostics.iter().filter(|d| d.code == rule.code).cloned().collect();
        let _ = write!(
            cases,
            "  <testcase classname=\"storeyard\" name=\"{} {}\"",
            rule.code,
            escape(rule.summary)
        );
        if found.is_empty() {
            cases.push_str("/>\n");
            continue;
        }
        let text = escape(&to_text(&found, sources, Style::Plain));
        if found.iter().any(|d| d.severity == Severity::Error) {
            failures += 1;
            let _ = write!(
                cases,
                ">\n    <failure message=\"{}\">{text}</failure>\n  </testcase>\n",
                escape(&found[0].message)
            );
        } else {
            let _ = write!(cases, ">\n    <system-out>{text}</system-out>\n  </testcase>\n");
        }
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"storeyard\" tests=\"{}\" failures=\"{failures}\" \
         errors=\"0\" skipped=\"0\">\n{cases}</testsuite>\n",
        rules.len()
    )
}

/// Escapes text for XML 1.0; characters that XML cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if (c as u32) < 0x20 => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
