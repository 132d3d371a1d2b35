//! What a scalar means: the resolution of go-yaml v2, which is YAML 1.1 without base 60 and with Go's integer forms.
//!
//! Source: `resolve.go` and `decode.go` of `go.yaml.in/yaml/v2` 2.4, and `convertToJSONableObject` of
//! `sigs.k8s.io/yaml` 1.6 for keys.

use serde_json::{Number, Value};

/// A resolved plain scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// May be infinite or not a number.
    Float(f64),
    Timestamp,
    Text,
}

impl Resolved {
    /// The tag that go-yaml names in its errors.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Resolved::Null => "!!null",
            Resolved::Bool(_) => "!!bool",
            Resolved::Int(_) | Resolved::Uint(_) => "!!int",
            Resolved::Float(_) => "!!float",
            Resolved::Timestamp => "!!timestamp",
            Resolved::Text => "!!str",
        }
    }

    /// The plain value; `None` when JSON has none for it (infinite, not a number).
    pub(crate) fn to_value(self, text: &str) -> Option<Value> {
        Some(match self {
            Resolved::Null => Value::Null,
            Resolved::Bool(value) => Value::Bool(value),
            Resolved::Int(value) => Value::Number(value.into()),
            Resolved::Uint(value) => Value::Number(value.into()),
            Resolved::Float(value) => Value::Number(Number::from_f64(value)?),
            Resolved::Timestamp | Resolved::Text => Value::String(text.to_owned()),
        })
    }

    /// The text of a mapping key; `None` for what sigs.k8s.io/yaml refuses as a key.
    pub(crate) fn to_key(self, text: &str) -> Option<String> {
        Some(match self {
            Resolved::Null | Resolved::Uint(_) => return None,
            Resolved::Bool(value) => value.to_string(),
            Resolved::Int(value) => value.to_string(),
            // Go formats the key as a 32 bit float.
            Resolved::Float(value) => match value as f32 {
                narrow if narrow.is_nan() => ".nan".to_owned(),
                f32::INFINITY => ".inf".to_owned(),
                f32::NEG_INFINITY => "-.inf".to_owned(),
                narrow => crate::number::format_g(narrow),
            },
            Resolved::Timestamp | Resolved::Text => text.to_owned(),
        })
    }
}

/// Can a plain scalar that starts with this byte be anything but text?
pub(crate) const fn has_hint(first: u8) -> bool {
    matches!(
        first,
        b'+' | b'-' | b'.' | b'~' | b'0'
            ..=b'9' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O'
    )
}

/// Resolves an untagged plain scalar.
pub(crate) fn resolve(text: &str) -> Resolved {
    resolve_as(text, true)
}

/// Resolves a plain scalar; `timestamps` is false under an explicit tag other than `!!timestamp`.
pub(crate) fn resolve_as(text: &str, timestamps: bool) -> Resolved {
    let Some(&first) = text.as_bytes().first() else { return Resolved::Null };
    if !has_hint(first) {
        return Resolved::Text;
    }
    if text.len() <= 5
        && let Some(word) = resolve_word(text)
    {
        return word;
    }
    match first {
        b'.' => dotted_float(text).map_or(Resolved::Text, Resolved::Float),
        b'+' | b'-' | b'0'..=b'9' => {
            if timestamps && is_timestamp(text) {
                return Resolved::Timestamp;
            }
            resolve_number(text)
        }
        _ => Resolved::Text,
    }
}

fn resolve_word(text: &str) -> Option<Resolved> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn resolve_number(text: &str) -> Resolved {
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        without.as_str()
    } else {
        text
    };
    // Most strings that begin with a digit (versions, hashes, quantities) end here.
    if !plain
        .bytes()
        .all(|b| b.is_ascii_hexdigit() || matches!(b, b'+' | b'-' | b'.' | b'x' | b'X' | b'o' | b'O'))
    {
        return Resolved::Text;
    }
    let (negative, digits) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain),
    };
    if let Some(magnitude) = go_integer(digits) {
        match (negative, i64::try_from(magnitude)) {
            (true, _) if magnitude <= 1 << 63 => return Resolved::Int((magnitude as i64).wrapping_neg()),
            (true, _) => {}
            (false, Ok(value)) => return Resolved::Int(value),
            // An explicit plus sign is not accepted by Go's ParseUint.
            (false, Err(_)) if digits.len() == plain.len() => return Resolved::Uint(magnitude),
            (false, Err(_)) => {}
        }
    }
    if is_yaml_float(plain)
        && let Some(value) = finite(plain)
    {
        return Resolved::Float(value);
    }
    resolve_odd_binary(plain).unwrap_or(Resolved::Text)
}

