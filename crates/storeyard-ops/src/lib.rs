//! The world outside: so far the directory into which the tree is written, and the places
//! that upstream charts come from.
//!
//! Hosts, cluster, services, stores and object storage follow; everything here takes a plan or a tree as its input.

pub mod repository;
pub mod vendor;
