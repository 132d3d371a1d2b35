//! Compiles fleets of generated stores and says what they cost, beside what the real Helm costs for the same stores.
//!
//! Each size runs in a process of its own, so that its peak of memory is its own. CPU is what the process used in all
//! its threads, user time and system's; times by the clock depend on the machine's other work and are not shown.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use storeyard_core::compile::{Compiled, Inputs, compile};
use storeyard_core::diagnostic::{Severity, Style, to_text};
use storeyard_core::spec::SpecFiles;

/// Fleets that are compiled when no other are named.
const SIZES: &[usize] = &[1, 10, 100, 500, 2000];
/// Stores that Helm renders, one run each; its cost for a fleet is this sample's, scaled.
const SAMPLE: usize = 20;
/// A short run is repeated until it has used so many CPU seconds, because the system counts hundredths.
const ENOUGH: f64 = 0.5;
/// Bounds for 500 stores: CPU seconds, MiB.
const BOUNDS: (usize, f64, f64) = (500, 2.0, 500.0);

/// Benches the named sizes and prints a table.
///
/// # Errors
/// A size that is no number, and what keeps a process from running.
pub fn run(sizes: &[&str]) -> Result<(), String> {
    let sizes: Vec<usize> = if sizes.is_empty() {
        SIZES.to_vec()
    } else {
        sizes
            .iter()
            .map(|s| s.parse().map_err(|_| format!("`{s}` is not a number of stores")))
            .collect::<Result<_, _>>()?
    };
    if cfg!(debug_assertions) {
        eprintln!("building for release first");
        let status = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--release", "--package", "xtask", "--", "bench"])
            .args(sizes.iter().map(ToString::to_string))
            .current_dir(crate::root())
            .status()
            .map_err(|error| format!("cargo cannot be run: {error}"))?;
        return if status.success() { Ok(()) } else { Err("the bench failed".to_owned()) };
    }
    let helm = match helm() {
        Some(program) => Some(sample(&program)?),
        None => {
            eprintln!("helm is not found (KUBEBUILDER_ASSETS, the tools cache, PATH): no comparison");
            None
        }
    };
    println!("stores    files  objects   CPU s   ms/store   peak MiB   KiB/store   helm CPU s   ratio");
    let mut before: Option<(usize, Cost)> = None;
    let mut over = Vec::new();
    for size in sizes {
        let cost = measure(size)?;
        let mut line = format!(
            "{size:>6} {:>8} {:>8} {:>7.2} {:>10.2} {:>10.1}",
            cost.files,
            cost.objects,
            cost.cpu,
            cost.cpu * 1e3 / size as f64,
            cost.peak,
        );
        // What one more store costs, from the size before.
        let each = before
            .as_ref()
            .filter(|(smaller, _)| *smaller < size)
            .map(|(smaller, was)| (cost.peak - was.peak) * 1024.0 / (size - smaller) as f64);
        let _ = match each {
            Some(each) => write!(line, " {each:>11.1}"),
            None => write!(line, " {:>11}", "-"),
        };
        if let Some(helm) = helm {
            let _ = write!(line, " {:>12.2} {:>7.1}", helm * size as f64, helm * size as f64 / cost.cpu);
        }
        println!("{line}");
        if size == BOUNDS.0 && (cost.cpu > BOUNDS.1 || cost.peak > BOUNDS.2) {
            over.push(format!("{size} stores are to take less than {} CPU s and {} MiB", BOUNDS.1, BOUNDS.2));
        }
        before = Some((size, cost));
    }
    if let Some(helm) = helm {
        println!(
            "helm: `helm template` once a store, {:.0} ms of CPU each, measured on {SAMPLE} stores and scaled",
            helm * 1e3
        );
    }
    println!("CPU: user and system, all threads; build and check of the whole fleet, without writing files");
    if over.is_empty() { Ok(()) } else { Err(over.join("\n")) }
}

#[derive(Debug, Clone, Copy)]
struct Cost {
    /// Seconds.
    cpu: f64,
    /// MiB.
    peak: f64,
    files: u64,
    objects: u64,
}

