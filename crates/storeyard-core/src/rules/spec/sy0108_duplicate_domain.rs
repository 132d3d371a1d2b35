//! # SY0108 duplicate-domain
//!
//! ## What it does
//! Reports a domain that two stores, two websites or a store and the platform claim.
//!
//! ## Why
//! The edge would send its visitors to one of them, and which one depends on order.
//!
//! ## Example
//! ```yaml
//! # stores/aurora.yaml and stores/borealis.yaml
//! spec:
//!   domains: [shop.example]
//! ```
//!
//! ## Remedy
//! Give the domain to one of them.

use std::collections::BTreeMap;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!("SY0108", "duplicate-domain", Error, "One domain used twice", "sy0108_duplicate_domain.rs");

/// Domains over all stores and websites. A store's own list may repeat what its websites say.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    if let Some(domain) = cx.platform.value.pointer("/spec/domain").and_then(|d| d.as_str()) {
        seen.insert(domain.to_owned(), ("the platform".to_owned(), cx.place("/spec/domain")));
    }
    for store in cx.stores {
        let name = store.value.pointer("/metadata/name").and_then(|n| n.as_str()).unwrap_or("?");
        for (owner, pointer, domain) in SpecContext::domains(store, name) {
            let place = store.place(&pointer);
            if let Some((first_owner, first)) = seen.insert(domain.clone(), (owner.clone(), place.clone())) {
                out.push(
                    RULE.find(format!("the domain `{domain}` belongs to both {first_owner} and {owner}"))
                        .at(place, "claimed again")
                        .and(first, "claimed first")
                        .help("give it to one of them"),
                );
            }
        }
    }
}
