//! `values.schema.json`: every chart's values against its own schema.

use super::{
    ChartError, RenderError, SchemaViolation,
    dependencies::{Graph, NodeId, ROOT},
};
use crate::Value;

/// Checks the coalesced values of a release against the schemas of all charts that take part.
pub(crate) fn check(graph: &Graph, values: &Value, warnings: &mut Vec<String>) -> Result<(), RenderError> {
    let mut violations = Vec::new();
    check_chart(graph, ROOT, values, "", &mut violations, warnings)?;
    if violations.is_empty() { Ok(()) } else { Err(RenderError::Schema(violations)) }
}

/// Whether any chart has a schema.
pub(crate) fn any(graph: &Graph, id: NodeId) -> bool {
    graph.node(id).chart.schema().is_some() || graph.children(id).iter().any(|child| any(graph, *child))
}

fn check_chart(
    graph: &Graph,
    id: NodeId,
    values: &Value,
    path: &str,
    violations: &mut Vec<SchemaViolation>,
    warnings: &mut Vec<String>,
) -> Result<(), RenderError> {
    let chart = graph.full_path(id);
    if let Some(schema) = graph.node(id).chart.compiled_schema(&chart)? {
        warnings.extend(schema.unknown.iter().cloned());
        for error in schema.validator.iter_errors(values) {
            violations.push(SchemaViolation {
                chart: chart.clone(),
                path: value_path(path, &error.instance_path().to_string()),
                message: error.to_string(),
            });
        }
    }
    for child in graph.children(id) {
        let name = graph.name(*child);
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match values.get(name) {
            None | Some(Value::Null) => {}
            Some(inside @ Value::Object(_)) => {
                check_chart(graph, *child, inside, &path, violations, warnings)?;
            }
            Some(_) => violations.push(SchemaViolation {
                chart: graph.full_path(*child),
                path,
                message: "must be a mapping, since a chart of that name is below".to_owned(),
            }),
        }
    }
    Ok(())
}

/// A schema ready for use: compiling one takes longer than rendering the chart, and a fleet shares it.
#[derive(Debug)]
pub(crate) struct CompiledSchema {
    validator: jsonschema::Validator,
    /// References that are let pass, as warnings.
    unknown: Vec<String>,
}

impl CompiledSchema {
    /// Compiles the schema of the chart at a path, which is only used in messages.
    pub(crate) fn new(chart: &str, schema: &[u8]) -> Result<CompiledSchema, ChartError> {
        let place = format!("{chart}/values.schema.json");
        let mut schema: Value = serde_json::from_slice(schema).map_err(|e| {
            ChartError::new(format!("{place}:{}:{}", e.line(), e.column()), e.to_string(), "correct the JSON")
        })?;
        let mut unknown = Vec::new();
        if let Some(url) = foreign_reference(&mut schema, &mut unknown) {
            return Err(ChartError::new(
                place,
                format!("refers to {url}, which is outside of the chart"),
                "put the definition into the schema's own `$defs`, or leave schemas out (--skip-schema-validation)",
            ));
        }
        let unknown = unknown
            .into_iter()
            .map(|urn| format!("{place}: {urn} is unknown; what it describes is not checked"))
            .collect();
        let validator = jsonschema::options().with_retriever(Nothing).build(&schema).map_err(|e| {
            ChartError::new(
                &place,
                e.to_string(),
                "correct the schema, or skip it (--skip-schema-validation)",
            )
        })?;
        Ok(CompiledSchema { validator, unknown })
    }
}

/// Nothing is ever fetched: meta-schemas are built in, everything else must be in the schema.
struct Nothing;

impl jsonschema::Retrieve for Nothing {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("{uri} is outside of the chart; nothing is fetched").into())
    }
}

/// The first `$ref` that leads out of the schema. A `urn:` that nobody defines lets everything pass, as in Helm.
fn foreign_reference(schema: &mut Value, unknown: &mut Vec<String>) -> Option<String> {
    match schema {
        Value::Array(items) => items.iter_mut().find_map(|item| foreign_reference(item, unknown)),
        Value::Object(map) => {
            if let Some(Value::String(url)) = map.get("$ref") {
                let scheme = url.split(':').next().unwrap_or("").to_ascii_lowercase();
                match scheme.as_str() {
                    "http" | "https" | "file" if !is_meta_schema(url) => return Some(url.clone()),
                    "urn" => {
                        unknown.push(url.clone());
                        map.remove("$ref");
                    }
                    _ => {}
                }
            }
            map.values_mut().find_map(|value| foreign_reference(value, unknown))
        }
        _ => None,
    }
}

/// The JSON Schema drafts themselves are built in.
fn is_meta_schema(url: &str) -> bool {
    let rest = url.trim_start_matches("https://").trim_start_matches("http://");
    rest.starts_with("json-schema.org/")
}

/// `/a/0/b` below `sub` is `sub.a[0].b`.
fn value_path(prefix: &str, pointer: &str) -> String {
    let mut path = prefix.to_owned();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty() {
            path.push_str(&format!("[{part}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
    }
    path
}
