//! Writes a tree into a directory without ever losing what somebody else put there.
//!
//! What was written is recorded with its digests in `.storeyard/tree.json`. A later run replaces and removes only files
//! whose content is still the recorded one; a file that somebody edited, or that was there before, stops the run before
//! anything is changed. The new tree is complete beside the old one before it takes its place:
//!
//! - A directory that holds nothing but the tree is exchanged as a whole, in one step of the file system.
//! - A directory with other files in it (`.git` above all) keeps its identity: a journal is put down first, then each
//!   file is renamed into place. A run that was killed in between is finished by the next one, before it looks at anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use storeyard_core::tree::Tree;

/// Folder of Storeyard's own records inside the output.
const RECORDS: &str = ".storeyard";
/// Name of the record inside it.
const RECORD: &str = "tree.json";
/// Name of the journal inside it.
const JOURNAL: &str = "journal.json";

/// What a run would do, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// New files.
    pub created: Vec<String>,
    /// Files with other content than before.
    pub updated: Vec<String>,
    /// Files that the tree no longer has.
    pub removed: Vec<String>,
    /// Files that stay as they are.
    pub unchanged: usize,
}

impl Changes {
    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.updated.is_empty() && self.removed.is_empty()
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Files of the tree that somebody changed since they were written.
    #[error("{} files of the tree were edited by hand", .0.len())]
    Edited(Vec<String>),
    /// Files that were there before and are not ours.
    #[error("{} files are in the way that Storeyard did not write", .0.len())]
    Foreign(Vec<String>),
    /// The output is something else than a directory.
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// The record of what was written cannot be read.
    #[error("the record `{}` cannot be read: {reason}", .path.display())]
    Record {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file system refused.
    #[error("`{}`: {source}", .path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> WriteError + '_ {
    |source| WriteError::Io { path: path.to_owned(), source }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    /// What this file is for, for whoever opens it.
    comment: String,
    /// SHA-256 by path.
    files: BTreeMap<String, String>,
}

const COMMENT: &str =
    "Files that storeyard build wrote, with their SHA-256. It replaces and removes only these.";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Journal {
    /// Folder inside `.storeyard` that holds the new files.
    staging: String,
    /// Files to be renamed into place.
    place: Vec<String>,
    /// Files to be removed.
    remove: Vec<String>,
}

/// What writing `tree` to `out` would change; nothing is touched.
pub fn plan(tree: &Tree, out: &Path) -> Result<Changes, WriteError> {
    Ok(prepare(tree, out)?.changes)
}

/// Writes `tree` to `out`.
pub fn write(tree: &Tree, out: &Path) -> Result<Changes, WriteError> {
    recover(out)?;
    clear_left_behind(&parent_of(out), &format!("{}-", staging_prefix(out)));
    clear_left_behind(&out.join(RECORDS), "staging-");
    let prepared = prepare(tree, out)?;
    if prepared.changes.is_empty() && prepared.recorded {
        return Ok(prepared.changes);
    }
    if prepared.only_ours && exchange_possible(out) {
        match write_by_exchange(tree, out, &prepared) {
            Err(WriteError::Io { source, .. }) if unsupported(&source) => {}
            other => return other.map(|()| prepared.changes),
        }
    }
    write_by_journal(tree, out, &prepared)?;
    Ok(prepared.changes)
}

struct Prepared {
    changes: Changes,
    digests: BTreeMap<String, String>,
    /// The directory holds files of the tree and nothing else, or does not exist.
    only_ours: bool,
    /// There is a record already.
    recorded: bool,
}

fn prepare(tree: &Tree, out: &Path) -> Result<Prepared, WriteError> {
    match fs::symlink_metadata(out) {
        Ok(meta) if !meta.is_dir() && !out.is_dir() => return Err(WriteError::NotADirectory(out.to_owned())),
        _ => {}
    }
    let record = read_record(out)?;
    let recorded = record.is_some();
    let old = record.unwrap_or_default().files;
    let mut changes = Changes::default();
    let mut digests = BTreeMap::new();
    let (mut edited, mut foreign) = (Vec::new(), Vec::new());
    for (path, file) in &tree.files {
        let digest = sha256(&file.bytes);
        let target = out.join(path);
        match (current_digest(&target)?, old.get(path)) {
            (Some(current), _) if current == digest => changes.unchanged += 1,
            (Some(current), Some(recorded)) if current == *recorded => changes.updated.push(path.clone()),
            (Some(_), Some(_)) => edited.push(path.clone()),
            (Some(_), None) => foreign.push(path.clone()),
            (None, _) => {
                if let Some(blocker) = file_in_the_way(out, path) {
                    foreign.push(blocker);
                }
                changes.created.push(path.clone());
            }
        }
        digests.insert(path.clone(), digest);
    }
    for (path, recorded) in &old {
        if tree.files.contains_key(path) {
            continue;
        }
        match current_digest(&out.join(path))? {
            Some(current) if current == *recorded => changes.removed.push(path.clone()),
            Some(_) => edited.push(path.clone()),
            None => {}
        }
    }
    if !edited.is_empty() {
        edited.sort();
        return Err(WriteError::Edited(edited));
    }
    if !foreign.is_empty() {
        foreign.sort();
        foreign.dedup();
        return Err(WriteError::Foreign(foreign));
    }
    let known: BTreeSet<&str> = old.keys().chain(tree.files.keys()).map(String::as_str).collect();
    let only_ours = holds_only(out, out, &known).map_err(io_error(out))?;
    Ok(Prepared { changes, digests, only_ours, recorded })
}

/// A file where the path needs a directory.
fn file_in_the_way(out: &Path, path: &str) -> Option<String> {
    let mut prefix = String::new();
    for part in path.split('/') {
        if !prefix.is_empty() {
            prefix.push('/');
        }
        prefix.push_str(part);
        if prefix != path && fs::symlink_metadata(out.join(&prefix)).is_ok_and(|m| !m.is_dir()) {
            return Some(prefix);
        }
    }
    None
}

fn read_record(out: &Path) -> Result<Option<Record>, WriteError> {
    let path = out.join(RECORDS).join(RECORD);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| WriteError::Record { path, reason: error.to_string() }),
        Err(error)
            if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::NotADirectory =>
        {
            Ok(None)
        }
        Err(error) => Err(WriteError::Io { path, source: error }),
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Digest of what is at a path; a link or directory has none of ours, so it gets one that matches nothing.
fn current_digest(path: &Path) -> Result<Option<String>, WriteError> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => fs::read(path).map(|b| Some(sha256(&b))).map_err(io_error(path)),
        Ok(_) => Ok(Some("not a file".to_owned())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(WriteError::Io { path: path.to_owned(), source }),
    }
}

