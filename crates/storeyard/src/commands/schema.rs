//! `storeyard schema`

use std::process::ExitCode;

use storeyard_core::spec::schema;

use crate::error::CommandError;
use crate::output;

/// Print the JSON Schema of the spec, for editors.
///
/// Editors that use the YAML language server take it by a first line such as
/// `# yaml-language-server: $schema=./storeyard.schema.json`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the schema of one kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// `storeyard.yaml`
    Platform,
    /// `stores/*.yaml`
    Store,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let schema = match args.kind {
        Some(Kind::Platform) => schema::platform().schema().clone(),
        Some(Kind::Store) => schema::store().schema().clone(),
        None => schema::combined(),
    };
    output::print(&output::pretty(&schema))?;
    Ok(ExitCode::SUCCESS)
}
