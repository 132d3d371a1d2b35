//! `storeyard explain`

use std::path::PathBuf;
use std::process::ExitCode;

use storeyard_core::compile::compile;
use storeyard_core::explain::{Step, Target, explain};

use super::FAILED;
use crate::error::{CommandError, Kind};
use crate::{input, output};

/// Say why a line is there: the template line, the value and the line of the spec behind it.
///
/// TARGET is a line of the tree (`tenants/aurora/values.yaml:12`), an object (`Deployment/aurora-fpm`,
/// `Service/store-aurora/aurora-web`), or a rule's code (`SY2002`).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to explain.
    target: String,
    /// Directory with `storeyard.yaml`.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Print the steps as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    if let Some(rule) = storeyard_core::rules::find(&args.target) {
        output::print(&format!("{}\n", rule.documentation()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(target) = Target::parse(&args.target) else {
        return Err(CommandError::new(
            Kind::Usage,
            format!("`{}` is nothing that can be explained", args.target),
        )
        .hint("give FILE:LINE of the tree, Kind/name, Kind/namespace/name, or a rule's code"));
    };
    let inputs = input::read(&args.dir, None)?;
    let compiled = compile(&inputs);
    if compiled.tree.is_none() {
        eprint!(
            "{}",
            storeyard_core::diagnostic::to_text(
                &compiled.findings,
                &compiled.sources,
                output::stderr_style()
            )
        );
        return Ok(FAILED);
    }
    match explain(&inputs, &compiled, &target) {
        Ok(steps) if args.json => output::print(&output::pretty(&json(&steps)))?,
        Ok(steps) => output::print(&text(&steps))?,
        Err(message) => return Err(CommandError::new(Kind::Usage, message)),
    }
    Ok(ExitCode::SUCCESS)
}

fn text(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        let indent = "  ".repeat(step.depth);
        let place = step.place.as_ref().map(|(file, line)| format!("{file}:{line}")).unwrap_or_default();
        let line = match (place.is_empty(), step.text.is_empty()) {
            (false, false) => {
                format!("{indent}{:<10} {place}\n{indent}{:<10}   {}", step.role, "", step.text)
            }
            (false, true) => format!("{indent}{:<10} {place}", step.role),
            (true, _) => format!("{indent}{:<10} {}", step.role, step.text),
        };
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn json(steps: &[Step]) -> serde_json::Value {
    let steps: Vec<serde_json::Value> = steps
        .iter()
        .map(|step| {
            serde_json::json!({
                "depth": step.depth,
                "role": step.role,
                "file": step.place.as_ref().map(|p| &p.0),
                "line": step.place.as_ref().map(|p| p.1),
                "text": step.text,
            })
        })
        .collect();
    serde_json::json!({ "steps": steps })
}
