//! # SY1007 rendered-without-charts
//!
//! ## What it does
//! Reports `delivery: rendered` while upstream charts are not vendored.
//!
//! ## Why
//! What cannot be rendered cannot be delivered: Argo CD would remove what it finds missing.
//!
//! ## Example
//! ```yaml
//! spec:
//!   delivery: rendered   # and no storeyard.lock
//! ```
//!
//! ## Remedy
//! Run `storeyard vendor`, or use `delivery: charts`.

use crate::rules::rule;

rule!(
    "SY1007",
    "rendered-without-charts",
    Error,
    "Rendered delivery without the upstream charts",
    "sy1007_rendered_without_charts.rs"
);