fn holds_only(root: &Path, dir: &Path, known: &BTreeSet<&str>) -> io::Result<bool> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let Ok(relative) = path.strip_prefix(root) else { return Ok(false) };
        let relative = relative.to_string_lossy().replace('\\', "/");
        if relative == RECORDS {
            continue;
        }
        let kind = entry.file_type()?;
        let ours =
            if kind.is_dir() { holds_only(root, &path, known)? } else { known.contains(relative.as_str()) };
        if !ours {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whoever stands in the directory would be left in a removed one; and a mount point cannot be renamed.
fn exchange_possible(out: &Path) -> bool {
    let Ok(full) = fs::canonicalize(out) else { return true };
    let inside = std::env::current_dir().is_ok_and(|here| here.starts_with(&full));
    let link = fs::symlink_metadata(out).is_ok_and(|m| m.file_type().is_symlink());
    !inside && !link && full.parent().is_some()
}

fn unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::CrossesDevices
            | io::ErrorKind::ResourceBusy
    )
}

fn write_files<'a>(
    tree: &Tree,
    paths: impl Iterator<Item = &'a String>,
    root: &Path,
) -> Result<(), WriteError> {
    for path in paths {
        let Some(file) = tree.files.get(path) else { continue };
        let target = root.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(io_error(parent))?;
        }
        fs::write(&target, &file.bytes).map_err(io_error(&target))?;
        set_mode(&target, file.executable)?;
    }
    Ok(())
}

#[cfg(unix)]
fn set_mode(path: &Path, executable: bool) -> Result<(), WriteError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(io_error(path))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: bool) -> Result<(), WriteError> {
    Ok(())
}

