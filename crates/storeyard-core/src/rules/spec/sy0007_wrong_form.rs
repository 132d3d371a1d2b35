//! # SY0007 wrong-form
//!
//! ## What it does
//! Reports names that are not DNS labels, networks without a prefix length, images with spaces, and the
//! like.
//!
//! ## Why
//! Kubernetes or a machine would refuse it, hours later and in other words.
//!
//! ## Example
//! ```yaml
//! metadata:
//!   name: Aurora_Shop
//! ```
//!
//! ## Remedy
//! Write it in the form shown.

use crate::rules::rule;

rule!(
    "SY0007",
    "wrong-form",
    Error,
    "A text that does not have the form it must have",
    "sy0007_wrong_form.rs"
);
