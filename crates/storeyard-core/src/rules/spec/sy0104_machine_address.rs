//! # SY0104 machine-address
//!
//! ## What it does
//! Reports addresses outside the machines' network, the network's own or broadcast address, and addresses
//! used twice.
//!
//! ## Why
//! The machine would come up unreachable, or take another one's traffic.
//!
//! ## Example
//! ```yaml
//! hosts:
//!   - address: 10.10.0.2
//!     machines:
//!       - { name: cp1, address: 10.10.0.2 }
//! ```
//!
//! ## Remedy
//! Give each its own address inside `network.nodes`.

use std::collections::BTreeMap;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0104",
    "machine-address",
    Error,
    "An address of a host or machine that cannot be used",
    "sy0104_machine_address.rs"
);

/// Every host's and machine's address.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let nodes = cx.nodes_network();
    let mut seen = BTreeMap::new();
    for (pointer, name) in cx.machine_addresses() {
        let Some(address) = cx.address(&pointer) else { continue };
        if let Some((first_pointer, first_name)) = seen.insert(address, (pointer.clone(), name.clone())) {
            out.push(
                RULE.find(format!("`{first_name}` and `{name}` have the same address {address}"))
                    .at(cx.place(&pointer), "the second one")
                    .and(cx.place(&first_pointer), "the first one")
                    .help("give each an address of its own"),
            );
        }
        let Some(nodes) = nodes else { continue };
        if !nodes.contains(&address) {
            out.push(
                RULE.find(format!(
                    "the address {address} of `{name}` is outside the machines' network {nodes}"
                ))
                .at(cx.place(&pointer), "unreachable from the others")
                .help("take an address of that network, or set `network.nodes` to the right one"),
            );
        } else if address == nodes.network() || address == nodes.broadcast() {
            out.push(
                RULE.find(format!("{address} is the network's own or its broadcast address"))
                    .at(cx.place(&pointer), format!("no address for `{name}`"))
                    .help(format!("take another address of {nodes}")),
            );
        } else if cx.gateway() == Some(address) {
            out.push(
                RULE.find(format!("the address {address} of `{name}` is the gateway's"))
                    .at(cx.place(&pointer), "the machines' default route")
                    .help("take another address, or set `network.gateway`"),
            );
        }
    }
}
