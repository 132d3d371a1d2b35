//! # SY0109 host-overcommitted
//!
//! ## What it does
//! Adds up cores and memory of a host's machines and what the host keeps for itself (by default 2 threads,
//! and an eighth of its memory, at least 4Gi, mostly for ZFS's cache).
//!
//! ## Why
//! Memory that is promised twice is found by the OOM killer, usually in the database.
//!
//! ## Example
//! ```yaml
//! hosts:
//!   - cores: 8
//!     memory: 32Gi
//!     machines:
//!       - { cores: 8, memory: 32Gi }
//! ```
//!
//! ## Remedy
//! Make machines smaller, or set `reserved` on the host if you know better.

use serde_json::Value;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::plan::sizing;
use crate::rules::rule;
use crate::spec::scalar::Mebibytes;

rule!(
    "SY0109",
    "host-overcommitted",
    Error,
    "Machines that need more than their host has",
    "sy0109_host_overcommitted.rs"
);

/// Sums per host.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    for (index, host) in cx.hosts().iter().enumerate() {
        let memory = |value: &Value| value.get("memory").and_then(Value::as_str).and_then(Mebibytes::parse);
        let cores = |value: &Value| value.get("cores").and_then(Value::as_u64);
        let (Some(has_cores), Some(has_memory)) = (cores(host), memory(host)) else { continue };
        let name = host.get("name").and_then(Value::as_str).unwrap_or("?");
        let default = sizing::host_reserve(has_memory);
        let reserved = host.get("reserved");
        let kept_cores = reserved.and_then(cores).unwrap_or(u64::from(default.cores));
        let kept_memory = reserved.and_then(memory).unwrap_or(default.memory);
        let machines = host.get("machines").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let used_cores: u64 = machines.iter().filter_map(cores).sum::<u64>() + kept_cores;
        let used_memory = machines.iter().filter_map(memory).map(|m| m.0).sum::<u64>() + kept_memory.0;
        if used_cores > has_cores {
            out.push(
                RULE.find(format!("`{name}` has {has_cores} cores, and {used_cores} are given away"))
                    .at(cx.place(&format!("/spec/hosts/{index}/cores")), format!("{has_cores} cores"))
                    .note(format!("{kept_cores} of them are kept for the host itself (`reserved.cores`)"))
                    .help(format!("take {} cores from its machines", used_cores - has_cores))
                    .about(name),
            );
        }
        if used_memory > has_memory.0 {
            out.push(
                RULE.find(format!(
                    "`{name}` has {has_memory} of memory, and {} are given away",
                    Mebibytes(used_memory)
                ))
                .at(cx.place(&format!("/spec/hosts/{index}/memory")), format!("{has_memory}"))
                .note(format!("{kept_memory} of them are kept for the host itself (`reserved.memory`)"))
                .help(format!("take {} from its machines", Mebibytes(used_memory - has_memory.0)))
                .about(name),
            );
        }
    }
}
