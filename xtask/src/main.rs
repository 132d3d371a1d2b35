//! `cargo xtask`: developers' tasks.

use std::process::{Command, ExitCode};

const USAGE: &str = "\
usage: cargo xtask generate [--check]    write the generated files, or say which are stale
       cargo xtask bench [SIZE...]       compile fleets of generated stores (1 10 100 500 2000) and compare with Helm
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["generate"] => xtask::generate::write(&help),
        ["generate", "--check"] => xtask::generate::check(&help),
        ["bench", sizes @ ..] => xtask::bench::run(sizes),
        ["bench-one", size] => xtask::bench::one(size),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// What `storeyard ARGS... --help` prints.
fn help(args: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet"])
        // In the profile that this program has itself, so that nothing is compiled twice.
        .args(if cfg!(debug_assertions) { &[][..] } else { &["--release"][..] })
        .args(["--package", "storeyard", "--"])
        .args(args)
        .arg("--help")
        .env("COLUMNS", "100")
        .current_dir(xtask::root())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("`storeyard --help` failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
