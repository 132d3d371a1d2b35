//! # SY0111 unsupported-version
//!
//! ## What it does
//! Reports a minor for which no bill of materials exists.
//!
//! ## Why
//! Versions are only offered as sets that were tested together.
//!
//! ## Example
//! ```yaml
//! spec:
//!   kubernetes: "1.29"
//! ```
//!
//! ## Remedy
//! Use one of the minors listed, or add a bill of materials to your own library folder.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0111",
    "unsupported-version",
    Error,
    "A Kubernetes minor without a bill of materials",
    "sy0111_unsupported_version.rs"
);

/// The minor against the bills of materials.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let Some(minor) = cx.platform.value.pointer("/spec/kubernetes").and_then(|v| v.as_str()) else { return };
    if cx.library.boms.contains_key(&format!("kubernetes-{minor}")) {
        return;
    }
    let known: Vec<&str> = cx.library.boms.keys().filter_map(|n| n.strip_prefix("kubernetes-")).collect();
    out.push(
        RULE.find(format!("there is no bill of materials for Kubernetes {minor}"))
            .at(cx.place("/spec/kubernetes"), "unsupported")
            .help(format!("use one of: {}", known.join(", "))),
    );
}
