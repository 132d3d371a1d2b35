//! One YAML document of the user's: its values, and where each of them stands.

use chartwright::yaml::tree::{Kind, Node, Style};
use serde_json::{Map, Value};

use crate::source::{FileId, Place};

/// A parsed document. Pointers are JSON pointers (RFC 6901) such as `/spec/hosts/0/name`.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file it stands in.
    pub file: FileId,
    /// The text's tree.
    pub root: Node,
    /// The same as plain data, by YAML 1.2's core schema: `yes` and `010` are no surprises here.
    pub value: Value,
}

impl Document {
    /// Wraps a tree.
    pub fn new(file: FileId, root: Node) -> Self {
        let value = to_value(&root);
        Self { file, root, value }
    }

    /// Where the value at a pointer stands, or its closest parent that does.
    pub fn place(&self, pointer: &str) -> Place {
        let mut node = &self.root;
        for segment in segments(pointer) {
            match child(node, &segment) {
                Some((_, next)) => node = next,
                None => break,
            }
        }
        self.of(node)
    }

    /// Where the value at a pointer stands, if the document has it.
    pub fn exact_place(&self, pointer: &str) -> Option<Place> {
        let mut node = &self.root;
        for segment in segments(pointer) {
            node = child(node, &segment)?.1;
        }
        Some(self.of(node))
    }

    /// Where the key of the value at a pointer stands, if the document has it.
    pub fn key_place(&self, pointer: &str) -> Option<Place> {
        let mut node = &self.root;
        let mut key = None;
        for segment in segments(pointer) {
            let (found, next) = child(node, &segment)?;
            key = found;
            node = next;
        }
        Some(self.of(key.unwrap_or(node)))
    }

    /// The place of a node of this document.
    pub fn of(&self, node: &Node) -> Place {
        Place { file: self.file, span: node.span.clone() }
    }
}

/// Unescaped segments of a JSON pointer.
pub fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|s| s.replace("~1", "/").replace("~0", "~"))
}

/// Escapes one segment for a JSON pointer.
pub fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

fn child<'a>(node: &'a Node, segment: &str) -> Option<(Option<&'a Node>, &'a Node)> {
    match &node.kind {
        Kind::Mapping(entries) => entries
            .iter()
            .find(|(key, _)| key_text(key).is_some_and(|k| k == segment))
            .map(|(key, value)| (Some(key), value)),
        Kind::Sequence(items) => {
            segment.parse::<usize>().ok().and_then(|i| items.get(i)).map(|item| (None, item))
        }
        Kind::Null | Kind::Scalar { .. } => None,
    }
}

/// The text of a scalar key.
pub fn key_text(key: &Node) -> Option<&str> {
    match &key.kind {
        Kind::Scalar { text, .. } => Some(text),
        Kind::Null => Some(""),
        _ => None,
    }
}

/// A scalar by YAML 1.2's core schema; quoted and block scalars are strings.
pub fn scalar_value(text: &str, style: Style, tag: Option<&str>) -> Value {
    if style != Style::Plain || tag.is_some_and(|t| t == "!" || t.ends_with("str")) {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && let Ok(number) = text.trim_start_matches('+').parse::<i64>()
    {
        return number.into();
    }
    let number_like = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if number_like && let Some(number) = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
        return Value::Number(number);
    }
    Value::String(text.to_owned())
}

/// A tree as plain data; of a key that stands twice the last counts (the double is reported elsewhere).
pub fn to_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar { text, style, tag } => scalar_value(text, *style, tag.as_deref()),
        Kind::Sequence(items) => items.iter().map(to_value).collect(),
        Kind::Mapping(entries) => entries
            .iter()
            .filter_map(|(key, value)| Some((key_text(key)?.to_owned(), to_value(value))))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// Lays `upper` over `lower`: mappings are merged, anything else is replaced; `null` in `upper` takes a value away.
pub fn overlay(lower: &mut Value, upper: &Value) {
    match (lower, upper) {
        (Value::Object(lower), Value::Object(upper)) => {
            for (key, value) in upper {
                match lower.get_mut(key) {
                    _ if value.is_null() => {
                        lower.remove(key);
                    }
                    Some(existing) => overlay(existing, value),
                    None => {
                        lower.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (_, Value::Null) => {}
        (lower, upper) => *lower = upper.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_follow_the_core_schema() {
        let plain = |text| scalar_value(text, Style::Plain, None);
        assert_eq!(plain("yes"), "yes");
        assert_eq!(plain("true"), true);
        assert_eq!(plain("010"), 10);
        assert_eq!(plain("1.30"), 1.3);
        assert_eq!(plain("10.42.0.0"), "10.42.0.0");
        assert_eq!(plain("1e3"), 1000.0);
        assert_eq!(plain("-"), "-");
        assert_eq!(plain("2027-01-01"), "2027-01-01");
        assert_eq!(plain("99999999999999999999"), 1e20);
        assert_eq!(scalar_value("1", Style::DoubleQuoted, None), "1");
    }

    #[test]
    fn overlay_merges_maps_replaces_the_rest_and_null_removes() {
        let mut lower = serde_json::json!({"a": {"x": 1, "y": [1, 2]}, "b": 1});
        overlay(&mut lower, &serde_json::json!({"a": {"y": [3]}, "b": null, "c": true}));
        assert_eq!(lower, serde_json::json!({"a": {"x": 1, "y": [3]}, "c": true}));
    }
}
