//! Generated files are what the code gives; the program's own help is a part of them.

use std::process::Command;

#[test]
fn generated_files_are_fresh() {
    let help = |args: &[&str]| -> Result<String, String> {
        let output = Command::new(env!("CARGO_BIN_EXE_storeyard"))
            .args(args)
            .arg("--help")
            .env("COLUMNS", "100")
            .output()
            .map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    if std::env::var_os("STOREYARD_BLESS").is_some() {
        xtask::generate::write(&help).unwrap_or_else(|message| panic!("{message}"));
    }
    if let Err(message) = xtask::generate::check(&help) {
        panic!("{message}");
    }
}
