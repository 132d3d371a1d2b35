//! `.helmignore`, with Helm's own meaning of it, which is not git's.
//!
//! - A pattern is a shell pattern in the sense of Go's `filepath.Match` (`*`, `?`, `[a-z]`, `\x`; `*` never crosses a
//!   `/`). `**` is refused.
//! - A pattern with a `/` in it is matched against the whole path inside the chart, one without against the base
//!   name. A leading `/` only ties the pattern to the root, a trailing one restricts it to directories.
//! - Rules are tried in order and the first that decides wins. `!pattern` does not bring a file back: it says that
//!   whatever does *not* match the pattern is ignored.

use super::ChartError;

/// The rules of one `.helmignore`, plus the one that Helm always adds (`templates/.?*`).
#[derive(Debug, Clone, Default)]
pub struct IgnoreRules {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    pattern: Vec<char>,
    negate: bool,
    directories_only: bool,
    /// Match the whole path; otherwise the base name alone.
    whole_path: bool,
}

impl IgnoreRules {
    /// Only the built-in rule: files in `templates/` whose name starts with a dot are left out.
    pub fn builtin() -> IgnoreRules {
        let mut rules = IgnoreRules::default();
        rules.add_builtin();
        rules
    }

    /// Reads a `.helmignore`.
    ///
    /// Fails on `**` and on a pattern that is no pattern (an open bracket, a trailing backslash), naming the line.
    pub fn parse(text: &str) -> Result<IgnoreRules, ChartError> {
        let mut rules = IgnoreRules::default();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            rules.add(line).map_err(|reason| {
                ChartError::new(
                    format!(".helmignore:{}", index + 1),
                    reason,
                    "write a plain pattern: `*`, `?` and `[...]`, with a trailing `/` for directories",
                )
            })?;
        }
        rules.add_builtin();
        Ok(rules)
    }

    fn add_builtin(&mut self) {
        self.rules.push(Rule {
            pattern: "templates/.?*".chars().collect(),
            negate: false,
            directories_only: false,
            whole_path: true,
        });
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.contains("**") {
            return Err(format!("the pattern {line:?} uses a double star, which Helm does not support"));
        }
        if path_match(&line.chars().collect::<Vec<_>>(), &['a', 'b', 'c']).is_none() {
            return Err(format!("{line:?} is not a valid pattern"));
        }
        let (negate, rest) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (directories_only, rest) = match rest.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (whole_path, rest) = match rest.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (rest.contains('/'), rest),
        };
        self.rules.push(Rule { pattern: rest.chars().collect(), negate, directories_only, whole_path });
        Ok(())
    }

    /// Whether the chart leaves this path out. `path` is relative to the chart, with `/` between its parts.
    pub fn ignores(&self, path: &str, is_directory: bool) -> bool {
        if path.is_empty() || path == "." || path == "./" {
            return false;
        }
        for rule in &self.rules {
            let text = if rule.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
            let wrong_type = rule.directories_only && !is_directory;
            let matches = || path_match(&rule.pattern, &text.chars().collect::<Vec<_>>()).unwrap_or(false);
            if rule.negate {
                if wrong_type || !matches() {
                    return true;
                }
            } else if !wrong_type && matches() {
                return true;
            }
        }
        false
    }
}

/// Whether `name` matches the shell pattern, as Go's `filepath.Match` on Unix; `false` for a pattern that is none.
pub(crate) fn shell_match(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    path_match(&pattern, &name).unwrap_or(false)
}

/// Go's `filepath.Match` on Unix. `None` for a malformed pattern, which is found even when the text has no match.
fn path_match(pattern: &[char], name: &[char]) -> Option<bool> {
    // The classic two-pointer walk: on a mismatch go back to the last star and let it eat one character more.
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            star = Some((p + 1, n));
            p += 1;
            continue;
        }
        if p == pattern.len() && n == name.len() {
            return Some(true);
        }
        if p < pattern.len() && n < name.len() {
            let (matched, next) = match_one(&pattern[p..], name[n])?;
            if matched {
                p += next;
                n += 1;
                continue;
            }
        }
        match star {
            Some((after, eaten)) if eaten < name.len() && name[eaten] != '/' => {
                star = Some((after, eaten + 1));
                p = after;
                n = eaten + 1;
            }
            _ => {
                check_rest(&pattern[p..])?;
                return Some(false);
            }
        }
    }
}

