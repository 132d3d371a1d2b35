//! # SY0002 unknown-key
//!
//! ## What it does
//! Reports a key that stands where the format has no such key, with the nearest known one.
//!
//! ## Why
//! A mistyped key would otherwise be a setting that silently does nothing.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network:
//!     apiserver: 10.10.0.10   # apiServer
//! ```
//!
//! ## Remedy
//! Use the known key, or remove it.

use crate::rules::rule;

rule!("SY0002", "unknown-key", Error, "A key that the format does not know", "sy0002_unknown_key.rs");
