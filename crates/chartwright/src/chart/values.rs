//! Values: reading them, merging what the user gives, and coalescing them with the defaults of all charts.

use std::rc::Rc;

use super::{
    ChartError, HelmCompat,
    dependencies::{Graph, NodeId},
    strvals::{self, Mode},
};
use crate::{
    Map, Value,
    engine::{self, Val},
    yaml,
};

/// The key under which values are handed down to every chart.
pub(crate) const GLOBAL: &str = "global";

/// The values a user gives on top of a chart's defaults, as on `helm`'s command line.
///
/// Whatever the order on the command line, Helm applies them in the order of these fields.
#[derive(Debug, Clone, Default)]
pub struct UserValues {
    /// `-f`: the name (for errors) and the text of each file, in order.
    pub files: Vec<(String, String)>,
    /// `--set-json`: `key=json,key=json`, and for Helm 4 also one JSON object.
    pub set_json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub set_string: Vec<String>,
    /// `--set-file`: `key=path,key=path`
    pub set_file: Vec<String>,
    /// `--set-literal`
    pub set_literal: Vec<String>,
}

impl UserValues {
    /// Merges everything into one mapping. Numbers of files and of JSON become floats, those of `--set` stay
    /// integers, as in Helm. `null`s are kept: they delete defaults later.
    ///
    /// `read` gives the text of a file that `--set-file` names.
    pub fn merge(
        &self,
        compat: HelmCompat,
        read: &mut dyn FnMut(&str) -> Result<String, String>,
    ) -> Result<Value, ChartError> {
        let mut base = Map::new();
        for (name, text) in &self.files {
            let values = match compat {
                HelmCompat::V3_19 => read_first(text, name)?,
                HelmCompat::V4_2 => read_all(text, name)?,
            };
            if let Value::Object(values) = values {
                merge_maps(&mut base, values);
            }
        }
        for line in &self.set_json {
            if compat == HelmCompat::V4_2 && line.trim_start().starts_with('{') {
                let values: Map<String, Value> = serde_json::from_str(line.trim())
                    .map_err(|e| bad_flag("--set-json", line, e.to_string()))?;
                let values = values.into_iter().map(|(key, value)| (key, yaml::numbers_to_f64(value)));
                merge_maps(&mut base, values.collect());
                continue;
            }
            strvals::parse_into(line, Mode::Json, &mut base).map_err(|e| bad_flag("--set-json", line, e))?;
        }
        for line in &self.set {
            strvals::parse_into(line, Mode::Typed, &mut base).map_err(|e| bad_flag("--set", line, e))?;
        }
        for line in &self.set_string {
            strvals::parse_into(line, Mode::Text, &mut base)
                .map_err(|e| bad_flag("--set-string", line, e))?;
        }
        for line in &self.set_file {
            strvals::parse_into(line, Mode::File(read), &mut base)
                .map_err(|e| bad_flag("--set-file", line, e))?;
        }
        for line in &self.set_literal {
            strvals::parse_into(line, Mode::Literal, &mut base)
                .map_err(|e| bad_flag("--set-literal", line, e))?;
        }
        Ok(Value::Object(base))
    }
}

fn bad_flag(flag: &str, line: &str, reason: String) -> ChartError {
    let remedy = match flag {
        "--set-json" => "write key=json, as in --set-json 'a.b={\"c\": 1}'",
        "--set-file" => "write key=path",
        _ => "write key=value; `\\` escapes `,`, `.`, `=` and `[`",
    };
    ChartError::new(format!("{flag} {line}"), reason, remedy)
}

/// Merges `over` into `base`: mappings key by key, everything else replaced.
pub(crate) fn merge_maps(base: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge_maps(into, from),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Values as Helm 3 reads them: the first document counts, what follows is not looked at.
pub(crate) fn read_first(text: &str, place: &str) -> Result<Value, ChartError> {
    read_one(text, place, 0)
}

/// Values as Helm 4 reads them: all documents, merged in order.
pub(crate) fn read_all(text: &str, place: &str) -> Result<Value, ChartError> {
    let mut base = Map::new();
    let mut any = false;
    // Documents are cut at lines that start with `---`, before the YAML is parsed.
    let (mut start, mut start_line) = (0, 0);
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err(ChartError::new(
                    format!("{place}:{}", number + 1),
                    format!("invalid document separator: {rest}"),
                    "only a comment may follow `---` on its line",
                ));
            }
            if at > start {
                any |= merge_document(&text[start..at], place, start_line, &mut base)?;
                start = at + line.len();
                start_line = number + 1;
            }
        }
        at += line.len();
    }
    any |= merge_document(&text[start..], place, start_line, &mut base)?;
    Ok(if any { Value::Object(base) } else { Value::Null })
}

