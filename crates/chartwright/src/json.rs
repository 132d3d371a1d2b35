//! JSON as Go's `encoding/json` writes it: sorted keys, `<`, `>` and `&` escaped, floats in Go's form.

use serde_json::{Number, Value};

use crate::number::Decimal;

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style<'a> {
    /// Write `<`, `>` and `&` as `\u003c`, `\u003e` and `\u0026`, as `json.Marshal` does.
    pub escape_html: bool,
    /// Indentation of one level; `None` writes everything in one line without spaces.
    pub indent: Option<&'a str>,
}

/// What `json.Marshal` writes.
#[must_use]
pub fn to_string(value: &Value) -> String {
    to_string_with(value, Style { escape_html: true, indent: None })
}

/// What `json.MarshalIndent(value, "", indent)` writes.
#[must_use]
pub fn to_string_indent(value: &Value, indent: &str) -> String {
    to_string_with(value, Style { escape_html: true, indent: Some(indent) })
}

/// Writes in the given style; no line break at the end.
#[must_use]
pub fn to_string_with(value: &Value, style: Style<'_>) -> String {
    let mut out = String::new();
    write(&mut out, value, style, 0);
    out
}

fn write(out: &mut String, value: &Value, style: Style<'_>, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text, style.escape_html),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push(if index == 0 { '[' } else { ',' });
                line(out, style, depth + 1);
                write(out, item, style, depth + 1);
            }
            line(out, style, depth);
            out.push(']');
        }
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Object(map) => {
            for (index, (key, value)) in map.iter().enumerate() {
                out.push(if index == 0 { '{' } else { ',' });
                line(out, style, depth + 1);
                write_text(out, key, style.escape_html);
                out.push_str(if style.indent.is_some() { ": " } else { ":" });
                write(out, value, style, depth + 1);
            }
            line(out, style, depth);
            out.push('}');
        }
    }
}

fn line(out: &mut String, style: Style<'_>, depth: usize) {
    if let Some(indent) = style.indent {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
    }
}

fn write_text(out: &mut String, text: &str, escape_html: bool) {
    out.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let length = match byte {
            b'"' | b'\\' | 0..0x20 => 1,
            b'<' | b'>' | b'&' if escape_html => 1,
            // U+2028 and U+2029 break JavaScript, so Go escapes them.
            0xe2 if matches!(text.as_bytes()[at..], [_, 0x80, 0xa8 | 0xa9, ..]) => 3,
            _ => continue,
        };
        out.push_str(&text[copied..at]);
        copied = at + length;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            0xe2 => out.push_str(if text.as_bytes()[at + 2] == 0xa8 { "\\u2028" } else { "\\u2029" }),
            other => {
                out.push_str("\\u00");
                for digit in [other >> 4, other & 15] {
                    out.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
                }
            }
        }
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

pub(crate) fn write_number(out: &mut String, number: &Number) {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(value), _, _) => out.push_str(&value.to_string()),
        (_, Some(value), _) => out.push_str(&value.to_string()),
        (_, _, Some(value)) => write_float(out, value),
        _ => out.push_str("null"),
    }
}

/// A float as JSON: an exponent below 1e-6 and from 1e21 on, of as few digits as can be.
fn write_float(out: &mut String, value: f64) {
    let decimal = Decimal::of(value);
    if value != 0.0 && !(-6..21).contains(&decimal.exponent) {
        decimal.write_exponent(out, 1);
    } else {
        decimal.write_plain(out);
    }
}
