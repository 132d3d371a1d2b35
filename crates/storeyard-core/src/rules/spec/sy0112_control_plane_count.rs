//! # SY0112 control-plane-count
//!
//! ## What it does
//! Wants an odd number of control planes, at most seven, and at least one worker.
//!
//! ## Why
//! etcd needs a majority: an even number adds cost and no safety. Shops do not run on control planes.
//!
//! ## Example
//! ```yaml
//! machines:
//!   - { name: cp1, role: control-plane }
//!   - { name: cp2, role: control-plane }
//! ```
//!
//! ## Remedy
//! Use one, three or five control planes, and a worker.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0112",
    "control-plane-count",
    Error,
    "A number of control planes or workers that cannot work",
    "sy0112_control_plane_count.rs"
);

/// Control planes and workers over all hosts.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let roles: Vec<&str> =
        cx.machines().iter().filter_map(|(_, machine)| machine.get("role")?.as_str()).collect();
    let control_planes = roles.iter().filter(|role| **role == "control-plane").count();
    let workers = roles.iter().filter(|role| **role == "worker").count();
    let place = cx.place("/spec/hosts");
    if control_planes % 2 == 0 || control_planes > 7 {
        out.push(
            RULE.find(format!("there are {control_planes} control planes"))
                .at(place.clone(), "over all hosts")
                .note("etcd works while more than half of its members live: 3 bear the loss of one, and so do 4")
                .help("use 1, 3 or 5 machines of role control-plane"),
        );
    }
    if workers == 0 {
        out.push(
            RULE.find("there is no worker")
                .at(place, "over all hosts")
                .help("add a machine of role worker: shops do not run on control planes"),
        );
    }
}
