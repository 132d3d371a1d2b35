//! # SY0004 duplicate-key
//!
//! ## What it does
//! Reports a key that stands twice in one mapping.
//!
//! ## Why
//! YAML readers keep one of them without a word, and not all keep the same one.
//!
//! ## Example
//! ```yaml
//! metadata:
//!   name: aurora
//!   name: borealis
//! ```
//!
//! ## Remedy
//! Keep one of the two.

use crate::rules::rule;

rule!("SY0004", "duplicate-key", Error, "A key that is written twice", "sy0004_duplicate_key.rs");
