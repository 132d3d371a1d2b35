//! `toYamlPretty`: YAML as go-yaml v3 writes it with an indentation of two. Lists in maps are indented, lines are never
//! folded, floats are written as `%v` does. Which texts need quotes is the same as in [`crate::yaml`].

use std::cmp::Ordering;

use super::time::Time;
use crate::engine::format;
use crate::engine::value::{Dict, MAX_VALUE_DEPTH, Val};
use crate::yaml;

/// Writes a value; nothing when it nests too deeply.
pub(crate) fn write(value: &Val) -> Option<String> {
    let mut out = String::new();
    node(&mut out, value, 0, Place::Document)?;
    Some(out.strip_suffix('\n').map(str::to_owned).unwrap_or(out))
}

/// What stands before a value on its line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Document,
    /// `- `, so that a collection may begin on the same line.
    Item,
    /// `key:`
    Value,
}

fn indent(out: &mut String, level: usize) {
    (0..level).for_each(|_| out.push_str("  "));
}

fn node(out: &mut String, value: &Val, level: usize, place: Place) -> Option<()> {
    if level > MAX_VALUE_DEPTH {
        return None;
    }
    match value {
        Val::Map(map) if !map.is_empty() => {
            if place == Place::Value {
                out.push('\n');
            }
            for (i, (key, value)) in sorted(&map.entries()).into_iter().enumerate() {
                if i > 0 || place == Place::Value {
                    indent(out, level);
                }
                out.push_str(&text(key, level, true));
                out.push(':');
                node(out, value, level + 1, Place::Value)?;
            }
        }
        Val::List(list) if !list.items.is_empty() => {
            if place == Place::Value {
                out.push('\n');
            }
            for (i, item) in list.items.iter().enumerate() {
                if i > 0 || place == Place::Value {
                    indent(out, level);
                }
                out.push_str("- ");
                node(out, item, level + 1, Place::Item)?;
            }
        }
        scalar => {
            if place == Place::Value {
                out.push(' ');
            }
            // A text in lines is indented behind its key, at the top and in lists by one level.
            let level = if place == Place::Document { level + 1 } else { level };
            match scalar {
                Val::Map(_) => out.push_str("{}"),
                Val::List(_) => out.push_str("[]"),
                Val::Nil => out.push_str("null"),
                Val::Str(s) => out.push_str(&text(s, level, false)),
                Val::Object(object) => match object.as_any().downcast_ref::<Time>() {
                    Some(time) => out.push_str(&time.format("2006-01-02T15:04:05.999999999Z07:00")),
                    None => out.push_str(&text(&object.print(), level, false)),
                },
                Val::Float(f) if f.is_infinite() => out.push_str(if *f < 0.0 { "-.inf" } else { ".inf" }),
                Val::Float(f) if f.is_nan() => out.push_str(".nan"),
                other => {
                    format::print_v(out, other);
                }
            }
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
    Some(())
}

fn text(text: &str, level: usize, key: bool) -> String {
    if text.contains('\n') && !key && literal_allowed(text) {
        return literal(text, level);
    }
    // The quotes that the other writer gives it, without its folds.
    let written = yaml::to_string(&text.into());
    match written.as_bytes().first() {
        Some(b'\'') => format!("'{}'", text.replace('\'', "''")),
        Some(b'"') => unfold(&written),
        Some(b'|' | b'>') => {
            unfold(&yaml::to_string(&format!("\u{1}{text}").into())).replacen("\\x01", "", 1)
        }
        _ => text.to_owned(),
    }
}

/// A block cannot show a blank before a line's end, nor what is not printed.
fn literal_allowed(text: &str) -> bool {
    let control =
        |c: char| c < ' ' && !matches!(c, '\n' | '\t') || matches!(c, '\x7f'..='\u{9f}' | '\u{feff}');
    !text.ends_with(' ') && !text.contains(" \n") && !text.contains(control)
}

fn literal(text: &str, level: usize) -> String {
    let mut out = String::from("|");
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text.ends_with("\n\n") || text == "\n" {
        out.push('+');
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(&mut out, level);
            out.push_str(line);
        }
    }
    out.push('\n');
    out
}

/// A double-quoted text in one line: each fold stands for one blank.
fn unfold(written: &str) -> String {
    let mut lines = written.trim_end_matches('\n').split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let line = line.trim_start_matches(' ');
        out.push(' ');
        // A backslash keeps the next blank from being taken for indentation.
        out.push_str(line.strip_prefix('\\').filter(|rest| rest.starts_with(' ')).unwrap_or(line));
    }
    out
}

fn sorted(entries: &Dict) -> Vec<(&str, &Val)> {
    let entries: Vec<(&str, &Val)> = entries.iter().map(|(key, value)| (key.as_str(), value)).collect();
    merge_sort(&entries)
}

/// Go's order is not quite total, which the sort of the standard library answers with a panic.
fn merge_sort<'a>(entries: &[(&'a str, &'a Val)]) -> Vec<(&'a str, &'a Val)> {
    if entries.len() < 2 {
        return entries.to_vec();
    }
    let (left, right) = entries.split_at(entries.len() / 2);
    let (left, right) = (merge_sort(left), merge_sort(right));
    let mut merged = Vec::with_capacity(entries.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let smaller = if compare(b.0, a.0).is_lt() { &mut right } else { &mut left };
        merged.extend(smaller.next());
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

/// go-yaml v3's order of keys: numbers inside compare as numbers, letters come last unless they follow a digit.
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let digit = |c: char| c.is_ascii_digit();
    let mut digits = false;
    for i in 0..a.len().min(b.len()) {
        if a[i] == b[i] {
            digits = digit(a[i]);
            continue;
        }
        let letters = (a[i].is_alphabetic(), b[i].is_alphabetic());
        match letters {
            (true, true) => return a[i].cmp(&b[i]),
            (true, false) => return if digits { Ordering::Less } else { Ordering::Greater },
            (false, true) => return if digits { Ordering::Greater } else { Ordering::Less },
            (false, false) => {}
        }
        // Behind other digits a leading zero counts.
        let zeros = a[i] == '0' || b[i] == '0';
        let before = a[..i].iter().rev().take_while(|c| digit(**c)).any(|c| *c != '0');
        let number = |text: &[char]| {
            let n = text[i..].iter().take_while(|c| digit(**c)).count();
            let start = i64::from(zeros && before);
            let value = text[i..i + n].iter().fold(start, |value, c| {
                value.wrapping_mul(10).wrapping_add(i64::from(c.to_digit(10).unwrap_or(0)))
            });
            (value, n)
        };
        let (a_number, b_number) = (number(&a), number(&b));
        return a_number.cmp(&b_number).then(a[i].cmp(&b[i]));
    }
    a.len().cmp(&b.len())
}
