//! Developer tasks: generators, goldens, benches.

fn main() {}
