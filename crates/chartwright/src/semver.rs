//! Versions and version ranges as Helm reads them: the semantics of `github.com/Masterminds/semver` v3.4.
//!
//! Cargo's `semver` crate has another grammar. Here `v1.2` is a version, `>=1.22.0-0`, `1.x || ~2.3`, `^0.2`,
//! `1.2 - 2.3.4` are ranges, and a pre-release matches only a group of conditions that names a pre-release.

use std::cmp::Ordering;
use std::fmt;

/// Why a text is not a version or not a range; the message is the one that Helm prints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SemverError(String);

fn error<T>(message: impl Into<String>) -> Result<T, SemverError> {
    Err(SemverError(message.into()))
}

const INVALID: &str = "invalid semantic version";

/// A version: three numbers, a pre-release and build metadata.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number, 0 when the text had none.
    pub minor: u64,
    /// Third number, 0 when the text had none.
    pub patch: u64,
    /// What follows `-`, without it; empty when there is none.
    pub pre: String,
    /// What follows `+`, without it; empty when there is none. Plays no part in comparisons.
    pub metadata: String,
    original: String,
}

impl Version {
    /// Reads a version leniently: a leading `v`, missing minor and patch, and leading zeros are accepted.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        let Some((loose, rest)) = Loose::scan(text, |b| b.is_ascii_digit()) else {
            return error(INVALID);
        };
        if !rest.is_empty() {
            return error(INVALID);
        }
        let version = Self {
            major: segment(loose.major)?,
            minor: loose.minor.map_or(Ok(0), segment)?,
            patch: loose.patch.map_or(Ok(0), segment)?,
            pre: loose.pre.unwrap_or_default().to_owned(),
            metadata: loose.metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        };
        check_pre(&version.pre)?;
        Ok(version)
    }

    /// Reads a version strictly: three numbers without leading zeros, no `v`.
    pub fn parse_strict(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return error("version string empty");
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return error(INVALID);
        };
        let (rest, metadata) = rest.split_once('+').map_or((rest, None), |(a, b)| (a, Some(b)));
        let (patch, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
        if let Some(metadata) = metadata
            && !metadata.split('.').all(|part| !part.is_empty() && part.bytes().all(identifier))
        {
            return error("invalid metadata string");
        }
        if let Some(pre) = pre {
            if pre.is_empty() {
                return error("invalid prerelease string");
            }
            check_pre(pre)?;
        }
        for number in [major, minor, patch] {
            if !number.bytes().all(|b| b.is_ascii_digit()) {
                return error("invalid characters in version");
            }
            if number.len() > 1 && number.starts_with('0') {
                return error("version segment starts with 0");
            }
        }
        Ok(Self {
            major: number(major)?,
            minor: number(minor)?,
            patch: number(patch)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// The text that was parsed.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The next patch version; a pre-release becomes its release instead.
    pub fn inc_patch(&self) -> Self {
        let patch = if self.pre.is_empty() { self.patch.wrapping_add(1) } else { self.patch };
        self.next(self.major, self.minor, patch)
    }

    /// The next minor version.
    pub fn inc_minor(&self) -> Self {
        self.next(self.major, self.minor.wrapping_add(1), 0)
    }

    /// The next major version.
    pub fn inc_major(&self) -> Self {
        self.next(self.major.wrapping_add(1), 0, 0)
    }

    fn next(&self, major: u64, minor: u64, patch: u64) -> Self {
        let v = if self.original.starts_with('v') { "v" } else { "" };
        let original = format!("{v}{major}.{minor}.{patch}");
        Self { major, minor, patch, pre: String::new(), metadata: String::new(), original }
    }

    /// Compares by precedence. Metadata is ignored, so two different versions may be equal here.
    pub fn precedence(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch)).then_with(
            || match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_pre(&self.pre, &other.pre),
            },
        )
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// A range: groups joined by `||`, each a list of conditions that all have to hold.
#[derive(Debug, Clone)]
pub struct Constraints {
    groups: Vec<Group>,
}

#[derive(Debug, Clone)]
struct Group {
    conditions: Vec<Condition>,
    /// One of the conditions names a pre-release, so pre-releases may match.
    pre: bool,
}

#[derive(Debug, Clone)]
struct Condition {
    operator: Operator,
    version: Version,
    /// As written, for messages.
    text: String,
    /// A number is missing or `x`.
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

impl Constraints {
    /// Reads a range.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        let text = rewrite_hyphen_ranges(text);
        let groups = text.split("||").map(Group::parse).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    /// Whether the version lies in the range.
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| group.conditions.iter().all(|c| c.check(version, group.pre).is_ok()))
    }

    /// As [`Constraints::check`]; outside the range says why, one reason for each condition that failed.
    pub fn validate(&self, version: &Version) -> Result<(), Vec<String>> {
        let mut reasons = Vec::new();
        let mut said = false;
        for group in &self.groups {
            let mut joy = true;
            for condition in &group.conditions {
                if !group.pre && !version.pre.is_empty() {
                    if !said {
                        reasons.push(only_releases(version));
                        said = true;
                    }
                    joy = false;
                } else if let Err(reason) = condition.check(version, group.pre) {
                    reasons.push(reason);
                    joy = false;
                }
            }
            if joy {
                return Ok(());
            }
        }
        Err(reasons)
    }
}

