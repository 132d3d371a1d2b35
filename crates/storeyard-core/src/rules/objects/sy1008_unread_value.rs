//! # SY1008 unread-value
//!
//! ## What it does
//! Renders each chart while recording every value that a template reads, and reports values of ours or the
//! user's that nothing read and that the chart does not know: its own defaults have no such key.
//!
//! ## Why
//! A mistyped value is a setting that silently does nothing. Helm cannot tell; Argo CD neither.
//!
//! ## Example
//! ```yaml
//! spec:
//!   components:
//!     cilium:
//!       values: { hubbel: { enabled: true } }
//! ```
//!
//! ## Remedy
//! Use the name that the chart knows, or remove the value.

use chartwright::Value;
use chartwright::engine::ValuePath;
use chartwright::yaml::PathSegment;

use crate::check::Found;
use crate::objects::{Charts, Owner, ReleaseRef, segment};
use crate::rules::rule;
use crate::spec::Spec;
use crate::spec::document::{Document, escape};
use crate::spec::structure::nearest;

rule!("SY1008", "unread-value", Error, "A value that no template reads", "sy1008_unread_value.rs");

/// Values of one release that were not read, less those that the chart knows.
pub(crate) fn check(
    spec: &Spec,
    charts: &Charts<'_>,
    release: &ReleaseRef,
    unread: &[ValuePath],
    out: &mut Vec<Found>,
) {
    for path in unread {
        // The root segment is `Values`.
        let keys: Vec<&PathSegment> = path.iter().skip(1).collect();
        let Some(siblings) = charts.unknown_value(release, &keys) else { continue };
        let shown: Vec<String> = keys.iter().map(|key| segment(key)).collect();
        let shown = shown.join(".");
        let file =
            release.values.first().cloned().unwrap_or_else(|| format!("{}/values.yaml", release.chart));
        let mut found = Found::file(
            &RULE,
            file.clone(),
            charts.value_line(&file, &keys),
            format!("no template of {} reads `{shown}`", release.owner.describe()),
        );
        if let Owner::Component(name) = &release.owner {
            found.diagnostic.subject = Some(name.clone());
            if let Some(place) = in_spec(&spec.platform_document, name, &keys) {
                found.at = None;
                found.diagnostic = found.diagnostic.at(place, "set here");
            }
        }
        let last = keys.last().map(|key| segment(key)).unwrap_or_default();
        out.push(match nearest(&last, siblings.iter().map(String::as_str)) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help("remove it, or use a name that the chart knows"),
        });
    }
}

/// Where the user's spec sets a value: under the chart's name it is one of `values`, otherwise one of `settings`.
fn in_spec(spec: &Document, component: &str, keys: &[&PathSegment]) -> Option<crate::source::Place> {
    let pointer = |part: &str, keys: &[&PathSegment]| {
        let rest: String = keys.iter().map(|key| format!("/{}", escape(&segment(key)))).collect();
        format!("/spec/components/{}/{part}{rest}", escape(component))
    };
    spec.key_place(&pointer("values", keys.get(1..)?))
        .filter(|_| keys.len() > 1)
        .or_else(|| spec.key_place(&pointer("settings", keys)))
}

/// Keys of a mapping; nothing for anything else.
pub(crate) fn keys(value: &Value) -> Vec<String> {
    value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default()
}
