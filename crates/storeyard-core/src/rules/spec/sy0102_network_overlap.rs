//! # SY0102 network-overlap
//!
//! ## What it does
//! Compares pod range, service range, the machines' network and the failover blocks with each other.
//!
//! ## Why
//! Packets for one would be sent to the other; the symptoms come late and far from the cause.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network:
//!     pods: 10.42.0.0/15
//!     services: 10.43.0.0/16
//! ```
//!
//! ## Remedy
//! Move one of them. Ranges must also be free in the vRack and every VPN that reaches it.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!("SY0102", "network-overlap", Error, "Two networks that share addresses", "sy0102_network_overlap.rs");

/// Compares every pair of networks once.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let mut networks = Vec::new();
    for (pointer, _) in cx.networks() {
        if let Some(network) = cx.network(&pointer) {
            networks.push((pointer, network.trunc()));
        }
    }
    for (i, (first_pointer, first)) in networks.iter().enumerate() {
        for (second_pointer, second) in &networks[i + 1..] {
            if first.contains(second) || second.contains(first) {
                let name = |pointer: &str| pointer.trim_start_matches("/spec/").replace('/', ".");
                out.push(
                    RULE.find(format!(
                        "`{}` ({first}) and `{}` ({second}) overlap",
                        name(first_pointer),
                        name(second_pointer)
                    ))
                    .at(cx.place(second_pointer), format!("{second}"))
                    .and(cx.place(first_pointer), format!("{first}"))
                    .help("move one of them to a range that nothing else uses"),
                );
            }
        }
    }
}
