//! # SY0116 image-without-digest
//!
//! ## What it does
//! Reports a store image without `@sha256:` digest.
//!
//! ## Why
//! A tag can be moved: two pods of one release may run different code, and a rollback may not bring back
//! what ran.
//!
//! ## Example
//! ```yaml
//! spec:
//!   image: registry.example/aurora:latest
//! ```
//!
//! ## Remedy
//! Pin the digest; the image pipeline writes it back to this file.

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!(
    "SY0116",
    "image-without-digest",
    Warning,
    "A store's image that is named by tag only",
    "sy0116_image_without_digest.rs"
);

/// Images of stores.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    for store in cx.stores {
        for pointer in
            ["/spec/image", "/spec/image/fpm", "/spec/image/web", "/spec/images/fpm", "/spec/images/web"]
        {
            let Some(image) = store.value.pointer(pointer).and_then(|v| v.as_str()) else { continue };
            if !image.contains("@sha256:") {
                let name = store.value.pointer("/metadata/name").and_then(|n| n.as_str()).unwrap_or("?");
                out.push(
                    RULE.find(format!("the image `{image}` has no digest"))
                        .at(store.place(pointer), "a tag can be moved")
                        .help(
                            "append `@sha256:…` of the image you tested; the image pipeline does it for you",
                        )
                        .about(name),
                );
            }
        }
    }
}
