//! The library that comes with Storeyard, inside the binary.

use std::sync::Arc;

use include_dir::{Dir, DirEntry, include_dir};

use super::FileSet;

static LIBRARY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../library");
static CHARTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../charts");

/// Charts of our own that every tree carries.
pub const EMBEDDED_CHARTS: &[&str] = &["magento"];

/// All embedded files, by the paths that [`super::Library::load`] knows.
pub fn embedded_files() -> FileSet {
    let mut files = FileSet::new();
    collect(&LIBRARY, "", &mut files);
    collect(&CHARTS, "charts/", &mut files);
    files
}

fn collect(dir: &Dir<'_>, prefix: &str, files: &mut FileSet) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(dir) => collect(dir, prefix, files),
            DirEntry::File(file) => {
                let path = file.path().to_string_lossy().replace('\\', "/");
                files.insert(format!("{prefix}{path}"), Arc::from(file.contents()));
            }
        }
    }
}
