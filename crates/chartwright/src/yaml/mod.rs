//! YAML as `sigs.k8s.io/yaml` (over go-yaml v2.4) reads and writes it, and a [`tree`] with spans.

mod decode;
mod emit;
mod error;
mod path;
mod resolve;
pub mod tree;

use serde_json::{Number, Value};

pub use emit::{Traced, marshal, to_string, to_string_with_paths};
pub use error::YamlError;
pub use path::{DisplayPath, PathSegment};

use decode::Mode;
use tree::Limits;

/// What [`from_str`] and [`documents`] accept: far above what a cluster takes, low enough to end.
fn machine_limits() -> Limits {
    Limits { depth: tree::MAX_DEPTH, nodes: 20_000_000, bytes: 256 << 20, alias_nodes: 400_000 }
}

/// Reads the first document of `text` as `sigs.k8s.io/yaml` does; an empty text is null. What follows the first
/// document is not looked at. Integers are `i64` or `u64` numbers, others `f64`; the last duplicate key wins.
///
/// # Errors
/// The first place that is not YAML or that has no JSON value (`.nan`, a map as a key, an unknown alias).
pub fn from_str(text: &str) -> Result<Value, YamlError> {
    read_first(text, Mode::Go)
}

/// Like [`from_str`], but a key that is written twice in a mapping is an error.
///
/// # Errors
/// As [`from_str`], and duplicate keys.
pub fn from_str_strict(text: &str) -> Result<Value, YamlError> {
    read_first(text, Mode::Strict)
}

fn read_first(text: &str, mode: Mode) -> Result<Value, YamlError> {
    let Some(node) = tree::parse_first(text, &machine_limits())? else { return Ok(Value::Null) };
    decode::decode(&node, mode).map_err(|(offset, message)| YamlError::at(text, offset, message))
}

/// Reads all documents of `text`, each as [`from_str`] does; empty ones are left out.
///
/// # Errors
/// The first error in any document.
pub fn documents(text: &str) -> Result<Vec<Value>, YamlError> {
    let mut values = Vec::new();
    for node in tree::parse(text, &machine_limits())? {
        let value = decode::decode(&node, Mode::Go)
            .map_err(|(offset, message)| YamlError::at(text, offset, message))?;
        if !value.is_null() {
            values.push(value);
        }
    }
    Ok(values)
}

/// Turns every number into `f64`, as Helm's values files are read (through Go's `interface{}`).
#[must_use]
pub fn numbers_to_f64(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64().and_then(Number::from_f64) {
            Some(float) => Value::Number(float),
            None => Value::Number(number),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(numbers_to_f64).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, numbers_to_f64(value))).collect())
        }
        other => other,
    }
}
