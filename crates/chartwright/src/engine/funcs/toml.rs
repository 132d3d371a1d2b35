//! TOML as `github.com/BurntSushi/toml` v1.5 writes it: plain keys first, then tables, two spaces a level.

use ::toml::de::{DeTable, DeValue};

use super::time::Time;
use crate::engine::value::{Dict, ElemKind, List, MAX_VALUE_DEPTH, Str, Val};

/// Writes a value; `Err` is what Go's encoder says.
pub(crate) fn write(value: &Val) -> Result<String, String> {
    let mut writer = Writer { out: String::new() };
    writer.encode(&mut Vec::new(), value)?;
    Ok(writer.out)
}

struct Writer {
    out: String,
}

/// What TOML calls a table; a list of only tables is written as `[[…]]`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nil,
    Scalar,
    Array,
    Table,
    Tables,
}

fn shape(value: &Val, depth: usize) -> Result<Shape, String> {
    if depth > MAX_VALUE_DEPTH {
        return Err(super::FuncError::too_deep().to_string());
    }
    Ok(match value {
        Val::Nil => Shape::Nil,
        Val::Map(_) => Shape::Table,
        Val::List(list) if list.nil => Shape::Nil,
        Val::List(list) => {
            let mut tables = !list.items.is_empty();
            for item in &list.items {
                match shape(item, depth + 1)? {
                    Shape::Nil => return Err("toml: cannot encode array with nil element".to_owned()),
                    Shape::Table => {}
                    _ => tables = false,
                }
            }
            if tables { Shape::Tables } else { Shape::Array }
        }
        Val::Bytes(_) => Shape::Array,
        _ => Shape::Scalar,
    })
}

fn bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' || c == '\x7f' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn key_text(key: &str) -> String {
    if bare(key) { key.to_owned() } else { quoted(key) }
}

impl Writer {
    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, key: &[Str]) {
        (1..key.len()).for_each(|_| self.out.push_str("  "));
    }

    fn encode(&mut self, key: &mut Vec<Str>, value: &Val) -> Result<(), String> {
        let path = |key: &[Str]| key.iter().map(|part| key_text(part)).collect::<Vec<_>>().join(".");
        match (shape(value, key.len())?, value) {
            (Shape::Nil, _) if key.is_empty() => Ok(()),
            (Shape::Nil, _) => Ok(()),
            (Shape::Table, Val::Map(map)) => {
                if key.len() == 1 {
                    self.newline();
                }
                if !key.is_empty() {
                    self.indent(key);
                    self.out.push_str(&format!("[{}]", path(key)));
                    self.newline();
                }
                self.table(key, &map.entries())
            }
            (Shape::Tables, Val::List(list)) => {
                if key.is_empty() {
                    return Err("toml: top-level values must be Go maps or structs".to_owned());
                }
                for item in &list.items {
                    let Val::Map(map) = item else { continue };
                    self.newline();
                    self.indent(key);
                    self.out.push_str(&format!("[[{}]]", path(key)));
                    self.newline();
                    self.table(key, &map.entries())?;
                }
                Ok(())
            }
            _ => {
                if let Some(last) = key.last() {
                    let last = key_text(last);
                    self.indent(key);
                    self.out.push_str(&format!("{last} = "));
                    self.element(value, key.len())?;
                    self.newline();
                    Ok(())
                } else {
                    self.element(value, 0)
                }
            }
        }
    }

    fn table(&mut self, key: &mut Vec<Str>, entries: &Dict) -> Result<(), String> {
        for tables in [false, true] {
            for (name, value) in entries {
                if matches!(shape(value, key.len())?, Shape::Table | Shape::Tables) == tables {
                    key.push(name.clone());
                    self.encode(key, value)?;
                    key.pop();
                }
            }
        }
        Ok(())
    }

    fn element(&mut self, value: &Val, depth: usize) -> Result<(), String> {
        if depth > MAX_VALUE_DEPTH {
            return Err(super::FuncError::too_deep().to_string());
        }
        match value {
            Val::Nil => return Err("toml: cannot encode array with nil element".to_owned()),
            Val::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Val::Int(crate::engine::value::IntKind::Duration, _) => {
                let mut text = String::new();
                crate::engine::format::print_v(&mut text, value);
                self.out.push_str(&quoted(&text));
            }
            Val::Int(_, n) => self.out.push_str(&n.to_string()),
            Val::Uint(_, n) => self.out.push_str(&n.to_string()),
            Val::Float(f) => self.out.push_str(&float(*f)),
            Val::Str(text) => self.out.push_str(&quoted(text)),
            Val::Bytes(bytes) => {
                let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
                self.out.push_str(&format!("[{}]", numbers.join(", ")));
            }
            Val::List(list) => {
                self.out.push('[');
                for (i, item) in list.items.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.element(item, depth + 1)?;
                }
                self.out.push(']');
            }
            Val::Map(map) => {
                self.out.push('{');
                let entries = map.entries();
                let mut ordered = Vec::new();
                for tables in [false, true] {
                    for entry in entries.iter() {
                        if matches!(shape(&entry.1, depth)?, Shape::Table | Shape::Tables) == tables {
                            ordered.push(entry);
                        }
                    }
                }
                for (i, (name, value)) in ordered.into_iter().filter(|(_, v)| !v.is_nil()).enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.out.push_str(&format!("{} = ", key_text(name)));
                    self.element(value, depth + 1)?;
                }
                self.out.push('}');
            }
            Val::Object(object) => match object.as_any().downcast_ref::<Time>() {
                Some(time) => self.out.push_str(&time.format("2006-01-02T15:04:05.999999999Z07:00")),
                None => self.out.push_str(&quoted(&object.print())),
            },
        }
        Ok(())
    }
}

