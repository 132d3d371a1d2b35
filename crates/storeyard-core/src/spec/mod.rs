//! What the user wrote: one `storeyard.yaml` and one file for each store.
//!
//! [`load`] reads all files, reports every mistake at its place, and only then, when there is none, gives typed values.
//! Layers are merged as plain data and read once: built-in defaults, then a store's size class, then the user's words.

pub mod document;
pub mod platform;
pub mod scalar;
pub mod schema;
pub mod store;
pub mod structure;

use std::sync::Arc;

use chartwright::yaml::tree;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Severity};
use crate::library::Library;
use crate::rules::spec as rules;
use crate::source::{FileId, Place, Provenance, Sources};
use document::{Document, overlay};
use platform::Platform;
use store::{Store, Traffic};

/// The user's files as bytes.
#[derive(Debug, Clone, Default)]
pub struct SpecFiles {
    /// Path and content of the platform's file.
    pub platform: (String, Vec<u8>),
    /// Paths and contents of the stores' files.
    pub stores: Vec<(String, Vec<u8>)>,
}

/// A spec without mistakes.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The platform with its defaults filled in.
    pub platform: Platform,
    /// The user's platform document, for places.
    pub platform_document: Document,
    /// The defaults it stands on.
    pub platform_defaults: Option<Document>,
    /// The stores in order of their names.
    pub stores: Vec<StoreEntry>,
}

/// A store with what is needed to say where its figures come from.
#[derive(Debug, Clone)]
pub struct StoreEntry {
    /// The store with its layers merged.
    pub store: Store,
    /// Its traffic: its own, or that of its class.
    pub traffic: Traffic,
    /// The user's document.
    pub document: Document,
}

/// Largest file of a spec, bytes.
pub const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;

/// Reads a spec. `today` is `YYYY-MM-DD` and only matters for suppressions. The spec is there when no finding is an error.
pub fn load(
    files: &SpecFiles,
    library: &Library,
    today: &str,
    sources: &mut Sources,
) -> (Option<Spec>, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let platform_structure = schema::platform();
    let store_structure = schema::store();

    let platform = read(&files.platform.0, &files.platform.1, "Platform", sources, &mut findings);
    let mut stores = Vec::new();
    for (path, bytes) in &files.stores {
        stores.extend(read(path, bytes, "Store", sources, &mut findings));
    }
    if let Some(platform) = &platform {
        findings.extend(platform_structure.check(platform));
    }
    for store in &stores {
        findings.extend(store_structure.check(store));
    }
    // What is no mapping has no meaning to be judged: the structure's finding says it all.
    let Some(platform) = platform.filter(|document| document.value.is_object()) else {
        return (None, findings);
    };

    let defaults = library.defaults.get("platform").cloned();
    let mut merged = defaults.as_ref().map_or(Value::Null, |d| d.value.clone());
    if merged.is_null() {
        merged = Value::Object(serde_json::Map::new());
    }
    overlay(&mut merged, &platform.value);
    let context =
        rules::SpecContext { platform: &platform, merged: &merged, stores: &stores, library, today };
    findings.extend(rules::check(&context));
    if findings.iter().any(|f| f.severity == Severity::Error) {
        return (None, findings);
    }

    let typed = typed::<Platform>(&merged, &platform, &mut findings);
    let mut entries = Vec::new();
    for document in stores {
        entries.extend(store_entry(document, library, &mut findings));
    }
    entries.sort_by(|a, b| a.store.metadata.name.cmp(&b.store.metadata.name));
    let spec = typed.filter(|_| findings.iter().all(|f| f.severity != Severity::Error)).map(|typed| Spec {
        platform: typed,
        platform_document: platform,
        platform_defaults: defaults,
        stores: entries,
    });
    (spec, findings)
}

