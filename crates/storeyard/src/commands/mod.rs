//! One file a verb: its arguments, whose documentation is the manual, and what it does.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod schema;
pub(crate) mod vendor;

use std::process::ExitCode;

/// Findings or a failed check.
pub(crate) const FAILED: ExitCode = ExitCode::FAILURE;
