//! Conversions as sprig makes them: `spf13/cast` for numbers, `strval` for text. None of them fails; what cannot be
//! converted is zero.

use super::{Ctx, FuncError};
use crate::engine::format;
use crate::engine::value::{ElemKind, IntKind, Str, Val};

/// What Go says when a function that wants a list looks at nil.
pub(crate) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// What Go says when it asks a nil for its type.
pub(crate) const NIL_TYPE: &str = "reflect: call of reflect.Value.Type on zero Value";

/// `cast.ToInt64`.
pub(crate) fn to_int(v: &Val) -> i64 {
    match v {
        Val::Int(IntKind::Duration, _) => 0,
        Val::Int(_, n) => *n,
        Val::Uint(_, n) => n.cast_signed(),
        Val::Float(f) => float_to_int(*f),
        Val::Bool(b) => i64::from(*b),
        Val::Str(s) => parse_int(trim_zero_decimal(s), 0).unwrap_or(0),
        Val::Nil | Val::Bytes(_) | Val::List(_) | Val::Map(_) | Val::Object(_) => 0,
    }
}

/// Go's `int64(f)` on amd64: what does not fit becomes the least number.
pub(crate) fn float_to_int(f: f64) -> i64 {
    // 2^63 as a float; at and above it nothing fits.
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&f) { f as i64 } else { i64::MIN }
}

/// `cast.ToFloat64`.
pub(crate) fn to_float(v: &Val) -> f64 {
    match v {
        Val::Int(IntKind::Duration, _) => 0.0,
        Val::Int(_, n) => *n as f64,
        Val::Uint(_, n) => *n as f64,
        Val::Float(f) => *f,
        Val::Bool(b) => f64::from(u8::from(*b)),
        Val::Str(s) => parse_float(s).unwrap_or(0.0),
        Val::Nil | Val::Bytes(_) | Val::List(_) | Val::Map(_) | Val::Object(_) => 0.0,
    }
}

/// `1.00` is read as `1`: a point followed by zeros only is cut off.
fn trim_zero_decimal(text: &str) -> &str {
    match text.trim_end_matches('0').strip_suffix('.') {
        Some(whole) if text.ends_with('0') => whole,
        _ => text,
    }
}

/// What `strconv.ParseInt` found wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntError {
    Syntax,
    /// Too large; the nearest number that fits.
    Range(i64),
}

/// `strconv.ParseInt` to 64 bits. Base 0 takes the base from the prefix (`0x`, `0o`, `0b`, `0`) and allows `_`.
pub(crate) fn parse_int(text: &str, base: u32) -> Result<i64, IntError> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() {
        return Err(IntError::Syntax);
    }
    let (radix, body) = if base != 0 {
        (base, digits)
    } else {
        let prefix = |n: usize| digits.get(..n).unwrap_or_default().to_ascii_lowercase();
        match prefix(2).as_str() {
            "0x" => (16, &digits[2..]),
            "0o" => (8, &digits[2..]),
            "0b" => (2, &digits[2..]),
            _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
            _ => (10, digits),
        }
    };
    let body = if base == 0 && body.contains('_') {
        if !underscores_separate(digits) {
            return Err(IntError::Syntax);
        }
        body.replace('_', "")
    } else {
        body.to_owned()
    };
    if body.is_empty() || !body.chars().all(|c| c.is_digit(radix)) {
        return Err(IntError::Syntax);
    }
    let edge = if negative { i64::MIN } else { i64::MAX };
    let magnitude = u64::from_str_radix(&body, radix).map_err(|_| IntError::Range(edge))?;
    let signed = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
    i64::try_from(signed).map_err(|_| IntError::Range(edge))
}

/// Underscores stand only between digits, or between a base prefix and a digit.
fn underscores_separate(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let prefixed =
        bytes.len() > 1 && bytes[0] == b'0' && matches!(bytes[1].to_ascii_lowercase(), b'x' | b'o' | b'b');
    // The prefix counts as a digit.
    let mut after_digit = prefixed;
    for &b in if prefixed { &bytes[2..] } else { bytes } {
        if b == b'_' && !after_digit {
            return false;
        }
        after_digit = b != b'_';
    }
    after_digit
}

