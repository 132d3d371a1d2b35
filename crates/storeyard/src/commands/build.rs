//! `storeyard build`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use storeyard_core::compile::{Compiled, compile};
use storeyard_core::diagnostic::{self, Severity, Style};
use storeyard_ops::repository::{self, Changes};

use super::FAILED;
use crate::error::CommandError;
use crate::{input, output};

/// Turn a spec into a repository, checked: the main job. A second run changes nothing.
///
/// The tree is written only when there is no error. Files that somebody edited since they were written are never
/// overwritten, and files that Storeyard did not write are never touched.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directory with `storeyard.yaml`.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Directory to write the repository into.
    #[arg(short, long)]
    out: PathBuf,
    /// Say what would change, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Rules whose findings fail the run, by name or code; `warnings` for all of them.
    #[arg(long, value_delimiter = ',')]
    deny: Vec<String>,
    /// Print the summary as JSON on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: SummaryFormat,
    /// The day that suppressions and life cycles are judged by, YYYY-MM-DD; by default today.
    #[arg(long)]
    today: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SummaryFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let mut compiled = compile(&input::read(&args.dir, args.today.as_deref())?);
    output::deny(&mut compiled, &args.deny)?;
    let Some(tree) = compiled.tree.as_ref().filter(|_| !compiled.failed()) else {
        eprint!("{}", diagnostic::to_text(&compiled.findings, &compiled.sources, output::stderr_style()));
        eprintln!("{}; nothing was written", output::counts(&compiled.findings));
        return Ok(FAILED);
    };
    let changes =
        if args.dry_run { repository::plan(tree, &args.out)? } else { repository::write(tree, &args.out)? };
    if args.format == SummaryFormat::Json {
        output::print(&output::pretty(&json(&compiled, &changes, args)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let worth_reading: Vec<_> =
        compiled.findings.iter().filter(|f| f.severity >= Severity::Warning).cloned().collect();
    // Ten excerpts are read, a hundred are not: the rest is one command away.
    let shown = &worth_reading[..worth_reading.len().min(10)];
    eprint!("{}", diagnostic::to_text(shown, &compiled.sources, output::stderr_style()));
    eprint!("{}", summary(&compiled, &changes, args, output::stderr_style()));
    Ok(ExitCode::SUCCESS)
}

fn json(compiled: &Compiled, changes: &Changes, args: &Args) -> serde_json::Value {
    let layers: BTreeMap<&str, serde_json::Value> = compiled
        .report
        .layers
        .iter()
        .map(|(name, l)| (name.as_str(), serde_json::json!({ "releases": l.releases, "objects": l.objects })))
        .collect();
    serde_json::json!({
        "out": args.out.display().to_string(),
        "dryRun": args.dry_run,
        "changes": changes,
        "layers": layers,
        "notChecked": compiled.report.not_checked,
        "suppressed": compiled.report.suppressed,
        "findings": diagnostic::to_json(&compiled.findings, &compiled.sources),
    })
}

fn summary(compiled: &Compiled, changes: &Changes, args: &Args, style: Style) -> String {
    let bold = |text: &str| match style {
        Style::Coloured => format!("\u{1b}[1m{text}\u{1b}[0m"),
        Style::Plain => text.to_owned(),
    };
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let (Some(plan), Some(tree)) = (&compiled.plan, &compiled.tree) else { return out };
    let machines = plan.value["machines"].as_array().map_or(0, Vec::len);
    let hosts = plan.value["hosts"].as_array().map_or(0, Vec::len);
    line(bold(&format!(
        "{}: Kubernetes {}, {}, {}, {}",
        plan.name,
        plan.kubernetes_version.trim_start_matches('v'),
        output::plural(hosts, "host"),
        output::plural(machines, "machine"),
        output::plural(plan.stores.len(), "store"),
    )));
    line(String::new());
    let verb = if args.dry_run { "would be written" } else { "written" };
    if changes.is_empty() {
        line(format!(
            "  {} in {}, all as they were",
            output::plural(tree.files.len(), "file"),
            shown(&args.out)
        ));
    } else {
        line(format!(
            "  {} {verb} to {}: {} new, {} changed, {} removed, {} as they were",
            output::plural(changes.created.len() + changes.updated.len(), "file"),
            shown(&args.out),
            changes.created.len(),
            changes.updated.len(),
            changes.removed.len(),
            changes.unchanged,
        ));
    }
    line(String::new());
    let folders = [
        ("cluster", "kubeadm, kube-vip, virtual machines, cloud-init"),
        ("infra", "cluster add-ons"),
        ("platform", "shared services"),
        ("tenants", "one folder a store"),
        ("apps", "Argo CD: root application, projects, waves"),
        ("runbooks", "what to do, with the real names, in English and Chinese"),
    ];
    for (folder, about) in folders {
        let files = tree.files.keys().filter(|p| p.starts_with(&format!("{folder}/"))).count();
        if files == 0 {
            continue;
        }
        let objects = match compiled.report.layers.get(folder) {
            Some(layer) if layer.objects > 0 => format!("{:>5} objects", layer.objects),
            _ => " ".repeat(13),
        };
        line(format!("  {folder:<9} {:>4} files {objects}   {about}", files));
    }
    line(String::new());
    line(format!("  {}", output::counts(&compiled.findings)));
    for finding in compiled.findings.iter().filter(|f| f.severity == Severity::Note) {
        line(format!("    {} {}", finding.code, finding.message));
    }
    line(String::new());
    line(bold("  Next"));
    let out_dir = shown(&args.out);
    let dir = shown(&args.dir);
    if args.dry_run {
        line(format!("    storeyard build {dir} -o {out_dir}   writes it"));
        return out;
    }
    line(format!(
        "    less {out_dir}/runbooks/en/bootstrap.md   from bare metal to the first store, step by step"
    ));
    line(format!("    cd {out_dir} && git init && git add -A && git commit   it is an ordinary repository"));
    if !compiled.report.not_checked.is_empty() {
        line(format!(
            "    storeyard vendor {dir}   brings the upstream charts, so that they are checked too"
        ));
    }
    if compiled.findings.iter().any(|f| f.severity == Severity::Warning) {
        line(format!("    storeyard check {dir}   shows all findings with their remedies"));
    }
    out
}

fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if text.chars().any(char::is_whitespace) { format!("'{text}'") } else { text }
}
