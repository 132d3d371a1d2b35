//! Judges a document against the JSON Schema that `storeyard schema` prints.
//!
//! The schema is generated from the Rust types and is the only description of the format: what an editor marks and
//! what the loader refuses cannot drift apart. Every mistake is collected; nothing stops at the first.

use std::collections::BTreeMap;

use chartwright::yaml::tree::{Kind, Node};
use regex::Regex;
use serde_json::{Map, Value};

use super::document::{Document, key_text, scalar_value};
use crate::diagnostic::Diagnostic;
use crate::rules::spec as codes;

/// A schema with its definitions and compiled patterns.
pub struct Structure {
    root: Value,
    patterns: BTreeMap<String, Regex>,
}

impl Structure {
    /// Prepares a schema. Patterns that do not compile are treated as matching everything; a test proves there are none.
    pub fn new(root: Value) -> Self {
        let mut patterns = BTreeMap::new();
        collect_patterns(&root, &mut patterns);
        Self { root, patterns }
    }

    /// The schema itself.
    pub fn schema(&self) -> &Value {
        &self.root
    }

    /// All that is wrong with the document's structure.
    pub fn check(&self, document: &Document) -> Vec<Diagnostic> {
        let mut checker = Checker { structure: self, document, out: Vec::new() };
        checker.node(&document.root, &self.root, "");
        checker.out
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#')) {
            Some(pointer) => self.root.pointer(pointer).unwrap_or(schema),
            None => schema,
        }
    }
}

fn collect_patterns(schema: &Value, patterns: &mut BTreeMap<String, Regex>) {
    match schema {
        Value::Object(map) => {
            if let Some(pattern) = map.get("pattern").and_then(Value::as_str)
                && let Ok(regex) = Regex::new(pattern)
            {
                patterns.insert(pattern.to_owned(), regex);
            }
            map.values().for_each(|v| collect_patterns(v, patterns));
        }
        Value::Array(items) => items.iter().for_each(|v| collect_patterns(v, patterns)),
        _ => {}
    }
}

