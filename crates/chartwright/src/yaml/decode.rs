//! From the tree to plain values, as go-yaml v2 decodes and sigs.k8s.io/yaml turns into JSON.

use serde_json::{Map, Value};

use super::resolve::{Resolved, resolve, resolve_as};
use super::tree::{Kind, Node, Style};

pub(crate) type Problem = super::parse::Problem;

/// How to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As `yaml.Unmarshal`: the last duplicate wins.
    Go,
    /// As `yaml.UnmarshalStrict`: duplicate keys are errors.
    Strict,
    /// Never fails.
    Lenient,
}

pub(crate) fn lenient(node: &Node) -> Value {
    decode(node, Mode::Lenient).unwrap_or(Value::Null)
}

pub(crate) fn decode(node: &Node, mode: Mode) -> Result<Value, Problem> {
    match &node.kind {
        Kind::Null => Ok(Value::Null),
        Kind::Scalar { text, style, tag } => {
            let resolved =
                scalar(text, *style, tag.as_deref(), mode).map_err(|message| (node.span.start, message))?;
            match resolved {
                Scalar::Bytes(text) => Ok(Value::String(text)),
                Scalar::Resolved(resolved) => match resolved.to_value(text) {
                    Some(value) => Ok(value),
                    None if mode == Mode::Lenient => Ok(Value::String(text.clone())),
                    None => Err((node.span.start, format!("{text} is a number that JSON does not have"))),
                },
            }
        }
        Kind::Sequence(items) => {
            items.iter().map(|item| decode(item, mode)).collect::<Result<_, _>>().map(Value::Array)
        }
        Kind::Mapping(entries) => {
            let mut map = Map::new();
            fill(&mut map, entries, mode)?;
            Ok(Value::Object(map))
        }
    }
}

fn fill(map: &mut Map<String, Value>, entries: &[(Node, Node)], mode: Mode) -> Result<(), Problem> {
    for (key, value) in entries {
        if is_merge(key) {
            merge(map, value, mode)?;
            continue;
        }
        match (key_text(key, mode), mode) {
            (Ok(text), Mode::Strict) if map.contains_key(&text) => {
                return Err((key.span.start, format!("key {text:?} already set in map")));
            }
            (Ok(text), _) => {
                let value = decode(value, mode)?;
                map.insert(text, value);
            }
            (Err(_), Mode::Lenient) => {}
            (Err(problem), _) => return Err(problem),
        }
    }
    Ok(())
}

/// Merged keys are set where the merge key stands, over what was set before it: go-yaml v2 does so.
fn merge(map: &mut Map<String, Value>, value: &Node, mode: Mode) -> Result<(), Problem> {
    let wrong = |node: &Node| {
        let message = "map merge requires map or sequence of maps as the value".to_owned();
        if mode == Mode::Lenient { Ok(()) } else { Err((node.span.start, message)) }
    };
    match &value.kind {
        Kind::Mapping(entries) => fill(map, entries, mode),
        // An alias to a sequence is refused, a sequence of aliases is not.
        Kind::Sequence(items) if value.alias.is_none() || mode == Mode::Lenient => {
            items.iter().rev().try_for_each(|item| match &item.kind {
                Kind::Mapping(entries) => fill(map, entries, mode),
                _ => wrong(item),
            })
        }
        _ => wrong(value),
    }
}

/// A plain `<<` or one tagged `!!merge`.
pub(crate) fn is_merge(key: &Node) -> bool {
    match &key.kind {
        Kind::Scalar { text, style, tag } if text == "<<" => match tag.as_deref() {
            None => *style == Style::Plain,
            Some(tag) => matches!(tag, "!" | "!!merge"),
        },
        _ => false,
    }
}

fn key_text(key: &Node, mode: Mode) -> Result<String, Problem> {
    let refused = |kind: &str| Err((key.span.start, format!("{kind} cannot be the key of a map")));
    match &key.kind {
        Kind::Null => refused("null"),
        Kind::Sequence(_) => refused("a sequence"),
        Kind::Mapping(_) => refused("a map"),
        Kind::Scalar { text, style, tag } => {
            match scalar(text, *style, tag.as_deref(), mode).map_err(|message| (key.span.start, message))? {
                Scalar::Bytes(text) => Ok(text),
                Scalar::Resolved(resolved) => match resolved.to_key(text) {
                    Some(text) => Ok(text),
                    None => refused(text),
                },
            }
        }
    }
}

enum Scalar {
    Resolved(Resolved),
    /// Decoded `!!binary`.
    Bytes(String),
}

fn scalar(text: &str, style: Style, tag: Option<&str>, mode: Mode) -> Result<Scalar, String> {
    let resolved = match tag {
        None if style == Style::Plain => resolve(text),
        None => Resolved::Text,
        Some("!!binary") => match decode_base64(text) {
            Some(text) => return Ok(Scalar::Bytes(text)),
            None if mode == Mode::Lenient => Resolved::Text,
            None => return Err("!!binary value contains invalid base64 data".to_owned()),
        },
        Some(tag @ ("!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp")) => {
            match (tag, resolve_as(text, tag == "!!timestamp")) {
                ("!!float", Resolved::Int(value)) => Resolved::Float(value as f64),
                (tag, found) if found.tag() == tag => found,
                _ if mode == Mode::Lenient => Resolved::Text,
                (tag, found) => return Err(format!("cannot decode {} `{text}` as a {tag}", found.tag())),
            }
        }
        Some(_) => Resolved::Text,
    };
    Ok(Scalar::Resolved(resolved))
}

/// Standard base64 with padding; line breaks are skipped, as Go does. Bytes that are not UTF-8 become U+FFFD, as
/// Go's JSON writer makes them.
fn decode_base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut symbols = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r'));
    loop {
        let mut group = [0_u32; 4];
        let mut padding = 0;
        for (place, slot) in group.iter_mut().enumerate() {
            let symbol = match symbols.next() {
                None if place == 0 => return Some(String::from_utf8_lossy(&bytes).into_owned()),
                None => return None,
                Some(symbol) => symbol,
            };
            *slot = match symbol {
                b'=' if place >= 2 => {
                    padding += 1;
                    0
                }
                _ if padding > 0 => return None,
                b'A'..=b'Z' => u32::from(symbol - b'A'),
                b'a'..=b'z' => u32::from(symbol - b'a') + 26,
                b'0'..=b'9' => u32::from(symbol - b'0') + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
        }
        let [.., high, middle, low] =
            (group[0] << 18 | group[1] << 12 | group[2] << 6 | group[3]).to_be_bytes();
        bytes.extend_from_slice(&[high, middle, low][..3 - padding]);
        if padding > 0 && symbols.next().is_some() {
            return None;
        }
    }
}
