//! # SY1001 not-rendered
//!
//! ## What it does
//! Renders every chart of the tree as Helm does and reports those that fail.
//!
//! ## Why
//! Argo CD would fail in the same way, after the merge.
//!
//! ## Example
//! ```yaml
//! # tenants/aurora/values.yaml
//! images: {}   # the chart requires images.fpm.repository
//! ```
//!
//! ## Remedy
//! Mend the value or the template that the message names.

use crate::rules::rule;

rule!(
    "SY1001",
    "not-rendered",
    Error,
    "A chart that cannot be rendered with its values",
    "sy1001_not_rendered.rs"
);
