//! # SY0103 api-address
//!
//! ## What it does
//! Reports a virtual address inside the pod or service range or a failover block, outside the machines'
//! network, or already given to a machine.
//!
//! ## Why
//! kube-vip announces it by ARP on the machines' network: it must belong to that network and to nobody else.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network:
//!     pods: 10.42.0.0/16
//!     apiServer: 10.42.0.10
//! ```
//!
//! ## Remedy
//! Take a free address of the machines' network.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0103",
    "api-address",
    Error,
    "The API's virtual address cannot be held where it is",
    "sy0103_api_address.rs"
);

/// The API's address against every range and every machine.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    const POINTER: &str = "/spec/network/apiServer";
    let Some(address) = cx.address(POINTER) else { return };
    let place = cx.place(POINTER);
    for (pointer, _) in cx.networks() {
        let Some(network) = cx.network(&pointer).map(|n| n.trunc()) else { continue };
        let inside = network.contains(&address);
        let what = match pointer.as_str() {
            "/spec/network/nodes" => {
                if !inside {
                    out.push(
                        RULE.find(format!(
                            "the API's address {address} is outside the machines' network {network}"
                        ))
                        .at(place.clone(), "kube-vip could not announce it")
                        .and(cx.place(&pointer), "the machines' network")
                        .help("take a free address of that network"),
                    );
                }
                continue;
            }
            "/spec/network/pods" => "the pod range",
            "/spec/network/services" => "the service range",
            _ => "a failover block",
        };
        if inside {
            out.push(
                RULE.find(format!("the API's address {address} lies inside {what} {network}"))
                    .at(place.clone(), "would be routed elsewhere")
                    .and(cx.place(&pointer), what)
                    .help("take a free address of the machines' network"),
            );
        }
    }
    for (pointer, name) in cx.machine_addresses() {
        if cx.address(&pointer) == Some(address) {
            out.push(
                RULE.find(format!("the API's address {address} is also that of `{name}`"))
                    .at(place.clone(), "must be an address of its own")
                    .and(cx.place(&pointer), format!("`{name}` has it"))
                    .help("give the API an address that no machine has"),
            );
        }
    }
}
