//! The command line from the outside: the built program, real directories, exit codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot prepare its input has to fail")]

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{
    EXAMPLES, Said, TODAY, build, copy, copy_of, differences, edit, example, run, said, snapshot, storeyard,
};

/// A third store for `examples/single-host`.
const CALLISTO: &str = "apiVersion: storeyard.io/v1alpha1
kind: Store
metadata: { name: callisto }
spec:
  size: medium
  domains: [callisto.example]
  images:
    fpm: registry.example/callisto/magento-php-fpm@sha256:1f0a3c5e7b9d1f0a3c5e7b9d1f0a3c5e7b9d1f0a3c5e7b9d1f0a3c5e7b9d1f0a
    web: registry.example/callisto/magento-web@sha256:2e1b4d6f8a0c2e1b4d6f8a0c2e1b4d6f8a0c2e1b4d6f8a0c2e1b4d6f8a0c2e1b
  locales: [de_DE]
";

fn with_a_third_store(to: &Path) -> std::path::PathBuf {
    let spec = copy_of("single-host", to);
    fs::write(spec.join("stores/callisto.yaml"), CALLISTO).unwrap();
    spec
}

fn check(spec: &Path, arguments: &[&str]) -> Said {
    said(storeyard().arg("check").arg(spec).args(["--today", TODAY]).args(arguments))
}

#[test]
fn the_first_command_builds_every_example_and_the_second_run_changes_nothing() {
    for name in EXAMPLES {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let first = build(&example(name), &out);
        assert_eq!((first.code, first.stdout.as_str()), (Some(0), ""), "{name}: {}", first.stderr);
        for word in ["Kubernetes", "cluster", "tenants", "0 errors", "Next"] {
            assert!(first.stderr.contains(word), "{name}: no `{word}` in\n{}", first.stderr);
        }
        let tree = snapshot(&out);
        assert!(tree.len() > 100, "{name}: {} files", tree.len());
        let second = build(&example(name), &out);
        assert_eq!(second.code, Some(0), "{name}: {}", second.stderr);
        assert!(second.stderr.contains("all as they were"), "{name}: {}", second.stderr);
        assert!(differences(&tree, &snapshot(&out)).is_empty());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside the tree");
    }
}

#[test]
fn place_language_time_zone_and_user_do_not_matter() {
    for name in EXAMPLES {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().join("a");
        assert_eq!(build(&example(name), &here).code, Some(0));
        let spec = copy_of(name, &dir.path().join("somewhere else/ünlikely"));
        let there = dir.path().join("b b");
        let other = said(
            storeyard()
                .args(["build", ".", "-o"])
                .arg(&there)
                .current_dir(spec)
                .env("LANG", "tr_TR.UTF-8")
                .env("LC_ALL", "zh_CN.GB18030")
                .env("TZ", "Pacific/Kiritimati")
                .env("HOME", "/nowhere")
                .env("USER", "someone"),
        );
        assert_eq!(other.code, Some(0), "{}", other.stderr);
        assert_eq!(differences(&snapshot(&here), &snapshot(&there)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_third_store_changes_only_its_own_files_and_lists_that_name_it() {
    let dir = tempfile::tempdir().unwrap();
    let (two, three) = (dir.path().join("two"), dir.path().join("three"));
    assert_eq!(build(&example("single-host"), &two).code, Some(0));
    let said = build(&with_a_third_store(dir.path()), &three);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let (two, three) = (snapshot(&two), snapshot(&three));
    let changed = differences(&two, &three);
    assert!(changed.iter().any(|path| path == "tenants/callisto/values.yaml"), "{changed:#?}");
    for path in changed {
        let (_, bytes) = three.get(&path).unwrap_or_else(|| panic!("{path} was removed"));
        if path == ".storeyard/tree.json" || path.contains("callisto") {
            continue;
        }
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains("callisto"), "{path} changed and does not name the store");
        // A list on one line changes with its newest name; every other line stays as it was.
        let old = String::from_utf8_lossy(&two[&path].1).into_owned();
        let old: Vec<&str> = old.lines().collect();
        for line in text.lines().filter(|line| !old.contains(line)) {
            assert!(
                line.contains("callisto"),
                "{path}: the line `{line}` changed and does not name the store"
            );
        }
    }
}

#[test]
fn an_edited_file_is_refused_and_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    assert_eq!(build(&example("single-host"), &out).code, Some(0));
    let values = out.join("tenants/aurora/values.yaml");
    fs::write(&values, "mine: true\n").unwrap();
    let before = snapshot(&out);
    let refused = build(&with_a_third_store(dir.path()), &out);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("tenants/aurora/values.yaml"), "{}", refused.stderr);
    assert!(refused.stderr.contains("hint:"), "{}", refused.stderr);
    assert!(differences(&before, &snapshot(&out)).is_empty(), "nothing was written");
}

#[test]
fn foreign_files_are_never_touched() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    fs::create_dir_all(out.join(".git")).unwrap();
    fs::create_dir_all(out.join("tenants/aurora")).unwrap();
    fs::write(out.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(out.join("tenants/aurora/notes.txt"), "ours\n").unwrap();
    assert_eq!(build(&example("single-host"), &out).code, Some(0));
    assert_eq!(build(&with_a_third_store(dir.path()), &out).code, Some(0));
    assert_eq!(build(&example("single-host"), &out).code, Some(0), "the third store goes again");
    assert!(!out.join("tenants/callisto").exists());
    assert_eq!(fs::read_to_string(out.join(".git/HEAD")).unwrap(), "ref: refs/heads/main\n");
    assert_eq!(fs::read_to_string(out.join("tenants/aurora/notes.txt")).unwrap(), "ours\n");

    // One that is in the way stops the run before anything is written.
    let other = dir.path().join("other");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("runbooks"), "a file where a folder must be\n").unwrap();
    let before = snapshot(&other);
    let refused = build(&example("single-host"), &other);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("`runbooks`"), "{}", refused.stderr);
    assert!(differences(&before, &snapshot(&other)).is_empty());
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_it_would() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let dry = |spec: &Path| said(storeyard().arg("build").arg(spec).arg("--dry-run").arg("-o").arg(&out));
    let first = dry(&example("single-host"));
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(first.stderr.contains("would be written"), "{}", first.stderr);
    assert!(!out.exists());
    assert_eq!(build(&example("single-host"), &out).code, Some(0));
    let before = snapshot(&out);
    assert_eq!(dry(&with_a_third_store(dir.path())).code, Some(0));
    assert!(differences(&before, &snapshot(&out)).is_empty());
}