fn only_releases(version: &Version) -> String {
    format!("{version} is a prerelease version and the constraint is only looking for release versions")
}

impl Group {
    fn parse(text: &str) -> Result<Self, SemverError> {
        let improper = || SemverError(format!("improper constraint: {text}"));
        // First the grammar, then the versions: a text wrong in both ways is told the first.
        let mut parts = Vec::new();
        let mut rest = text.trim_start_matches(blank);
        loop {
            let (operator, after) = operator(rest);
            let after = after.trim_start_matches(blank);
            let (loose, after) = Loose::scan(after, number_or_x).ok_or_else(improper)?;
            parts.push((operator, loose));
            let trimmed = after.trim_start_matches(blank);
            if trimmed.is_empty() {
                break;
            }
            match trimmed.strip_prefix(',') {
                Some(next) => rest = next.trim_start_matches(blank),
                None if trimmed.len() < after.len() => rest = trimmed,
                None => return Err(improper()),
            }
        }
        let conditions = parts
            .iter()
            .map(|(operator, loose)| Condition::new(*operator, loose))
            .collect::<Result<Vec<_>, _>>()?;
        let pre = conditions.iter().any(|condition| !condition.version.pre.is_empty());
        Ok(Self { conditions, pre })
    }
}

/// The operator at the start and what follows it. The operators that begin alike are told apart by length.
fn operator(text: &str) -> (Operator, &str) {
    const OPERATORS: [(&str, Operator); 11] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterEqual),
        ("=>", Operator::GreaterEqual),
        ("<=", Operator::LessEqual),
        ("=<", Operator::LessEqual),
        ("~>", Operator::Tilde),
        ("=", Operator::Equal),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
    ];
    OPERATORS
        .iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|rest| (*operator, rest)))
        .unwrap_or((Operator::Equal, text))
}

impl Condition {
    fn new(operator: Operator, loose: &Loose<'_>) -> Result<Self, SemverError> {
        let pre = loose.pre.map(|pre| format!("-{pre}")).unwrap_or_default();
        let is_x = |part: Option<&str>| part.is_none_or(|part| matches!(part, "x" | "X" | "*"));
        let (mut minor_dirty, mut patch_dirty) = (false, false);
        let text = if is_x(Some(loose.major)) {
            format!("0.0.0{pre}")
        } else if is_x(loose.minor) {
            minor_dirty = true;
            format!("{}.0.0{pre}", loose.major)
        } else if is_x(loose.patch) {
            patch_dirty = true;
            format!("{}.{}.0{pre}", loose.major, loose.minor.unwrap_or_default())
        } else {
            loose.text.to_owned()
        };
        let dirty = minor_dirty || patch_dirty || is_x(Some(loose.major));
        let version = Version::parse(&text).or_else(|_| error("constraint parser error"))?;
        Ok(Self { operator, version, text: loose.text.to_owned(), dirty, minor_dirty, patch_dirty })
    }

