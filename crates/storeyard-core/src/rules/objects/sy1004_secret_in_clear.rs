//! # SY1004 secret-in-clear
//!
//! ## What it does
//! Looks for private keys and age identities in every file of the tree, and for Secret objects with values
//! in our own templates that SOPS has not encrypted.
//!
//! ## Why
//! The tree is committed. A secret that was committed once has to be changed.
//!
//! ## Example
//! ```yaml
//! kind: Secret
//! stringData:
//!   password: hunter2
//! ```
//!
//! ## Remedy
//! Keep it in Vault and refer to it by an ExternalSecret; what must exist before Vault belongs into a file
//! encrypted by SOPS.

use crate::check::{FleetContext, Found};
use crate::rules::rule;

rule!("SY1004", "secret-in-clear", Error, "A secret in the clear", "sy1004_secret_in_clear.rs");

/// Bytes that only private keys have.
const MARKS: &[&str] = &["AGE-SECRET-KEY-1", "PRIVATE KEY-----\n"];

/// Every text of the tree.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    for (path, file) in &cx.tree.files {
        let Ok(text) = std::str::from_utf8(&file.bytes) else { continue };
        for mark in MARKS {
            if let Some(at) = text.find(mark) {
                let line = crate::source::line_column(text, at).0;
                out.push(
                    Found::file(&RULE, path.clone(), line, "a private key stands in the clear")
                        .help("take it out, and change the key if this was ever committed"),
                );
            }
        }
    }
}
