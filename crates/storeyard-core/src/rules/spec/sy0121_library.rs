//! # SY0121 library
//!
//! ## What it does
//! Reports components, bills of materials, sizes and defaults that cannot be read or contradict each other:
//! unknown needs, cycles, two components of one name, a chart that the bill of materials does not pin.
//!
//! ## Why
//! A component that is wrong would be built wrongly for every platform.
//!
//! ## Example
//! ```yaml
//! # library/infra/mine/component.yaml
//! spec:
//!   needs: [no-such-capability]
//! ```
//!
//! ## Remedy
//! Mend the component's folder; the guide on components describes its shape.

use crate::rules::rule;

rule!("SY0121", "library", Error, "A file of the component library that cannot be used", "sy0121_library.rs");
