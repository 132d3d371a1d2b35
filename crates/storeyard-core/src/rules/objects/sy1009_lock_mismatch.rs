//! # SY1009 lock-mismatch
//!
//! ## What it does
//! Compares every vendored chart that the plan uses with its digest in `storeyard.lock`.
//!
//! ## Why
//! The lock is what was reviewed. An archive with other bytes, or one that nobody locked, would bring something
//! into the cluster that nobody has seen.
//!
//! ## Example
//! ```yaml
//! # vendor/cilium-1.18.12.tgz was packed again, storeyard.lock still has the digest of the old one
//! ```
//!
//! ## Remedy
//! Delete the archive and run `storeyard vendor`, which fetches what the lock says. When the change is wanted, delete
//! the chart's entry from `storeyard.lock` first, and have the new digest reviewed.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lock::{LOCK_FILE, Lock, line_of, sha256};
use crate::objects::{VendoredCharts, archive_name};
use crate::plan::Plan;
use crate::rules::rule;
use crate::source::{Provenance, Sources};

rule!(
    "SY1009",
    "lock-mismatch",
    Error,
    "A vendored chart that is not the locked one",
    "sy1009_lock_mismatch.rs"
);

/// One finding an archive; one for the whole lock when it cannot be read.
pub(crate) fn check(
    plan: &Plan,
    vendored: &VendoredCharts,
    lock: Option<&str>,
    sources: &mut Sources,
    out: &mut Vec<Diagnostic>,
) {
    let text = lock.unwrap_or("");
    let file = lock.map(|text| sources.add(LOCK_FILE, text, Provenance::Spec));
    let parsed = match lock.map(Lock::parse).transpose() {
        Ok(parsed) => parsed.unwrap_or_default(),
        Err(error) => {
            let place = file.map(|file| sources.line(file, error.line));
            out.push(
                RULE.find(format!("`{LOCK_FILE}` cannot be used: it {}", error.reason))
                    .maybe_at(place, "")
                    .about(LOCK_FILE)
                    .help("restore it from Git, or delete it and run `storeyard vendor` again"),
            );
            return;
        }
    };
    let mut seen = Vec::new();
    for pin in plan.components.iter().filter_map(|c| c.chart.as_ref()) {
        let archive = archive_name(&pin.name, &pin.version);
        let Some(bytes) = vendored.get(&archive) else { continue };
        if seen.contains(&archive) {
            continue;
        }
        let digest = sha256(bytes);
        let path = format!("vendor/{archive}");
        seen.push(archive);
        match parsed.charts.get(&path["vendor/".len()..]) {
            Some(locked) if locked.sha256 == digest => {}
            Some(locked) => out.push(
                RULE.find(format!("`{path}` is not the archive that `{LOCK_FILE}` names"))
                    .maybe_at(file.map(|f| sources.line(f, line_of(text, locked))), "what it must be")
                    .about(path.clone())
                    .note(format!("its SHA-256 is {digest}"))
                    .help(format!(
                        "delete `{path}` and run `storeyard vendor`; if the change is wanted, delete its entry from \
                         `{LOCK_FILE}` first"
                    )),
            ),
            None => {
                let mut finding = RULE
                    .find(format!("`{path}` is not locked, so nothing says what it should contain"))
                    .about(path.clone())
                    .help(format!("run `storeyard vendor`, which writes it into `{LOCK_FILE}`"));
                finding.severity = Severity::Warning;
                out.push(finding);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{Compiled, Inputs, compile};
    use crate::lock::LockedChart;
    use crate::spec::SpecFiles;

    const ARCHIVE: &str = "metrics-server-3.12.2.tgz";

    fn compiled(bytes: &[u8], lock: Option<String>) -> Compiled {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/single-host");
        let platform = std::fs::read(dir.join("storeyard.yaml")).unwrap();
        compile(&Inputs {
            spec: SpecFiles { platform: ("storeyard.yaml".to_owned(), platform), stores: Vec::new() },
            vendored: [(ARCHIVE.to_owned(), bytes.into())].into(),
            lock,
            today: "2026-11-22".to_owned(),
            ..Inputs::default()
        })
    }

    fn locked(bytes: &[u8]) -> String {
        let chart = LockedChart {
            name: "metrics-server".to_owned(),
            version: "3.12.2".to_owned(),
            repository: "https://charts.example".to_owned(),
            sha256: sha256(bytes),
            from: "https://charts.example/x.tgz".to_owned(),
        };
        Lock { charts: [(chart.archive(), chart)].into() }.to_text()
    }

    fn of_rule(compiled: &Compiled) -> Vec<&Diagnostic> {
        compiled.findings.iter().filter(|f| f.code == RULE.code).collect()
    }

    #[test]
    fn an_archive_must_be_the_locked_one() {
        assert_eq!(of_rule(&compiled(b"chart", Some(locked(b"chart")))), Vec::<&Diagnostic>::new());

        let other = compiled(b"chart", Some(locked(b"another")));
        let [finding] = of_rule(&other)[..] else { panic!("{:?}", other.findings) };
        assert_eq!(finding.severity, Severity::Error);
        let place = &finding.primary.as_ref().unwrap().place;
        assert_eq!(other.sources.describe(place), "storeyard.lock:8:1");

        let unlocked = compiled(b"chart", None);
        let [finding] = of_rule(&unlocked)[..] else { panic!("{:?}", unlocked.findings) };
        assert_eq!((finding.severity, finding.primary.is_none()), (Severity::Warning, true));

        let broken = compiled(b"chart", Some("charts: [".to_owned()));
        let [finding] = of_rule(&broken)[..] else { panic!("{:?}", broken.findings) };
        assert!(finding.message.contains("is not YAML"), "{}", finding.message);
    }
}
