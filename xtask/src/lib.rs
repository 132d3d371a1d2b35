//! Developers' tasks, as a library so that tests can ask whether generated files are fresh.

pub mod bench;
pub mod generate;

use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