fn merge_document(
    text: &str,
    place: &str,
    first_line: usize,
    base: &mut Map<String, Value>,
) -> Result<bool, ChartError> {
    match read_one(text, place, first_line)? {
        Value::Object(map) => {
            merge_maps(base, map);
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn read_one(text: &str, place: &str, first_line: usize) -> Result<Value, ChartError> {
    let value = yaml::from_str(text).map_err(|e| {
        ChartError::new(
            format!("{place}:{}:{}", e.line + first_line, e.column),
            e.message,
            "correct the YAML",
        )
    })?;
    match value {
        Value::Null | Value::Object(_) => Ok(yaml::numbers_to_f64(value)),
        _ => Err(ChartError::new(place, "values must be a mapping", "write `key: value` lines")),
    }
}

/// A mapping, by reference.
pub(crate) type Table = Rc<engine::Map>;

pub(crate) fn table(value: &Val) -> Option<&Table> {
    match value {
        Val::Map(map) => Some(map),
        _ => None,
    }
}

/// Coalesces values over the defaults of charts, as one line of Helm does it.
///
/// Works on the engine's values because Helm's result *shares* mappings between charts: a parent's `.Values.sub` is
/// the subchart's `.Values`, and nested globals are one mapping for everybody.
pub(crate) struct Coalesce<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) compat: HelmCompat,
    pub(crate) warnings: &'a mut Vec<String>,
}

impl Coalesce<'_> {
    /// Values over the defaults of a chart and of all charts below it. With `merge`, `null`s stay; otherwise they
    /// delete. `values` itself is not changed.
    pub(crate) fn run(&mut self, node: NodeId, values: &Val, merge: bool) -> Result<Table, ChartError> {
        let copy = match values {
            Val::Map(_) => values.deep_copy().map_err(|e| too_deep(&e.to_string()))?,
            _ => Val::Nil,
        };
        let dest = match copy {
            Val::Map(map) => map,
            _ => engine::Map::new(),
        };
        self.chart(node, &dest, "", merge)?;
        Ok(dest)
    }

    fn chart(&mut self, node: NodeId, dest: &Table, prefix: &str, merge: bool) -> Result<(), ChartError> {
        self.own_values(node, dest, prefix, merge)?;
        let sub_prefix = join(prefix, self.graph.name(node));
        for child in self.graph.children(node) {
            let name = self.graph.name(*child);
            let inside = match dest.get(name) {
                None => {
                    let fresh = engine::Map::new();
                    dest.insert(name, Val::Map(fresh.clone()));
                    fresh
                }
                Some(Val::Map(map)) => map,
                Some(other) => {
                    return Err(ChartError::new(
                        format!("values: {}", join_value(prefix, name)),
                        format!(
                            "must be a mapping, since a chart of that name is below; it is a {}",
                            other.kind_name()
                        ),
                        format!("put the values of {name} under the key `{name}:`"),
                    ));
                }
            };
            self.globals(&inside, dest, &sub_prefix);
            self.chart(*child, &inside, &sub_prefix, merge)?;
        }
        Ok(())
    }

    /// Hands the globals of `src` down into `dest`.
    fn globals(&mut self, dest: &Table, src: &Table, prefix: &str) {
        let below = match dest.get(GLOBAL) {
            None => engine::Map::new(),
            Some(Val::Map(map)) => map,
            Some(_) => {
                return self
                    .warn(format!("{prefix}: `global` of the subchart is no mapping; globals are skipped"));
            }
        };
        let above = match src.get(GLOBAL) {
            None => engine::Map::new(),
            Some(Val::Map(map)) => map,
            Some(_) => return self.warn(format!("{prefix}: `global` is no mapping; globals are skipped")),
        };
        for (key, value) in above.entries().iter() {
            let there = below.get(key);
            match (table(value), &there) {
                (Some(map), None) => {
                    below.insert(key.clone(), Val::Map(shallow_copy(map)));
                }
                (Some(map), Some(Val::Map(there))) => {
                    // Top down: what is above wins.
                    let copy = shallow_copy(map);
                    self.tables(&copy, there, &join(prefix, key), true);
                    below.insert(key.clone(), Val::Map(copy));
                }
                (Some(_), Some(_)) => {
                    self.warn(format!("{prefix}.global.{key}: a mapping meets another type and is skipped"));
                }
                (None, Some(Val::Map(_))) => {
                    self.warn(format!("{prefix}.global.{key}: is a mapping below and is skipped"));
                }
                (None, _) => {
                    below.insert(key.clone(), value.clone());
                }
            }
        }
        dest.insert(GLOBAL, Val::Map(below));
    }

    fn own_values(&mut self, node: NodeId, v: &Table, prefix: &str, merge: bool) -> Result<(), ChartError> {
        let sub_prefix = join(prefix, self.graph.name(node));
        let Val::Map(defaults) = self.graph.values(node)? else { return Ok(()) };
        for (key, value) in defaults.entries().iter() {
            match v.get(key) {
                Some(Val::Nil) if !merge => {
                    v.remove(key);
                }
                Some(Val::Map(dest)) => match value {
                    Val::Map(src) => {
                        // Under the key of a subchart nulls stay, since that chart's own turn comes later.
                        let merge = merge || self.is_child(node, key);
                        if !merge && self.compat == HelmCompat::V4_2 {
                            drop_nulls(src);
                        }
                        self.tables(&dest, src, &join(&sub_prefix, key), merge);
                    }
                    Val::Nil => {}
                    _ => self.warn(format!(
                        "{}: a mapping is given where the default is none; the default is skipped",
                        join(&sub_prefix, key)
                    )),
                },
                Some(_) => {}
                None => {
                    if !merge && self.compat == HelmCompat::V4_2 {
                        match value {
                            Val::Nil => continue,
                            Val::Map(map) => drop_nulls(map),
                            _ => {}
                        }
                    }
                    v.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(())
    }

    fn is_child(&self, node: NodeId, key: &str) -> bool {
        self.graph.children(node).iter().any(|child| self.graph.name(*child) == key)
    }

    /// Merges `src` into `dst`, which wins.
    pub(crate) fn tables(&mut self, dst: &Table, src: &Table, prefix: &str, merge: bool) {
        let original = src.entries();
        if self.compat == HelmCompat::V4_2 {
            for (key, value) in dst.entries().iter() {
                if value.is_nil() {
                    src.insert(key.clone(), Val::Nil);
                }
            }
        }
        for (key, value) in src.entries().iter() {
            let there = dst.get(key);
            match (&there, value) {
                (Some(Val::Nil), _) if !merge => {
                    // Helm 4 keeps a null that takes nothing away.
                    let deletes = match self.compat {
                        HelmCompat::V3_19 => true,
                        HelmCompat::V4_2 => original.get(key).is_some_and(|value| !value.is_nil()),
                    };
                    if deletes {
                        dst.remove(key);
                    }
                }
                (None, _) => {
                    dst.insert(key.clone(), value.clone());
                }
                (Some(Val::Map(dst)), Val::Map(src)) => self.tables(dst, src, &join(prefix, key), merge),
                (Some(_), Val::Map(_)) => self.warn(format!(
                    "{}: the default is a mapping, the value given is not; the value given stays",
                    join(prefix, key)
                )),
                (Some(Val::Map(_)), value) if !value.is_nil() => self.warn(format!(
                    "{}: a mapping is given where the default is none; the default is ignored",
                    join(prefix, key)
                )),
                _ => {}
            }
        }
    }

    fn warn(&mut self, text: String) {
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}

pub(crate) fn too_deep(reason: &str) -> ChartError {
    ChartError::new("values", reason, "values may not nest so deep")
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

/// The values path of a chart's key: the prefix starts with the root chart's name, which no values path has.
fn join_value(prefix: &str, key: &str) -> String {
    match prefix.split_once('.') {
        Some((_, rest)) => join(rest, key),
        None => key.to_owned(),
    }
}

fn shallow_copy(map: &Table) -> Table {
    engine::Map::from_dict(engine::MapKind::Any, map.entries().as_ref().clone())
}

/// Takes away every null, at every depth of mappings.
pub(crate) fn drop_nulls(map: &Table) {
    for (key, value) in map.entries().iter() {
        match value {
            Val::Nil => {
                map.remove(key);
            }
            Val::Map(inner) => drop_nulls(inner),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn user_values_in_helms_order() {
        let values = UserValues {
            files: vec![
                ("a.yaml".into(), "a: 1\nm: {x: 1, w: 2}\nd: 7\n".into()),
                ("b.yaml".into(), "m: {w: 3, z: null}\nd: null\n".into()),
            ],
            set: vec!["a=5,s=1".into()],
            set_string: vec!["s=2".into()],
            set_json: vec!["a=9,j=[1]".into()],
            set_file: vec!["f=x.txt".into()],
            set_literal: vec!["l=a,b".into()],
        };
        let merged = values.merge(HelmCompat::V3_19, &mut |path| Ok(format!("({path})"))).unwrap();
        assert_eq!(
            merged,
            json!({
                "a": 5, "m": {"x": 1.0, "w": 3.0, "z": null}, "d": null, "s": "2",
                "j": [1.0], "f": "(x.txt)", "l": "a,b"
            })
        );
    }

    #[test]
    fn several_documents() {
        let text = "---\na: 1\nm: {x: 1}\n--- # more\nm: {w: 2}\n";
        assert_eq!(read_first(text, "v").unwrap(), json!({"a": 1.0, "m": {"x": 1.0}}));
        assert_eq!(read_all(text, "v").unwrap(), json!({"a": 1.0, "m": {"x": 1.0, "w": 2.0}}));
        assert_eq!(read_all("", "v").unwrap(), Value::Null);
        assert!(read_all("a: 1\n---x\nb: 2\n", "v").is_err());
        let error = read_all("a: 1\n---\nb: [\n", "v").unwrap_err();
        assert!(error.place.starts_with("v:"), "{error}");
    }
}
