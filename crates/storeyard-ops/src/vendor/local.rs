//! Charts that the user has: directories, archives, directories of both.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chartwright::chart::{Chart, IgnoreRules, LoadLimits};
use chartwright::{Value, yaml};
use flate2::{Compression, GzBuilder};

use super::{Failure, FailureKind, MAX_ARCHIVE_BYTES};

/// A chart under one of the given paths.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) path: PathBuf,
    directory: bool,
}

impl Candidate {
    /// What the lock records: no path of this machine, only the last part of it.
    pub(super) fn origin(&self) -> String {
        let name = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let name = name.file_name().map_or_else(|| self.name.clone(), |n| n.to_string_lossy().into_owned());
        format!("{} {name}", if self.directory { "directory" } else { "archive" })
    }

    /// The archive, packed if need be.
    pub(super) fn archive(&self) -> Result<Vec<u8>, Failure> {
        if self.directory { pack(&self.path, &self.name) } else { read_archive(&self.path) }
    }
}

/// All charts under `paths`, and what was there but is none.
pub(super) fn candidates(paths: &[PathBuf]) -> Result<(Vec<Candidate>, Vec<String>), Failure> {
    let (mut found, mut ignored) = (Vec::new(), Vec::new());
    for path in paths {
        let meta = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if !meta.is_dir() {
            found.push(of_archive(path)?);
            continue;
        }
        if path.join("Chart.yaml").is_file() {
            found.push(of_directory(path)?);
            continue;
        }
        let before = found.len();
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
            entries.push(entry.map_err(|error| unreadable(path, &error))?.path());
        }
        entries.sort();
        for entry in entries {
            let candidate = if entry.is_dir() && entry.join("Chart.yaml").is_file() {
                of_directory(&entry)
            } else if entry.is_file() && entry.extension().is_some_and(|e| e == "tgz") {
                of_archive(&entry)
            } else {
                continue;
            };
            // One broken chart among many must not keep the others away.
            match candidate {
                Ok(candidate) => found.push(candidate),
                Err(failure) => ignored.push(failure.reason),
            }
        }
        if found.len() == before && ignored.is_empty() {
            return Err(Failure::new(
                FailureKind::Usage,
                format!("`{}` neither is a chart nor holds charts", path.display()),
            )
            .hint("give `--from` a chart's directory, a .tgz, or a directory with such in it"));
        }
    }
    Ok((found, ignored))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureKind::World, format!("`{}` cannot be read: {error}", path.display()))
}

fn of_archive(path: &Path) -> Result<Candidate, Failure> {
    let bytes = read_archive(path)?;
    let chart = Chart::from_archive(&path.display().to_string(), &bytes).map_err(|error| {
        Failure::new(FailureKind::World, format!("`{}`: {}", error.place, error.reason)).hint(error.remedy)
    })?;
    let metadata = chart.metadata();
    Ok(Candidate {
        name: metadata.name.clone(),
        version: metadata.version.clone(),
        path: path.to_owned(),
        directory: false,
    })
}

fn of_directory(path: &Path) -> Result<Candidate, Failure> {
    let file = path.join("Chart.yaml");
    let bad = |reason: String| Failure::new(FailureKind::World, format!("`{}` {reason}", file.display()));
    let bytes = read_limited(&file, LoadLimits::default().file_bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| bad("is not UTF-8".to_owned()))?;
    let metadata = yaml::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| bad(format!("is not YAML: {error}")))?;
    let field = |key: &str| match metadata.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(bad(format!("has no `{key}`"))),
    };
    Ok(Candidate { name: field("name")?, version: field("version")?, path: path.to_owned(), directory: true })
}

fn read_archive(path: &Path) -> Result<Vec<u8>, Failure> {
    read_limited(path, MAX_ARCHIVE_BYTES)
}

fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > limit {
        let reason = format!("`{}` is larger than {} MiB", path.display(), limit >> 20);
        return Err(Failure::new(FailureKind::World, reason).hint("look at what it is"));
    }
    Ok(bytes)
}

/// Packs a chart's directory. The same files give the same bytes, wherever and whenever: entries are sorted, times are
/// zero, owners are nobody, modes are fixed.
pub(super) fn pack(root: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let rules = match fs::read_to_string(root.join(".helmignore")) {
        Ok(text) => IgnoreRules::parse(&text).map_err(|error| {
            let reason = format!("`{}/{}`: {}", root.display(), error.place, error.reason);
            Failure::new(FailureKind::World, reason).hint(error.remedy)
        })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => IgnoreRules::builtin(),
        Err(error) => return Err(unreadable(&root.join(".helmignore"), &error)),
    };
    let mut files = Vec::new();
    walk(root, "", &rules, 0, &mut files)?;
    files.sort();
    let limits = LoadLimits::default();
    // Neither a time nor a file name in the header of gzip.
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(gzip);
    let broken = |error: io::Error| {
        Failure::new(FailureKind::World, format!("`{}` cannot be packed: {error}", root.display()))
    };
    let mut total = 0;
    for file in files {
        let path = root.join(&file);
        let bytes = read_limited(&path, limits.file_bytes)?;
        total += bytes.len() as u64;
        if total > limits.archive_bytes {
            let reason = format!("`{}` holds more than {} MiB", root.display(), limits.archive_bytes >> 20);
            return Err(Failure::new(FailureKind::World, reason).hint("leave files out with .helmignore"));
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, format!("{name}/{file}"), bytes.as_slice()).map_err(broken)?;
    }
    archive.into_inner().and_then(|gzip| gzip.finish()).map_err(broken)
}

/// No chart is as deep; a link to a parent directory would never end.
const MAX_DEPTH: usize = 64;

/// Files of a chart as Helm sees them: links are followed, what `.helmignore` names is left out.
fn walk(
    directory: &Path,
    prefix: &str,
    rules: &IgnoreRules,
    depth: usize,
    files: &mut Vec<String>,
) -> Result<(), Failure> {
    let refused = |path: &Path, reason: &str| {
        Failure::new(FailureKind::World, format!("`{}` {reason}", path.display()))
            .hint("leave it out with .helmignore")
    };
    if depth > MAX_DEPTH {
        return Err(refused(directory, "is too deep: a symbolic link seems to lead back up"));
    }
    if files.len() > LoadLimits::default().files {
        return Err(refused(directory, "has more files than a chart may have"));
    }
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        let path = entry.map_err(|error| unreadable(directory, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(refused(&path, "has a name that is no UTF-8"));
        };
        let relative = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let meta = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if rules.ignores(&relative, meta.is_dir()) {
            continue;
        }
        if meta.is_dir() {
            walk(&path, &relative, rules, depth + 1, files)?;
        } else if meta.is_file() {
            files.push(relative);
        } else {
            return Err(refused(&path, "is no regular file"));
        }
    }
    Ok(())
}