fn record_bytes(digests: &BTreeMap<String, String>) -> Vec<u8> {
    let record = Record { comment: COMMENT.to_owned(), files: digests.clone() };
    let mut bytes = serde_json::to_vec_pretty(&record).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn parent_of(out: &Path) -> PathBuf {
    match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn staging_prefix(out: &Path) -> String {
    let name = out.file_name().map_or_else(|| "out".to_owned(), |n| n.to_string_lossy().into_owned());
    format!(".{name}.storeyard")
}

/// Removes what killed runs left: folders named by the number of a process that no longer is. Where processes cannot be
/// looked up, or a folder cannot be removed, it stays: it is in nobody's way.
fn clear_left_behind(dir: &Path, prefix: &str) {
    let processes = Path::new("/proc");
    if !processes.join("self").exists() {
        return;
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(prefix).and_then(|number| number.parse::<u32>().ok());
        if process.is_some_and(|number| !processes.join(number.to_string()).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn write_by_exchange(tree: &Tree, out: &Path, prepared: &Prepared) -> Result<(), WriteError> {
    let parent = parent_of(out);
    fs::create_dir_all(&parent).map_err(io_error(&parent))?;
    let staging = parent.join(format!("{}-{}", staging_prefix(out), std::process::id()));
    remove_dir(&staging)?;
    let result = (|| {
        write_files(tree, tree.files.keys(), &staging)?;
        let records = staging.join(RECORDS);
        fs::create_dir_all(&records).map_err(io_error(&records))?;
        fs::write(records.join(RECORD), record_bytes(&prepared.digests)).map_err(io_error(&records))?;
        if out.exists() {
            exchange(&staging, out).map_err(io_error(out))
        } else {
            fs::rename(&staging, out).map_err(io_error(out))
        }
    })();
    // After the exchange the old tree is what lies here; before it, the unfinished new one.
    remove_dir(&staging)?;
    result
}

#[cfg(target_os = "linux")]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).map_err(io::Error::from)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn remove_dir(path: &Path) -> Result<(), WriteError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(WriteError::Io { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

fn write_by_journal(tree: &Tree, out: &Path, prepared: &Prepared) -> Result<(), WriteError> {
    let records = out.join(RECORDS);
    fs::create_dir_all(&records).map_err(io_error(&records))?;
    let staging_name = format!("staging-{}", std::process::id());
    let staging = records.join(&staging_name);
    remove_dir(&staging)?;
    let changed: Vec<String> =
        prepared.changes.created.iter().chain(&prepared.changes.updated).cloned().collect();
    write_files(tree, changed.iter(), &staging)?;
    let record = staging.join(RECORDS).join(RECORD);
    if let Some(parent) = record.parent() {
        fs::create_dir_all(parent).map_err(io_error(parent))?;
    }
    fs::write(&record, record_bytes(&prepared.digests)).map_err(io_error(&record))?;
    let mut place = changed;
    place.push(format!("{RECORDS}/{RECORD}"));
    let journal = Journal { staging: staging_name, place, remove: prepared.changes.removed.clone() };
    let bytes = serde_json::to_vec(&journal).unwrap_or_default();
    let temporary = staging.join("journal");
    fs::write(&temporary, bytes).map_err(io_error(&temporary))?;
    // From this rename on the new tree is the one that counts, whatever happens to this process.
    let path = records.join(JOURNAL);
    fs::rename(&temporary, &path).map_err(io_error(&path))?;
    finish(out, &journal)
}

/// Finishes a run that was killed after it put down its journal.
pub fn recover(out: &Path) -> Result<bool, WriteError> {
    let path = out.join(RECORDS).join(JOURNAL);
    match fs::read(&path) {
        Ok(bytes) => {
            let journal: Journal = serde_json::from_slice(&bytes)
                .map_err(|error| WriteError::Record { path: path.clone(), reason: error.to_string() })?;
            finish(out, &journal)?;
            Ok(true)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(false)
        }
        Err(source) => Err(WriteError::Io { path, source }),
    }
}

/// Every step may have been done before: a staged file that is gone is already in place.
fn finish(out: &Path, journal: &Journal) -> Result<(), WriteError> {
    let staging = out.join(RECORDS).join(&journal.staging);
    for path in &journal.place {
        let (from, to) = (staging.join(path), out.join(path));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(io_error(parent))?;
        }
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError::Io { path: to, source: error });
            }
            _ => {}
        }
    }
    for path in &journal.remove {
        let target = out.join(path);
        match fs::remove_file(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError::Io { path: target, source: error });
            }
            _ => remove_empty_parents(out, &target),
        }
    }
    let path = out.join(RECORDS).join(JOURNAL);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(WriteError::Io { path, source: error });
        }
        _ => {}
    }
    remove_dir(&staging)
}

