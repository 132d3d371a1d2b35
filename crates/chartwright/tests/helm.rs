//! Charts against the real Helm: every file of `helm/cases` is one small chart that proves one thing.
//!
//! A case is text: what it proves, a line `args:` with what follows `helm template rel CHART`, and then the files,
//! each after a line `-- name --`. A name that starts with `@` stands beside the chart, not in it; `pack: DIR` makes
//! a `.tgz` of a directory before anything runs.
//!
//! `helm/goldens` holds what Helm 3.19.4 and 4.2.1 make of each; that is what every machine compares with. Where a
//! real Helm is found, it is run as well: `HELM_3` and `HELM_4` name the programs, otherwise `helm` and `helm4` of
//! the `PATH` are asked for their version. `HELM_GOLDENS=write` writes the goldens anew.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
};

use chartwright::chart::{Chart, HelmCompat, KubeVersion, Release, RenderError, UserValues};
use libtest_mimic::{Arguments, Failed, Trial};

const LINES: [(&str, HelmCompat); 2] = [("3", HelmCompat::V3_19), ("4", HelmCompat::V4_2)];
/// Given to Helm and to us alike.
const KUBE_VERSION: &str = "1.30.14";
const NAMESPACE: &str = "shop";

struct Case {
    name: String,
    args: Vec<String>,
    pack: Vec<String>,
    files: BTreeMap<String, String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(here.join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let write = env::var_os("HELM_GOLDENS").is_some_and(|value| value == "write");
    let mut trials = Vec::new();
    for (line, compat) in LINES {
        let helm = find(line);
        let mut live = Vec::new();
        for path in &paths {
            let case = Arc::new(read_case(path));
            let golden = here.join("goldens").join(format!("{}.v{line}.txt", case.name));
            live.push((case.clone(), golden.clone()));
            trials.push(Trial::test(format!("golden {line} {}", case.name), move || {
                let golden = fs::read_to_string(&golden).map_err(|e| format!("{}: {e}", golden.display()))?;
                compare(&golden, &ours(&case, compat))
            }));
        }
        match helm {
            Some(helm) => {
                for (case, golden) in live {
                    let helm = helm.clone();
                    trials.push(Trial::test(format!("live {line} {}", case.name), move || {
                        let theirs = theirs(&helm, &case);
                        if write {
                            fs::write(&golden, &theirs)?;
                        }
                        compare(&theirs, &ours(&case, compat))
                    }));
                }
            }
            None => {
                let missing = format!("live {line}: skipped, there is no Helm {line} (set HELM_{line})");
                let required = env::var_os("STOREYARD_REQUIRE_TOOLS").is_some_and(|value| value == "1");
                let fail = move || Err(Failed::from("the program is required here"));
                trials.push(Trial::test(missing, fail).with_ignored_flag(!required));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The program of one line of Helm.
fn find(line: &str) -> Option<PathBuf> {
    let mut candidates: Vec<PathBuf> =
        env::var_os(format!("HELM_{line}")).map(PathBuf::from).into_iter().collect();
    if candidates.is_empty() {
        candidates.extend(["helm", "helm4", "helm3"].map(PathBuf::from));
    }
    candidates.into_iter().find(|program| {
        let output = Command::new(program).args(["version", "--template", "{{.Version}}"]).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with(&format!("v{line}.")))
    })
}

fn read_case(path: &Path) -> Case {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut case = Case { name, args: Vec::new(), pack: Vec::new(), files: BTreeMap::new() };
    let mut current: Option<String> = None;
    for line in text.split_inclusive('\n') {
        if let Some(file) = line.strip_prefix("-- ").and_then(|rest| rest.trim_end().strip_suffix(" --")) {
            case.files.insert(file.to_owned(), String::new());
            current = Some(file.to_owned());
        } else if let Some(file) = &current {
            case.files.get_mut(file).unwrap().push_str(line);
        } else if let Some(args) = line.strip_prefix("args:") {
            case.args = args.split_whitespace().map(str::to_owned).collect();
        } else if let Some(directory) = line.strip_prefix("pack:") {
            case.pack.push(directory.trim().to_owned());
        }
    }
    case
}

/// Writes a case below a directory; the chart is in `chart/`.
fn lay_out(case: &Case, directory: &Path) {
    for (name, text) in &case.files {
        let path = match name.strip_prefix('@') {
            Some(name) => directory.join(name),
            None => directory.join("chart").join(name),
        };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    for packed in &case.pack {
        let from = directory.join("chart").join(packed);
        let name = from.file_name().unwrap().to_owned();
        let file = fs::File::create(from.with_extension("tgz")).unwrap();
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
        archive.append_dir_all(name, &from).unwrap();
        archive.into_inner().unwrap().finish().unwrap();
        fs::remove_dir_all(from).unwrap();
    }
}

fn argument(text: &str, directory: &Path) -> String {
    let at = directory.join("").display().to_string();
    text.replace('@', &at)
}

/// What Helm prints, or `ERROR` and what it says.
fn theirs(helm: &Path, case: &Case) -> String {
    let directory = tempfile::tempdir().unwrap();
    lay_out(case, directory.path());
    let output = Command::new(helm)
        .args(["template", "rel"])
        .arg(directory.path().join("chart"))
        .args(["--namespace", NAMESPACE, "--kube-version", KUBE_VERSION])
        .args(case.args.iter().map(|text| argument(text, directory.path())))
        .env("HOME", directory.path())
        .output()
        .unwrap();
    if output.status.success() {
        return String::from_utf8_lossy(&output.stdout).into_owned();
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let place = directory.path().display().to_string();
    // Log lines carry the time.
    let said: Vec<&str> =
        said.lines().filter(|line| !line.contains("level=") && !line.contains(".go:")).collect();
    format!("ERROR\n{}\n", said.join("\n").replace(&place, "").trim_end())
}

/// What we print, or `ERROR` and what we say.
fn ours(case: &Case, compat: HelmCompat) -> Result<String, RenderError> {
    let directory = tempfile::tempdir().unwrap();
    lay_out(case, directory.path());
    let mut values = UserValues::default();
    let mut release = Release::with_compat("rel", NAMESPACE, compat);
    release.capabilities.kube_version = KubeVersion::parse(KUBE_VERSION, compat)?;
    let mut show_only = Vec::new();
    let mut args = case.args.iter().map(|text| argument(text, directory.path()));
    while let Some(flag) = args.next() {
        let mut next = || args.next().unwrap();
        match flag.as_str() {
            "-f" => {
                let path = next();
                values.files.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
            "--set" => values.set.push(next()),
            "--set-string" => values.set_string.push(next()),
            "--set-json" => values.set_json.push(next()),
            "--set-file" => values.set_file.push(next()),
            "--set-literal" => values.set_literal.push(next()),
            "--api-versions" => release.capabilities.api_versions.push(next()),
            "--show-only" => show_only.push(next()),
            "--include-crds" => release.include_crds = true,
            "--skip-tests" => release.skip_tests = true,
            "--is-upgrade" => release.is_upgrade = true,
            "--skip-schema-validation" => release.skip_schema_validation = true,
            other => panic!("{other} is unknown to the test"),
        }
    }
    let mut read = |path: &str| fs::read_to_string(path).map_err(|e| e.to_string());
    let values = values.merge(compat, &mut read)?;
    let chart = Chart::load(directory.path().join("chart"))?;
    let rendered = chart.render(&release, &values, None)?;
    // A second rendering comes from the chart's memory and must be the same.
    let again = chart.render(&release, &values, None)?;
    assert_eq!(rendered.to_text(), again.to_text(), "the second rendering differs");
    if show_only.is_empty() { Ok(rendered.to_text()) } else { Ok(rendered.show_only(&show_only, compat)?) }
}

fn compare(theirs: &str, ours: &Result<String, RenderError>) -> Result<(), Failed> {
    match (theirs.strip_prefix("ERROR\n"), ours) {
        (Some(_), Err(error)) => match error {
            // A template's error must be the same one; the words around it are our own.
            RenderError::Template(error) => {
                let message = error.go_text().rsplit(": ").next().unwrap_or_default();
                if theirs.contains(message) {
                    return Ok(());
                }
                Err(format!("another error\n--- Helm\n{theirs}\n--- ours\n{}", error.go_text()).into())
            }
            _ => Ok(()),
        },
        (Some(theirs), Ok(ours)) => Err(format!("Helm fails:\n{theirs}\n--- ours\n{ours}").into()),
        (None, Err(error)) => Err(format!("we fail: {error}\n--- Helm\n{theirs}").into()),
        (None, Ok(ours)) if theirs == ours => Ok(()),
        (None, Ok(ours)) => {
            let line = theirs.lines().zip(ours.lines()).take_while(|(a, b)| a == b).count() + 1;
            Err(format!("differs from line {line} on\n--- Helm\n{theirs}\n--- ours\n{ours}").into())
        }
    }
}
