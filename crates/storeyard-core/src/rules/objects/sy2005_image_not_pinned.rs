//! # SY2005 image-not-pinned
//!
//! ## What it does
//! Reports images that name neither a digest nor a tag, and the tag `latest`.
//!
//! ## Why
//! What runs would change by itself, differently on each node.
//!
//! ## Example
//! ```yaml
//! image: docker.io/library/nginx
//! ```
//!
//! ## Remedy
//! Pin the tag, better the digest.

use crate::check::facts::{list, pod_template};
use crate::check::{Found, ReleaseContext};
use crate::rules::rule;

rule!("SY2005", "image-not-pinned", Warning, "An image without tag or digest", "sy2005_image_not_pinned.rs");

/// Images of all containers; one finding an image and release.
pub(crate) fn check(cx: &ReleaseContext<'_>, out: &mut Vec<Found>) {
    let mut seen = std::collections::BTreeSet::new();
    for object in cx.objects {
        let Some(pod) = pod_template(&object.value).and_then(|t| t.get("spec")) else { continue };
        for container in list(pod, "/containers").iter().chain(list(pod, "/initContainers")) {
            let Some(image) = container.get("image").and_then(serde_json::Value::as_str) else { continue };
            if !pinned(image) && seen.insert(image.to_owned()) {
                out.push(
                    Found::object(
                        &RULE,
                        object,
                        format!("the image `{image}` of {} is not pinned", object.id()),
                    )
                    .help("name a tag, better a digest"),
                );
            }
        }
    }
}

fn pinned(image: &str) -> bool {
    if image.contains("@sha256:") {
        return true;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest")
}

#[cfg(test)]
mod tests {
    use super::pinned;

    #[test]
    fn a_port_is_not_a_tag() {
        assert!(!pinned("registry.example:5000/nginx"));
        assert!(!pinned("nginx:latest"));
        assert!(pinned("registry.example:5000/nginx:1.28"));
        assert!(pinned("nginx@sha256:00"));
    }
}
