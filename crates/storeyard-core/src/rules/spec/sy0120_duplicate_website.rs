//! # SY0120 duplicate-website
//!
//! ## What it does
//! Reports website codes and locales that stand twice in a store.
//!
//! ## Why
//! Magento keys configuration by the code; the second would replace the first.
//!
//! ## Example
//! ```yaml
//! spec:
//!   websites:
//!     - { code: base, domains: [a.example] }
//!     - { code: base, domains: [b.example] }
//! ```
//!
//! ## Remedy
//! Give each its own code.

use std::collections::BTreeMap;

use serde_json::Value;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0120",
    "duplicate-website",
    Error,
    "Two websites or locales of one store with the same code",
    "sy0120_duplicate_website.rs"
);

/// Codes of websites, and locales, within one store.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    for store in cx.stores {
        for (list, field, what) in [("websites", "/code", "website"), ("locales", "", "locale")] {
            let mut seen = BTreeMap::new();
            let items = store.value.pointer(&format!("/spec/{list}")).and_then(Value::as_array);
            for index in 0..items.map_or(0, Vec::len) {
                let pointer = format!("/spec/{list}/{index}{field}");
                let Some(code) = store.value.pointer(&pointer).and_then(Value::as_str) else { continue };
                if let Some(first) = seen.insert(code, store.place(&pointer)) {
                    out.push(
                        RULE.find(format!("the {what} `{code}` stands twice"))
                            .at(store.place(&pointer), "the second one")
                            .and(first, "the first one")
                            .help("remove or rename one"),
                    );
                }
            }
        }
    }
}
