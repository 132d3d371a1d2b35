//! Everything Storeyard can find fault with: one rule, one file.
//!
//! A rule's file starts with its documentation in fixed headings (what it does, why, example, remedy), from which the
//! reference page is made, and holds the constant [`Rule`] and, for rules over objects, the check itself.

pub mod objects;
pub mod spec;

use crate::diagnostic::{Code, Severity};

/// What is known of a rule without running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `SY` and four digits: 0xxx the spec, 1xxx values and the tree, 2xxx objects.
    pub code: Code,
    /// A few words joined by `-`, for people.
    pub name: &'static str,
    /// The severity of what it finds.
    pub severity: Severity,
    /// One line.
    pub summary: &'static str,
    /// The text of the rule's source file; its leading `//!` lines are the documentation.
    source: &'static str,
}

impl Rule {
    /// The rule's documentation as Markdown.
    pub fn documentation(&self) -> String {
        let lines = self.source.lines().take_while(|line| line.starts_with("//!"));
        let mut text: String = lines
            .map(|line| format!("{}\n", line.trim_start_matches("//!").strip_prefix(' ').unwrap_or("")))
            .collect();
        text.truncate(text.trim_end().len());
        text
    }
}

/// Declares `RULE` in a rule's file.
macro_rules! rule {
    ($code:literal, $name:literal, $severity:ident, $summary:literal, $file:literal) => {
        /// This rule.
        pub(crate) const RULE: $crate::rules::Rule = $crate::rules::Rule::new(
            $crate::diagnostic::Code($code),
            $name,
            $crate::diagnostic::Severity::$severity,
            $summary,
            include_str!($file),
        );
    };
}
pub(crate) use rule;

impl Rule {
    pub(crate) const fn new(
        code: Code,
        name: &'static str,
        severity: Severity,
        summary: &'static str,
        source: &'static str,
    ) -> Self {
        Self { code, name, severity, summary, source }
    }

    /// A finding of this rule with its own severity.
    pub fn find(&self, message: impl Into<String>) -> crate::diagnostic::Diagnostic {
        crate::diagnostic::Diagnostic::new(self.code, self.severity, message)
    }
}

/// All rules in order of their codes.
pub fn all() -> Vec<Rule> {
    let mut all: Vec<Rule> = spec::ALL.iter().chain(objects::ALL).copied().collect();
    all.sort_by_key(|rule| rule.code);
    all
}

/// The rule with this code or name.
pub fn find(code_or_name: &str) -> Option<Rule> {
    all().into_iter().find(|rule| rule.code.0 == code_or_name || rule.name == code_or_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_documented() {
        let rules = all();
        for pair in rules.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} stands twice", pair[1].code);
        }
        for rule in &rules {
            let docs = rule.documentation();
            assert!(
                docs.starts_with(&format!("# {} {}\n", rule.code, rule.name)),
                "{}: title\n{docs}",
                rule.code
            );
            for heading in ["## What it does", "## Why", "## Example", "## Remedy"] {
                assert!(docs.contains(heading), "{} has no `{heading}`", rule.code);
            }
            assert_eq!(rules.iter().filter(|r| r.name == rule.name).count(), 1, "{}", rule.name);
        }
    }
}
