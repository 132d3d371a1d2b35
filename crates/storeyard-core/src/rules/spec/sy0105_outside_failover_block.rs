//! # SY0105 outside-failover-block
//!
//! ## What it does
//! Reports an address asked for a Service of type LoadBalancer that no failover block contains.
//!
//! ## Why
//! MetalLB would never assign it and the provider would not route it.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network:
//!     loadBalancers: [203.0.113.16/29]
//!     edgeAddress: 203.0.113.40
//! ```
//!
//! ## Remedy
//! Use an address of the block, or add the block it belongs to.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0105",
    "outside-failover-block",
    Error,
    "A public address outside the failover blocks",
    "sy0105_outside_failover_block.rs"
);

/// The edge's address against the failover blocks.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    const POINTER: &str = "/spec/network/edgeAddress";
    let Some(address) = cx.address(POINTER) else { return };
    let blocks: Vec<_> = cx
        .networks()
        .into_iter()
        .filter(|(pointer, _)| pointer.starts_with("/spec/network/loadBalancers/"))
        .filter_map(|(pointer, _)| cx.network(&pointer))
        .collect();
    if !blocks.is_empty() && !blocks.iter().any(|block| block.contains(&address)) {
        let shown: Vec<String> = blocks.iter().map(ToString::to_string).collect();
        out.push(
            RULE.find(format!("the edge's address {address} is in no failover block"))
                .at(cx.place(POINTER), "MetalLB could not assign it")
                .and(cx.place("/spec/network/loadBalancers"), "the failover blocks")
                .help(format!("take an address of {}", shown.join(" or "))),
        );
    }
}