/// Killed at any moment, what is there is the old tree or the new one. Delays are spread over a whole run, most of
/// them over its end, where files are written.
#[test]
fn a_killed_run_leaves_the_old_tree_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new, out) = (dir.path().join("old"), dir.path().join("new"), dir.path().join("out"));
    assert_eq!(build(&example("single-host"), &old).code, Some(0));
    let spec = with_a_third_store(dir.path());
    let begin = Instant::now();
    assert_eq!(build(&spec, &new).code, Some(0));
    let whole = begin.elapsed();
    let (before, after) = (snapshot(&old), snapshot(&new));
    let mut seen = [0, 0];
    for step in 0_u32..24 {
        let _ = fs::remove_dir_all(&out);
        copy(&old, &out);
        let mut child = storeyard()
            .arg("build")
            .arg(&spec)
            .arg("-o")
            .arg(&out)
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Multiples of a number that has nothing to do with the machine's own rhythm.
        let part = 0.3 + 0.9 * (f64::from(step) * 0.618_034).fract();
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * part));
        let _ = child.kill();
        child.wait().unwrap();
        let found = snapshot(&out);
        if differences(&found, &before).is_empty() {
            seen[0] += 1;
        } else {
            let rest = differences(&found, &after);
            assert!(rest.is_empty(), "killed after {part:.2} of a run, it is neither: {rest:#?}");
            seen[1] += 1;
        }
    }
    assert!(seen[0] > 0, "no run was killed in time: {seen:?}");
    assert_eq!(build(&spec, &out).code, Some(0), "the next run is an ordinary one");
    assert!(differences(&snapshot(&out), &after).is_empty());
    let left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "what killed runs left beside the tree is cleared by the next: {left:?}");
}

