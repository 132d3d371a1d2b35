//! # SY1002 not-checked
//!
//! ## What it does
//! Names the upstream charts that are not vendored, so that what they install could not be looked at.
//!
//! ## Why
//! What has not been looked at must not look as if it had been.
//!
//! ## Example
//! ```yaml
//! # storeyard.lock has no entry for cilium 1.18.12
//! ```
//!
//! ## Remedy
//! Run `storeyard vendor`; after that everything works offline.

use crate::check::{FleetContext, Found};
use crate::rules::rule;

rule!("SY1002", "not-checked", Note, "An upstream chart that is not at hand", "sy1002_not_checked.rs");

/// One finding for all of them.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    if cx.not_at_hand.is_empty() {
        return;
    }
    let charts: Vec<String> = cx
        .not_at_hand
        .iter()
        .map(|(component, charts)| format!("{component} ({})", charts.join(", ")))
        .collect();
    out.push(
        Found::plain(RULE.find(format!(
            "{} components were checked without their upstream charts, which are not vendored",
            charts.len()
        )))
        .note(charts.join("; "))
        .help("run `storeyard vendor`, then everything is checked, offline too"),
    );
}
