//! # SY2003 duplicate-object
//!
//! ## What it does
//! Reports objects of the same kind, namespace and name that come from two places.
//!
//! ## Why
//! The later one overwrites the earlier, and two Applications that own one object fight for ever.
//!
//! ## Example
//! ```yaml
//! # infra/a/templates/x.yaml and infra/b/templates/y.yaml
//! kind: ConfigMap
//! metadata: { name: shared, namespace: tools }
//! ```
//!
//! ## Remedy
//! Rename one, or keep it in one place only.

use crate::check::{FleetContext, Found};
use crate::rules::rule;

rule!("SY2003", "duplicate-object", Error, "Two objects with one name", "sy2003_duplicate_object.rs");

/// Definitions that stand more than once. Argo CD's hooks may repeat a name; derived objects are their makers' business.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    for definitions in cx.facts.definitions.values() {
        let mut written = definitions.iter().filter(|d| !d.derived);
        let (Some(first), Some(second)) = (written.next(), written.next()) else { continue };
        out.push(
            Found::at(&RULE, &second.id, &second.source, format!("{} exists twice", second.id))
                .note(format!("first in `{}` ({})", first.source, first.owner.describe()))
                .note(format!("again in `{}` ({})", second.source, second.owner.describe()))
                .help("rename one of them, or keep it in one place"),
        );
    }
}
