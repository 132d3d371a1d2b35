//! Reads a spec's directory: `storeyard.yaml`, `stores/*.yaml`, `library/`, `vendor/*.tgz`, `storeyard.lock`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storeyard_core::compile::Inputs;
use storeyard_core::library::FileSet;
use storeyard_core::lock::LOCK_FILE;
use storeyard_core::objects::VendoredCharts;
use storeyard_core::spec::{MAX_FILE_BYTES, SpecFiles};

use crate::error::{CommandError, Kind};

/// Everything under `dir` that a run needs.
pub(crate) fn read(dir: &Path, today: Option<&str>) -> Result<Inputs, CommandError> {
    let platform = dir.join("storeyard.yaml");
    if !platform.is_file() {
        let error = CommandError::new(Kind::Usage, format!("there is no `{}`", platform.display()));
        return Err(if dir.is_dir() {
            error.hint(format!(
                "`storeyard init {}` writes one; or name the directory that has it",
                dir.display()
            ))
        } else {
            error.hint(format!("`{}` is not a directory", dir.display()))
        });
    }
    let mut spec =
        SpecFiles { platform: (shown(&platform, dir), read_limited(&platform)?), stores: Vec::new() };
    let stores = dir.join("stores");
    if stores.is_dir() {
        for path in entries(&stores)? {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_file() && !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"))
            {
                spec.stores.push((shown(&path, dir), read_limited(&path)?));
            }
        }
    }
    let mut library = FileSet::new();
    let own = dir.join("library");
    if own.is_dir() {
        collect(&own, &own, &mut library)?;
    }
    let mut vendored = VendoredCharts::new();
    let vendor = dir.join("vendor");
    if vendor.is_dir() {
        for path in entries(&vendor)? {
            if path.extension().is_some_and(|e| e == "tgz") {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                vendored.insert(name, read_file(&path)?.into());
            }
        }
    }
    let lock = dir.join(LOCK_FILE);
    let lock = match std::fs::symlink_metadata(&lock) {
        Ok(_) => Some(String::from_utf8_lossy(&read_limited(&lock)?).into_owned()),
        Err(_) => None,
    };
    let today = match today {
        // Days are compared as text, so that a short form would be later than every other.
        Some(day) if day.len() != 10 || day.parse::<jiff::civil::Date>().is_err() => {
            return Err(CommandError::new(Kind::Usage, format!("`--today {day}` is not a day"))
                .hint("write it as YYYY-MM-DD, such as 2027-01-31"));
        }
        Some(day) => day.to_owned(),
        None => jiff::Zoned::now().date().to_string(),
    };
    Ok(Inputs { spec, library, vendored, lock, today })
}

/// A path as the user would type it from inside the spec's directory.
fn shown(path: &Path, dir: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let read = std::fs::read_dir(dir).map_err(|error| refused(dir, &error))?;
    let mut paths = Vec::new();
    for entry in read {
        paths.push(entry.map_err(|error| refused(dir, &error))?.path());
    }
    // The order of a directory is the file system's whim.
    paths.sort();
    Ok(paths)
}

fn collect(root: &Path, dir: &Path, files: &mut FileSet) -> Result<(), CommandError> {
    for path in entries(dir)? {
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.insert(shown(&path, root), Arc::from(read_file(&path)?));
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path).map_err(|error| refused(path, &error))
}

/// Of a file that is too large only a little more than the limit is read: enough to be refused.
fn read_limited(path: &Path) -> Result<Vec<u8>, CommandError> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(|error| refused(path, &error))?;
    let size = file.metadata().map(|m| m.len()).unwrap_or(0);
    if size > MAX_FILE_BYTES as u64 {
        return Ok(vec![b'\n'; usize::try_from(size).unwrap_or(usize::MAX).min(1 << 31)]);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|error| refused(path, &error))?;
    Ok(bytes)
}

fn refused(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(Kind::World, format!("`{}` cannot be read: {error}", path.display()))
}
