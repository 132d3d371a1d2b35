//! # SY2006 before-definition
//!
//! ## What it does
//! Compares the order of installation of custom resources with that of their CustomResourceDefinitions:
//! waves of Applications first, then sync waves inside one. Kinds whose definition nothing in the tree
//! installs are reported once, as a warning.
//!
//! ## Why
//! Argo CD refuses the whole Application when one kind in it is unknown.
//!
//! ## Example
//! ```yaml
//! # wave 2 installs an IPAddressPool, wave 3 the chart with its definition
//! ```
//!
//! ## Remedy
//! Let the component need the one that brings the definition, or put the resource into a later sync wave.

use crate::check::{FleetContext, Found};
use crate::diagnostic::Severity;
use crate::rules::rule;

rule!(
    "SY2006",
    "before-definition",
    Error,
    "A custom resource before its definition",
    "sy2006_before_definition.rs"
);

/// Every custom kind in use.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    for (kind, uses) in &cx.facts.custom_uses {
        let Some(first) = uses.first() else { continue };
        // Argo CD's own kinds are there before the first Application is.
        if kind.starts_with("argoproj.io/") {
            continue;
        }
        let Some(defined) = cx.facts.custom.get(kind) else {
            // A chart that is not at hand may bring it.
            if cx.not_at_hand.is_empty() || missing_role(cx, kind).is_some() {
                undefined(cx, kind, uses.len(), first, out);
            }
            continue;
        };
        for one in uses.iter().filter(|one| one.position < *defined) {
            if one.position.0 == defined.0 && one.waits {
                continue;
            }
            out.push(
                Found::at(
                    &RULE,
                    &one.id,
                    &one.source,
                    format!("{} comes before the definition of {kind}", one.id),
                )
                .note(format!(
                    "it is installed in wave {} ({}), the definition in wave {} ({})",
                    one.position.0, one.position.1, defined.0, defined.1
                ))
                .help("let its component need the one that brings the definition"),
            );
        }
    }
}

/// The role whose pinned component, not in the library yet, would define a kind.
fn missing_role<'a>(cx: &'a FleetContext<'_>, kind: &str) -> Option<&'a str> {
    let component = match kind.split('/').next()? {
        "external-secrets.io" | "generators.external-secrets.io" => "external-secrets",
        "keda.sh" => "keda",
        "monitoring.coreos.com" => "kube-prometheus-stack",
        _ => return None,
    };
    cx.plan.missing.iter().find(|(name, _)| name == component).map(|(name, _)| name.as_str())
}

fn undefined(
    cx: &FleetContext<'_>,
    kind: &str,
    count: usize,
    first: &crate::check::facts::CustomUse,
    out: &mut Vec<Found>,
) {
    let mut found = Found::at(
        &RULE,
        &first.id,
        &first.source,
        format!("nothing in the tree defines {kind}, and {count} objects are of it"),
    );
    found.diagnostic.severity = Severity::Warning;
    found = found.note(format!("the first is {} of {}", first.id, first.owner.describe()));
    out.push(match missing_role(cx, kind) {
        Some(component) => found
            .help(format!("install {component} before: it is pinned, and has no folder in the library yet")),
        None => found.help("add the component that brings the definition"),
    });
}
