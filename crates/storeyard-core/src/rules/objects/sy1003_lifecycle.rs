//! # SY1003 lifecycle
//!
//! ## What it does
//! Compares Kubernetes and every installed component with the life cycle in the bill of materials: lines
//! that are no longer patched, projects that are over, ends that have come.
//!
//! ## Why
//! What is no longer patched is a matter of time. The plan may want it all the same, so this fails a run
//! only with `--deny lifecycle`.
//!
//! ## Example
//! ```yaml
//! spec:
//!   kubernetes: "1.30"   # ended 2025-07-15
//! ```
//!
//! ## Remedy
//! Take the successor that the finding names: another role, or the next bill of materials.

use crate::check::{FleetContext, Found};
use crate::library::{Lifecycle, LifecycleStatus};
use crate::rules::rule;

rule!("SY1003", "lifecycle", Warning, "A version past its end", "sy1003_lifecycle.rs");

/// Kubernetes first, then the components in order of installation.
pub(crate) fn check(cx: &FleetContext<'_>, out: &mut Vec<Found>) {
    let kubernetes = serde_json::from_value::<Lifecycle>(cx.plan.value["kubernetes"]["lifecycle"].clone());
    if let Ok(lifecycle) = kubernetes {
        let place = cx.spec.platform_document.place("/spec/kubernetes");
        judge(
            cx,
            &format!("Kubernetes {}", cx.plan.kubernetes_version),
            "kubernetes",
            &lifecycle,
            place,
            out,
        );
    }
    for component in &cx.plan.components {
        let Some(lifecycle) = &component.lifecycle else { continue };
        let what = format!("{} {}", component.title, component.app_version);
        let place = cx.spec.platform_document.place(&format!("/spec/components/{}", component.name));
        let place =
            match cx.spec.platform_document.exact_place(&format!("/spec/components/{}", component.name)) {
                Some(exact) => exact,
                None => cx.spec.platform_document.exact_place("/spec/kubernetes").unwrap_or(place),
            };
        judge(cx, what.trim(), &component.name, lifecycle, place, out);
    }
}

fn judge(
    cx: &FleetContext<'_>,
    what: &str,
    subject: &str,
    lifecycle: &Lifecycle,
    place: crate::source::Place,
    out: &mut Vec<Found>,
) {
    // ISO dates compare as text.
    let over = lifecycle.end_of_life.as_deref().is_some_and(|end| end < cx.today);
    let (word, dated) = match (lifecycle.status, &lifecycle.end_of_life) {
        (LifecycleStatus::Retired, end) => ("is retired", end),
        (LifecycleStatus::Ended, end) => ("is no longer patched", end),
        (_, end) if over => ("has reached its end", end),
        _ => return,
    };
    let since = dated.as_ref().map(|end| format!(" since {end}")).unwrap_or_default();
    let mut found = Found::plain(
        RULE.find(format!("{what} {word}{since}")).at(place, "this is what pins it").about(subject),
    );
    if let Some(note) = &lifecycle.note {
        found = found.note(note.clone());
    }
    if let Some(source) = &lifecycle.source {
        found = found.note(format!("source: {source}"));
    }
    out.push(match &lifecycle.successor {
        Some(successor) => found.help(format!("the next step is {successor}")),
        None => found.help("plan its replacement"),
    });
}