/// Whatever is read, the answer is a finding at a place, exit code 1, in a short time, and never a panic.
#[test]
fn bad_files_are_findings() {
    let block = format!("{}x\n", "- ".repeat(10_000));
    let flow = format!("a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    let maps = format!("{}x{}\n", "{a: ".repeat(10_000), "}".repeat(10_000));
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("an empty file", Vec::new(), "empty"),
        ("comments only", b"# nothing\n".to_vec(), "empty"),
        ("not UTF-8", b"apiVersion: storeyard.io/v1alpha1\nkind: \xff\xfe\n".to_vec(), "UTF-8"),
        ("50 MB", vec![b'a'; 50_000_000], "MiB"),
        ("deep block", block.into_bytes(), "depth"),
        ("deep flow", flow.into_bytes(), "depth"),
        ("deep maps", maps.into_bytes(), "depth"),
        ("a NUL", b"apiVersion: \0\n".to_vec(), "SY0001"),
        ("two documents", b"a: 1\n---\nb: 2\n".to_vec(), "documents"),
    ];
    for target in ["storeyard.yaml", "stores/aurora.yaml"] {
        for (what, bytes, words) in &cases {
            let dir = tempfile::tempdir().unwrap();
            let spec = copy_of("single-host", dir.path());
            fs::write(spec.join(target), bytes).unwrap();
            let begin = Instant::now();
            let found = check(&spec, &[]);
            assert_eq!(found.code, Some(1), "{target}, {what}: {}{}", found.stdout, found.stderr);
            assert!(found.stdout.contains("error[SY0001]"), "{target}, {what}: {}", found.stdout);
            assert!(found.stdout.contains(target), "{target}, {what}: {}", found.stdout);
            assert!(found.stdout.contains(words), "{target}, {what}: no `{words}` in {}", found.stdout);
            assert!(found.stdout.contains("help:"), "{target}, {what}: {}", found.stdout);
            assert!(found.stdout.len() < 4000, "{target}, {what}: {} bytes", found.stdout.len());
            assert!(!found.stderr.contains("panicked"), "{target}, {what}: {}", found.stderr);
            assert!(begin.elapsed() < Duration::from_secs(20), "{target}, {what}: {:?}", begin.elapsed());
            let out = dir.path().join("out");
            let built = build(&spec, &out);
            assert_eq!(built.code, Some(1), "{target}, {what}: {}", built.stderr);
            assert!(!out.exists(), "{target}, {what}: something was written");
        }
    }
}

#[test]
fn wrong_usage_is_said_and_ends_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(dir.path().join("empty")).unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let spec = example("single-host").to_str().unwrap().to_owned();
    for (arguments, words) in [
        (vec![], "Usage"),
        (vec!["buidl".to_owned()], "build"),
        (vec!["build".into(), spec.clone()], "--out"),
        (vec!["check".into(), path("empty")], "storeyard init"),
        (vec!["check".into(), path("missing")], "is not a directory"),
        (vec!["build".into(), spec.clone(), "-o".into(), path("file")], "is not a directory"),
        (vec!["check".into(), spec.clone(), "--deny".into(), "lifecicle".into()], "lifecycle"),
        (vec!["check".into(), spec.clone(), "--format".into(), "xml".into()], "junit"),
        (vec!["check".into(), spec, "--today".into(), "tomorrow".into()], "YYYY-MM-DD"),
    ] {
        let said = run(&arguments);
        assert_eq!(said.code, Some(2), "{arguments:?}: {}{}", said.stdout, said.stderr);
        assert!(said.stderr.contains(words), "{arguments:?}: no `{words}` in\n{}", said.stderr);
        assert_eq!(said.stdout, "", "{arguments:?}");
    }
}

#[test]
fn a_space_in_the_output_directory_is_no_trouble() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("our platform");
    let said = build(&example("single-host"), &out);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(out.join("tenants/aurora/values.yaml").is_file());
    assert!(said.stderr.contains("our platform'"), "the next commands can be pasted:\n{}", said.stderr);
}

#[test]
fn findings_are_json_sarif_and_junit() {
    let spec = example("single-host");
    let json: Value = serde_json::from_str(&check(&spec, &["--format", "json"]).stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    for finding in findings {
        for key in ["code", "severity", "message"] {
            assert!(finding[key].is_string(), "{key}: {finding}");
        }
    }

    let sarif: Value = serde_json::from_str(&check(&spec, &["--format", "sarif"]).stdout).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(sarif["$schema"].as_str().unwrap().contains("sarif"));
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "storeyard");
    let rules: Vec<&Value> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), findings.len());
    for result in results {
        assert!(rules.contains(&&result["ruleId"]), "{result}");
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()), "{result}");
        assert!(result["message"]["text"].is_string(), "{result}");
        for location in result["locations"].as_array().unwrap() {
            let location = &location["physicalLocation"];
            let uri = location["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.is_empty() && !uri.starts_with('/'), "{uri}");
            assert!(location["region"]["startLine"].as_u64().unwrap() >= 1, "{result}");
            assert!(location["region"]["startColumn"].as_u64().unwrap() >= 1, "{result}");
        }
    }

    // Whether it is well-formed XML is judged by xmllint in the conformance tests.
    let junit = check(&spec, &["--format", "junit"]).stdout;
    assert!(junit.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite "), "{junit}");
    assert!(junit.contains(" failures=\"0\""), "{junit}");
    let denied = check(&spec, &["--format", "junit", "--deny", "lifecycle"]).stdout;
    assert!(denied.contains(" failures=\"1\"") && denied.contains("<failure "), "{denied}");
}