/// `0b` with a second sign, which go-yaml reads by an extra rule.
fn resolve_odd_binary(plain: &str) -> Option<Resolved> {
    let rest = plain.strip_prefix("0b")?;
    let (negative, digits) = match rest.as_bytes().first()? {
        b'-' => (true, &rest[1..]),
        b'+' => (false, &rest[1..]),
        _ => return None,
    };
    let magnitude = radix(digits, 2)?;
    match negative {
        true if magnitude <= 1 << 63 => Some(Resolved::Int((magnitude as i64).wrapping_neg())),
        true => None,
        false => i64::try_from(magnitude).ok().map(Resolved::Int),
    }
}

/// Digits with Go's base prefixes (`0x`, `0o`, `0b`, and `0` alone for octal); no sign.
fn go_integer(digits: &str) -> Option<u64> {
    let bytes = digits.as_bytes();
    if bytes.first()? != &b'0' || bytes.len() == 1 {
        return radix(digits, 10);
    }
    match bytes[1] {
        b'x' | b'X' => radix(&digits[2..], 16),
        b'o' | b'O' => radix(&digits[2..], 8),
        b'b' | b'B' => radix(&digits[2..], 2),
        _ => radix(&digits[1..], 8),
    }
}

/// Like `from_str_radix`, but without a sign.
fn radix(digits: &str, base: u32) -> Option<u64> {
    if digits.starts_with(['+', '-']) { None } else { u64::from_str_radix(digits, base).ok() }
}

/// go-yaml's own float expression: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_yaml_float(text: &str) -> bool {
    let digits = |from: &[u8]| from.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text.as_bytes();
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    let whole = digits(rest);
    rest = &rest[whole..];
    if let [b'.', tail @ ..] = rest {
        let fraction = digits(tail);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &tail[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        rest = tail;
        if let [b'+' | b'-', tail @ ..] = rest {
            rest = tail;
        }
        let exponent = digits(rest);
        if exponent == 0 {
            return false;
        }
        rest = &rest[exponent..];
    }
    rest.is_empty()
}

/// A decimal float; out of range is an error in Go, so it is none here.
fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Go's `ParseFloat` of what starts with a dot: underscores may stand between digits.
fn dotted_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return if is_yaml_float(text) { finite(text) } else { None };
    }
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let mut after_digit = false;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'_' && !(after_digit && digit(bytes.get(at + 1))) {
            return None;
        }
        after_digit = byte.is_ascii_digit();
    }
    dotted_float(&text.replace('_', ""))
}

/// One of the four time formats that go-yaml takes for a timestamp, as Go's `time.Parse` reads them.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let year = bytes[..4].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    parse_timestamp(year, &bytes[5..]).is_some()
}

fn parse_timestamp(year: u32, after_year: &[u8]) -> Option<()> {
    let (month, rest) = number(after_year)?;
    let (day, rest) = number(rest.strip_prefix(b"-")?)?;
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if day == 0 || day > days {
        return None;
    }
    let (zone, rest) = match rest {
        [] => return Some(()),
        [b'T' | b't', rest @ ..] => (true, rest),
        [b' ', rest @ ..] => (false, rest),
        _ => return None,
    };
    let (hour, rest) = number(rest)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?)?;
    let (second, mut rest) = number(rest.strip_prefix(b":")?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if let [b'.' | b',', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            rest = &fraction[digits..];
        }
    }
    match (zone, rest) {
        (true, [b'Z']) | (false, []) => Some(()),
        (true, [b'+' | b'-', h1, h2, b':', m1, m2]) => {
            let two = |a: &u8, b: &u8| {
                (a.is_ascii_digit() && b.is_ascii_digit()).then(|| (a - b'0') * 10 + (b - b'0'))
            };
            (two(h1, h2)? <= 24 && two(m1, m2)? <= 60).then_some(())
        }
        _ => None,
    }
}

/// One or two digits, as Go's `getnum` takes them.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => {
            Some((u32::from(a - b'0') * 10 + u32::from(b - b'0'), rest))
        }
        [a @ b'0'..=b'9', rest @ ..] => Some((u32::from(a - b'0'), rest)),
        _ => None,
    }
}

/// YAML 1.1 base 60, which go-yaml does not read but quotes on the way out:
/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`.
pub(crate) fn is_base60(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'+' | b'-' | b'0'..=b'9')) || !text.contains(':') {
        return false;
    }
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut parts = whole.split(':');
    let head = parts.next().unwrap_or_default();
    if !head.starts_with(|c: char| c.is_ascii_digit()) || !digits(head) || !digits(fraction) {
        return false;
    }
    parts.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}
