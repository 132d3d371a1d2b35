//! A small `helm template`: `cargo run --example template -- NAME CHART [flags]`.
//!
//! Takes `-f`, `--set`, `--set-string`, `--set-json`, `--set-file`, `--set-literal`, `-n`, `--kube-version`, `-a`,
//! `-s`, `--include-crds`, `--skip-tests`, `--is-upgrade`, and `--compat 3|4` (4 when absent). `--times N` renders N
//! times and prints what one rendering took.

use std::{error::Error, fs, time::Instant};

use chartwright::chart::{Capabilities, Chart, HelmCompat, KubeVersion, Release, UserValues};

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut values = UserValues::default();
    let (mut names, mut show_only, mut api_versions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut compat, mut kube_version) = (HelmCompat::V4_2, None);
    let (mut namespace, mut times) = ("default".to_owned(), 1_u32);
    let (mut include_crds, mut skip_tests, mut is_upgrade, mut skip_schema) = (false, false, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "-f" | "--values" => {
                let path = next()?;
                values.files.push((path.clone(), fs::read_to_string(&path)?));
            }
            "--set" => values.set.push(next()?),
            "--set-string" => values.set_string.push(next()?),
            "--set-json" => values.set_json.push(next()?),
            "--set-file" => values.set_file.push(next()?),
            "--set-literal" => values.set_literal.push(next()?),
            "-n" | "--namespace" => namespace = next()?,
            "--kube-version" => kube_version = Some(next()?),
            "-a" | "--api-versions" => api_versions.extend(next()?.split(',').map(str::to_owned)),
            "-s" | "--show-only" => show_only.push(next()?),
            "--compat" => compat = if next()? == "3" { HelmCompat::V3_19 } else { HelmCompat::V4_2 },
            "--times" => times = next()?.parse()?,
            "--include-crds" => include_crds = true,
            "--skip-tests" => skip_tests = true,
            "--is-upgrade" => is_upgrade = true,
            "--skip-schema-validation" => skip_schema = true,
            _ => names.push(argument),
        }
    }
    let [name, path] = names.as_slice() else { return Err("usage: template NAME CHART [flags]".into()) };

    let chart = Chart::load(path)?;
    let mut release = Release::with_compat(name, namespace, compat);
    release.capabilities = Capabilities { api_versions, ..Capabilities::default_for(compat) };
    if let Some(version) = kube_version {
        release.capabilities.kube_version = KubeVersion::parse(&version, compat)?;
    }
    release.include_crds = include_crds;
    release.skip_tests = skip_tests;
    release.is_upgrade = is_upgrade;
    release.skip_schema_validation = skip_schema;

    let values = values.merge(compat, &mut |path| fs::read_to_string(path).map_err(|e| e.to_string()))?;
    let mut rendered = chart.render(&release, &values, None)?;
    if times > 1 {
        let start = Instant::now();
        for _ in 0..times {
            rendered = chart.render(&release, &values, None)?;
        }
        eprintln!("{:?} a rendering", start.elapsed() / times);
    }
    for warning in &rendered.warnings {
        eprintln!("warning: {warning}");
    }
    if show_only.is_empty() {
        print!("{}", rendered.to_text());
    } else {
        print!("{}", rendered.show_only(&show_only, compat)?);
    }
    Ok(())
}
