//! Native Helm: charts, values and Go templates, rendered in the process and equal to Helm byte for byte.
//!
//! Knows nothing of Storeyard. Plain data (values files, chart metadata, rendered objects) is [`Value`], that is
//! `serde_json::Value`; the engine has its own run-time values with Go's reference semantics inside.
//!
//! | module | what is in it |
//! |---|---|
//! | [`yaml`] | reading and writing YAML as `sigs.k8s.io/yaml` does; a tree with spans |
//! | [`json`] | writing JSON as Go's `encoding/json` does |
//! | [`engine`] | Go's `text/template` with sprig's and Helm's functions; tracing |
//! | [`chart`] | loading, dependencies, values, release rendering, manifests |
//! | [`semver`] | versions and ranges as Helm reads them |

pub mod chart;
pub mod engine;
pub mod json;
mod number;
pub mod semver;
pub mod yaml;

pub use serde_json::{Map, Number, Value};
