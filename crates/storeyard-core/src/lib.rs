//! Spec → plan → tree → objects → findings: the pure stages of Storeyard.
//!
//! Each stage is one function over immutable values. Nothing here reads a file, a clock or the network: all input comes
//! as bytes, and the same input gives the same bytes.

pub mod check;
pub mod compile;
pub mod diagnostic;
pub mod explain;
pub mod library;
pub mod lock;
pub mod objects;
pub mod plan;
pub mod rules;
pub mod source;
pub mod spec;
pub mod tree;
