//! # SY0114 unknown-component
//!
//! ## What it does
//! Reports a component under `components` or `roles` that neither the library nor the bill of materials has,
//! and a role that nothing is bound to.
//!
//! ## Why
//! The setting would do nothing.
//!
//! ## Example
//! ```yaml
//! spec:
//!   components:
//!     celium: { enabled: true }
//! ```
//!
//! ## Remedy
//! Use the name shown, or add the component as a folder (see the guide).

use std::collections::BTreeSet;

use serde_json::Value;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;
use crate::spec::document::escape;
use crate::spec::structure::nearest;

rule!(
    "SY0114",
    "unknown-component",
    Error,
    "A role or component that nobody knows",
    "sy0114_unknown_component.rs"
);

/// Names under `components` and `roles`.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let minor = cx.platform.value.pointer("/spec/kubernetes").and_then(Value::as_str).unwrap_or("");
    let Some(bom) = cx.library.boms.get(&format!("kubernetes-{minor}")) else { return };
    let library = &cx.library.components;
    let mut look = |name: &str, known: &BTreeSet<&str>, place, what: &str| {
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are: {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
        };
        out.push(RULE.find(format!("there is no {what} `{name}`")).at(place, "unknown").help(help));
    };
    let components: BTreeSet<&str> = library.keys().map(String::as_str).collect();
    let roles: BTreeSet<&str> = bom
        .spec
        .roles
        .keys()
        .map(String::as_str)
        .chain(library.values().flat_map(|c| c.spec.provides.iter().map(String::as_str)))
        .collect();
    if let Some(map) = cx.platform.value.pointer("/spec/components").and_then(Value::as_object) {
        for name in map.keys().filter(|name| !components.contains(name.as_str())) {
            let place = cx.key_place(&format!("/spec/components/{}", escape(name)));
            if bom.spec.components.contains_key(name) {
                out_not_built(&mut look, name, &components, place);
            } else {
                look(name, &components, place, "component");
            }
        }
    }
    if let Some(map) = cx.platform.value.pointer("/spec/roles").and_then(Value::as_object) {
        for (role, component) in map {
            let pointer = format!("/spec/roles/{}", escape(role));
            if !roles.contains(role.as_str()) {
                look(role, &roles, cx.key_place(&pointer), "role");
            }
            if let Some(name) = component.as_str().filter(|name| !components.contains(name)) {
                let place = cx.place(&pointer);
                if bom.spec.components.contains_key(name) {
                    out_not_built(&mut look, name, &components, place);
                } else {
                    look(name, &components, place, "component");
                }
            }
        }
    }
}

type Look<'a> = dyn FnMut(&str, &BTreeSet<&str>, crate::source::Place, &str) + 'a;

/// A component that the bill of materials pins but the library has no folder for.
fn out_not_built(look: &mut Look<'_>, name: &str, known: &BTreeSet<&str>, place: crate::source::Place) {
    look(name, known, place, "folder in the library yet for the pinned component");
}