fn remove_empty_parents(out: &Path, path: &Path) {
    let mut parent = path.parent();
    while let Some(dir) = parent.filter(|dir| *dir != out && dir.starts_with(out)) {
        // Fails when it is not empty, which is what is wanted.
        if fs::remove_dir(dir).is_err() {
            break;
        }
        parent = dir.parent();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use storeyard_core::tree::{Origin, TreeFile};

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let files = files
            .iter()
            .map(|(path, text)| {
                let file = TreeFile {
                    bytes: Arc::from(text.as_bytes()),
                    origin: Origin::Made { by: "a test" },
                    executable: text.starts_with("#!"),
                };
                ((*path).to_owned(), file)
            })
            .collect();
        Tree { files }
    }

    fn read(dir: &Path, path: &str) -> Option<String> {
        fs::read_to_string(dir.join(path)).ok()
    }

    #[test]
    fn a_second_run_changes_nothing_and_a_third_only_what_differs() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("a/out");
        let first = write(&tree(&[("a.yaml", "1"), ("b/c.yaml", "2")]), &out).unwrap();
        assert_eq!(first.created, ["a.yaml", "b/c.yaml"]);
        let second = write(&tree(&[("a.yaml", "1"), ("b/c.yaml", "2")]), &out).unwrap();
        assert!(second.is_empty());
        assert_eq!(second.unchanged, 2);
        let third = write(&tree(&[("a.yaml", "1"), ("d.yaml", "3")]), &out).unwrap();
        assert_eq!((third.created, third.removed), (vec!["d.yaml".to_owned()], vec!["b/c.yaml".to_owned()]));
        assert!(!out.join("b").exists(), "a directory that became empty is removed");
        assert_eq!(fs::read_dir(dir.path().join("a")).unwrap().count(), 1, "no staging is left behind");
    }

    #[test]
    fn an_edited_file_stops_everything() {
        let dir = tempfile::tempdir().unwrap();
        write(&tree(&[("a.yaml", "1"), ("b.yaml", "1")]), dir.path()).unwrap();
        fs::write(dir.path().join("b.yaml"), "mine").unwrap();
        let error = write(&tree(&[("a.yaml", "2"), ("b.yaml", "2")]), dir.path()).unwrap_err();
        assert!(matches!(error, WriteError::Edited(files) if files == ["b.yaml"]));
        assert_eq!(read(dir.path(), "a.yaml").as_deref(), Some("1"), "nothing was written");
        let error = write(&tree(&[("a.yaml", "1")]), dir.path()).unwrap_err();
        assert!(matches!(error, WriteError::Edited(_)), "an edited file is not removed either");
    }

    #[test]
    fn foreign_files_are_never_touched() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".git")).unwrap();
        fs::write(dir.path().join(".git/HEAD"), "ref").unwrap();
        fs::write(dir.path().join("a.yaml"), "theirs").unwrap();
        let error = write(&tree(&[("a.yaml", "ours")]), dir.path()).unwrap_err();
        assert!(matches!(error, WriteError::Foreign(files) if files == ["a.yaml"]));
        assert_eq!(read(dir.path(), "a.yaml").as_deref(), Some("theirs"));
        write(&tree(&[("b/a.yaml", "ours")]), dir.path()).unwrap();
        write(&tree(&[("c.yaml", "ours")]), dir.path()).unwrap();
        assert_eq!(read(dir.path(), ".git/HEAD").as_deref(), Some("ref"));
        assert_eq!(read(dir.path(), "a.yaml").as_deref(), Some("theirs"));
        assert!(!dir.path().join("b").exists());
        let error = write(&tree(&[("a.yaml/x", "ours")]), dir.path()).unwrap_err();
        assert!(matches!(error, WriteError::Foreign(_)), "a file where a directory must be");
    }

    #[test]
    fn a_killed_run_is_finished_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("theirs"), "x").unwrap();
        write(&tree(&[("a", "1"), ("b", "1"), ("gone", "1")]), dir.path()).unwrap();
        let new = tree(&[("a", "2"), ("b", "2"), ("c/d", "2")]);
        let prepared = prepare(&new, dir.path()).unwrap();
        // What a run has put down when it is killed after renaming one of its files.
        let records = dir.path().join(RECORDS);
        let staging = records.join("staging-1");
        write_files(&new, new.files.keys(), &staging).unwrap();
        fs::create_dir_all(staging.join(RECORDS)).unwrap();
        fs::write(staging.join(RECORDS).join(RECORD), record_bytes(&prepared.digests)).unwrap();
        let place = vec!["a".to_owned(), "b".to_owned(), "c/d".to_owned(), format!("{RECORDS}/{RECORD}")];
        let journal = Journal { staging: "staging-1".to_owned(), place, remove: vec!["gone".to_owned()] };
        fs::write(records.join(JOURNAL), serde_json::to_vec(&journal).unwrap()).unwrap();
        fs::rename(staging.join("a"), dir.path().join("a")).unwrap();

        let changes = write(&new, dir.path()).unwrap();
        assert!(changes.is_empty(), "{changes:?}");
        assert_eq!(read(dir.path(), "c/d").as_deref(), Some("2"));
        assert_eq!(read(dir.path(), "b").as_deref(), Some("2"));
        assert!(!dir.path().join("gone").exists());
        assert_eq!(fs::read_dir(&records).unwrap().count(), 1, "journal and staging are gone");
    }

    #[cfg(unix)]
    #[test]
    fn scripts_are_executable() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        write(&tree(&[("run.sh", "#!/bin/sh\n"), ("a", "1")]), dir.path()).unwrap();
        let mode = |path| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("run.sh"), mode("a")), (0o755, 0o644));
    }
}
