//! Everything in the trees of the examples, judged by the program it is for. A test whose program is not on this machine is
//! skipped by name, and fails with `STOREYARD_REQUIRE_TOOLS=1`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot prepare its input has to fail")]

mod support;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use chartwright::Value;
use chartwright::yaml;
use storeyard_core::compile::{Compiled, Inputs, compile};
use storeyard_core::objects::{self, Charts, VendoredCharts};
use storeyard_core::spec::SpecFiles;
use storeyard_testbed::suite::{Need, Outcome, Suite};
use storeyard_testbed::validators::{self, Helm};
use storeyard_testbed::{Subject, judge, program};
use support::{EXAMPLES, TODAY, example, said, storeyard};

fn main() -> ExitCode {
    use Need::Program;
    Suite::new()
        .test("kubeadm_accepts_its_configuration", &[Program("kubeadm")], kubeadm)
        .test("libvirt_accepts_the_domains", &[Program("virt-xml-validate"), Program("xmllint")], domains)
        .test("cloud_init_accepts_user_data_and_network_config", &[Program("cloud-init")], cloud_init)
        .test("helm_renders_the_same_objects", &[Program("helm")], helm)
        .test("shellcheck_accepts_the_scripts", &[Program("shellcheck")], scripts)
        .test("junit_is_well_formed", &[Program("xmllint")], junit)
        .test("kube_apiserver_accepts_single_host", Need::CLUSTER, || api_server("single-host"))
        .test("kube_apiserver_accepts_two_hosts", Need::CLUSTER, || api_server("two-hosts"))
        .run()
}

/// An example with its tree on disk.
struct Built {
    compiled: Compiled,
    folder: tempfile::TempDir,
}

