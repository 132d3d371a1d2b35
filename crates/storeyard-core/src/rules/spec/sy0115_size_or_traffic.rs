//! # SY0115 size-or-traffic
//!
//! ## What it does
//! Wants `size` or `traffic`, one of the two.
//!
//! ## Why
//! Every figure of a store follows from it; two answers would contradict each other.
//!
//! ## Example
//! ```yaml
//! spec:
//!   size: small
//!   traffic: { pageViewsPerMinute: 600, ordersPerHour: 200, skus: 20000 }
//! ```
//!
//! ## Remedy
//! Keep one of them; the store's own words can still change any single figure.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!("SY0115", "size-or-traffic", Error, "A store without a size, or with two", "sy0115_size_or_traffic.rs");

/// Exactly one of the two.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    for store in cx.stores {
        let (size, traffic) = ("/spec/size", "/spec/traffic");
        match (store.exact_place(size), store.exact_place(traffic)) {
            (Some(size), Some(traffic)) => out.push(
                RULE.find("the store has both a size and traffic")
                    .at(traffic, "traffic would give another size")
                    .and(size, "the size")
                    .help("keep one of them"),
            ),
            (None, None) if store.value.get("spec").is_some_and(|s| s.is_object()) => out.push(
                RULE.find("the store has neither a size nor traffic")
                    .at(store.place("/metadata/name"), "how big is it?")
                    .help("add `size: small` (or medium, large), or `traffic:` with pageViewsPerMinute, ordersPerHour and skus"),
            ),
            _ => {}
        }
    }
}
