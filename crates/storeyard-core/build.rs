//! The library and the charts are embedded: a change there must rebuild this crate.

fn main() {
    println!("cargo::rerun-if-changed=../../library");
    println!("cargo::rerun-if-changed=../../charts");
}