fn store_entry(document: Document, library: &Library, findings: &mut Vec<Diagnostic>) -> Option<StoreEntry> {
    let mut spec = library.defaults.get("store").map_or(Value::Null, |d| d.value.clone());
    if !spec.is_object() {
        spec = Value::Object(serde_json::Map::new());
    }
    let own = document.value.get("spec").cloned().unwrap_or(Value::Null);
    let class = own.get("size").and_then(Value::as_str);
    let class_document = class.and_then(|name| library.sizes.get(name));
    let traffic = match class_document {
        Some(class) => class.value.get("traffic"),
        None => own.get("traffic"),
    };
    let traffic: Traffic = match traffic.map(|t| serde_json::from_value(t.clone())) {
        Some(Ok(traffic)) => traffic,
        _ => {
            findings.push(
                rules::LIBRARY_RULE
                    .find(format!("the size `{}` has no traffic figures", class.unwrap_or("?")))
                    .at(document.place("/spec/size"), "used here")
                    .help("add `traffic` to the size's file in the library"),
            );
            return None;
        }
    };
    let count = |key: &str| own.get(key).and_then(Value::as_array).map_or(0, |a| a.len() as u64);
    let variants = count("websites").max(count("locales")).max(1);
    let figures = crate::plan::class_figures(traffic, &own, &spec, variants);
    overlay(&mut spec, &figures);
    if let Some(class) = class_document {
        overlay(&mut spec, &class.value);
        // The class is written for one website in one language; more of them need more cache.
        if variants > 1 {
            let php = spec.get("php").cloned().unwrap_or(Value::Null);
            let varnish = crate::plan::varnish_figures(traffic, &php, variants);
            overlay(&mut spec, &varnish);
        }
    }
    // The sums follow from the final figures unless the store's own words say otherwise.
    if let Some(map) = spec.as_object_mut() {
        map.remove("quota");
        map.remove("database");
        map.remove("traffic");
    }
    overlay(&mut spec, &own);
    let mut whole = document.value.clone();
    if let Some(map) = whole.as_object_mut() {
        map.insert("spec".to_owned(), spec);
    }
    let store = typed::<Store>(&whole, &document, findings)?;
    Some(StoreEntry { store, traffic, document })
}

/// Reads merged data into its type. Structure was judged before, so a failure here is a gap in the defaults.
fn typed<T: serde::de::DeserializeOwned>(
    value: &Value,
    document: &Document,
    findings: &mut Vec<Diagnostic>,
) -> Option<T> {
    match serde_path_to_error::deserialize::<_, T>(value.clone()) {
        Ok(typed) => Some(typed),
        Err(error) => {
            let pointer: String = error.path().to_string().replace(['.', '['], "/").replace(']', "");
            findings.push(
                rules::WRONG_FORM_RULE
                    .find(format!("`{}`: {}", error.path(), error.inner()))
                    .at(document.place(&format!("/{pointer}")), "")
                    .help("write it as `storeyard schema` describes it"),
            );
            None
        }
    }
}

/// Reads one file into one document, or says why that is not possible.
fn read(
    path: &str,
    bytes: &[u8],
    kind: &str,
    sources: &mut Sources,
    findings: &mut Vec<Diagnostic>,
) -> Option<Document> {
    let unreadable = |file: FileId, offset: usize, end: usize, message: String, help: &str| {
        rules::UNREADABLE_RULE.find(message).at(Place { file, span: offset..end }, "").help(help)
    };
    if bytes.len() > MAX_FILE_BYTES {
        let file = sources.add(path, "", Provenance::Spec);
        let size = bytes.len() / (1024 * 1024);
        findings.push(unreadable(
            file,
            0,
            0,
            format!("the file has {size} MiB, and a spec has at most {} MiB", MAX_FILE_BYTES / (1024 * 1024)),
            "is this the right file? A store is a few dozen lines",
        ));
        return None;
    }
    let text: Arc<str> = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).into(),
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let at = valid.len();
            let file = sources.add(path, valid, Provenance::Spec);
            findings.push(unreadable(
                file,
                at,
                at,
                format!("the file is not UTF-8: byte {} cannot be read", at + 1),
                "save it as UTF-8 without other encodings mixed in",
            ));
            return None;
        }
    };
    let file = sources.add(path, Arc::clone(&text), Provenance::Spec);
    let limits = tree::Limits { depth: 100, ..tree::Limits::default() };
    let mut documents = match tree::parse(&text, &limits) {
        Ok(documents) => documents,
        Err(error) => {
            let at = error.offset.min(text.len());
            let end = text[at..].chars().next().map_or(at, |c| at + if c == '\n' { 0 } else { c.len_utf8() });
            findings.push(unreadable(file, at, end, error.message, "mend the YAML at this place"));
            return None;
        }
    };
    match (documents.pop(), documents.is_empty()) {
        (Some(root), true) if !matches!(root.kind, tree::Kind::Null) => Some(Document::new(file, root)),
        (Some(root), false) => {
            findings.push(unreadable(
                file,
                root.span.start,
                root.span.start,
                format!("the file holds {} documents", documents.len() + 1),
                "write one document a file: remove the `---` or split the file",
            ));
            None
        }
        _ => {
            findings.push(unreadable(
                file,
                0,
                0,
                "the file is empty".to_owned(),
                &format!("start it with `apiVersion: storeyard.io/v1alpha1` and `kind: {kind}`; `storeyard init` writes one"),
            ));
            None
        }
    }
}