/// `strconv.ParseFloat`; nothing for text that is no number or is out of range.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.len() > 1
        && unsigned.as_bytes()[0] == b'0'
        && unsigned.as_bytes()[1].eq_ignore_ascii_case(&b'x')
    {
        let f = hex_float(&unsigned[2..])?;
        return Some(if text.starts_with('-') { -f } else { f });
    }
    let plain;
    let text = if text.contains('_') {
        // Each underscore stands between two digits.
        let bytes = text.as_bytes();
        let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
        if !(0..bytes.len()).all(|i| bytes[i] != b'_' || i > 0 && digit(i - 1) && digit(i + 1)) {
            return None;
        }
        plain = text.replace('_', "");
        &plain
    } else {
        text
    };
    let f: f64 = text.parse().ok()?;
    let named = unsigned.starts_with(|c: char| c.is_ascii_alphabetic());
    (named || f.is_finite()).then_some(f)
}

/// `1.8p3`, after `0x`. Digits beyond 64 bits are cut off, which no template notices.
fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = whole.chars().chain(fraction.chars()).filter(|c| *c != '_').collect();
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let value = u64::from_str_radix(&digits, 16).ok()? as f64;
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()? * 4)?;
    let f = value * 2f64.powi(shift);
    f.is_finite().then_some(f)
}

/// `strconv.Atoi` with its error dropped, as sprig's `atoi` does.
pub(crate) fn atoi(text: &str) -> i64 {
    match parse_int(text, 10) {
        Ok(n) | Err(IntError::Range(n)) => n,
        Err(IntError::Syntax) => 0,
    }
}

/// Counts what is in a value before something walks through all of it. A list that holds another list twice, and so on
/// for forty levels, is small in memory and endless to walk.
pub(crate) fn weigh(ctx: &mut Ctx, v: &Val) -> Result<(), FuncError> {
    if !matches!(v, Val::List(_) | Val::Map(_)) {
        return Ok(());
    }
    let limit = ctx.options().limits.value_bytes;
    let mut weight = 0usize;
    let mut pending = vec![v.clone()];
    while let Some(v) = pending.pop() {
        weight += 8;
        match v {
            Val::Str(s) => weight += s.len(),
            Val::List(list) => pending.extend(list.items.iter().cloned()),
            Val::Map(map) => {
                for (key, value) in map.entries().iter() {
                    weight += key.len();
                    pending.push(value.clone());
                }
            }
            _ => {}
        }
        if weight > limit {
            break;
        }
    }
    ctx.charge(weight)
}

/// Text as `%v` prints it, exact bytes of strings kept.
pub(crate) fn strval(v: &Val) -> Str {
    match v {
        Val::Str(s) => s.clone(),
        Val::Bytes(b) => Str::from_bytes(b),
        _ => {
            let mut text = String::new();
            format::print_v(&mut text, v);
            text.into()
        }
    }
}

/// sprig's `strslice`: the elements as text without nils; one text for what is no list.
pub(crate) fn strings(v: &Val) -> Vec<Str> {
    match v {
        Val::Nil => Vec::new(),
        _ => match super::elements(v) {
            Some(list) => list.items.iter().filter(|item| !item.is_nil()).map(strval).collect(),
            None => vec![strval(v)],
        },
    }
}

/// A Go `[]int`.
pub(crate) fn int_list(items: impl Iterator<Item = i64>) -> Val {
    Val::List(crate::engine::value::List::of(ElemKind::Int, items.map(Val::int).collect()))
}

/// The text of a string when it is UTF-8 exactly.
pub(crate) fn utf8(s: &Str) -> Option<&str> {
    std::ptr::eq(s.as_str().as_ptr(), s.as_bytes().as_ptr()).then(|| s.as_str())
}

/// A length or count that has to be non-negative to make sense.
pub(crate) fn size(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}
