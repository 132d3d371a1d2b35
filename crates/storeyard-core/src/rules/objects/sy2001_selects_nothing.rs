//! # SY2001 selects-nothing
//!
//! ## What it does
//! Compares the selectors of Services and PodDisruptionBudgets with the labels of all pods in their
//! namespace.
//!
//! ## Why
//! The Service would have no endpoints, the budget would protect nothing; both look healthy.
//!
//! ## Example
//! ```yaml
//! kind: Service
//! spec:
//!   selector: { app: web }   # the pods are labelled app: shop-web
//! ```
//!
//! ## Remedy
//! Make the selector a subset of the pods' labels.

use crate::check::{FleetContext, Found};
use crate::rules::rule;

rule!("SY2001", "selects-nothing", Error, "A selector that no pod matches", "sy2001_selects_nothing.rs");

/// Pods of unrendered charts are unknown, so releases that lack a chart are passed over.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    use std::collections::BTreeMap;
    let mut pods: BTreeMap<&str, Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for ((_, namespace, _), definitions) in &cx.facts.definitions {
        for definition in definitions.iter().filter(|d| !d.pod_labels.is_empty()) {
            pods.entry(namespace).or_default().push(&definition.pod_labels);
        }
    }
    for reference in &cx.facts.references {
        let Some(selector) = &reference.selector else { continue };
        let namespace = reference.to.1.as_str();
        let unknown =
            cx.not_at_hand.keys().any(|c| cx.plan.component(c).is_some_and(|c| c.namespace == namespace));
        let matched = pods.get(namespace).is_some_and(|all| {
            all.iter().any(|labels| selector.iter().all(|(k, v)| labels.get(k) == Some(v)))
        });
        // Charts of others make some pods at run time; what those select is theirs to know.
        if matched || unknown || reference.upstream {
            continue;
        }
        let shown: Vec<String> = selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
        out.push(
            Found::reference(&RULE, reference, format!("{} selects no pod", reference.from))
                .note(format!("{} is {}", reference.field, shown.join(", ")))
                .help("make it a subset of the labels of the pods that are meant"),
        );
    }
}
