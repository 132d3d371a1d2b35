//! # SY0008 out-of-range
//!
//! ## What it does
//! Reports numbers too small or too large, lists that are too short, texts that say too little.
//!
//! ## Why
//! The value cannot work where it is used.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network:
//!     apiServerPort: 70000
//! ```
//!
//! ## Remedy
//! Use a value in the range shown.

use crate::rules::rule;

rule!("SY0008", "out-of-range", Error, "A number, list or text outside its range", "sy0008_out_of_range.rs");
