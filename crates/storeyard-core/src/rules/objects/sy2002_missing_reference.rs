//! # SY2002 missing-reference
//!
//! ## What it does
//! Follows every reference by name: ConfigMaps and Secrets with their keys, claims, storage, ingress and
//! priority classes, service accounts, roles, targets of autoscalers, Services and their ports behind an
//! Ingress, projects of Applications, namespaces. What controllers derive (the Secret of an ExternalSecret
//! or Certificate) counts as there.
//!
//! ## Why
//! The pod would wait for ever, or start without what it needs, and each says so only in its own events.
//!
//! ## Example
//! ```yaml
//! volumes:
//!   - configMap: { name: nginx-conf }   # the ConfigMap is named nginx-config
//! ```
//!
//! ## Remedy
//! Correct the name, or add what is missing.

use crate::check::facts::Reference;
use crate::check::{FleetContext, Found};
use crate::rules::rule;

rule!(
    "SY2002",
    "missing-reference",
    Error,
    "A reference to something that does not exist",
    "sy2002_missing_reference.rs"
);

/// What every cluster has.
fn built_in(reference: &Reference) -> bool {
    let (kind, namespace, name) = &reference.to;
    match kind.as_str() {
        "Namespace" => matches!(name.as_str(), "default" | "kube-system" | "kube-public" | "kube-node-lease"),
        "ConfigMap" => name == "kube-root-ca.crt",
        "PriorityClass" => name.starts_with("system-"),
        "ClusterRole" => {
            name.starts_with("system:")
                || matches!(name.as_str(), "cluster-admin" | "admin" | "edit" | "view")
        }
        "Role" => {
            namespace == "kube-system" && (name.starts_with("system:") || name.starts_with("extension-"))
        }
        _ => false,
    }
}

/// Roles whose component, while it is not at hand, would define the kind.
fn provided_by_role(kind: &str) -> &'static [&'static str] {
    match kind {
        "IngressClass" => &["ingress"],
        "StorageClass" => &["block-storage", "shared-storage"],
        "PriorityClass" => &["priority-classes"],
        "ClusterIssuer" => &["certificates"],
        _ => &[],
    }
}

/// All references by name.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    for reference in cx.facts.references.iter().filter(|r| r.selector.is_none()) {
        let (kind, namespace, name) = &reference.to;
        if built_in(reference) {
            continue;
        }
        let Some(definitions) = cx.facts.definitions.get(&reference.to) else {
            if unknowable(cx, reference) {
                continue;
            }
            let whereabouts = if namespace.is_empty() { String::new() } else { format!(" in `{namespace}`") };
            let found = Found::reference(
                &RULE,
                reference,
                format!("{} refers to {kind} `{name}`{whereabouts}, which does not exist", reference.from),
            )
            .note(format!("in {}", reference.field));
            out.push(match near(cx, reference) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help("correct the name, or add what is missing"),
            });
            continue;
        };
        let Some(key) = &reference.key else { continue };
        let known = match kind.as_str() {
            "Service" => definitions.iter().any(|d| d.ports.contains(key)),
            _ => definitions.iter().any(|d| d.keys.as_ref().is_none_or(|keys| keys.contains(key))),
        };
        if !known && !reference.upstream {
            let what = if kind == "Service" { "port" } else { "key" };
            out.push(
                Found::reference(
                    &RULE,
                    reference,
                    format!(
                        "{} wants the {what} `{key}` of {kind} `{name}`, which has none such",
                        reference.from
                    ),
                )
                .note(format!("in {}", reference.field))
                .help(format!("use a {what} that it has, or add this one")),
            );
        }
    }
}

/// Whether what is missing may be made by something that was not looked at: a chart that is not at hand, a controller of
/// an upstream chart, a component outside the library.
fn unknowable(cx: &FleetContext<'_>, reference: &Reference) -> bool {
    let (kind, namespace, _) = &reference.to;
    // Namespaces of components are made by their Applications.
    if kind == "Namespace" {
        return cx.plan.components.iter().any(|c| c.namespace == reference.to.2);
    }
    if reference.upstream
        && matches!(kind.as_str(), "Secret" | "ConfigMap" | "Role" | "ClusterRole" | "ServiceAccount")
    {
        return true;
    }
    // Pods run without the Service that would give them names of their own, and some charts do not want such names: Argo
    // CD's controller is one. In an own template it is a slip of the pen all the same.
    if reference.upstream && reference.field == "spec.serviceName" {
        return true;
    }
    let roles = provided_by_role(kind);
    let absent =
        |component: &str| cx.plan.component(component).is_none() || cx.not_at_hand.contains_key(component);
    if roles.iter().any(|role| cx.plan.value["roles"][role].as_str().is_some_and(absent)) {
        return true;
    }
    !namespace.is_empty()
        && cx.not_at_hand.keys().any(|c| cx.plan.component(c).is_some_and(|c| c.namespace == *namespace))
}

fn near<'a>(cx: &FleetContext<'a>, reference: &Reference) -> Option<&'a str> {
    let (kind, namespace, name) = &reference.to;
    let known = cx
        .facts
        .definitions
        .range((kind.clone(), namespace.clone(), String::new())..)
        .take_while(|((k, n, _), _)| k == kind && n == namespace)
        .map(|((_, _, name), _)| name.as_str());
    crate::spec::structure::nearest(name, known)
}
