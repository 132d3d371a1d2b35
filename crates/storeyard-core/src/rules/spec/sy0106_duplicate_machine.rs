//! # SY0106 duplicate-machine
//!
//! ## What it does
//! Reports a name used by two hosts or two machines.
//!
//! ## Why
//! Node names must be unique in a cluster, and libvirt domains on a host.
//!
//! ## Example
//! ```yaml
//! machines:
//!   - { name: cp1 }
//!   - { name: cp1 }
//! ```
//!
//! ## Remedy
//! Rename one.

use std::collections::BTreeMap;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0106",
    "duplicate-machine",
    Error,
    "Two hosts or machines with one name",
    "sy0106_duplicate_machine.rs"
);

/// Hosts and machines share one set of names: both become names on one network.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (pointer, name) in cx.machine_addresses() {
        let pointer = pointer.replace("/address", "/name");
        if let Some(first) = seen.insert(name.clone(), pointer.clone()) {
            out.push(
                RULE.find(format!("two hosts or machines are named `{name}`"))
                    .at(cx.place(&pointer), "the second one")
                    .and(cx.place(&first), "the first one")
                    .help("rename one of them"),
            );
        }
    }
}
