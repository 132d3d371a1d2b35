//! # SY0003 wrong-type
//!
//! ## What it does
//! Reports text where a number is wanted, a list where a mapping is wanted, and so on. Numbers that are
//! meant as text need quotes: an unquoted 1.30 is the number 1.3.
//!
//! ## Why
//! The value cannot be used, and YAML's guess at its type may have changed it already.
//!
//! ## Example
//! ```yaml
//! spec:
//!   kubernetes: 1.30
//! ```
//!
//! ## Remedy
//! Write the value as the finding says, most often in quotes.

use crate::rules::rule;

rule!("SY0003", "wrong-type", Error, "A value of the wrong type", "sy0003_wrong_type.rs");
