//! `storeyard check`

use std::path::PathBuf;
use std::process::ExitCode;

use storeyard_core::compile::compile;

use super::FAILED;
use crate::error::CommandError;
use crate::input;
use crate::output::{self, Format};

/// Show everything that is wrong with a spec and with what would follow from it; write nothing.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directory with `storeyard.yaml`.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// How to print findings.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Rules whose findings fail the run, by name or code (`lifecycle`, `SY1003`); `warnings` for all of them.
    #[arg(long, value_delimiter = ',')]
    deny: Vec<String>,
    /// The day that suppressions and life cycles are judged by, YYYY-MM-DD; by default today.
    #[arg(long)]
    today: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let mut compiled = compile(&input::read(&args.dir, args.today.as_deref())?);
    output::deny(&mut compiled, &args.deny)?;
    output::print(&output::findings(&compiled, args.format))?;
    let objects: usize = compiled.report.layers.values().map(|l| l.objects).sum();
    let suppressed = match compiled.report.suppressed {
        0 => String::new(),
        n => format!(", {n} suppressed"),
    };
    if compiled.tree.is_some() {
        eprintln!(
            "{}{suppressed}; {} looked at",
            output::counts(&compiled.findings),
            output::plural(objects, "object")
        );
    } else {
        eprintln!(
            "{}{suppressed}; nothing could be built, so no object was looked at",
            output::counts(&compiled.findings)
        );
    }
    Ok(if compiled.failed() { FAILED } else { ExitCode::SUCCESS })
}