fn measure(size: usize) -> Result<Cost, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args(["bench-one", &size.to_string()])
        .output()
        .map_err(|error| format!("the bench cannot run itself: {error}"))?;
    if !output.status.success() {
        return Err(format!("{size} stores: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let value: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let number = |key: &str| value.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let count = |key: &str| value.get(key).and_then(Value::as_u64).unwrap_or(0);
    Ok(Cost { cpu: number("cpu"), peak: number("peak"), files: count("files"), objects: count("objects") })
}

/// Compiles one fleet in this process and prints what it cost as JSON.
///
/// # Errors
/// A fleet that does not compile.
pub fn one(size: &str) -> Result<(), String> {
    let size: usize = size.parse().map_err(|_| format!("`{size}` is not a number of stores"))?;
    let inputs = fleet(size)?;
    let start = cpu()?.own;
    let compiled = compiled(&inputs)?;
    let mut used = cpu()?.own - start;
    let peak = peak()?;
    let mut runs = 1;
    while used < ENOUGH {
        self::compiled(&inputs)?;
        runs += 1;
        used = cpu()?.own - start;
    }
    let objects: usize = compiled.report.layers.values().map(|layer| layer.objects).sum();
    let files = compiled.tree.as_ref().map_or(0, |tree| tree.files.len());
    println!(
        "{}",
        json!({ "cpu": used / f64::from(runs), "peak": peak, "files": files, "objects": objects })
    );
    Ok(())
}

fn compiled(inputs: &Inputs) -> Result<Compiled, String> {
    let compiled = compile(inputs);
    if compiled.failed() || compiled.tree.is_none() {
        let errors: Vec<_> =
            compiled.findings.iter().filter(|f| f.severity == Severity::Error).take(5).cloned().collect();
        return Err(to_text(&errors, &compiled.sources, Style::Plain));
    }
    Ok(compiled)
}

/// `examples/single-host` with a host for every 50 stores, and its two stores again and again.
fn fleet(size: usize) -> Result<Inputs, String> {
    let example = crate::root().join("examples/single-host");
    let read = |path: &str| {
        let path = example.join(path);
        fs::read_to_string(&path).map_err(|error| format!("`{}`: {error}", path.display()))
    };
    let platform = read("storeyard.yaml")?;
    let mut spec = chartwright::yaml::from_str(&platform).map_err(|error| error.to_string())?;
    let hosts: Vec<Value> = (0..size.div_ceil(50)).map(host).collect();
    if let Some(Value::Object(spec)) = spec.get_mut("spec") {
        spec.insert("hosts".to_owned(), hosts.into());
        if let Some(Value::Object(network)) = spec.get_mut("network") {
            network.insert("nodes".to_owned(), "10.10.0.0/16".into());
        }
    }
    let models = [("aurora", read("stores/aurora.yaml")?), ("borealis", read("stores/borealis.yaml")?)];
    let stores = (0..size)
        .map(|number| {
            let (name, text) = &models[number % models.len()];
            // Names, domains and images follow the store's name.
            let text = text.replace(name, &format!("{name}-{number:04}"));
            (format!("stores/{name}-{number:04}.yaml"), text.into_bytes())
        })
        .collect();
    Ok(Inputs {
        spec: SpecFiles {
            platform: ("storeyard.yaml".to_owned(), chartwright::yaml::to_string(&spec).into_bytes()),
            stores,
        },
        today: "2026-11-22".to_owned(),
        ..Inputs::default()
    })
}

fn host(number: usize) -> Value {
    let mut machines = vec![json!({
        "name": format!("w{}", number + 1), "role": "worker", "labels": ["infra"],
        "address": format!("10.10.3.{}", number + 1), "cores": 200, "memory": "1800Gi",
    })];
    if number == 0 {
        machines.extend((1..=3).map(|n| {
            json!({
                "name": format!("cp{n}"), "role": "control-plane",
                "address": format!("10.10.1.{n}"), "cores": 2, "memory": "8Gi",
            })
        }));
    }
    json!({
        "name": format!("bm{}", number + 1), "address": format!("10.10.2.{}", number + 1),
        "cores": 256, "memory": "3Ti", "zfs": { "pool": "tank" }, "machines": machines,
    })
}

/// CPU seconds of Helm for one store, the mean of the sample.
fn sample(helm: &PathBuf) -> Result<f64, String> {
    let compiled = compiled(&fleet(SAMPLE)?)?;
    let (Some(plan), Some(tree)) = (&compiled.plan, &compiled.tree) else {
        return Err("the sample was not compiled".to_owned());
    };
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (path, file) in &tree.files {
        if path.starts_with("charts/magento/") || path.starts_with("tenants/") {
            let target = folder.path().join(path);
            let parent = target.parent().unwrap_or(folder.path());
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&target, &file.bytes))
                .map_err(|e| e.to_string())?;
        }
    }
    let start = cpu()?.children;
    for store in &plan.stores {
        let output = Command::new(helm)
            .current_dir(folder.path())
            .args(["template", &store.name, "charts/magento", "--namespace", &store.namespace])
            .args(["--values", &format!("tenants/{}/values.yaml", store.name)])
            .args(["--kube-version", plan.kubernetes_version.trim_start_matches('v')])
            .output()
            .map_err(|error| format!("helm cannot be run: {error}"))?;
        if !output.status.success() {
            return Err(format!("helm: {}", String::from_utf8_lossy(&output.stderr)));
        }
    }
    Ok((cpu()?.children - start) / SAMPLE as f64)
}

/// Where the test bed looks too.
fn helm() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let tools = variable("STOREYARD_TOOLS")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache/storeyard-tools")));
    let mut folders: Vec<PathBuf> = variable("KUBEBUILDER_ASSETS").map(PathBuf::from).into_iter().collect();
    folders.extend(tools.map(|folder| folder.join("bin")));
    folders.extend(variable("PATH").iter().flat_map(std::env::split_paths));
    folders.into_iter().map(|folder| folder.join("helm")).find(|path| path.is_file())
}

struct Cpu {
    own: f64,
    children: f64,
}

/// CPU seconds of this process and of its children that have ended.
fn cpu() -> Result<Cpu, String> {
    let text =
        fs::read_to_string("/proc/self/stat").map_err(|error| format!("`/proc/self/stat`: {error}"))?;
    // The second field, the program's name in brackets, may hold blanks.
    let fields: Vec<f64> = text
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(f64::NAN)).collect())
        .unwrap_or_default();
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    // Fields 14 to 17 of proc(5): utime, stime, cutime, cstime. The first after the bracket is field 3.
    match fields.get(11..15) {
        Some([user, system, children_user, children_system]) => {
            Ok(Cpu { own: (user + system) / ticks, children: (children_user + children_system) / ticks })
        }
        _ => Err("`/proc/self/stat` has too few fields".to_owned()),
    }
}

/// Most memory that this process has held, MiB.
fn peak() -> Result<f64, String> {
    let text =
        fs::read_to_string("/proc/self/status").map_err(|error| format!("`/proc/self/status`: {error}"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse::<f64>().ok())
        .map(|kib| kib / 1024.0)
        .ok_or_else(|| "`/proc/self/status` has no VmHWM".to_owned())
}