struct Checker<'a> {
    structure: &'a Structure,
    document: &'a Document,
    out: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn node(&mut self, node: &Node, schema: &Value, path: &str) {
        let schema = self.structure.resolve(schema);
        let Value::Object(rules) = schema else { return };
        // `Option<T>` is `anyOf: [T, null]`.
        if let Some(options) = rules.get("anyOf").and_then(Value::as_array) {
            if is_null(node) {
                return;
            }
            if let Some(option) =
                options.iter().find(|o| o.get("type").and_then(Value::as_str) != Some("null"))
            {
                self.node(node, option, path);
            }
            return;
        }
        let (expected, nullable) = types(rules);
        if is_null(node) && nullable {
            return;
        }
        let actual = actual_type(node);
        if let Some(expected) = expected {
            let fits = actual == expected || (expected == "number" && actual == "integer");
            if !fits {
                self.wrong_type(node, rules, path, expected, actual);
                return;
            }
        }
        match &node.kind {
            Kind::Mapping(entries) => self.mapping(node, entries, rules, path),
            Kind::Sequence(items) => self.sequence(node, items, rules, path),
            Kind::Scalar { text, .. } => self.scalar(node, text, rules, path),
            Kind::Null => {}
        }
    }

    fn mapping(&mut self, node: &Node, entries: &[(Node, Node)], rules: &Map<String, Value>, path: &str) {
        let empty = Map::new();
        let properties = rules.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let additional = rules.get("additionalProperties");
        let mut seen: BTreeMap<&str, &Node> = BTreeMap::new();
        for (key, value) in entries {
            let Some(name) = key_text(key) else {
                self.out.push(
                    Diagnostic::error(codes::WRONG_TYPE, "a key must be plain text")
                        .at(self.document.of(key), "not text")
                        .help("write the key as one word before the colon"),
                );
                continue;
            };
            if let Some(first) = seen.insert(name, key) {
                self.out.push(
                    Diagnostic::error(
                        codes::DUPLICATE_KEY,
                        format!("`{}` is written twice", join(path, name)),
                    )
                    .at(self.document.of(key), "the second one")
                    .and(self.document.of(first), "the first one")
                    .help("keep one of them"),
                );
            }
            if let Some(schema) = properties.get(name) {
                self.node(value, schema, &join(path, name));
            } else if let Some(Value::Object(_)) = additional {
                if let Some(schema) = additional {
                    self.node(value, schema, &join(path, name));
                }
            } else if additional == Some(&Value::Bool(false)) {
                self.unknown_key(key, name, properties, &seen, path);
            }
        }
        for name in
            rules.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            if !seen.contains_key(name) {
                let about = properties.get(name).map(|s| self.describe(s)).unwrap_or_default();
                let place = self.document.of(node);
                let mut diagnostic = Diagnostic::error(
                    codes::MISSING_KEY,
                    format!("{} has no `{name}`", if path.is_empty() { "the document" } else { path }),
                )
                .at(place, format!("`{name}` is missing here"));
                diagnostic.help = Some(format!("add `{name}:`{about}"));
                self.out.push(diagnostic);
            }
        }
    }

    fn unknown_key(
        &mut self,
        key: &Node,
        name: &str,
        properties: &Map<String, Value>,
        seen: &BTreeMap<&str, &Node>,
        path: &str,
    ) {
        let place = if path.is_empty() { "the document".to_owned() } else { format!("`{path}`") };
        let diagnostic = Diagnostic::error(codes::UNKNOWN_KEY, format!("{place} has no key `{name}`"));
        let known: Vec<&str> =
            properties.keys().map(String::as_str).filter(|k| !seen.contains_key(k)).collect();
        let diagnostic = match nearest(name, properties.keys().map(String::as_str)) {
            Some(near) => {
                diagnostic.at(self.document.of(key), "unknown").help(format!("did you mean `{near}`?"))
            }
            None if name == "<<" => diagnostic
                .at(self.document.of(key), "merge keys are not supported")
                .help("write the values out; sizes and defaults already save the repetition"),
            None if known.is_empty() => diagnostic.at(self.document.of(key), "unknown").help("remove it"),
            None => diagnostic
                .at(self.document.of(key), "unknown")
                .help(format!("remove it, or use one of: {}", known.join(", "))),
        };
        self.out.push(diagnostic);
    }

    fn sequence(&mut self, node: &Node, items: &[Node], rules: &Map<String, Value>, path: &str) {
        if let Some(min) = rules.get("minItems").and_then(Value::as_u64)
            && (items.len() as u64) < min
        {
            self.out.push(
                Diagnostic::error(codes::OUT_OF_RANGE, format!("`{path}` needs at least {min} entries"))
                    .at(self.document.of(node), "too few")
                    .help("add one"),
            );
        }
        if let Some(schema) = rules.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.node(item, schema, &format!("{path}[{index}]"));
            }
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, rules: &Map<String, Value>, path: &str) {
        let place = self.document.of(node);
        if let Some(allowed) = allowed(rules)
            && !allowed.contains(&text)
        {
            self.out.push(not_one_of(path, text, &allowed).at(place, "not one of them"));
            return;
        }
        if let Some(pattern) = rules.get("pattern").and_then(Value::as_str)
            && !self.structure.patterns.get(pattern).is_none_or(|regex| regex.is_match(text))
        {
            let wanted = rules.get("title").and_then(Value::as_str);
            let message = match wanted {
                Some(wanted) => format!("`{path}` must be {wanted}, and `{}` is not", shorten(text)),
                None => format!("`{path}` does not have the form it must have"),
            };
            let mut diagnostic = Diagnostic::error(codes::WRONG_FORM, message).at(place, "wrong form");
            diagnostic = match example(rules) {
                Some(example) => diagnostic.help(format!("for example `{example}`")),
                None => diagnostic.help(format!("it must match {pattern}")),
            };
            self.out.push(diagnostic);
            return;
        }
        if let Some(min) = rules.get("minLength").and_then(Value::as_u64)
            && (text.chars().count() as u64) < min
        {
            self.out.push(
                Diagnostic::error(codes::OUT_OF_RANGE, format!("`{path}` needs at least {min} characters"))
                    .at(place.clone(), "too short")
                    .help("say a little more"),
            );
        }
        if let Some(number) = actual_number(node) {
            let limit = |name| rules.get(name).and_then(Value::as_f64);
            let (min, max) = (limit("minimum"), limit("maximum"));
            if min.is_some_and(|m| number < m) || max.is_some_and(|m| number > m) {
                let range = match (min, max) {
                    (Some(min), Some(max)) => format!("from {min} to {max}"),
                    (Some(min), None) => format!("at least {min}"),
                    (None, Some(max)) => format!("at most {max}"),
                    (None, None) => String::new(),
                };
                self.out.push(
                    Diagnostic::error(codes::OUT_OF_RANGE, format!("`{path}` must be {range}"))
                        .at(place, "out of range")
                        .help(format!("write a number {range}")),
                );
            }
        }
    }

    fn wrong_type(
        &mut self,
        node: &Node,
        rules: &Map<String, Value>,
        path: &str,
        expected: &str,
        actual: &str,
    ) {
        let what = if path.is_empty() { "the document".to_owned() } else { format!("`{path}`") };
        let wanted = match rules.get("title").and_then(Value::as_str) {
            Some(title) if expected == "string" => title.to_owned(),
            _ => article(expected).to_owned(),
        };
        let diagnostic = Diagnostic::error(
            codes::WRONG_TYPE,
            format!("{what} must be {wanted}, and this is {}", article(actual)),
        )
        .at(self.document.of(node), article(actual));
        let help = match (&node.kind, expected) {
            (Kind::Scalar { text, .. }, "string") => format!("put it in quotes: \"{text}\""),
            (Kind::Scalar { text, .. }, "boolean") => match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" => "write `true`".to_owned(),
                "no" | "off" | "n" => "write `false`".to_owned(),
                _ => "write `true` or `false`".to_owned(),
            },
            (Kind::Scalar { text, .. }, "array") => format!("write a list: [{text}]"),
            (Kind::Scalar { text, .. }, "integer" | "number")
                if text.parse::<f64>().is_ok() && !text.contains('.') =>
            {
                "remove the quotes".to_owned()
            }
            (_, "integer") => "write a whole number".to_owned(),
            (_, "object") => match rules.get("properties").and_then(Value::as_object) {
                Some(properties) if !properties.is_empty() => {
                    let keys: Vec<&str> = properties.keys().map(String::as_str).take(6).collect();
                    format!("write `key: value` lines below it, such as {}", keys.join(", "))
                }
                _ => "write `key: value` lines below it, or {} for none".to_owned(),
            },
            (_, "array") => "write a list, one `- entry` a line".to_owned(),
            _ => match example(rules) {
                Some(example) => format!("for example `{example}`"),
                None => format!("write {}", article(expected)),
            },
        };
        self.out.push(diagnostic.help(help));
    }

    /// ` (a DNS label, for example aurora)`, for remedies.
    fn describe(&self, schema: &Value) -> String {
        let schema = self.structure.resolve(schema);
        let Some(rules) = schema.as_object() else { return String::new() };
        match (rules.get("title").and_then(Value::as_str), example(rules)) {
            (Some(title), Some(example)) => format!(" ({title}, for example `{example}`)"),
            (Some(title), None) => format!(" ({title})"),
            (None, Some(example)) => format!(" (for example `{example}`)"),
            (None, None) => String::new(),
        }
    }
}

