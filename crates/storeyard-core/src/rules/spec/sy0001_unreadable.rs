//! # SY0001 unreadable
//!
//! ## What it does
//! Reports a file that is empty, is not UTF-8, is larger or more deeply nested than a spec can be, or breaks
//! YAML's syntax.
//!
//! ## Why
//! Nothing can be said about what it means until it can be read.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network: { pods: 10.42.0.0/16
//! ```
//!
//! ## Remedy
//! Mend the syntax at the place shown. A spec is UTF-8, at most 5 MiB and 100 levels deep.

use crate::rules::rule;

rule!("SY0001", "unreadable", Error, "A file of the spec cannot be read as YAML", "sy0001_unreadable.rs");
