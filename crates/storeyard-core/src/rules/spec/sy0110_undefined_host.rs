//! # SY0110 undefined-host
//!
//! ## What it does
//! Reports a store pinned to a host that `spec.hosts` does not have.
//!
//! ## Why
//! Its pods would wait for a node that will never come.
//!
//! ## Example
//! ```yaml
//! # stores/aurora.yaml
//! spec:
//!   hosts: [bm9]
//! ```
//!
//! ## Remedy
//! Name a host of `storeyard.yaml`.

use serde_json::Value;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;
use crate::spec::structure::nearest;

rule!("SY0110", "undefined-host", Error, "A host that is not defined", "sy0110_undefined_host.rs");

/// Hosts that stores are pinned to.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let known: Vec<&str> = cx.hosts().iter().filter_map(|h| h.get("name")?.as_str()).collect();
    for store in cx.stores {
        let Some(hosts) = store.value.pointer("/spec/hosts").and_then(Value::as_array) else { continue };
        for (index, host) in hosts.iter().enumerate().filter_map(|(i, h)| Some((i, h.as_str()?))) {
            if known.contains(&host) {
                continue;
            }
            let help = match nearest(host, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the hosts are: {}", known.join(", ")),
            };
            out.push(
                RULE.find(format!("there is no host `{host}`"))
                    .at(store.place(&format!("/spec/hosts/{index}")), "not in `spec.hosts` of the platform")
                    .help(help),
            );
        }
    }
}
