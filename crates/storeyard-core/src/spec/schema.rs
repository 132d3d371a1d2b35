//! JSON Schemas of the spec, from its Rust types.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::platform::Platform;
use super::store::Store;
use super::structure::Structure;

/// Schema of `storeyard.yaml`.
pub fn platform() -> &'static Structure {
    static STRUCTURE: OnceLock<Structure> = OnceLock::new();
    STRUCTURE.get_or_init(|| Structure::new(generate::<Platform>()))
}

/// Schema of `stores/*.yaml`.
pub fn store() -> &'static Structure {
    static STRUCTURE: OnceLock<Structure> = OnceLock::new();
    STRUCTURE.get_or_init(|| Structure::new(generate::<Store>()))
}

/// One schema for both kinds, told apart by `kind`; what `storeyard schema` prints.
pub fn combined() -> Value {
    let mut definitions = serde_json::Map::new();
    for part in [platform(), store()] {
        if let Some(defs) = part.schema().get("$defs").and_then(Value::as_object) {
            definitions.extend(defs.clone());
        }
    }
    for (name, part) in [("Platform", platform()), ("Store", store())] {
        let mut schema = part.schema().clone();
        if let Some(map) = schema.as_object_mut() {
            map.remove("$defs");
            map.remove("$schema");
        }
        definitions.insert(name.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Storeyard spec",
        "type": "object",
        "required": ["kind"],
        "if": { "properties": { "kind": { "const": "Store" } } },
        "then": { "$ref": "#/$defs/Store" },
        "else": { "$ref": "#/$defs/Platform" },
        "$defs": definitions,
    })
}

fn generate<T: schemars::JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// Removes what would mislead: Rust's integer formats, and `default`s of types whose real defaults are in the library.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if matches!(
                map.get("format").and_then(Value::as_str),
                Some("uint8" | "uint16" | "uint32" | "uint64")
            ) {
                map.remove("format");
            }
            // Inside `properties`, a key named `default` would be a property; none of ours is.
            map.remove("default");
            // A single-variant enum is clearer as `const`.
            if let Some([only]) = map.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
                let only = only.clone();
                map.remove("enum");
                map.insert("const".to_owned(), only);
            }
            for value in map.values_mut() {
                tidy(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
