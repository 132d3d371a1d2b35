//! What the tests of the command line share.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot prepare its input has to fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The examples of the repository.
pub(crate) const EXAMPLES: [&str; 2] = ["single-host", "two-hosts"];

/// Days pass, and the tests' results must not change: the day that suppressions and life cycles are judged by.
pub(crate) const TODAY: &str = "2026-12-01";

/// Folder of an example.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// The program that is tested.
pub(crate) fn storeyard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_storeyard"));
    command.env("NO_COLOR", "1").stdin(std::process::Stdio::null());
    command
}

/// What a run said.
pub(crate) struct Said {
    /// Exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Runs the program.
pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Said {
    said(storeyard().args(arguments))
}

/// Runs a prepared command.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `build SPEC -o OUT`.
pub(crate) fn build(spec: &Path, out: &Path) -> Said {
    said(storeyard().arg("build").arg(spec).arg("-o").arg(out).args(["--today", TODAY]))
}

/// Everything in a directory: path to kind, mode and content. Two of them are equal when nothing differs.
pub(crate) fn snapshot(dir: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    collect(dir, dir, &mut all);
    all
}

fn collect(root: &Path, dir: &Path, all: &mut BTreeMap<String, (u32, Vec<u8>)>) {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            collect(root, &path, all);
        } else {
            all.insert(name, (metadata.permissions().mode() & 0o777, fs::read(&path).unwrap()));
        }
    }
}

/// Names of the files that two snapshots do not share.
pub(crate) fn differences<T: PartialEq>(a: &BTreeMap<String, T>, b: &BTreeMap<String, T>) -> Vec<String> {
    let mut names: Vec<String> = a.keys().chain(b.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| a.get(name) != b.get(name));
    names
}

/// Copies a directory with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A copy of an example that a test may change.
pub(crate) fn copy_of(name: &str, to: &Path) -> PathBuf {
    let folder = to.join(name);
    copy(&example(name), &folder);
    folder
}

/// Replaces text that must be there.
pub(crate) fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} has no `{from}`", path.display());
    fs::write(path, text.replace(from, to)).unwrap();
}
