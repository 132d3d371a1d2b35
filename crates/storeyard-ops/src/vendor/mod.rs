//! Brings the upstream charts of a plan to where they are at hand, and locks them.
//!
//! A chart comes from `vendor/`, from a path the user gives, or from the repository that the bill of materials names, in
//! this order. Whatever it comes from, it must be the chart it is said to be, with everything it depends on inside, and
//! must have the digest that `storeyard.lock` has for it. A chart is vendored completely or not at all: the lock is
//! written first and the archive renamed into place after it, so that a run that is killed in between leaves at most a
//! locked chart that is missing, which the next run fetches and verifies.

mod http;
mod index;
mod local;
mod oci;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chartwright::Value;
use chartwright::chart::Chart;
use serde::Serialize;
use storeyard_core::library::ChartPin;
use storeyard_core::lock::{LOCK_FILE, Lock, LockedChart, sha256};
use storeyard_core::objects::archive_name;
use storeyard_core::plan::Plan;

pub use http::Patience;
use http::{Client, FetchError};
use local::Candidate;

/// Folder of the archives, beside the spec.
pub const VENDOR: &str = "vendor";

/// Archives of charts are some hundred KiB; the largest public ones have a few MiB.
const MAX_ARCHIVE_BYTES: u64 = 32 << 20;

/// A chart that the plan needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Name, exact version and repository.
    pub pin: ChartPin,
    /// The components that need it, sorted.
    pub components: Vec<String>,
}

impl Wanted {
    fn archive(&self) -> String {
        archive_name(&self.pin.name, &self.pin.version)
    }

    /// `chart cilium 1.18.12 of component cilium, from https://…`
    fn place(&self) -> String {
        let word = if self.components.len() == 1 { "component" } else { "components" };
        let components = self.components.join(", ");
        let ChartPin { name, version, repository } = &self.pin;
        format!("chart {name} {version} of {word} {components}, from {}", http::shown(repository))
    }
}

/// The charts of a plan by file name of their archive.
pub fn wanted(plan: &Plan) -> Vec<Wanted> {
    let mut charts: BTreeMap<String, Wanted> = BTreeMap::new();
    for component in &plan.components {
        let Some(pin) = &component.chart else { continue };
        charts
            .entry(archive_name(&pin.name, &pin.version))
            .or_insert_with(|| Wanted { pin: pin.clone(), components: Vec::new() })
            .components
            .push(component.name.clone());
    }
    charts
        .into_values()
        .map(|mut wanted| {
            wanted.components.sort();
            wanted
        })
        .collect()
}

/// What to do.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Directory of the spec.
    pub dir: &'a Path,
    /// The plan's charts.
    pub wanted: &'a [Wanted],
    /// Charts, archives, and directories of both.
    pub from: &'a [PathBuf],
    /// Delete what the plan does not use any more.
    pub prune: bool,
    /// With servers.
    pub patience: Patience,
}

/// What became of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum How {
    /// It was there, and is what the lock says.
    Kept,
    /// It was there and was not locked; its repository was not asked.
    Locked,
    /// Copied or packed from a path.
    Local,
    /// Fetched from its repository.
    Fetched,
}

/// A chart that is at hand now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vendored {
    /// What the lock says of it.
    #[serde(flatten)]
    pub chart: LockedChart,
    /// The components that need it.
    pub components: Vec<String>,
    /// What became of it.
    pub how: How,
    /// Size of the archive.
    pub bytes: usize,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// The user's: a path that holds no chart.
    Usage,
    /// Something is not what was reviewed or promised: a digest, a name, a version.
    Refused,
    /// The machine's or the network's.
    World,
}

/// Something that could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{}{reason}", .place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct Failure {
    /// Whose turn it is.
    pub kind: FailureKind,
    /// The chart with its component and repository.
    pub place: Option<String>,
    /// Why.
    pub reason: String,
    /// What to do.
    pub hints: Vec<String>,
}

