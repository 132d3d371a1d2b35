//! A test harness for tests that need programs.
//!
//! A `[[test]]` with `harness = false` builds a [`Suite`] in its `main`. It takes the same arguments as Rust's own
//! harness and prints the same lines, with one difference: a test whose [`Need`]s are not met is listed as ignored, with the
//! reason in its name. It is never counted as passed. With `STOREYARD_REQUIRE_TOOLS=1` it fails instead.

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::{crds, program};

/// What a test needs on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A program that [`program::find`] finds.
    Program(&'static str),
    /// The custom resource definitions of [`crds::at_hand`].
    Definitions,
}

impl Need {
    /// What [`ApiServer::start`](crate::ApiServer::start) needs.
    pub const API_SERVER: &'static [Need] = &[Need::Program("etcd"), Need::Program("kube-apiserver")];
    /// What [`judge`](crate::judge()) needs: the API server, and definitions for custom resources.
    pub const CLUSTER: &'static [Need] =
        &[Need::Program("etcd"), Need::Program("kube-apiserver"), Need::Definitions];

    /// `None` when it is met, else what is missing, for people.
    fn missing(self) -> Option<String> {
        match self {
            Need::Program(name) => program::find(name).is_none().then(|| name.to_owned()),
            Need::Definitions => crds::at_hand().is_none().then(|| "custom resource definitions".to_owned()),
        }
    }
}

/// What a test's body returns: any error that can be shown becomes a failure by `?`.
pub type Outcome = Result<(), Failed>;

/// A list of tests, run by [`Suite::run`].
#[derive(Default)]
pub struct Suite {
    trials: Vec<Trial>,
}

impl Suite {
    /// An empty suite.
    pub fn new() -> Suite {
        Suite::default()
    }

    /// Adds a test that runs when all `needs` are met. A panic fails it too.
    ///
    /// Tests run on several threads, so what they share has to be shared knowingly.
    #[must_use]
    pub fn test(
        mut self,
        name: &str,
        needs: &[Need],
        body: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Suite {
        let missing: Vec<String> = needs.iter().filter_map(|need| need.missing()).collect();
        let required = env::var_os("STOREYARD_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        self.trials.push(trial(name, &missing, required, body));
        self
    }

    /// Runs the tests as the command line asks, and returns what `main` returns.
    pub fn run(self) -> ExitCode {
        libtest_mimic::run(&Arguments::from_args(), self.trials).exit_code()
    }
}

fn trial(
    name: &str,
    missing: &[String],
    required: bool,
    body: impl FnOnce() -> Outcome + Send + 'static,
) -> Trial {
    if missing.is_empty() {
        return Trial::test(name, body);
    }
    let list = missing.join(", ");
    // The body fails rather than runs, so that `--include-ignored` cannot make it pass.
    let message = format!("not on this machine: {list}. `bash .ci/tools` builds or names the programs");
    let body = move || Err(Failed::from(message));
    if required {
        Trial::test(name, body)
    } else {
        Trial::test(format!("{name} [skipped, not on this machine: {list}]"), body).with_ignored_flag(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conclude(missing: &[&str], required: bool, include_ignored: bool) -> (String, u64, u64, u64) {
        let missing: Vec<String> = missing.iter().map(|&name| name.to_owned()).collect();
        let trial = trial("a_test", &missing, required, || Ok(()));
        let name = trial.name().to_owned();
        // What the inner run prints would read as results of this one.
        let logfile = Some("/dev/null".into());
        let arguments = Arguments { include_ignored, logfile, ..Arguments::default() };
        let conclusion = libtest_mimic::run(&arguments, vec![trial]);
        (name, conclusion.num_passed, conclusion.num_failed, conclusion.num_ignored)
    }

    #[test]
    fn a_test_with_all_it_needs_runs() {
        assert_eq!(conclude(&[], false, false), ("a_test".into(), 1, 0, 0));
    }

    #[test]
    fn a_test_that_misses_a_program_is_ignored_and_says_why() {
        let expected = "a_test [skipped, not on this machine: etcd, helm]";
        assert_eq!(conclude(&["etcd", "helm"], false, false), (expected.into(), 0, 0, 1));
    }

    #[test]
    fn a_required_program_that_is_missing_fails_the_test() {
        assert_eq!(conclude(&["etcd"], true, false), ("a_test".into(), 0, 1, 0));
    }

    #[test]
    fn asking_for_ignored_tests_does_not_make_them_pass() {
        let (_, passed, failed, _) = conclude(&["etcd"], false, true);
        assert_eq!((passed, failed), (0, 1));
    }

    #[test]
    fn programs_are_looked_up() {
        assert_eq!(Need::Program("sh").missing(), None);
        assert_eq!(Need::Program("no-such-program-here").missing().as_deref(), Some("no-such-program-here"));
    }
}
