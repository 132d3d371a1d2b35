//! Charts from directories, archives and memory.
//!
//! Only [`Chart::load`] touches the disk; everything else works on bytes.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
};

use super::{Chart, ChartError, ChartFile, ignore::IgnoreRules, metadata::Metadata};
use crate::{Value, yaml};

/// How large a chart may be. What is beyond is refused with an error that names the limit.
#[derive(Debug, Clone, Copy)]
pub struct LoadLimits {
    /// Bytes of one file. Helm's own limit.
    pub file_bytes: u64,
    /// Unpacked bytes of one archive. Helm's own limit.
    pub archive_bytes: u64,
    /// Unpacked bytes of the chart with all archives inside it.
    pub total_bytes: u64,
    /// Files of the chart with all archives inside it.
    pub files: usize,
    /// How deep charts may sit in charts.
    pub depth: usize,
}

impl Default for LoadLimits {
    fn default() -> Self {
        LoadLimits {
            file_bytes: 5 << 20,
            archive_bytes: 100 << 20,
            total_bytes: 256 << 20,
            files: 50_000,
            depth: 32,
        }
    }
}

/// What of the limits is left.
struct Budget {
    limits: LoadLimits,
    bytes: u64,
    files: usize,
    depth: usize,
}

impl Budget {
    fn new(limits: LoadLimits) -> Budget {
        Budget { limits, bytes: limits.total_bytes, files: limits.files, depth: limits.depth }
    }

    fn take(&mut self, place: &str, bytes: u64) -> Result<(), ChartError> {
        let limits = &self.limits;
        if bytes > limits.file_bytes {
            return Err(too_large(place, "is larger than one file of a chart may be", limits.file_bytes));
        }
        self.bytes = self
            .bytes
            .checked_sub(bytes)
            .ok_or_else(|| too_large(place, "makes the chart larger than it may be", limits.total_bytes))?;
        self.files = self.files.checked_sub(1).ok_or_else(|| {
            ChartError::new(
                place,
                format!("the chart has more than {} files", limits.files),
                "leave files out with .helmignore",
            )
        })?;
        Ok(())
    }
}

fn too_large(place: &str, what: &str, limit: u64) -> ChartError {
    ChartError::new(place, format!("{what} ({} MiB)", limit >> 20), "leave large files out with .helmignore")
}

const BOM: &[u8] = b"\xef\xbb\xbf";

fn without_bom(data: Vec<u8>) -> Vec<u8> {
    match data.strip_prefix(BOM) {
        Some(rest) => rest.to_vec(),
        None => data,
    }
}

impl Chart {
    /// Loads a chart from a directory or from a `.tgz`.
    ///
    /// A directory's `.helmignore` is obeyed and symbolic links are followed, as Helm does.
    pub fn load(path: impl AsRef<Path>) -> Result<Chart, ChartError> {
        Chart::load_with(path, &LoadLimits::default())
    }

    /// [`Chart::load`] with limits of one's own.
    pub fn load_with(path: impl AsRef<Path>, limits: &LoadLimits) -> Result<Chart, ChartError> {
        let path = path.as_ref();
        let place = path.display().to_string();
        let meta = fs::metadata(path).map_err(|e| {
            ChartError::new(&place, e.to_string(), "name the directory or the .tgz of a chart")
        })?;
        let mut budget = Budget::new(*limits);
        if meta.is_dir() {
            let files = read_directory(path, &mut budget)?;
            return build(files, &mut budget).map_err(|e| e.within(&place));
        }
        let file = fs::File::open(path)
            .map_err(|e| ChartError::new(&place, e.to_string(), "make the file readable"))?;
        let files = unpack(io::BufReader::new(file), &place, &mut budget)?;
        build(files, &mut budget).map_err(|e| e.within(&place))
    }

    /// Loads a chart from the bytes of a `.tgz`. `name` is what errors call it.
    pub fn from_archive(name: &str, bytes: &[u8]) -> Result<Chart, ChartError> {
        let mut budget = Budget::new(LoadLimits::default());
        let files = unpack(bytes, name, &mut budget)?;
        build(files, &mut budget).map_err(|e| e.within(name))
    }

    /// Makes a chart of files in memory. Names are relative to the chart (`Chart.yaml`, `templates/x.yaml`); a
    /// `.helmignore` among them has no effect.
    pub fn from_files<N, D>(files: impl IntoIterator<Item = (N, D)>) -> Result<Chart, ChartError>
    where
        N: Into<String>,
        D: Into<Vec<u8>>,
    {
        let mut budget = Budget::new(LoadLimits::default());
        let mut read = Vec::new();
        for (name, data) in files {
            let (name, data) = (name.into(), data.into());
            budget.take(&name, data.len() as u64)?;
            read.push(ChartFile { name, data: without_bom(data) });
        }
        build(read, &mut budget)
    }
}

