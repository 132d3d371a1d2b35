//! The JSON Schema that editors use and the loader agree, on every example and on every bad sample; and every mistake is
//! reported with its code on its line.
//!
//! A sample under `tests/bad` begins with `# expects: CODE...`, one code for each finding. Lines on which a finding has to
//! stand end with `# here`; a sample without such a line is one whose mistake has no line of its own.
//!
//! `tests/bad/expected.txt` has what a person reads for each sample; `STOREYARD_BLESS=1 cargo test -p storeyard --test schema`
//! writes it anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot prepare its input has to fail")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chartwright::yaml::tree;
use serde_json::Value;
use storeyard_core::compile::{Compiled, Inputs, compile};
use storeyard_core::diagnostic::{self, Style};
use storeyard_core::source::{Provenance, Sources};
use storeyard_core::spec::SpecFiles;
use storeyard_core::spec::document::Document;
use support::{EXAMPLES, TODAY, example, run};

/// Findings about a document's structure: what a JSON Schema can express, and duplicate keys, which it cannot, because a JSON
/// value has none.
const STRUCTURE: [&str; 6] = ["SY0002", "SY0003", "SY0005", "SY0006", "SY0007", "SY0008"];

fn printed_schema(arguments: &[&str]) -> jsonschema::Validator {
    let said = run(&[&["schema"], arguments].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let schema: Value = serde_json::from_str(&said.stdout).unwrap();
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("it is no schema: {error}"));
    jsonschema::validator_for(&schema).unwrap()
}

/// A document as an editor sees it; `None` when it is none.
fn value(text: &str) -> Option<Value> {
    let file = Sources::default().add("a.yaml", text, Provenance::Spec);
    match tree::parse(text, &tree::Limits::default()) {
        Ok(documents) if documents.len() == 1 => Some(Document::new(file, documents[0].clone()).value),
        _ => None,
    }
}

fn bad() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

struct Sample {
    name: String,
    text: String,
    codes: Vec<String>,
    lines: Vec<usize>,
}

fn samples() -> Vec<Sample> {
    let mut paths: Vec<PathBuf> = fs::read_dir(bad()).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let first = text.lines().next().and_then(|line| line.strip_prefix("# expects: "));
        let codes = first.unwrap_or_else(|| panic!("{name}: the first line has to be `# expects: CODE...`"));
        let lines = text.lines().enumerate().filter(|(_, line)| line.ends_with("# here")).map(|(i, _)| i + 1);
        Sample {
            codes: codes.split_whitespace().map(str::to_owned).collect(),
            lines: lines.collect(),
            name,
            text: text.clone(),
        }
    };
    paths.into_iter().map(read).collect()
}

/// The example with the sample in place of its platform, or beside one of its stores.
fn compiled(sample: &Sample) -> Compiled {
    let read = |path: &str| fs::read(example("single-host").join(path)).unwrap();
    let aurora = ("stores/aurora.yaml".to_owned(), read("stores/aurora.yaml"));
    let path = format!("{}.yaml", sample.name);
    let own = (path, sample.text.clone().into_bytes());
    let spec = if sample.text.contains("\nkind: Store") {
        SpecFiles {
            platform: ("storeyard.yaml".to_owned(), read("storeyard.yaml")),
            stores: vec![aurora, own],
        }
    } else {
        SpecFiles { platform: own, stores: vec![aurora] }
    };
    compile(&Inputs { spec, today: TODAY.to_owned(), ..Inputs::default() })
}