#[test]
fn what_is_past_its_end_is_reported_and_fails_only_when_asked() {
    let spec = example("single-host");
    let check_only = check(&spec, &[]);
    assert_eq!(check_only.code, Some(0), "{}", check_only.stdout);
    assert!(check_only.stdout.contains("warning[SY1003]"), "{}", check_only.stdout);
    for name in ["lifecycle", "SY1003", "warnings"] {
        let denied = check(&spec, &["--deny", name]);
        assert_eq!(denied.code, Some(1), "{name}: {}", denied.stdout);
        assert!(denied.stdout.contains("error[SY1003]"), "{name}: {}", denied.stdout);
    }
}

#[test]
fn suppressions_hold_until_their_last_day() {
    let dir = tempfile::tempdir().unwrap();
    let spec = copy_of("single-host", dir.path());
    let platform = spec.join("storeyard.yaml");
    let original = fs::read_to_string(&platform).unwrap();
    let with = |code: &str, expires: &str| {
        let suppression = format!(
            "  suppressions:\n    - {{ code: {code}, selector: \"*\", reason: moves next quarter, expires: \"{expires}\" }}\n"
        );
        fs::write(&platform, format!("{original}{suppression}")).unwrap();
        check(&spec, &["--deny", "lifecycle"])
    };
    let valid = with("SY1003", TODAY);
    assert_eq!(valid.code, Some(0), "on its last day it holds: {}", valid.stdout);
    assert!(!valid.stdout.contains("SY1003"), "{}", valid.stdout);
    assert!(valid.stderr.contains("suppressed"), "what is hidden is counted: {}", valid.stderr);
    let expired = with("SY1003", "2026-11-30");
    assert_eq!(expired.code, Some(1));
    assert!(expired.stdout.contains("error[SY0118]"), "{}", expired.stdout);
    let unknown = with("SY9999", "2027-01-01");
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stdout.contains("error[SY0118]"), "{}", unknown.stdout);
    let spec_error = with("SY0102", "2027-01-01");
    assert!(spec_error.stdout.contains("error[SY0118]"), "{}", spec_error.stdout);
}

#[test]
fn all_mistakes_are_shown_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let spec = copy_of("single-host", dir.path());
    edit(&spec.join("storeyard.yaml"), "services: 10.43.0.0/16", "services: 10.42.128.0/17");
    edit(&spec.join("storeyard.yaml"), "timezone:", "timezoen:");
    edit(&spec.join("stores/aurora.yaml"), "size: small", "size: smal");
    edit(&spec.join("stores/borealis.yaml"), "name: borealis", "name: aurora");
    let found = check(&spec, &[]);
    assert_eq!(found.code, Some(1));
    for code in ["SY0002", "SY0006", "SY0102", "SY0107"] {
        assert!(found.stdout.contains(code), "no {code} in\n{}", found.stdout);
    }
    assert!(found.stdout.contains("did you mean `timezone`?"), "{}", found.stdout);
    assert!(found.stdout.contains("did you mean `small`?"), "{}", found.stdout);
}

#[test]
fn init_writes_a_spec_that_passes() {
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("new");
    let init = said(storeyard().arg("init").arg(&spec).arg("--yes"));
    assert_eq!(init.code, Some(0), "{}", init.stderr);
    let checked = check(&spec, &[]);
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
    assert_eq!(build(&spec, &dir.path().join("out")).code, Some(0));
    let before = snapshot(&spec);
    let again = said(storeyard().arg("init").arg(&spec).arg("--yes"));
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    assert!(differences(&before, &snapshot(&spec)).is_empty(), "nothing that exists is overwritten");

    let odd = dir.path().join("odd");
    let refused = said(storeyard().arg("init").arg(&odd).args(["--yes", "--name", "Not a label"]));
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("DNS label"), "{}", refused.stderr);
    assert!(!odd.exists());
}

#[test]
fn a_summary_is_data_when_a_program_asks() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let said = said(
        storeyard().arg("build").arg(example("single-host")).arg("-o").arg(&out).args(["--format", "json"]),
    );
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let json: Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(json["changes"]["created"].as_array().unwrap().len() > 100);
    assert!(json["layers"]["tenants"]["objects"].as_u64().unwrap() > 10);
}
