//! Test support: the real programs that judge what Storeyard writes.
//!
//! A generated repository is right when the programs it is for say so. This crate finds those programs, runs them, and
//! makes tests that need them honest: where a program is missing, the test says so in its name and counts as
//! ignored, and in CI (`STOREYARD_REQUIRE_TOOLS=1`) it fails.
//!
//! - [`program`] finds programs and runs them.
//! - [`suite`] is a test harness whose tests name what they need.
//! - [`ApiServer`] is a real kube-apiserver on a real etcd, with Pod Security, quotas and service accounts on; [`Client`]
//!   applies objects to it.
//! - [`judge()`] gives it a whole set of objects, in the order a cluster needs, and returns every refusal.
//! - [`crds`] knows the custom resource definitions at hand.
//! - [`validators`] wraps kubeadm, virt-xml-validate, cloud-init and Helm.
//!
//! `.ci/tools` in the repository builds or names the programs. A conformance suite is short:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use storeyard_testbed::{judge, suite::{Need, Suite}};
//!
//! fn main() -> ExitCode {
//!     Suite::new()
//!         .test("a_config_map_is_accepted", Need::CLUSTER, || {
//!             let object = serde_json::json!({
//!                 "apiVersion": "v1", "kind": "ConfigMap",
//!                 "metadata": { "name": "a", "namespace": "default" },
//!             });
//!             judge([object])?.into_result()?;
//!             Ok(())
//!         })
//!         .run()
//! }
//! ```

mod api_server;
mod client;
pub mod crds;
mod judge;
pub mod program;
pub mod suite;
pub mod validators;

pub use api_server::{ApiServer, Options};
pub use client::{Answer, Client};
pub use judge::{Judgement, Remark, Stage, Subject, judge, pod_of};

use std::path::PathBuf;

/// What went wrong with the test bed itself. What a program *says* about its input is never an `Error`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is on none of the places where [`program::find`] looks.
    #[error("{name} was not found in {places}; `bash .ci/tools` builds or names it")]
    Missing {
        /// The program's name.
        name: String,
        /// Where it was looked for, for people.
        places: String,
    },
    /// The operating system refused something.
    #[error("could not {doing}: {source}")]
    Io {
        /// What was being done, such as `start etcd`.
        doing: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A server ended or did not become ready; its own last words are attached.
    #[error("{program} {what}; its log in {log} ends with:\n{tail}")]
    Server {
        /// `etcd` or `kube-apiserver`.
        program: &'static str,
        /// What it did, such as `ended with exit status: 1`.
        what: String,
        /// The kept log file.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The API server could not be talked to, or answered something that is not JSON.
    #[error("{method} {path}: {reason}")]
    Http {
        /// The request's method.
        method: String,
        /// The request's path and query.
        path: String,
        /// Why it failed.
        reason: String,
    },
    /// A custom resource definition at hand was refused, or never came to be served.
    #[error("custom resource definition {name}: {reason}")]
    Definition {
        /// The definition's name, `<plural>.<group>`.
        name: String,
        /// The server's message.
        reason: String,
    },
    /// A certificate could not be made.
    #[error("could not make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let doing = doing.into();
        move |source| Error::Io { doing, source }
    }
}
