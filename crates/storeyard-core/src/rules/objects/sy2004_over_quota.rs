//! # SY2004 over-quota
//!
//! ## What it does
//! Adds up what a release's pods request at their maximum (autoscalers' limits, one surging pod for each
//! Deployment) and compares it with the ResourceQuota of the namespace.
//!
//! ## Why
//! The last pods would be refused just when they are needed.
//!
//! ## Example
//! ```yaml
//! fpm: { replicas: { max: 20 } }
//! quota: { requestsMemoryMi: 8192 }
//! ```
//!
//! ## Remedy
//! Leave `quota` out, so that it follows from the figures, or raise it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::check::facts::{list, pod_template};
use crate::check::{Found, ReleaseContext};
use crate::rules::rule;
use crate::spec::scalar::{Mebibytes, Millicores};

rule!("SY2004", "over-quota", Error, "Requests above the namespace's quota", "sy2004_over_quota.rs");

/// CPU (thousandths), memory requests and limits (MiB), pods.
#[derive(Default, Clone, Copy)]
struct Sum {
    cpu: u64,
    memory: u64,
    limits: u64,
    pods: u64,
}

/// Quotas in the release's own namespace.
pub(crate) fn check(cx: &ReleaseContext<'_>, out: &mut Vec<Found>) {
    let Some(quota) = cx.objects.iter().find(|o| o.kind() == "ResourceQuota") else { return };
    let mut maxima: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for object in cx.objects.iter().filter(|o| matches!(o.kind(), "HorizontalPodAutoscaler" | "ScaledObject"))
    {
        let get = |pointer: &str| object.value.pointer(pointer);
        let name = get("/spec/scaleTargetRef/name").and_then(Value::as_str).unwrap_or("");
        let kind = get("/spec/scaleTargetRef/kind").and_then(Value::as_str).unwrap_or("Deployment");
        let max = get("/spec/maxReplicas").or_else(|| get("/spec/maxReplicaCount")).and_then(Value::as_u64);
        // KEDA's default.
        maxima.insert((kind, name), max.unwrap_or(100));
    }
    let mut sum = Sum::default();
    for object in cx.objects.iter().filter(|o| o.namespace == quota.namespace && o.hook.is_none()) {
        let Some(pod) = pod_template(&object.value).and_then(|t| t.get("spec")) else { continue };
        let replicas = match object.kind() {
            "Deployment" | "StatefulSet" => {
                let written = object.value.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
                maxima.get(&(object.kind(), object.name())).copied().unwrap_or(written)
            }
            _ => 1,
        };
        let one = of_pod(pod);
        sum.cpu += replicas * one.cpu;
        sum.memory += replicas * one.memory;
        sum.limits += replicas * one.limits;
        sum.pods += replicas;
    }
    let hard = |key: &str| quota.value.pointer(&format!("/spec/hard/{key}"));
    let cpu_text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let mut over = Vec::new();
    let mut judge = |what: &str, needs: u64, has: Option<u64>, show: &dyn Fn(u64) -> String| {
        if let Some(has) = has.filter(|has| needs > *has) {
            over.push(format!("{what}: {} needed, {} allowed", show(needs), show(has)));
        }
    };
    let cores = |milli: u64| Millicores(milli).to_string();
    let memory = |mi: u64| Mebibytes(mi).to_string();
    judge(
        "requests.cpu",
        sum.cpu,
        hard("requests.cpu").and_then(|v| Millicores::parse(&cpu_text(v))).map(|m| m.0),
        &cores,
    );
    let quantity = |key: &str| hard(key).and_then(Value::as_str).and_then(Mebibytes::parse).map(|m| m.0);
    judge("requests.memory", sum.memory, quantity("requests.memory"), &memory);
    judge("limits.memory", sum.limits, quantity("limits.memory"), &memory);
    let pods = hard("pods").and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok()));
    judge("pods", sum.pods, pods, &|n| n.to_string());
    if !over.is_empty() {
        let mut found = Found::object(
            &RULE,
            quota,
            format!(
                "the pods of {} do not fit into the quota of `{}`",
                cx.release.owner.describe(),
                quota.namespace
            ),
        );
        for line in over {
            found = found.note(line);
        }
        out.push(
            found.help(
                "leave `quota` out of the store's file, so that it follows from the figures, or raise it",
            ),
        );
    }
}

/// A pod asks for the sum of its containers, or for its largest init container if that is more.
fn of_pod(pod: &Value) -> Sum {
    let of = |container: &Value| {
        let get = |pointer: &str| {
            container.pointer(pointer).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
        };
        let memory = |pointer: &str| get(pointer).and_then(|t| Mebibytes::parse(&t)).map_or(0, |m| m.0);
        Sum {
            cpu: get("/resources/requests/cpu").and_then(|t| Millicores::parse(&t)).map_or(0, |m| m.0),
            memory: memory("/resources/requests/memory"),
            limits: memory("/resources/limits/memory"),
            pods: 1,
        }
    };
    let mut sum = Sum::default();
    for container in list(pod, "/containers").iter().map(of) {
        sum.cpu += container.cpu;
        sum.memory += container.memory;
        sum.limits += container.limits;
    }
    for init in list(pod, "/initContainers").iter().map(of) {
        sum.cpu = sum.cpu.max(init.cpu);
        sum.memory = sum.memory.max(init.memory);
        sum.limits = sum.limits.max(init.limits);
    }
    sum
}