#[test]
fn schema_and_loader_accept_every_example() {
    let (both, platform, store) =
        (printed_schema(&[]), printed_schema(&["--kind", "platform"]), printed_schema(&["--kind", "store"]));
    for name in EXAMPLES {
        let mut files = vec![example(name).join("storeyard.yaml")];
        files.extend(fs::read_dir(example(name).join("stores")).unwrap().map(|e| e.unwrap().path()));
        assert!(files.len() > 1);
        for path in files {
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                text.starts_with("# yaml-language-server: $schema="),
                "{}: editors find the schema by the first line",
                path.display()
            );
            let reference = text.lines().next().unwrap().rsplit('=').next().unwrap().to_owned();
            let file = path.parent().unwrap().join(reference);
            let kept: Value = serde_json::from_slice(&fs::read(&file).unwrap_or_else(|error| {
                panic!("{}: the schema it names, {}: {error}", path.display(), file.display())
            }))
            .unwrap();
            let printed: Value = serde_json::from_str(&run(&["schema"]).stdout).unwrap();
            assert_eq!(kept, printed, "`storeyard schema > {}` writes it anew", file.display());
            let value = value(&text).unwrap();
            let own = if value["kind"] == "Store" { &store } else { &platform };
            for validator in [&both, own] {
                let errors: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
                assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
            }
        }
    }
}

#[test]
fn schema_and_loader_agree_on_every_bad_sample() {
    let schema = printed_schema(&[]);
    let mut disagreements = Vec::new();
    for sample in samples() {
        let Some(value) = value(&sample.text) else { continue };
        if sample.codes.iter().any(|code| code == "SY0001") {
            continue;
        }
        let compiled = compiled(&sample);
        let structural =
            compiled.findings.iter().filter(|f| STRUCTURE.contains(&f.code.0)).map(|f| &*f.message);
        let loader: Vec<&str> = structural.collect();
        let editor: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
        if loader.is_empty() != editor.is_empty() {
            disagreements.push(format!("{}: loader {loader:?}, schema {editor:?}", sample.name));
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

#[test]
fn every_mistake_is_reported_with_its_code_on_its_line() {
    let mut wrong = Vec::new();
    let mut text = String::new();
    let samples = samples();
    assert!(samples.len() >= 40);
    for sample in &samples {
        let compiled = compiled(sample);
        let findings: Vec<_> = compiled.findings.iter().filter(|f| f.code.0.starts_with("SY0")).collect();
        let mut codes: Vec<&str> = findings.iter().map(|f| f.code.0).collect();
        codes.sort_unstable();
        if codes != sample.codes {
            wrong.push(format!("{}: found {codes:?}, expected {:?}", sample.name, sample.codes));
        }
        for finding in &findings {
            let label = finding.primary.as_ref().unwrap();
            let line = compiled.sources.line_column(label.place.file, label.place.span.start).0;
            if !sample.lines.is_empty() && !sample.lines.contains(&line) {
                wrong.push(format!(
                    "{}: {} is on line {line}, not {:?}",
                    sample.name, finding.code, sample.lines
                ));
            }
            if finding.help.as_ref().is_none_or(String::is_empty) {
                wrong.push(format!("{}: {} says no remedy", sample.name, finding.code));
            }
        }
        let shown: Vec<_> = findings.into_iter().cloned().collect();
        let _ = write!(
            text,
            "=== {}\n\n{}",
            sample.name,
            diagnostic::to_text(&shown, &compiled.sources, Style::Plain)
        );
    }
    let file = bad().join("expected.txt");
    if std::env::var_os("STOREYARD_BLESS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let expected = fs::read_to_string(&file).unwrap_or_default();
    for (number, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "expected.txt, line {}: STOREYARD_BLESS=1 writes it anew", number + 1);
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "STOREYARD_BLESS=1 writes expected.txt anew");
}

/// The rules that a sample cannot show: a file of the library is no file of the spec.
const ELSEWHERE: [&str; 1] = ["SY0121"];

#[test]
fn every_rule_about_the_spec_has_a_sample() {
    let samples = samples();
    for rule in storeyard_core::rules::spec::ALL {
        let shown = samples.iter().any(|s| s.codes.iter().any(|code| code == rule.code.0));
        assert!(shown || ELSEWHERE.contains(&rule.code.0), "{} {} has no sample", rule.code, rule.name);
    }
}