    /// `Err` says why the condition does not hold.
    fn check(&self, v: &Version, pre: bool) -> Result<(), String> {
        if !v.pre.is_empty() && !pre {
            return Err(only_releases(v));
        }
        let c = &self.version;
        let order = v.precedence(c);
        let text = &self.text;
        let ensure = |holds: bool, why: &str| if holds { Ok(()) } else { Err(format!("{v} {why} {text}")) };
        match self.operator {
            Operator::Equal if self.dirty => self.tilde(v),
            Operator::Equal => ensure(order.is_eq(), "is not equal to"),
            Operator::NotEqual => {
                let differs = if !self.dirty {
                    order.is_ne()
                } else if c.major != v.major {
                    true
                } else if self.minor_dirty {
                    false
                } else if c.minor != v.minor {
                    true
                } else if self.patch_dirty {
                    (!v.pre.is_empty() || !c.pre.is_empty()) && compare_pre(&v.pre, &c.pre).is_ne()
                } else {
                    // Only `*` comes here: no number is set and none is marked.
                    order.is_ne()
                };
                ensure(differs, "is equal to")
            }
            Operator::Greater => {
                let greater = if !self.dirty || v.major != c.major {
                    if self.dirty { v.major > c.major } else { order.is_gt() }
                } else if self.minor_dirty {
                    false
                } else if self.patch_dirty {
                    v.minor > c.minor
                } else {
                    order.is_gt()
                };
                ensure(greater, "is less than or equal to")
            }
            Operator::Less => ensure(order.is_lt(), "is greater than or equal to"),
            Operator::GreaterEqual => ensure(order.is_ge(), "is less than"),
            Operator::LessEqual => {
                let less = if self.dirty {
                    v.major < c.major || v.major == c.major && (v.minor <= c.minor || self.minor_dirty)
                } else {
                    order.is_le()
                };
                ensure(less, "is greater than")
            }
            Operator::Tilde => self.tilde(v),
            Operator::Caret => {
                ensure(order.is_ge(), "is less than")?;
                if c.major > 0 || self.minor_dirty {
                    return ensure(v.major == c.major, "does not have same major version as");
                }
                ensure(v.major == 0, "does not have same major version as")?;
                if c.minor > 0 || self.patch_dirty {
                    return ensure(v.minor == c.minor, "does not have same minor version as").map_err(
                        |why| why + ". Expected minor versions to match when constraint major version is 0",
                    );
                }
                ensure(v.minor == 0, "does not have same minor version as")?;
                ensure(c.patch == v.patch, "does not equal").map_err(|why| {
                    why + ". Expect version and constraint to equal when major and minor versions are 0"
                })
            }
        }
    }

    fn tilde(&self, v: &Version) -> Result<(), String> {
        let c = &self.version;
        let text = &self.text;
        if v.precedence(c).is_lt() {
            return Err(format!("{v} is less than {text}"));
        }
        if (c.major, c.minor, c.patch) == (0, 0, 0) && !self.minor_dirty && !self.patch_dirty {
            return Ok(());
        }
        if v.major != c.major {
            return Err(format!("{v} does not have same major version as {text}"));
        }
        if v.minor != c.minor && !self.minor_dirty {
            return Err(format!("{v} does not have same major and minor version as {text}"));
        }
        Ok(())
    }
}

/// A version taken apart, nothing checked yet.
struct Loose<'a> {
    text: &'a str,
    major: &'a str,
    minor: Option<&'a str>,
    patch: Option<&'a str>,
    pre: Option<&'a str>,
    metadata: Option<&'a str>,
}

