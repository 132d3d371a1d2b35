//! Helm's HTTP repositories: `index.yaml` names the archives.

use chartwright::{Value, yaml};
use storeyard_core::library::ChartPin;

use super::http::{Client, FetchError, join, shown};
use super::same_version;

/// The largest public index has some 30 MB.
const MAX_INDEX_BYTES: u64 = 64 << 20;

/// What an index says of one version of a chart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Absolute address of the archive.
    pub(super) url: String,
    /// SHA-256 of the archive, if the index gives one.
    pub(super) digest: Option<String>,
}

/// Gets and reads a repository's index.
pub(super) fn get(
    client: &Client,
    repository: &str,
    again: &mut dyn FnMut(&str),
) -> Result<Value, FetchError> {
    let url = format!("{}/index.yaml", repository.trim_end_matches('/'));
    let reply = client.get(&url, &[], MAX_INDEX_BYTES, again)?;
    if reply.status == 401 {
        let reason = "the repository wants a login, which `storeyard vendor` does not have";
        return Err(FetchError::new(&url, reason, "fetch the archive yourself and bring it with `--from`"));
    }
    let text = String::from_utf8(reply.body).map_err(|_| {
        FetchError::new(&url, "the index is not UTF-8", "look whether the repository has moved")
    })?;
    let index = yaml::from_str(&text).map_err(|error| {
        FetchError::new(
            &url,
            format!("the index is not YAML: {error}"),
            "look whether the repository has moved",
        )
    })?;
    if index.get("entries").is_none_or(|entries| !entries.is_object()) {
        let reason = "it is not the index of a chart repository: it has no `entries`";
        return Err(FetchError::new(&url, reason, "look whether the repository has moved"));
    }
    Ok(index)
}

/// Finds the exact version; one that differs in a leading `v` alone serves too.
pub(super) fn find(index: &Value, pin: &ChartPin) -> Result<Entry, FetchError> {
    let base = format!("{}/", pin.repository.trim_end_matches('/'));
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let entries = index.get("entries").and_then(|all| all.get(&pin.name)).and_then(Value::as_array);
    let Some(entries) = entries.filter(|entries| !entries.is_empty()) else {
        let reason = format!("the repository has no chart called `{}`", pin.name);
        return Err(FetchError::new(&base, reason, "look whether the chart has moved or was renamed"));
    };
    let exact = entries.iter().find(|entry| text(entry, "version") == pin.version);
    let near = || entries.iter().find(|entry| same_version(&text(entry, "version"), &pin.version));
    let Some(entry) = exact.or_else(near) else {
        let mut versions: Vec<String> = entries.iter().take(5).map(|entry| text(entry, "version")).collect();
        if entries.len() > versions.len() {
            versions.push(format!("{} more", entries.len() - versions.len()));
        }
        let reason = format!("the repository has no {} {}", pin.name, pin.version);
        let remedy =
            format!("it has {}: bring the pinned one with `--from`, or pin another", versions.join(", "));
        return Err(FetchError::new(&base, reason, remedy));
    };
    let url = entry.get("urls").and_then(|urls| urls.get(0)).and_then(Value::as_str).unwrap_or("");
    if url.is_empty() {
        let reason = format!("the index gives no address for {} {}", pin.name, pin.version);
        return Err(FetchError::new(&base, reason, "bring the chart with `--from`"));
    }
    let digest = match entry.get("digest") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(Value::String(text)) => Some(text.trim_start_matches("sha256:").to_lowercase()),
        // Digits alone without quotes are a number to YAML. What was promised must not go unverified for that.
        Some(other) => {
            let reason = format!(
                "the index gives {other} as the digest of {} {}, which is no text",
                pin.name, pin.version
            );
            return Err(FetchError::new(&base, reason, "bring the chart with `--from`"));
        }
    };
    Ok(Entry { url: join(&base, url), digest })
}

/// The error of an archive that is not what the index says.
pub(super) fn wrong_digest(url: &str, want: &str, got: &str) -> FetchError {
    FetchError::new(
        url,
        format!("the archive has SHA-256 {got}, and the index says {want}"),
        format!("do not use it; ask those who run {}", shown(url)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(name: &str, version: &str) -> ChartPin {
        ChartPin {
            name: name.to_owned(),
            version: version.to_owned(),
            repository: "https://charts.example/stable/".to_owned(),
        }
    }

    #[test]
    fn the_exact_version_is_found_and_its_address_made_absolute() {
        let index = yaml::from_str(
            "entries:\n  x:\n  - version: 1.2.0\n    urls: [https://cdn.example/x.tgz]\n  - version: v1.1.0\n    \
             urls: [x-1.1.0.tgz]\n    digest: sha256:ABC\n  - {version: 1.0.0, urls: []}\n  - {version: 0.9.0, urls: [x], digest: 123}\n  empty: []\n",
        )
        .unwrap();
        assert_eq!(find(&index, &pin("x", "1.2.0")).unwrap().url, "https://cdn.example/x.tgz");
        let entry = find(&index, &pin("x", "1.1.0")).unwrap();
        assert_eq!(entry.url, "https://charts.example/stable/x-1.1.0.tgz");
        assert_eq!(entry.digest.as_deref(), Some("abc"));
        for (name, version, want) in [
            ("x", "1.3.0", "no x 1.3.0"),
            ("y", "1.0.0", "no chart called `y`"),
            ("empty", "1.0.0", "no chart called `empty`"),
            ("x", "1.0.0", "no address"),
            ("x", "0.9.0", "which is no text"),
        ] {
            let error = find(&index, &pin(name, version)).unwrap_err();
            assert!(error.reason.contains(want), "{}", error.reason);
        }
        assert!(find(&index, &pin("x", "1.3.0")).unwrap_err().remedy.contains("1.2.0, v1.1.0, 1.0.0, 0.9.0"));
    }
}