/// Matches one character against the head of the pattern: whether it matched and how much of the pattern was used.
fn match_one(pattern: &[char], c: char) -> Option<(bool, usize)> {
    match pattern[0] {
        '?' => Some((c != '/', 1)),
        '\\' => Some((*pattern.get(1)? == c, 2)),
        '[' => {
            let mut i = 1;
            let negated = pattern.get(i) == Some(&'^');
            if negated {
                i += 1;
            }
            let (mut found, mut ranges) = (false, 0);
            loop {
                if pattern.get(i) == Some(&']') && ranges > 0 {
                    i += 1;
                    break;
                }
                let (low, used) = bracket_char(&pattern[i.min(pattern.len())..])?;
                i += used;
                let mut high = low;
                if pattern.get(i) == Some(&'-') {
                    let (end, used) = bracket_char(&pattern[i + 1..])?;
                    i += 1 + used;
                    high = end;
                }
                found |= low <= c && c <= high;
                ranges += 1;
            }
            Some((found != negated, i))
        }
        other => Some((other == c, 1)),
    }
}

fn bracket_char(pattern: &[char]) -> Option<(char, usize)> {
    let (c, used) = match *pattern.first()? {
        '-' | ']' => return None,
        '\\' => (*pattern.get(1)?, 2),
        c => (c, 1),
    };
    // A bracket must still close after this character.
    (pattern.len() > used).then_some((c, used))
}

/// Whether what is left of the pattern is well formed.
fn check_rest(mut pattern: &[char]) -> Option<()> {
    while !pattern.is_empty() {
        let used = if pattern[0] == '*' { 1 } else { match_one(pattern, 'a')?.1 };
        pattern = &pattern[used..];
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_patterns() {
        for (pattern, name, want) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "abc/b", true),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b*c*d*e*/f", "axbxcxdxexxx/fff", false),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("ab[c]", "abc", true),
            ("ab[^c]", "abc", false),
            ("a[^a]b", "a☺b", true),
            ("a???b", "a☺b", false),
            ("[a-ζ]*", "α", true),
            ("*[a-ζ]", "A", false),
            ("a?b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[x\\-]", "-", true),
            ("*x", "xxx", true),
            ("[!a]", "!", true),
        ] {
            assert_eq!(shell_match(pattern, name), want, "{pattern} {name}");
        }
        for bad in ["[]a]", "[-]", "[x-]", "[a-b-c]", "[", "[^", "[^bc", "a[", "\\"] {
            let pattern: Vec<char> = bad.chars().collect();
            assert_eq!(path_match(&pattern, &['a']), None, "{bad}");
        }
    }

    #[test]
    fn rules_decide_as_in_helm() {
        for (rules, path, directory, want) in [
            ("helm.txt", "helm.txt", false, true),
            ("helm.*", "helm.txt", false, true),
            ("*.txt", "tiller/tiller.txt", false, true),
            ("cargo/*.txt", "cargo/a.txt", false, true),
            ("/a.txt", "a.txt", false, true),
            ("/a.txt", "cargo/a.txt", false, false),
            ("cargo/", "cargo", true, true),
            ("cargo/", "cargo", false, false),
            ("# cargo", "cargo", true, false),
            ("!helm.txt", "helm.txt", false, false),
            ("!helm.txt", "tiller.txt", false, true),
            ("!*.txt", "cargo", true, true),
            ("", "templates/.dotfile", false, true),
            ("", "templates/a.yaml", false, false),
            ("", ".dotfile", false, false),
            (".git", ".git", true, true),
            ("  *.swp  ", "a.swp", false, true),
        ] {
            let rules_read = IgnoreRules::parse(rules).unwrap();
            assert_eq!(rules_read.ignores(path, directory), want, "{rules:?} {path}");
        }
        let error = IgnoreRules::parse("a\n**/*.txt").unwrap_err();
        assert!(error.to_string().contains(".helmignore:2"), "{error}");
    }
}
