//! # SY0117 no-age-recipient
//!
//! ## What it does
//! Reports a platform without `secrets.ageRecipients`.
//!
//! ## Why
//! The few secrets that must exist before Vault does could only be kept in the clear, or not at all.
//!
//! ## Example
//! ```yaml
//! spec:
//!   secrets: { ageRecipients: [] }
//! ```
//!
//! ## Remedy
//! Run `age-keygen`, keep the private key off the cluster too, and list the public one.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0117",
    "no-age-recipient",
    Warning,
    "No age key to encrypt bootstrap secrets for",
    "sy0117_no_age_recipient.rs"
);

/// SOPS needs somebody to encrypt for.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let recipients = cx.merged.pointer("/spec/secrets/ageRecipients").and_then(|v| v.as_array());
    if recipients.is_none_or(Vec::is_empty) {
        out.push(
            RULE.find("no age key is listed, so bootstrap secrets cannot be encrypted")
                .at(cx.place("/spec/secrets"), "`ageRecipients` is missing or empty")
                .help("run `age-keygen -o age.key`, keep that file off the cluster too, and list its public key here"),
        );
    }
}