/// A float always has a point.
fn float(f: f64) -> String {
    if f.is_nan() {
        return "nan".to_owned();
    }
    if f.is_infinite() {
        return if f < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    // Rust writes the shortest digits, never an exponent.
    let text = f.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// Reads a document; `Err` says why not (in other words than Go's reader).
pub(crate) fn read(text: &str) -> Result<Val, String> {
    let table = DeTable::parse(text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        format!("toml: line {line}: {}", error.message())
    })?;
    Ok(map(table.get_ref(), text))
}

fn map(table: &DeTable<'_>, text: &str) -> Val {
    Val::map(table.iter().map(|(key, value)| (Str::from(key.get_ref().as_ref()), read_value(value, text))))
}

fn read_value(value: &::toml::Spanned<DeValue<'_>>, text: &str) -> Val {
    match value.get_ref() {
        DeValue::String(s) => Val::str(s.as_ref()),
        DeValue::Integer(n) => Val::int64(i64::from_str_radix(n.as_str(), n.radix()).unwrap_or(0)),
        DeValue::Float(f) => Val::Float(f.as_str().parse().unwrap_or(0.0)),
        DeValue::Boolean(b) => Val::Bool(*b),
        DeValue::Datetime(datetime) => Val::Object(std::rc::Rc::new(time(&datetime.to_string()))),
        DeValue::Table(table) => map(table, text),
        DeValue::Array(array) => {
            let items: Vec<Val> = array.iter().map(|item| read_value(item, text)).collect();
            // `[[name]]` gives Go another type than `[{…}]`: its elements are written without a brace.
            let headed = array.iter().all(|item| {
                item.get_ref().is_table() && text.as_bytes().get(item.span().start) != Some(&b'{')
            });
            let elem = if headed && !items.is_empty() {
                ElemKind::Named("map[string]interface {}")
            } else {
                ElemKind::Any
            };
            Val::List(List::of(elem, items))
        }
    }
}

/// Local dates and times are shown in UTC.
fn time(text: &str) -> Time {
    ["2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02", "15:04:05"]
        .iter()
        .find_map(|layout| Time::parse(layout, text).ok())
        .unwrap_or_else(Time::zero)
}
