//! # SY1006 not-in-library
//!
//! ## What it does
//! Names the roles that the bill of materials binds to components without a folder in the library.
//!
//! ## Why
//! A role without a component is a part of the platform that is not there: stores that need it have to find
//! it elsewhere.
//!
//! ## Example
//! ```yaml
//! # role ingress → ingress-nginx, and there is no library/*/ingress-nginx
//! ```
//!
//! ## Remedy
//! Install it by other means and say where under `services`, or add the component as a folder.

use crate::check::{FleetContext, Found};
use crate::rules::rule;

rule!(
    "SY1006",
    "not-in-library",
    Note,
    "A pinned component that nothing installs yet",
    "sy1006_not_in_library.rs"
);

/// One finding for all of them.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    if cx.plan.missing.is_empty() {
        return;
    }
    let list: Vec<String> = cx
        .plan
        .missing
        .iter()
        .map(|(component, roles)| format!("{component} ({})", roles.join(", ")))
        .collect();
    out.push(
        Found::plain(
            RULE.find(format!("{} pinned components have no folder in the library yet", list.len())),
        )
        .note(list.join(", "))
        .help("install what you need of them by other means, or add a folder (see the guide on components)"),
    );
}
