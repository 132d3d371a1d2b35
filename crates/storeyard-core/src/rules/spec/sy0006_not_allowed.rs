//! # SY0006 not-allowed
//!
//! ## What it does
//! Reports a word that is not one of those the format knows at this place.
//!
//! ## Why
//! It would otherwise be taken for something else, or for nothing.
//!
//! ## Example
//! ```yaml
//! spec:
//!   delivery: helm   # charts or rendered
//! ```
//!
//! ## Remedy
//! Use one of the words listed.

use crate::rules::rule;

rule!(
    "SY0006",
    "not-allowed",
    Error,
    "A value that is not one of the allowed words",
    "sy0006_not_allowed.rs"
);
