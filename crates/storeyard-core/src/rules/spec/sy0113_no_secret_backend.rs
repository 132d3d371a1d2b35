//! # SY0113 no-secret-backend
//!
//! ## What it does
//! Reports stores on a platform whose secret backend is `none`.
//!
//! ## Why
//! Database passwords, crypt keys and admin paths would have nowhere to live but Git.
//!
//! ## Example
//! ```yaml
//! spec:
//!   secrets: { backend: none }
//! ```
//!
//! ## Remedy
//! Set `secrets.backend: vault`.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0113",
    "no-secret-backend",
    Error,
    "Stores without a place for their secrets",
    "sy0113_no_secret_backend.rs"
);

/// Stores need a secret backend.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let backend = cx.merged.pointer("/spec/secrets/backend").and_then(|v| v.as_str());
    if backend == Some("none") && !cx.stores.is_empty() {
        out.push(
            RULE.find(format!("{} stores need secrets, and there is no secret backend", cx.stores.len()))
                .at(cx.place("/spec/secrets/backend"), "none")
                .and(cx.stores[0].place("/metadata/name"), "this store needs one, for example")
                .help("set `secrets.backend: vault`"),
        );
    }
}
