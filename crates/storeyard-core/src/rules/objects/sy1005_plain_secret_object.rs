//! # SY1005 plain-secret-object
//!
//! ## What it does
//! Reports Secret objects that our own templates or a store's chart fill with values.
//!
//! ## Why
//! Anybody who may read the repository, and every backup of it, has the secret.
//!
//! ## Example
//! ```yaml
//! kind: Secret
//! metadata: { name: db }
//! stringData: { password: hunter2 }
//! ```
//!
//! ## Remedy
//! Refer to the secret backend by an ExternalSecret.

use serde_json::Value;

use crate::check::{Found, ReleaseContext};
use crate::rules::rule;

rule!(
    "SY1005",
    "plain-secret-object",
    Error,
    "A Secret object with its values in Git",
    "sy1005_plain_secret_object.rs"
);

/// Secrets of own templates; upstream charts make empty ones and fill them at run time.
pub(crate) fn check(cx: &ReleaseContext<'_>, out: &mut Vec<Found>) {
    for object in cx.objects.iter().filter(|o| o.kind() == "Secret") {
        let upstream = object.source.contains("/charts/") && !object.source.starts_with("charts/");
        let encrypted = object.value.get("sops").is_some();
        let token =
            object.value.get("type").and_then(Value::as_str) == Some("kubernetes.io/service-account-token");
        let filled = ["data", "stringData"]
            .iter()
            .filter_map(|part| object.value.get(part)?.as_object())
            .flat_map(|map| map.iter())
            .find(|(_, value)| value.as_str().is_some_and(|v| !v.is_empty()));
        if let Some((key, _)) = filled.filter(|_| !upstream && !encrypted && !token) {
            out.push(
                Found::object(&RULE, object, format!("{} holds `{key}` in the clear", object.id()))
                    .help("keep it in the secret backend and refer to it by an ExternalSecret"),
            );
        }
    }
}
