//! What a user sees when a command cannot do its work. Findings about a spec are no errors of this kind: they are the
//! command's result.

use std::process::ExitCode;

use storeyard_ops::repository::WriteError;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The user's: wrong arguments, a directory without a spec. Exit code 2.
    Usage,
    /// The tree's: files that were edited by hand. Exit code 1.
    Refused,
    /// The machine's: something cannot be read or written. Exit code 3.
    World,
}

/// A failed command.
#[derive(Debug)]
pub(crate) struct CommandError {
    kind: Kind,
    message: String,
    hints: Vec<String>,
}

impl CommandError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints it to standard error and gives its exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.message);
        for hint in &self.hints {
            eprintln!("  hint: {hint}");
        }
        ExitCode::from(match self.kind {
            Kind::Refused => 1,
            Kind::Usage => 2,
            Kind::World => 3,
        })
    }
}

impl From<WriteError> for CommandError {
    fn from(error: WriteError) -> Self {
        let list = |files: &[String]| {
            let mut shown = files.iter().take(10).map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ");
            if files.len() > 10 {
                shown.push_str(&format!(" and {} more", files.len() - 10));
            }
            shown
        };
        match &error {
            WriteError::Edited(files) => Self::new(Kind::Refused, error.to_string())
                .hint(format!("they are {}", list(files)))
                .hint("`storeyard explain FILE:LINE` says which line of the spec or template such a change belongs to")
                .hint("make the change there; or restore the file (`git checkout -- FILE`), or delete it, and build again"),
            WriteError::Foreign(files) => Self::new(Kind::Refused, error.to_string())
                .hint(format!("they are {}", list(files)))
                .hint("move them away, or build into another directory: nothing was changed"),
            WriteError::NotADirectory(_) => Self::new(Kind::Usage, error.to_string()).hint("give `-o` a directory"),
            WriteError::Record { path, .. } => Self::new(Kind::World, error.to_string()).hint(format!(
                "restore `{}` from Git; without it nobody knows which files are Storeyard's",
                path.display()
            )),
            WriteError::Io { .. } => Self::new(Kind::World, error.to_string()),
        }
    }
}
