//! Findings that the spec accepts for a time.

use crate::diagnostic::{Diagnostic, Severity};
use crate::spec::platform::Suppression;

/// Takes away findings that a suppression covers; gives what is left and how many were taken. Findings of the spec itself
/// cannot be suppressed, and what is past its last day was reported as an error before.
pub fn suppress(findings: Vec<Diagnostic>, suppressions: &[Suppression]) -> (Vec<Diagnostic>, usize) {
    let before = findings.len();
    let left: Vec<Diagnostic> = findings
        .into_iter()
        .filter(|finding| {
            let about_spec = finding.code.0.starts_with("SY0") && finding.severity == Severity::Error;
            about_spec
                || !suppressions.iter().any(|s| {
                    s.code == finding.code.0 && matches(&s.selector, finding.subject.as_deref().unwrap_or(""))
                })
        })
        .collect();
    let taken = before - left.len();
    (left, taken)
}

/// `*` stands for any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return text.is_empty() };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("Deployment/store-a/*", "Deployment/store-a/web", true),
            ("Deployment/*/web", "Deployment/store-a/web", true),
            ("Deployment/*/web", "Deployment/store-a/fpm", false),
            ("*", "", true),
            ("a", "ab", false),
            ("a*b*c", "abc", true),
            ("a*bc*c", "abc", false),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
