//! Reading and writing against what sigs.k8s.io/yaml itself answered; see `yaml/README.md`.

#![allow(clippy::unwrap_used, clippy::panic)]

use chartwright::{Value, json, yaml};

fn rows(table: &str) -> impl Iterator<Item = Vec<Option<String>>> {
    table.lines().map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn texts_are_read_as_go_reads_them() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("yaml/read.jsonl")) {
        let [Some(text), expected] = &row[..] else { panic!("{row:?}") };
        let read = yaml::from_str(text).ok().map(|value| json::to_string(&value));
        if read != *expected {
            wrong.push(format!("{text:?}\n  go:   {expected:?}\n  here: {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn values_are_written_as_go_writes_them() {
    let mut wrong = Vec::new();
    for row in rows(include_str!("yaml/write.jsonl")) {
        let [Some(source), expected, Some(as_json)] = &row[..] else { panic!("{row:?}") };
        let value = yaml::numbers_to_f64(serde_json::from_str::<Value>(source).unwrap());
        let written = yaml::marshal(&value).ok();
        if written != *expected {
            wrong.push(format!("{source}\n  go:   {expected:?}\n  here: {written:?}"));
        }
        assert_eq!(json::to_string(&value), *as_json, "{source}");
        // Two things Go writes and does not read back: the key `<<` without quotes, and U+0085 and its kin, which are line breaks to
        // a reader.
        let breaks = ['\u{85}', '\u{2028}', '\u{2029}'];
        let lossy = source.contains(r#""<<":"#) || as_json.contains(breaks) || as_json.contains("\\u202");
        if let Some(written) = written.filter(|_| !lossy) {
            let read = yaml::from_str_strict(&written).map(|value| json::to_string(&value));
            assert_eq!(read.as_deref(), Ok(as_json.as_str()), "{source}");
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
