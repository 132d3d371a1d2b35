//! YAML as `sigs.k8s.io/yaml` (over go-yaml v2.4) reads and writes it, and a [`tree`] with spans.

mod decode;
mod emit;
mod error;
mod fast;
mod parse;
mod path;
mod resolve;
mod stream;
pub mod tree;

use serde_json::{Number, Value};

pub use emit::{Traced, marshal, to_string, to_string_with_paths};
pub use error::YamlError;
pub use path::{DisplayPath, PathSegment};

use decode::Mode;

/// Reads the first document of `text` as `sigs.k8s.io/yaml` does; an empty text is null. What follows the first
/// document is not looked at. Integers are `i64` or `u64` numbers, others `f64`; the last duplicate key wins.
///
/// # Errors
/// The first place that is not YAML or that has no JSON value (`.nan`, a map as a key, an unknown alias).
pub fn from_str(text: &str) -> Result<Value, YamlError> {
    stream::first(text, Mode::Go)
}

/// Like [`from_str`], but a key that is written twice in a mapping is an error.
///
/// # Errors
/// As [`from_str`], and duplicate keys.
pub fn from_str_strict(text: &str) -> Result<Value, YamlError> {
    stream::first(text, Mode::Strict)
}

/// Reads all documents of `text`, each as [`from_str`] does; empty ones are left out.
///
/// # Errors
/// The first error in any document.
pub fn documents(text: &str) -> Result<Vec<Value>, YamlError> {
    let mut values = stream::all(text, Mode::Go)?;
    values.retain(|value| !value.is_null());
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