/// Reads a directory in the order of its names, as Helm walks it.
fn read_directory(root: &Path, budget: &mut Budget) -> Result<Vec<ChartFile>, ChartError> {
    let rules = match fs::read_to_string(root.join(".helmignore")) {
        Ok(text) => IgnoreRules::parse(&text).map_err(|e| e.within(&root.display().to_string()))?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => IgnoreRules::builtin(),
        Err(e) => {
            let place = root.join(".helmignore").display().to_string();
            return Err(ChartError::new(place, e.to_string(), "make it a readable UTF-8 file"));
        }
    };
    let mut files = Vec::new();
    walk(root, "", &rules, 0, budget, &mut files)?;
    Ok(files)
}

/// A link to a parent directory would never end; no chart is as deep as this.
const MAX_DIRECTORY_DEPTH: usize = 64;

fn walk(
    directory: &Path,
    prefix: &str,
    rules: &IgnoreRules,
    depth: usize,
    budget: &mut Budget,
    files: &mut Vec<ChartFile>,
) -> Result<(), ChartError> {
    let failed = |path: &Path, e: io::Error| {
        ChartError::new(
            path.display().to_string(),
            e.to_string(),
            "make it readable or leave it out with .helmignore",
        )
    };
    if depth > MAX_DIRECTORY_DEPTH {
        return Err(ChartError::new(
            directory.display().to_string(),
            format!("directories are nested more than {MAX_DIRECTORY_DEPTH} deep"),
            "look for a symbolic link that leads back up",
        ));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(|e| failed(directory, e))? {
        let entry = entry.map_err(|e| failed(directory, e))?;
        let name = entry.file_name().into_string().map_err(|name| {
            ChartError::new(
                directory.join(name).display().to_string(),
                "the file name is no UTF-8",
                "rename the file",
            )
        })?;
        names.push(name);
    }
    names.sort();
    for name in names {
        let path = directory.join(&name);
        let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        // Follows links, as Helm does.
        let meta = fs::metadata(&path).map_err(|e| failed(&path, e))?;
        if rules.ignores(&relative, meta.is_dir()) {
            continue;
        }
        if meta.is_dir() {
            walk(&path, &relative, rules, depth + 1, budget, files)?;
            continue;
        }
        if !meta.is_file() {
            return Err(ChartError::new(
                path.display().to_string(),
                "is no regular file",
                "leave it out with .helmignore",
            ));
        }
        budget.take(&path.display().to_string(), meta.len())?;
        let mut data = Vec::new();
        fs::File::open(&path)
            .and_then(|file| file.take(budget.limits.file_bytes + 1).read_to_end(&mut data))
            .map_err(|e| failed(&path, e))?;
        files.push(ChartFile { name: relative, data: without_bom(data) });
    }
    Ok(())
}

/// Unpacks a `.tgz`. Nothing is written anywhere; names that would leave the chart are refused all the same.
fn unpack(reader: impl Read, place: &str, budget: &mut Budget) -> Result<Vec<ChartFile>, ChartError> {
    let broken = |e: io::Error| {
        ChartError::new(place, format!("is no chart archive: {e}"), "pack the chart with `helm package`")
    };
    // The whole stream is bounded too, so that padding and headers cannot be used as a bomb.
    let stream = flate2::read::MultiGzDecoder::new(reader).take(2 * budget.limits.archive_bytes);
    let mut archive = tar::Archive::new(stream);
    let mut files = Vec::new();
    let mut left = budget.limits.archive_bytes;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        if kind.is_dir() || kind.is_pax_global_extensions() || kind.is_pax_local_extensions() {
            continue;
        }
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if raw.ends_with('/') {
            continue;
        }
        let member = format!("{place}: {raw}");
        let name = member_name(&raw).map_err(|reason| {
            ChartError::new(&member, reason, "pack the chart with `helm package`; do not trust this archive")
        })?;
        let size = entry.size();
        left = left.checked_sub(size).ok_or_else(|| {
            too_large(&member, "makes the archive larger than it may be", budget.limits.archive_bytes)
        })?;
        budget.take(&member, size)?;
        let mut data = Vec::new();
        entry.read_to_end(&mut data).map_err(broken)?;
        files.push(ChartFile { name, data: without_bom(data) });
    }
    if files.is_empty() {
        return Err(ChartError::new(
            place,
            "there is no file in the archive",
            "pack the chart with `helm package`",
        ));
    }
    Ok(files)
}

/// The name inside the chart of an archive's member: without the first part, cleaned, and never outside.
fn member_name(raw: &str) -> Result<String, String> {
    let separator = if raw.contains('\\') { '\\' } else { '/' };
    let (first, rest) = raw.split_once(separator).unwrap_or((raw, ""));
    if first == "Chart.yaml" {
        return Err("Chart.yaml is not in the base directory".to_owned());
    }
    let rest = rest.replace(separator, "/");
    if rest.starts_with('/') {
        return Err("the archive contains absolute paths".to_owned());
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err("the archive refers to a parent directory".to_owned());
                }
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err("the archive has content outside of its base directory".to_owned());
    }
    let name = parts.join("/");
    // Helm refuses every name that starts with two dots, also `..x`.
    if name.starts_with("..") {
        return Err("the archive refers to a parent directory".to_owned());
    }
    let bytes = name.as_bytes();
    if bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && &bytes[1..3] == b":/" {
        return Err("the archive contains a path with a drive letter".to_owned());
    }
    Ok(name)
}