impl Built {
    fn example(name: &str) -> Result<Built, String> {
        let dir = example(name);
        let read = |path: &str| fs::read(dir.join(path)).unwrap();
        let mut stores: Vec<String> = fs::read_dir(dir.join("stores"))
            .unwrap()
            .map(|entry| format!("stores/{}", entry.unwrap().file_name().to_str().unwrap()))
            .collect();
        stores.sort();
        let spec = SpecFiles {
            platform: ("storeyard.yaml".to_owned(), read("storeyard.yaml")),
            stores: stores.into_iter().map(|path| (path.clone(), read(&path))).collect(),
        };
        let compiled = compile(&Inputs { spec, today: TODAY.to_owned(), ..Inputs::default() });
        let folder = tempfile::tempdir().unwrap();
        let tree = compiled.tree.as_ref().ok_or_else(|| format!("{name} does not build"))?;
        storeyard_ops::repository::write(tree, folder.path()).map_err(|error| error.to_string())?;
        Ok(Built { compiled, folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Files of the tree whose path the test wants, sorted.
    fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let tree = self.compiled.tree.iter().flat_map(|tree| tree.files.keys());
        tree.filter(|path| wanted(path)).map(|path| self.path().join(path)).collect()
    }
}

/// Collects what programs refuse, so that one run shows all of it.
#[derive(Default)]
struct Verdict {
    judged: usize,
    refused: Vec<String>,
}

impl Verdict {
    fn note(&mut self, output: program::Output) {
        self.judged += 1;
        if !output.success() {
            self.refused.push(output.to_string());
        }
    }

    fn outcome(self, at_least: usize) -> Outcome {
        if self.judged < at_least {
            return Err(
                format!("only {} files were judged, {at_least} at least were expected", self.judged).into()
            );
        }
        if self.refused.is_empty() { Ok(()) } else { Err(self.refused.join("\n").into()) }
    }
}

/// The tree's own script does it, as its CI would: kubeadm wants the discovery file of a join to exist. Only the example of
/// the minor that this kubeadm is of.
fn kubeadm() -> Outcome {
    let built = Built::example("single-host")?;
    let output = Command::new("bash")
        .args(["ci/check.sh", "kubeadm"])
        .current_dir(built.path())
        .env("PATH", env::join_paths(program::folders()).unwrap())
        .output()
        .unwrap();
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let files = 1 + built.files(|path| path.starts_with("cluster/join/")).len();
    // A warning would mean a deprecated API version or an unknown field.
    if !output.status.success() || text.contains("WARNING") || text.matches("\nok").count() != files {
        return Err(format!("{files} files: {text}").into());
    }
    Ok(())
}

fn domains() -> Outcome {
    let mut verdict = Verdict::default();
    for name in EXAMPLES {
        for file in Built::example(name)?.files(|path| path.ends_with("/domain.xml")) {
            verdict.note(validators::virt_xml_validate(&file, "domain")?);
        }
    }
    verdict.outcome(8)
}

fn cloud_init() -> Outcome {
    let mut verdict = Verdict::default();
    for name in EXAMPLES {
        let built = Built::example(name)?;
        for file in built.files(|path| path.ends_with("/user-data")) {
            verdict.note(validators::cloud_init_schema(&file)?);
        }
        for file in built.files(|path| path.ends_with("/network-config")) {
            // `schema` knows user-data only before cloud-init 24; what reads the file on a machine is asked instead.
            let output = tempfile::tempdir().unwrap();
            let mut arguments = ["devel", "net-convert", "-k", "yaml", "-O", "netplan", "-D", "debian", "-p"]
                .map(PathBuf::from)
                .to_vec();
            arguments.extend([file, "-d".into(), output.path().to_owned()]);
            verdict.note(program::run("cloud-init", arguments)?);
        }
    }
    verdict.outcome(16)
}

/// Objects as text, sorted: their order is Helm's own matter and judged in its crate.
fn sorted(objects: impl IntoIterator<Item = Value>) -> Vec<String> {
    let mut texts: Vec<String> =
        objects.into_iter().filter(Value::is_object).map(|o| yaml::to_string(&o)).collect();
    texts.sort();
    texts
}

fn helm() -> Outcome {
    let mut problems = Vec::new();
    let (mut releases, mut stores) = (0, 0);
    for name in EXAMPLES {
        let built = Built::example(name)?;
        let (Some(plan), Some(tree)) = (&built.compiled.plan, &built.compiled.tree) else {
            return Err("no plan".into());
        };
        let none = VendoredCharts::new();
        let all = objects::releases(plan, tree);
        let charts = Charts::load(plan, tree, &none, &all);
        for release in all.iter().filter(|release| charts.missing(release).is_empty()) {
            let ours = charts.expand(release, None).map_err(|error| error.to_string())?;
            let ours = sorted(ours.objects.into_iter().map(|object| object.value));
            let values: Vec<PathBuf> = release.values.iter().map(|path| built.path().join(path)).collect();
            let values: Vec<&Path> = values.iter().map(PathBuf::as_path).collect();
            let version = ["--include-crds", "--skip-tests", "--kube-version", &plan.kubernetes_version];
            let chart = built.path().join(&release.chart);
            let line = validators::helm_template(
                Helm::V3,
                &release.name,
                &chart,
                &release.namespace,
                &values,
                &version,
            )?;
            let output = match line.into_result() {
                Ok(output) => output,
                Err(output) => {
                    problems.push(format!("{name}, {}: {output}", release.name));
                    continue;
                }
            };
            let theirs = sorted(yaml::documents(&output.stdout).map_err(|error| error.message)?);
            releases += 1;
            stores += usize::from(!values.is_empty());
            if ours != theirs {
                let difference = ours.iter().zip(&theirs).find(|(a, b)| a != b);
                problems.push(format!(
                    "{name}, {}: {} objects of ours, {} of Helm's; the first that differ: {difference:#?}",
                    release.name,
                    ours.len(),
                    theirs.len()
                ));
            }
        }
    }
    if releases < 4 || stores < 3 {
        problems.push(format!("only {releases} releases of {stores} stores were compared"));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

fn scripts() -> Outcome {
    let mut verdict = Verdict::default();
    for name in EXAMPLES {
        for file in Built::example(name)?.files(|path| path.ends_with(".sh")) {
            // SC2317 takes what a trap calls for unreachable.
            verdict.note(program::run("shellcheck", [PathBuf::from("--exclude=SC2317"), file])?);
        }
    }
    verdict.outcome(8)
}

fn junit() -> Outcome {
    let mut verdict = Verdict::default();
    let folder = tempfile::tempdir().unwrap();
    for (number, arguments) in [&[][..], &["--deny", "warnings"]].into_iter().enumerate() {
        let spec = example("single-host");
        let line = said(storeyard().arg("check").arg(spec).args(["--format", "junit"]).args(arguments));
        let file = folder.path().join(format!("{number}.xml"));
        fs::write(&file, line.stdout).unwrap();
        verdict.note(program::run("xmllint", [PathBuf::from("--noout"), file])?);
    }
    verdict.outcome(2)
}

/// Every object that the example contains, applied to a real API server with Pod Security on; and a Pod of every workload.
/// What upstream charts would install is not among them unless they are vendored, which the examples are not.
fn api_server(name: &str) -> Outcome {
    let built = Built::example(name)?;
    let (Some(plan), Some(tree)) = (&built.compiled.plan, &built.compiled.tree) else {
        return Err("no plan".into());
    };
    let none = VendoredCharts::new();
    let releases = objects::releases(plan, tree);
    let charts = Charts::load(plan, tree, &none, &releases);
    let mut subjects = Vec::new();
    for release in &releases {
        for object in charts.expand(release, None).map_err(|error| error.to_string())?.objects {
            subjects.push(Subject {
                origin: object.source.clone(),
                object: object.value,
                namespace: Some(release.namespace.clone()),
            });
        }
    }
    for object in objects::repository_objects(tree)? {
        subjects.push(Subject {
            origin: object.source.clone(),
            object: object.value,
            namespace: Some("argocd".to_owned()),
        });
    }
    // Static pods are no objects of the API, but the kubelet shows them to it as such.
    for (path, file) in tree.files.iter().filter(|(path, _)| path.starts_with("cluster/kube-vip/cp")) {
        let object = yaml::from_str(&String::from_utf8_lossy(&file.bytes)).map_err(|error| error.message)?;
        let mut object: Value = object;
        // One name on each machine; here they are all in one cluster without nodes.
        object["metadata"]["name"] = format!("kube-vip-{}", path.len() + subjects.len()).into();
        subjects.push(Subject { origin: path.clone(), object, namespace: Some("kube-system".to_owned()) });
    }
    let expected = subjects.len();
    let judgement = judge(subjects)?.into_result()?;
    eprintln!("{name}: {expected} objects: {judgement}");
    if judgement.objects < expected || judgement.pods < 10 {
        return Err(format!("{expected} objects were expected: {judgement}").into());
    }
    Ok(())
}
