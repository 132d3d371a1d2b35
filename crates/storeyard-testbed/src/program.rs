//! Programs of this machine: where they are, and what they answer.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// The folders where programs are looked for, first to last:
///
/// 1. `KUBEBUILDER_ASSETS`, by the convention of controller-runtime's envtest;
/// 2. `bin/` of the tools cache that `.ci/tools` fills, `STOREYARD_TOOLS` or else `~/.cache/storeyard-tools`;
/// 3. `PATH`.
pub fn folders() -> Vec<PathBuf> {
    folders_from(|name| env::var_os(name).filter(|value| !value.is_empty()))
}

fn folders_from(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = variable("KUBEBUILDER_ASSETS").map(PathBuf::from).into_iter().collect();
    let cache = variable("STOREYARD_TOOLS")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache/storeyard-tools")));
    folders.extend(cache.map(|cache| cache.join("bin")));
    folders.extend(variable("PATH").iter().flat_map(env::split_paths));
    folders
}

/// The program `name`, or `None` where this machine lacks it. Looks in [`folders`], each time anew.
pub fn find(name: &str) -> Option<PathBuf> {
    folders().into_iter().map(|folder| folder.join(name)).find(|path| is_executable(path))
}

/// Like [`find`], but a missing program is an [`Error::Missing`].
pub fn require(name: &str) -> Result<PathBuf, Error> {
    find(name).ok_or_else(|| Error::Missing {
        name: name.into(),
        places: "KUBEBUILDER_ASSETS, the tools cache and PATH".into(),
    })
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// What a program answered.
#[derive(Debug, Clone)]
pub struct Output {
    /// Program and arguments, for people.
    pub command: String,
    /// The exit code; `None` when a signal ended the program.
    pub code: Option<i32>,
    /// Standard output, lossily as UTF-8.
    pub stdout: String,
    /// Standard error, lossily as UTF-8.
    pub stderr: String,
}

impl Output {
    /// Whether the program ended with code 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// `Ok` with itself after code 0, else `Err` with itself: what a test returns.
    pub fn into_result(self) -> Result<Output, Output> {
        if self.success() { Ok(self) } else { Err(self) }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "`{}` ended with code {code}", self.command)?,
            None => writeln!(f, "`{}` was ended by a signal", self.command)?,
        }
        write!(f, "{}{}", self.stdout, self.stderr)
    }
}

/// Runs the program `name` with no input and returns what it answered, whatever its exit code.
///
/// # Errors
/// [`Error::Missing`] when [`find`] does not find it, [`Error::Io`] when it cannot be started.
pub fn run(name: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Output, Error> {
    let mut command = Command::new(require(name)?);
    command.args(arguments).stdin(Stdio::null());
    let shown = std::iter::once(OsStr::new(name))
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ");
    let output = command.output().map_err(Error::io(format!("start {name}")))?;
    Ok(Output {
        command: shown,
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders_with(variables: &[(&str, &str)]) -> Vec<PathBuf> {
        folders_from(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_kubebuilder_folder_comes_before_the_cache_and_the_path() {
        let found =
            folders_with(&[("KUBEBUILDER_ASSETS", "/k"), ("STOREYARD_TOOLS", "/t"), ("PATH", "/a:/b")]);
        assert_eq!(found, ["/k", "/t/bin", "/a", "/b"].map(PathBuf::from));
    }

    #[test]
    fn the_cache_is_in_the_home_folder_unless_named() {
        assert_eq!(folders_with(&[("HOME", "/h")]), [PathBuf::from("/h/.cache/storeyard-tools/bin")]);
        assert_eq!(folders_with(&[]), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        assert!(find("no-such-program-here").is_none());
        let error = run("no-such-program-here", ["x"]).unwrap_err().to_string();
        assert!(error.starts_with("no-such-program-here was not found"), "{error}");
    }

    #[test]
    fn output_and_exit_code_are_kept() {
        let output = run("sh", ["-c", "echo out; echo err >&2; exit 3"]).unwrap();
        assert_eq!(
            (output.code, output.stdout.as_str(), output.stderr.as_str()),
            (Some(3), "out\n", "err\n")
        );
        assert!(output.to_string().starts_with("`sh -c"));
        assert!(output.into_result().is_err());
    }
}