impl<'a> Loose<'a> {
    /// Takes `v? n (. n)? (. n)? (- ids)? (+ ids)?` from the start, as much as fits; the rest comes with it.
    fn scan(text: &'a str, digit: fn(u8) -> bool) -> Option<(Self, &'a str)> {
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (major, rest) = run(rest, digit)?;
        let dotted = |rest: &'a str| match rest.strip_prefix('.').and_then(|rest| run(rest, digit)) {
            Some((number, rest)) => (Some(number), rest),
            None => (None, rest),
        };
        let (minor, rest) = dotted(rest);
        let (patch, rest) = if minor.is_some() { dotted(rest) } else { (None, rest) };
        let (pre, rest) = identifiers(rest, '-');
        let (metadata, rest) = identifiers(rest, '+');
        let text = &text[..text.len() - rest.len()];
        Some((Self { text, major, minor, patch, pre, metadata }, rest))
    }
}

/// The longest non-empty run of accepted bytes (all ASCII) and the rest.
fn run(text: &str, accept: fn(u8) -> bool) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(|b| accept(*b)).count();
    (length > 0).then(|| text.split_at(length))
}

/// `sign id(.id)*` at the start; the identifiers without the sign, and the rest.
fn identifiers(text: &str, sign: char) -> (Option<&str>, &str) {
    let Some(body) = text.strip_prefix(sign) else { return (None, text) };
    let mut length = match run(body, identifier) {
        Some((first, _)) => first.len(),
        None => return (None, text),
    };
    while let Some((next, _)) = body[length..].strip_prefix('.').and_then(|rest| run(rest, identifier)) {
        length += 1 + next.len();
    }
    (Some(&body[..length]), &body[length..])
}

fn identifier(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-'
}

/// `|` is in the original's character class by mistake; a number that holds one fails when it is read.
fn number_or_x(b: u8) -> bool {
    b.is_ascii_digit() || matches!(b, b'x' | b'X' | b'*' | b'|')
}

/// What RE2 calls `\s`.
fn blank(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

/// `a - b` becomes `>= a, <= b `, wherever it stands.
fn rewrite_hyphen_ranges(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    'text: while !rest.is_empty() {
        for (start, _) in rest.char_indices() {
            if let Some((low, high, after)) = hyphen_range(&rest[start..]) {
                out.push_str(&rest[..start]);
                out.push_str(&format!(">= {low}, <= {high} "));
                rest = after;
                continue 'text;
            }
        }
        break;
    }
    out.push_str(rest);
    out
}

fn hyphen_range(text: &str) -> Option<(&str, &str, &str)> {
    let (low, rest) = Loose::scan(text.trim_start_matches(blank), number_or_x)?;
    let rest = rest.strip_prefix(blank)?.trim_start_matches(blank).strip_prefix('-')?;
    let (high, rest) = Loose::scan(rest.strip_prefix(blank)?.trim_start_matches(blank), number_or_x)?;
    Some((low.text, high.text, rest.trim_start_matches(blank)))
}

fn segment(text: &str) -> Result<u64, SemverError> {
    number(text).map_err(|SemverError(why)| SemverError(format!("error parsing version segment: {why}")))
}

fn number(text: &str) -> Result<u64, SemverError> {
    text.parse()
        .map_err(|_| SemverError(format!("strconv.ParseUint: parsing \"{text}\": value out of range")))
}

fn check_pre(pre: &str) -> Result<(), SemverError> {
    if pre.is_empty() {
        return Ok(());
    }
    for part in pre.split('.') {
        if part.is_empty() {
            return error("invalid prerelease string");
        }
        if part.bytes().all(|b| b.is_ascii_digit()) {
            if part.len() > 1 && part.starts_with('0') {
                return error("version segment starts with 0");
            }
        } else if !part.bytes().all(identifier) {
            return error("invalid prerelease string");
        }
    }
    Ok(())
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (x, y) = (a.next(), b.next());
        if x.is_none() && y.is_none() {
            return Ordering::Equal;
        }
        let (x, y) = (x.unwrap_or_default(), y.unwrap_or_default());
        if x == y {
            continue;
        }
        return match (x.parse::<u64>(), y.parse::<u64>()) {
            _ if x.is_empty() => Ordering::Less,
            _ if y.is_empty() => Ordering::Greater,
            (Ok(x), Ok(y)) => x.cmp(&y).then(Ordering::Less),
            // A number is lower than a word.
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => x.cmp(y),
        };
    }
}