fn not_one_of(path: &str, text: &str, allowed: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        codes::NOT_ALLOWED,
        match allowed {
            [only] => format!("`{path}` must be `{only}`"),
            _ => format!("`{path}` must be one of {}, and `{}` is not", allowed.join(", "), shorten(text)),
        },
    );
    match nearest(text, allowed.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("write {}", allowed.join(" or "))),
    }
}

/// The type a schema wants and whether null is as good.
fn types(rules: &Map<String, Value>) -> (Option<&str>, bool) {
    match rules.get("type") {
        Some(Value::String(name)) => (Some(name), name == "null"),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            (names.iter().find(|n| **n != "null").copied(), names.contains(&"null"))
        }
        _ => (allowed(rules).map(|_| "string"), false),
    }
}

/// The words that an enum allows. One whose variants are documented is `oneOf` of a `const` for each.
fn allowed(rules: &Map<String, Value>) -> Option<Vec<&str>> {
    if let Some(only) = rules.get("const").and_then(Value::as_str) {
        return Some(vec![only]);
    }
    if let Some(words) = rules.get("enum").and_then(Value::as_array) {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    let variants = rules.get("oneOf").and_then(Value::as_array)?;
    Some(variants.iter().filter_map(Value::as_object).filter_map(allowed).flatten().collect())
}

fn is_null(node: &Node) -> bool {
    actual_type(node) == "null"
}

fn actual_type(node: &Node) -> &'static str {
    match &node.kind {
        Kind::Null => "null",
        Kind::Mapping(_) => "object",
        Kind::Sequence(_) => "array",
        Kind::Scalar { text, style, tag } => match scalar_value(text, *style, tag.as_deref()) {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            // Too large for any field, and a whole number all the same.
            Value::Number(n) if n.is_f64() && text.contains(['.', 'e', 'E']) => "number",
            Value::Number(_) => "integer",
            _ => "string",
        },
    }
}

fn actual_number(node: &Node) -> Option<f64> {
    match &node.kind {
        Kind::Scalar { text, style, tag } => scalar_value(text, *style, tag.as_deref()).as_f64(),
        _ => None,
    }
}

fn article(name: &str) -> &'static str {
    match name {
        "null" => "empty",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a mapping",
        _ => "something else",
    }
}

fn example(rules: &Map<String, Value>) -> Option<&str> {
    rules.get("examples").and_then(|e| e.get(0)).and_then(Value::as_str)
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The known word closest to a mistyped one, if any is close enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    known
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_near() {
        let known = ["apiServer", "services", "pods"];
        assert_eq!(nearest("apiserver", known.into_iter()), Some("apiServer"));
        assert_eq!(nearest("servces", known.into_iter()), Some("services"));
        assert_eq!(nearest("loadBalancers", known.into_iter()), None);
        assert_eq!(nearest(&"x".repeat(10_000), known.into_iter()), None);
    }
}