/// Sorts files into their buckets and builds the charts below.
fn build(files: Vec<ChartFile>, budget: &mut Budget) -> Result<Chart, ChartError> {
    let text = |file: &ChartFile| String::from_utf8_lossy(&file.data).into_owned();
    let mut metadata: Option<Metadata> = None;
    // Chart.yaml first, wherever it stands; of several the later adds to the earlier.
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        let metadata = metadata.get_or_insert_default();
        metadata.read_over("Chart.yaml", &text(file))?;
        if metadata.api_version.is_empty() {
            metadata.api_version = "v1".to_owned();
        }
    }
    let mut warnings = Vec::new();
    let mut values = None;
    let mut schema = None;
    let mut lock = None;
    let (mut templates, mut other) = (Vec::new(), Vec::new());
    let mut subcharts: BTreeMap<String, Vec<ChartFile>> = BTreeMap::new();
    for file in files {
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => lock = Some(read_lock(&file.name, &text(&file))?),
            "values.yaml" => values = Some(text(&file)),
            "values.schema.json" => schema = Some(file.data),
            "requirements.yaml" | "requirements.lock" => {
                let metadata = metadata.get_or_insert_default();
                let v1 = metadata.api_version == "v1";
                if file.name == "requirements.lock" {
                    lock = Some(read_lock(&file.name, &text(&file))?);
                } else {
                    metadata.read_over("requirements.yaml", &text(&file))?;
                }
                if v1 {
                    other.push(file);
                } else {
                    warnings.push(format!(
                        "{}: since apiVersion v2 dependencies belong into Chart.yaml and Chart.lock",
                        file.name
                    ));
                }
            }
            name if name.starts_with("templates/") => templates.push(file),
            name => match name.strip_prefix("charts/") {
                Some(_) if extension(name) == ".prov" => other.push(file),
                Some(rest) => {
                    let chart = rest.split('/').next().unwrap_or(rest).to_owned();
                    let rest = rest.to_owned();
                    subcharts.entry(chart).or_default().push(ChartFile { name: rest, data: file.data });
                }
                None => other.push(file),
            },
        }
    }
    let Some(mut metadata) = metadata else {
        return Err(ChartError::new(
            "Chart.yaml",
            "is missing",
            "name the directory or archive that holds the chart's Chart.yaml",
        ));
    };
    metadata.validate()?;

    let mut dependencies = Vec::new();
    for (name, files) in subcharts {
        // Helm skips these, so that editors' leftovers do no harm.
        if name.starts_with(['_', '.']) {
            continue;
        }
        let place = format!("charts/{name}");
        if budget.depth == 0 {
            return Err(ChartError::new(
                place,
                format!("charts are nested more than {} deep", budget.limits.depth),
                "flatten the dependencies",
            ));
        }
        budget.depth -= 1;
        let result = if extension(&name) == ".tgz" {
            match files.first() {
                Some(file) if file.name == name => {
                    unpack(file.data.as_slice(), &place, budget).and_then(|files| build(files, budget))
                }
                _ => Err(ChartError::new(&place, "is a directory named like an archive", "rename it")),
            }
        } else {
            // Plain files directly in charts/ are no charts.
            let inside: Vec<ChartFile> = files
                .into_iter()
                .filter_map(|file| {
                    let name = file.name.split_once('/')?.1.to_owned();
                    Some(ChartFile { name, data: file.data })
                })
                .collect();
            build(inside, budget)
        };
        budget.depth += 1;
        dependencies.push(result.map_err(|e| e.within(&place))?);
    }
    Chart::assemble(metadata, lock, values, schema, templates, other, dependencies, warnings)
}

fn read_lock(file: &str, text: &str) -> Result<Value, ChartError> {
    yaml::from_str(text).map_err(|e| {
        ChartError::new(
            format!("{file}:{}:{}", e.line, e.column),
            e.message,
            "make it anew with `helm dependency update`",
        )
    })
}

/// The extension with its dot, as Go's `filepath.Ext`; empty if there is none.
fn extension(name: &str) -> &str {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rfind('.').map_or("", |dot| &base[dot..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_names_stay_inside() {
        for (raw, want) in [
            ("chart/Chart.yaml", Ok("Chart.yaml")),
            ("chart/./templates//x.yaml", Ok("templates/x.yaml")),
            ("chart\\templates\\x.yaml", Ok("templates/x.yaml")),
            ("chart/a/../b", Ok("b")),
            ("chart/../b", Err(())),
            ("chart/..x", Err(())),
            ("chart//etc/passwd", Err(())),
            ("Chart.yaml", Err(())),
            ("chart", Err(())),
            ("chart/c:/x", Err(())),
        ] {
            assert_eq!(member_name(raw).map_err(|_| ()), want.map(str::to_owned), "{raw}");
        }
    }
}
