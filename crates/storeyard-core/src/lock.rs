//! `storeyard.lock`: what each vendored chart must contain, to the byte.
//!
//! ```yaml
//! apiVersion: storeyard.io/v1alpha1
//! kind: ChartLock
//! charts:
//! - name: cilium
//!   version: 1.18.12
//!   repository: https://helm.cilium.io
//!   sha256: 5f…
//!   from: https://helm.cilium.io/cilium-1.18.12.tgz
//! ```

use std::collections::BTreeMap;

use chartwright::yaml;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::objects::archive_name;

/// Name of the file, beside `storeyard.yaml`.
pub const LOCK_FILE: &str = "storeyard.lock";

/// One locked chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedChart {
    /// Name of the chart.
    pub name: String,
    /// Version as the bill of materials pins it.
    pub version: String,
    /// Repository as the bill of materials pins it.
    pub repository: String,
    /// SHA-256 of the archive, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Where the archive came from: a URL, or what it was packed or copied from.
    pub from: String,
}

impl LockedChart {
    /// File name of the archive in `vendor/`.
    pub fn archive(&self) -> String {
        archive_name(&self.name, &self.version)
    }
}

/// All locked charts by file name of their archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// `<name>-<version>.tgz` → what it is.
    pub charts: BTreeMap<String, LockedChart>,
}

/// What is wrong with a lock's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockError {
    /// Line (from 1), as far as it is known.
    pub line: usize,
    /// What is wrong, without a full stop.
    pub reason: String,
}

impl std::fmt::Display for LockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{LOCK_FILE}:{}: {}", self.line, self.reason)
    }
}

impl std::error::Error for LockError {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    api_version: String,
    kind: String,
    #[serde(default)]
    charts: Vec<LockedChart>,
}

const API_VERSION: &str = "storeyard.io/v1alpha1";
const KIND: &str = "ChartLock";

impl Lock {
    /// Reads a lock.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let whole = |reason: String| LockError { line: 1, reason };
        let value = yaml::from_str(text).map_err(|error| LockError {
            line: error.line,
            reason: format!("is not YAML: {}", error.message),
        })?;
        let document: Document =
            serde_json::from_value(value).map_err(|error| whole(format!("is not a lock: {error}")))?;
        if document.api_version != API_VERSION || document.kind != KIND {
            return Err(whole(format!(
                "is a `{}` of `{}`, not a `{KIND}` of `{API_VERSION}`",
                document.kind, document.api_version
            )));
        }
        let mut charts = BTreeMap::new();
        for chart in document.charts {
            let line = line_of(text, &chart);
            if !is_sha256(&chart.sha256) {
                let reason = format!("the digest of `{}` is not 64 hexadecimal digits", chart.name);
                return Err(LockError { line, reason });
            }
            let archive = chart.archive();
            // The name becomes a file name in `vendor/`.
            if archive.contains(['/', '\\']) || archive.starts_with('.') {
                let reason = format!("`{archive}` is not the name of a chart's archive");
                return Err(LockError { line, reason });
            }
            if charts.insert(archive.clone(), chart).is_some() {
                return Err(LockError { line, reason: format!("`{archive}` is locked twice") });
            }
        }
        Ok(Self { charts })
    }

    /// The text of the lock, sorted by archive.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "# What every archive in vendor/ must contain. Written by `storeyard vendor`; commit it.\n\
             apiVersion: {API_VERSION}\nkind: {KIND}\n"
        );
        if self.charts.is_empty() {
            text.push_str("charts: []\n");
            return text;
        }
        text.push_str("charts:\n");
        for chart in self.charts.values() {
            let fields = [
                ("- name", &chart.name),
                ("  version", &chart.version),
                ("  repository", &chart.repository),
                ("  sha256", &chart.sha256),
                ("  from", &chart.from),
            ];
            for (key, value) in fields {
                text.push_str(&format!(
                    "{key}: {}",
                    yaml::to_string(&serde_json::Value::from(value.as_str()))
                ));
            }
        }
        text
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// The line (from 1) on which a chart's digest stands; 1 when it is written in an unusual way.
pub fn line_of(text: &str, chart: &LockedChart) -> usize {
    text.lines().position(|line| line.contains(&chart.sha256)).map_or(1, |index| index + 1)
}

/// SHA-256 of an archive as the lock writes it.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(name: &str, version: &str) -> LockedChart {
        LockedChart {
            name: name.to_owned(),
            version: version.to_owned(),
            repository: "https://charts.example".to_owned(),
            sha256: sha256(name.as_bytes()),
            from: format!("https://charts.example/{name}-{version}.tgz"),
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_sorted() {
        let mut lock = Lock::default();
        // A version that YAML would take for a number must stay a text.
        for one in [chart("metallb", "1.10"), chart("cert-manager", "v1.18.6")] {
            lock.charts.insert(one.archive(), one);
        }
        let text = lock.to_text();
        assert_eq!(Lock::parse(&text).unwrap(), lock);
        assert!(text.find("cert-manager").unwrap() < text.find("metallb").unwrap(), "{text}");
        assert!(text.contains("  version: \"1.10\"\n"), "{text}");
        assert_eq!(line_of(&text, &lock.charts["cert-manager-v1.18.6.tgz"]), 8, "{text}");
        assert_eq!(Lock::parse(&Lock::default().to_text()).unwrap(), Lock::default());
    }

    #[test]
    fn a_broken_lock_says_where_and_why() {
        let good = {
            let mut lock = Lock::default();
            let one = chart("metallb", "0.16.1");
            lock.charts.insert(one.archive(), one);
            lock.to_text()
        };
        let digest = sha256(b"metallb");
        for (text, want) in [
            (String::new(), "is not a lock"),
            ("a: [".to_owned(), "is not YAML"),
            (good.replace("ChartLock", "Lock"), "not a `ChartLock`"),
            (good.replace("sha256:", "sha1:"), "unknown field `sha1`"),
            (good.replace(&digest, "abc"), "not 64 hexadecimal digits"),
            (good.replace("name: metallb", "name: ../../x"), "is not the name of a chart's archive"),
            (format!("{good}{}", &good[good.find("- name").unwrap()..]), "is locked twice"),
        ] {
            let error = Lock::parse(&text).unwrap_err();
            assert!(error.reason.contains(want), "{error} for\n{text}");
        }
    }
}
