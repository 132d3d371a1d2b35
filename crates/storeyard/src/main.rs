//! The command line of Storeyard: arguments in, printing out.
//!
//! Data goes to standard output, everything else to standard error. Exit code 0 is fine, 1 means findings or a failed
//! check, 2 wrong usage, 3 that the world refused (a file that cannot be read, a directory that cannot be written).

mod commands;
mod error;
mod input;
mod output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Compiles one declarative spec into a checked GitOps repository for many Magento stores on Kubernetes.
#[derive(Debug, Parser)]
#[command(
    name = "storeyard",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(commands::init::Args),
    Build(commands::build::Args),
    Check(commands::check::Args),
    Explain(commands::explain::Args),
    Schema(commands::schema::Args),
    Vendor(commands::vendor::Args),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let result = match cli.command {
        Command::Init(args) => commands::init::run(&args),
        Command::Build(args) => commands::build::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Vendor(args) => commands::vendor::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}
