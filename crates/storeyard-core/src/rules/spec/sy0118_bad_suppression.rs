//! # SY0118 bad-suppression
//!
//! ## What it does
//! Reports suppressions past their last day, of codes that no rule has, and of errors in the spec itself.
//!
//! ## Why
//! An exception without an end becomes the rule. An expired one fails, so that somebody looks again.
//!
//! ## Example
//! ```yaml
//! spec:
//!   suppressions:
//!     - { code: SY2003, selector: "Deployment/*", reason: "until the chart sets one", expires: 2025-01-01 }
//! ```
//!
//! ## Remedy
//! Mend what was suppressed, or set a new date and say why.

use serde_json::Value;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0118",
    "bad-suppression",
    Error,
    "A suppression that suppresses nothing, or no longer",
    "sy0118_bad_suppression.rs"
);

/// Suppressions whose last day has passed, or whose code no rule has. `cx.today` is `YYYY-MM-DD`.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let Some(list) = cx.platform.value.pointer("/spec/suppressions").and_then(Value::as_array) else {
        return;
    };
    for (index, suppression) in list.iter().enumerate() {
        let text = |key: &str| suppression.get(key).and_then(Value::as_str);
        let place = |key: &str| cx.place(&format!("/spec/suppressions/{index}/{key}"));
        if let Some(code) = text("code") {
            match crate::rules::find(code) {
                None => out.push(
                    RULE.find(format!("no rule has the code `{code}`"))
                        .at(place("code"), "unknown")
                        .help("use a code that a finding shows"),
                ),
                Some(rule)
                    if code.starts_with("SY0") && rule.severity == crate::diagnostic::Severity::Error =>
                {
                    out.push(
                        RULE.find(format!("`{code}` is about the spec itself and cannot be suppressed"))
                            .at(place("code"), "cannot be suppressed")
                            .help("mend what it finds"),
                    )
                }
                Some(_) => {}
            }
        }
        // ISO dates compare as text.
        if let Some(expires) = text("expires").filter(|e| e.len() == 10 && *e < cx.today) {
            out.push(
                RULE.find(format!(
                    "the suppression of {} expired on {expires}",
                    text("code").unwrap_or("a rule")
                ))
                .at(place("expires"), "past")
                .help("mend what it hid, or set a new date and say why in `reason`"),
            );
        }
    }
}
