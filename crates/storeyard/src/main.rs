//! The command line of Storeyard.

fn main() {}