impl Failure {
    fn new(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self { kind, place: None, reason: reason.into(), hints: Vec::new() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        if !hint.is_empty() {
            self.hints.push(hint);
        }
        self
    }

    fn io(path: &Path, error: &io::Error) -> Self {
        Self::new(FailureKind::World, format!("`{}`: {error}", path.display()))
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::new(FailureKind::World, format!("{}: {}", error.url, error.reason)).hint(error.remedy)
    }
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Charts that are at hand now, by file name.
    pub charts: Vec<Vendored>,
    /// Charts that are not, and why.
    pub failures: Vec<Failure>,
    /// Archives in `vendor/` and entries of the lock that the plan does not use.
    pub leftovers: Vec<String>,
    /// Those of them that were deleted.
    pub pruned: Vec<String>,
    /// Things under the given paths that came close and were not used.
    pub remarks: Vec<String>,
    /// Whether the lock has changed.
    pub lock_written: bool,
}

/// Brings every wanted chart into `vendor/`. `progress` hears a line of each thing that takes time.
///
/// The error is about the run as a whole; what concerns one chart is among the outcome's failures, and does not keep
/// the others away.
pub fn vendor(request: &Request<'_>, progress: &mut dyn FnMut(&str)) -> Result<Outcome, Failure> {
    let mut lock = read_lock(request.dir)?;
    let before = lock.clone();
    let folder = request.dir.join(VENDOR);
    let (candidates, ignored) = local::candidates(request.from)?;
    let mut outcome = Outcome { remarks: ignored, ..Outcome::default() };
    remark_near_misses(request.wanted, &candidates, &mut outcome.remarks);
    let mut sources = Sources { request, candidates, client: None, indexes: BTreeMap::new() };
    for wanted in request.wanted {
        match one(request, &folder, wanted, &mut sources, &mut lock, progress) {
            Ok(vendored) => outcome.charts.push(vendored),
            Err(mut failure) => {
                failure.place = Some(wanted.place());
                let name = &wanted.pin.name;
                let close = sources.candidates.iter().filter(|c| c.name == *name);
                for candidate in close.filter(|c| !same_version(&c.version, &wanted.pin.version)) {
                    let near = format!("`--from` has {name} {} only", candidate.version);
                    failure.hints.push(near);
                }
                outcome.failures.push(failure);
            }
        }
    }
    prune(request, &folder, &mut lock, &mut outcome)?;
    outcome.lock_written = lock != before;
    if outcome.lock_written {
        write_lock(request.dir, &lock)?;
    }
    Ok(outcome)
}

/// A difference between what is there and what the lock and the plan say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// File name of the archive.
    pub archive: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// Compares `vendor/`, the lock and the wanted charts without asking anybody else; nothing is changed.
pub fn verify(dir: &Path, wanted: &[Wanted]) -> Result<Vec<Difference>, Failure> {
    const VENDOR_IT: &str = "run `storeyard vendor`";
    let lock = read_lock(dir)?;
    let folder = dir.join(VENDOR);
    let mut differences = Vec::new();
    let mut differs = |archive: &str, reason: String, remedy: &str| {
        differences.push(Difference { archive: archive.to_owned(), reason, remedy: remedy.to_owned() });
    };
    for one in wanted {
        let archive = one.archive();
        let bytes = read_vendored(&folder.join(&archive))?;
        let (bytes, locked) = match (bytes, lock.charts.get(&archive)) {
            (Some(bytes), Some(locked)) => (bytes, locked),
            (None, Some(_)) => {
                differs(&archive, format!("is locked and missing in {VENDOR}/"), VENDOR_IT);
                continue;
            }
            (Some(_), None) => {
                differs(&archive, format!("is not in {LOCK_FILE}"), VENDOR_IT);
                continue;
            }
            (None, None) => {
                differs(&archive, "is not vendored".to_owned(), VENDOR_IT);
                continue;
            }
        };
        let digest = sha256(&bytes);
        if digest != locked.sha256 {
            let reason = format!("has SHA-256 {digest}, and the lock says {}", locked.sha256);
            differs(&archive, reason, "delete the archive and run `storeyard vendor`");
        } else if let Err(failure) = inspect(&archive, &bytes, &one.pin) {
            differs(
                &archive,
                failure.reason,
                "delete it and its entry in the lock, and run `storeyard vendor`",
            );
        } else if locked.repository != one.pin.repository {
            let reason = format!(
                "is pinned from {} and locked from {}",
                http::shown(&one.pin.repository),
                http::shown(&locked.repository)
            );
            differs(&archive, reason, VENDOR_IT);
        }
    }
    for leftover in leftovers(&folder, wanted, &lock)? {
        differs(&leftover, "is not used by the plan".to_owned(), "`storeyard vendor --prune` deletes it");
    }
    Ok(differences)
}

/// Whether two versions differ in nothing but a leading `v`.
fn same_version(a: &str, b: &str) -> bool {
    a.strip_prefix('v').unwrap_or(a) == b.strip_prefix('v').unwrap_or(b)
}

struct Sources<'a> {
    request: &'a Request<'a>,
    candidates: Vec<Candidate>,
    /// Made when the first chart has to be fetched.
    client: Option<Client>,
    /// Indexes by repository: several charts come from one. A failure is kept too, so that a server that does not answer
    /// is waited for once.
    indexes: BTreeMap<String, Result<Value, Failure>>,
}

