//! # SY0005 missing-key
//!
//! ## What it does
//! Reports a key that has no default and was not written.
//!
//! ## Why
//! There is no sensible value that could be assumed for it.
//!
//! ## Example
//! ```yaml
//! spec:
//!   hosts:
//!     - name: bm1   # no address, cores, memory, zfs
//! ```
//!
//! ## Remedy
//! Add the key. `storeyard schema` and the reference say what it means.

use crate::rules::rule;

rule!("SY0005", "missing-key", Error, "A key without a default is missing", "sy0005_missing_key.rs");
