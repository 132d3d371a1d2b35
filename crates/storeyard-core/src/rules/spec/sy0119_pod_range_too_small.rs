//! # SY0119 pod-range-too-small
//!
//! ## What it does
//! Compares the pod range with the number of machines and `nodeCidrMaskSize`.
//!
//! ## Why
//! Nodes beyond the range get no pod network and never become ready.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network:
//!     pods: 10.42.0.0/24
//!     nodeCidrMaskSize: 24
//! ```
//!
//! ## Remedy
//! Use a larger range; there should be room for twice the machines.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0119",
    "pod-range-too-small",
    Error,
    "A pod range that cannot hold the nodes",
    "sy0119_pod_range_too_small.rs"
);

/// Room for every machine's share of the pod range.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let Some(pods) = cx.network("/spec/network/pods") else { return };
    let Some(mask) = cx.merged.pointer("/spec/network/nodeCidrMaskSize").and_then(serde_json::Value::as_u64)
    else {
        return;
    };
    let bits = mask.saturating_sub(u64::from(pods.prefix_len()));
    let room = if mask < u64::from(pods.prefix_len()) { 0 } else { 1_u64 << bits.min(32) };
    let machines = cx.machines().len() as u64;
    if room < machines {
        out.push(
            RULE.find(format!(
                "the pod range {pods} has room for {room} nodes of /{mask}, and there are {machines}"
            ))
            .at(cx.place("/spec/network/pods"), format!("room for {room} nodes"))
            .help("use a larger range or a longer `nodeCidrMaskSize`"),
        );
    }
}