fn one(
    request: &Request<'_>,
    folder: &Path,
    wanted: &Wanted,
    sources: &mut Sources<'_>,
    lock: &mut Lock,
    progress: &mut dyn FnMut(&str),
) -> Result<Vendored, Failure> {
    let archive = wanted.archive();
    let path = folder.join(&archive);
    let locked = lock.charts.get(&archive).cloned();
    let present = read_vendored(&path)?;
    let there = present.is_some();
    let (bytes, from, how) = match present {
        Some(bytes) => match &locked {
            Some(locked) => (bytes, locked.from.clone(), How::Kept),
            None => (bytes, format!("{VENDOR}/{archive}, put there by hand"), How::Locked),
        },
        None => sources.bring(wanted, progress)?,
    };
    let digest = sha256(&bytes);
    if let Some(locked) = locked.as_ref().filter(|locked| locked.sha256 != digest) {
        let what = if there { format!("`{VENDOR}/{archive}`") } else { format!("what comes from {from}") };
        return Err(Failure::new(
            FailureKind::Refused,
            format!("the lock says SHA-256 {}, and {what} has {digest}", locked.sha256),
        )
        .hint(if there {
            format!("delete `{VENDOR}/{archive}` to have the locked one fetched again")
        } else {
            "find out why it has changed: a published version of a chart should not".to_owned()
        })
        .hint(format!("if the change is wanted, delete its entry from {LOCK_FILE} and run again")));
    }
    inspect(&archive, &bytes, &wanted.pin)?;
    let chart = LockedChart {
        name: wanted.pin.name.clone(),
        version: wanted.pin.version.clone(),
        repository: wanted.pin.repository.clone(),
        sha256: digest,
        // The same bytes: what was recorded first stays.
        from: locked.map_or(from, |locked| locked.from),
    };
    if !there {
        let size = bytes.len();
        let mut next = lock.clone();
        next.charts.insert(archive.clone(), chart.clone());
        fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
        let staged = Staged::write(folder, &archive, &bytes)?;
        write_lock(request.dir, &next)?;
        staged.into_place(&path)?;
        *lock = next;
        return Ok(Vendored { chart, components: wanted.components.clone(), how, bytes: size });
    }
    lock.charts.insert(archive, chart.clone());
    Ok(Vendored { chart, components: wanted.components.clone(), how, bytes: bytes.len() })
}

impl Sources<'_> {
    fn bring(
        &mut self,
        wanted: &Wanted,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(Vec<u8>, String, How), Failure> {
        let pin = &wanted.pin;
        let fits = |c: &&Candidate| c.name == pin.name && same_version(&c.version, &pin.version);
        if let Some(candidate) = self.candidates.iter().find(fits) {
            progress(&format!("{} {}: {}", pin.name, pin.version, candidate.origin()));
            return Ok((candidate.archive()?, candidate.origin(), How::Local));
        }
        if self.client.is_none() {
            self.client = Some(Client::new(self.request.patience)?);
        }
        // Always there after the lines above.
        let Some(client) = &self.client else {
            return Err(Failure::new(FailureKind::World, "there is no HTTP client"));
        };
        let mut again = |line: &str| progress(line);
        if pin.repository.starts_with("oci://") {
            let reference = oci::Reference::of(pin)?;
            again(&format!("{} {}: {}", pin.name, pin.version, reference.shown()));
            let bytes = oci::get(client, &reference, MAX_ARCHIVE_BYTES, &mut again)?;
            return Ok((bytes, reference.shown(), How::Fetched));
        }
        let index = self.indexes.entry(pin.repository.clone()).or_insert_with(|| {
            again(&format!("{}: {}/index.yaml", pin.name, http::shown(pin.repository.trim_end_matches('/'))));
            index::get(client, &pin.repository, &mut again).map_err(Failure::from)
        });
        let entry = index::find(index.as_ref().map_err(Clone::clone)?, pin)?;
        if entry.url.starts_with("oci://") {
            let reference = oci::Reference::parse(&entry.url, pin)?;
            again(&format!("{} {}: {}", pin.name, pin.version, reference.shown()));
            let bytes = oci::get(client, &reference, MAX_ARCHIVE_BYTES, &mut again)?;
            return Ok((bytes, reference.shown(), How::Fetched));
        }
        again(&format!("{} {}: {}", pin.name, pin.version, http::shown(&entry.url)));
        let reply = client.get(&entry.url, &[], MAX_ARCHIVE_BYTES, &mut again)?;
        if reply.status == 401 {
            let reason = "it wants a login, which `storeyard vendor` does not have";
            let remedy = "fetch the archive yourself and bring it with `--from`";
            return Err(FetchError::new(&entry.url, reason, remedy).into());
        }
        let digest = sha256(&reply.body);
        if let Some(want) = entry.digest.filter(|want| *want != digest) {
            let error = index::wrong_digest(&entry.url, &want, &digest);
            return Err(Failure { kind: FailureKind::Refused, ..error.into() });
        }
        Ok((reply.body, http::shown(&entry.url), How::Fetched))
    }
}

