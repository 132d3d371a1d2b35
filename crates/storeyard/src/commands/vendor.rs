//! `storeyard vendor`

use std::path::PathBuf;
use std::process::ExitCode;

use storeyard_core::compile::compile;
use storeyard_core::diagnostic;
use storeyard_core::lock::LOCK_FILE;
use storeyard_ops::vendor::{
    self, Difference, Failure, FailureKind, How, Outcome, Patience, Request, Wanted,
};

use super::FAILED;
use crate::error::{CommandError, Kind};
use crate::{input, output};

/// Bring the upstream charts of the plan to `vendor/` and lock them; after that everything works offline.
///
/// A chart is taken from `vendor/` if it is there, else from what `--from` names, else from the repository in the bill of
/// materials. `storeyard.lock` records the SHA-256 of each: commit both. Proxies and certificates are taken from
/// HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directory with `storeyard.yaml`.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// A chart's directory, a `.tgz`, or a directory of such; looked at before any repository.
    #[arg(long, value_name = "PATH")]
    from: Vec<PathBuf>,
    /// Only compare `vendor/` with the lock and the plan, without network; a difference is exit code 1.
    #[arg(long, conflicts_with_all = ["from", "prune"])]
    check: bool,
    /// Delete archives that the plan does not use any more.
    #[arg(long)]
    prune: bool,
    /// Print the summary as JSON on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let mut inputs = input::read(&args.dir, None)?;
    // Only the plan is asked for: what is at hand so far does not matter to it, and need not be rendered.
    inputs.vendored.clear();
    inputs.lock = None;
    let compiled = compile(&inputs);
    let Some(plan) = &compiled.plan else {
        eprint!("{}", diagnostic::to_text(&compiled.findings, &compiled.sources, output::stderr_style()));
        eprintln!("{}; so nobody knows which charts are needed", output::counts(&compiled.findings));
        return Ok(FAILED);
    };
    let wanted = vendor::wanted(plan);
    if args.check {
        return check(args, &wanted);
    }
    let request = Request {
        dir: &args.dir,
        wanted: &wanted,
        from: &args.from,
        prune: args.prune,
        patience: Patience::default(),
    };
    let outcome = vendor::vendor(&request, &mut |line| eprintln!("  {line}"))?;
    if args.format == Format::Json {
        output::print(&output::pretty(&serde_json::json!(outcome)))?;
    } else {
        eprint!("{}", summary(&plan.name, &outcome, args));
    }
    let refused = outcome.failures.iter().any(|failure| failure.kind == FailureKind::Refused);
    Ok(match (outcome.failures.is_empty(), refused) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => FAILED,
        (false, false) => ExitCode::from(3),
    })
}

fn check(args: &Args, wanted: &[Wanted]) -> Result<ExitCode, CommandError> {
    let differences = vendor::verify(&args.dir, wanted)?;
    if args.format == Format::Json {
        output::print(&output::pretty(&serde_json::json!({ "differences": differences })))?;
    } else {
        for Difference { archive, reason, remedy } in &differences {
            eprintln!("error: vendor/{archive} {reason}\n  hint: {remedy}");
        }
        if differences.is_empty() {
            eprintln!("{} in vendor/, each as {LOCK_FILE} says", output::plural(wanted.len(), "chart"));
        } else {
            eprintln!("{}", output::plural(differences.len(), "difference"));
        }
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { FAILED })
}

fn summary(platform: &str, outcome: &Outcome, args: &Args) -> String {
    let mut out = String::new();
    let total = outcome.charts.len() + outcome.failures.len();
    out.push_str(&format!(
        "{platform}: {} of {} at hand\n",
        outcome.charts.len(),
        output::plural(total, "chart")
    ));
    let widest = |of: fn(&vendor::Vendored) -> usize| outcome.charts.iter().map(of).max().unwrap_or(0);
    let (name, version) = (widest(|v| v.chart.name.len()), widest(|v| v.chart.version.len()));
    for vendored in &outcome.charts {
        let how = match vendored.how {
            How::Kept => "as it was".to_owned(),
            How::Locked => "locked as it lies in vendor/; its repository was not asked".to_owned(),
            How::Local | How::Fetched => format!("from {}", vendored.chart.from),
        };
        out.push_str(&format!(
            "  {:<name$}  {:<version$}  {:>5} KiB  {how}\n",
            vendored.chart.name,
            vendored.chart.version,
            vendored.bytes.div_ceil(1024)
        ));
    }
    for remark in &outcome.remarks {
        out.push_str(&format!("  not used: {remark}\n"));
    }
    for pruned in &outcome.pruned {
        out.push_str(&format!("  deleted: vendor/{pruned}\n"));
    }
    if !outcome.leftovers.is_empty() {
        out.push_str(&format!(
            "  not needed any more: {} (`--prune` deletes them)\n",
            outcome.leftovers.iter().map(|name| format!("vendor/{name}")).collect::<Vec<_>>().join(", ")
        ));
    }
    for failure in &outcome.failures {
        out.push_str(&format!("error: {failure}\n"));
        for hint in &failure.hints {
            out.push_str(&format!("  hint: {hint}\n"));
        }
    }
    if outcome.failures.is_empty() {
        let lock = if outcome.lock_written { "is written" } else { "is as it was" };
        let dir = args.dir.display();
        out.push_str(&format!("{LOCK_FILE} {lock}; next: storeyard check {dir}\n"));
    } else {
        out.push_str(&format!("{} of {total} failed\n", outcome.failures.len()));
    }
    out
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::Usage => Kind::Usage,
            FailureKind::Refused => Kind::Refused,
            FailureKind::World => Kind::World,
        };
        failure
            .hints
            .iter()
            .fold(Self::new(kind, failure.to_string()), |error, hint| error.hint(hint.clone()))
    }
}
