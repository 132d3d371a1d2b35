//! # SY0107 duplicate-store
//!
//! ## What it does
//! Reports two files that describe a store of the same name.
//!
//! ## Why
//! Both would be written to the same namespace and overwrite each other.
//!
//! ## Example
//! ```yaml
//! # stores/aurora.yaml and stores/copy.yaml
//! metadata: { name: aurora }
//! ```
//!
//! ## Remedy
//! Rename one, in `metadata.name`.

use std::collections::BTreeMap;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!("SY0107", "duplicate-store", Error, "Two stores with one name", "sy0107_duplicate_store.rs");

/// Names of stores over all files.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    for store in cx.stores {
        let Some(name) = store.value.pointer("/metadata/name").and_then(|n| n.as_str()) else { continue };
        let place = store.place("/metadata/name");
        if let Some(first) = seen.insert(name, place.clone()) {
            out.push(
                RULE.find(format!("two stores are named `{name}`"))
                    .at(place, "the second one")
                    .and(first, "the first one")
                    .help("give each store a name of its own in `metadata.name`"),
            );
        }
    }
}