/// Whether an archive is the chart it is said to be, with everything it depends on.
fn inspect(archive: &str, bytes: &[u8], pin: &ChartPin) -> Result<(), Failure> {
    let chart = Chart::from_archive(archive, bytes).map_err(|error| {
        Failure::new(FailureKind::Refused, format!("`{}`: {}", error.place, error.reason)).hint(error.remedy)
    })?;
    let metadata = chart.metadata();
    if metadata.name != pin.name || !same_version(&metadata.version, &pin.version) {
        let reason = format!(
            "`{archive}` holds {} {}, not {} {}",
            metadata.name, metadata.version, pin.name, pin.version
        );
        return Err(Failure::new(FailureKind::Refused, reason).hint("look at where it comes from"));
    }
    let inside: BTreeSet<&str> = chart.dependencies().iter().map(Chart::name).collect();
    let missing: Vec<String> = metadata
        .dependencies
        .iter()
        .flatten()
        .filter(|dependency| !inside.contains(dependency.name.as_str()))
        .map(|dependency| format!("{} {}", dependency.name, dependency.version))
        .collect();
    if !missing.is_empty() {
        let reason = format!("its own dependencies are not in its charts/ folder: {}", missing.join(", "));
        return Err(Failure::new(FailureKind::Refused, reason)
            .hint("run `helm dependency update` on the chart's directory, or bring the published archive"));
    }
    Ok(())
}

fn remark_near_misses(wanted: &[Wanted], candidates: &[Candidate], remarks: &mut Vec<String>) {
    for candidate in candidates {
        let of_name: Vec<&Wanted> = wanted.iter().filter(|w| w.pin.name == candidate.name).collect();
        let met = |c: &Candidate, w: &&&Wanted| same_version(&c.version, &w.pin.version);
        // Another version beside the right one is no miss.
        let open = of_name.iter().filter(|w| !candidates.iter().any(|c| c.name == w.pin.name && met(c, w)));
        for wanted in open {
            remarks.push(format!(
                "`{}` is {} {}; the plan pins {}",
                candidate.path.display(),
                candidate.name,
                candidate.version,
                wanted.pin.version
            ));
        }
    }
}

/// Archives in `vendor/` and entries of the lock that no wanted chart has, sorted.
fn leftovers(folder: &Path, wanted: &[Wanted], lock: &Lock) -> Result<BTreeSet<String>, Failure> {
    let used: BTreeSet<String> = wanted.iter().map(Wanted::archive).collect();
    let mut left: BTreeSet<String> =
        lock.charts.keys().filter(|name| !used.contains(*name)).cloned().collect();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(left),
        Err(error) => return Err(Failure::io(folder, &error)),
    };
    for entry in entries {
        let name = entry.map_err(|error| Failure::io(folder, &error))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.ends_with(".tgz") && !used.contains(&name) {
            left.insert(name);
        }
    }
    Ok(left)
}

fn prune(
    request: &Request<'_>,
    folder: &Path,
    lock: &mut Lock,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    for name in leftovers(folder, request.wanted, lock)? {
        if !request.prune {
            outcome.leftovers.push(name);
            continue;
        }
        let path = folder.join(&name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Failure::io(&path, &error)),
            _ => {}
        }
        lock.charts.remove(&name);
        outcome.pruned.push(name);
    }
    Ok(())
}

/// Bytes of an archive in `vendor/`; `None` when there is none.
fn read_vendored(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io(path, &error)),
    }
}

fn read_lock(dir: &Path) -> Result<Lock, Failure> {
    let path = dir.join(LOCK_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lock::default()),
        Err(error) => return Err(Failure::io(&path, &error)),
    };
    Lock::parse(&text).map_err(|error| {
        Failure::new(FailureKind::Refused, format!("`{}:{}` {}", path.display(), error.line, error.reason))
            .hint("restore it from Git; or delete it, and everything is locked anew")
    })
}

fn write_lock(dir: &Path, lock: &Lock) -> Result<(), Failure> {
    Staged::write(dir, LOCK_FILE, lock.to_text().as_bytes())?.into_place(&dir.join(LOCK_FILE))
}

/// A complete file beside the place it will take; gone again unless it takes it.
struct Staged {
    path: PathBuf,
    placed: bool,
}

impl Staged {
    fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<Self, Failure> {
        let staged = Self { path: folder.join(format!(".{name}.part")), placed: false };
        let write = || {
            let mut file = fs::File::create(&staged.path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|error| Failure::io(&staged.path, &error))?;
        Ok(staged)
    }

    fn into_place(mut self, target: &Path) -> Result<(), Failure> {
        fs::rename(&self.path, target).map_err(|error| Failure::io(target, &error))?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.placed {
            // Best effort: what remains is overwritten by the next run, and read by none.
            let _ = fs::remove_file(&self.path);
        }
    }
}
