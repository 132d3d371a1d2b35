//! `Chart.yaml`.

use std::collections::BTreeMap;

use super::{ChartError, manifest::scalar_text};
use crate::{Map, Value, semver, yaml};

/// The contents of `Chart.yaml` (and, for `apiVersion: v1`, of `requirements.yaml`).
///
/// Scalars of another type are taken as text where text belongs, as Helm does: `appVersion: 1.10` is `"1.1"`.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)] // the fields are Chart.yaml's own
pub struct Metadata {
    pub name: String,
    pub home: String,
    pub sources: Vec<String>,
    pub version: String,
    pub description: String,
    pub keywords: Vec<String>,
    pub maintainers: Vec<Maintainer>,
    pub icon: String,
    pub api_version: String,
    pub condition: String,
    pub tags: String,
    pub app_version: String,
    pub deprecated: bool,
    /// `None` when there is no such field, which templates can tell from an empty one.
    pub annotations: Option<BTreeMap<String, String>>,
    pub kube_version: String,
    /// `None` when there is no such field: Helm then leaves the charts in `charts/` as they are.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty.
    pub kind: String,
}

/// An entry of `maintainers`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Maintainer {
    pub name: String,
    pub email: String,
    pub url: String,
}

/// An entry of `dependencies`.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Dependency {
    pub name: String,
    /// A version range in Masterminds' grammar.
    pub version: String,
    pub repository: String,
    /// Comma-separated value paths; the first that holds a boolean decides.
    pub condition: String,
    pub tags: Vec<String>,
    /// Set by Helm while it decides; a template can read it.
    pub enabled: bool,
    /// Texts and `{child, parent}` mappings.
    pub import_values: Vec<Value>,
    /// Another name for this copy of the chart.
    pub alias: String,
}

impl Metadata {
    /// Whether this is a library chart, whose only contribution are its partials.
    pub fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }

    /// Reads `Chart.yaml`, or `requirements.yaml` over what `Chart.yaml` said.
    pub(crate) fn read_over(&mut self, file: &str, text: &str) -> Result<(), ChartError> {
        let value = yaml::from_str(text).map_err(|e| {
            ChartError::new(format!("{file}:{}:{}", e.line, e.column), e.message, "correct the YAML")
        })?;
        let map = match value {
            Value::Null => return Ok(()),
            Value::Object(map) => map,
            _ => return Err(ChartError::new(file, "is no mapping", "write `name: ...` and `version: ...`")),
        };
        let fields = Fields { file, prefix: String::new(), map: &map };
        fields.text("name", &mut self.name)?;
        fields.text("home", &mut self.home)?;
        fields.texts("sources", &mut self.sources)?;
        fields.text("version", &mut self.version)?;
        fields.text("description", &mut self.description)?;
        fields.texts("keywords", &mut self.keywords)?;
        fields.text("icon", &mut self.icon)?;
        fields.text("apiVersion", &mut self.api_version)?;
        fields.text("condition", &mut self.condition)?;
        fields.text("tags", &mut self.tags)?;
        fields.text("appVersion", &mut self.app_version)?;
        fields.bool("deprecated", &mut self.deprecated)?;
        fields.text("kubeVersion", &mut self.kube_version)?;
        fields.text("type", &mut self.kind)?;
        if let Some(value) = fields.get("annotations") {
            self.annotations = match value {
                Value::Null => None,
                Value::Object(map) => {
                    let mut annotations = BTreeMap::new();
                    for (key, value) in map {
                        let text = scalar_text(value)
                            .ok_or_else(|| fields.wrong(&format!("annotations.{key}"), "text"))?;
                        annotations.insert(key.clone(), text);
                    }
                    Some(annotations)
                }
                _ => return Err(fields.wrong("annotations", "a mapping")),
            };
        }
        if let Some(items) = fields.list("maintainers")? {
            self.maintainers = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let fields = fields.inside("maintainers", index, item)?;
                let mut maintainer = Maintainer::default();
                fields.text("name", &mut maintainer.name)?;
                fields.text("email", &mut maintainer.email)?;
                fields.text("url", &mut maintainer.url)?;
                self.maintainers.push(maintainer);
            }
        }
        if let Some(items) = fields.list("dependencies")? {
            let mut dependencies = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let fields = fields.inside("dependencies", index, item)?;
                let mut dependency = Dependency::default();
                fields.text("name", &mut dependency.name)?;
                fields.text("version", &mut dependency.version)?;
                fields.text("repository", &mut dependency.repository)?;
                fields.text("condition", &mut dependency.condition)?;
                fields.texts("tags", &mut dependency.tags)?;
                fields.bool("enabled", &mut dependency.enabled)?;
                fields.text("alias", &mut dependency.alias)?;
                if let Some(values) = fields.list("import-values")? {
                    dependency.import_values = values.iter().cloned().map(yaml::numbers_to_f64).collect();
                }
                dependencies.push(dependency);
            }
            self.dependencies = Some(dependencies);
        }
        Ok(())
    }

    /// Cleans the texts and checks what Helm checks.
    pub(crate) fn validate(&mut self) -> Result<(), ChartError> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources.iter_mut().chain(&mut self.keywords).for_each(sanitize);
        let error = |field: &str, reason: String, remedy: &str| {
            Err(ChartError::new(format!("Chart.yaml: {field}"), reason, remedy))
        };
        if self.name.is_empty() {
            return error("name", "is missing".into(), "give the chart a name");
        }
        if self.name.contains('/') || self.name == "." || self.name == ".." {
            return error("name", format!("{:?} is invalid", self.name), "use a name without path parts");
        }
        if self.version.is_empty() {
            return error("version", "is missing".into(), "give the chart a semantic version, such as 0.1.0");
        }
        if semver::Version::parse(&self.version).is_err() {
            return error(
                "version",
                format!("{:?} is invalid", self.version),
                "use a semantic version, such as 0.1.0",
            );
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return error("type", format!("{:?} is unknown", self.kind), "use application or library");
        }
        for maintainer in &mut self.maintainers {
            for text in [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url] {
                sanitize(text);
            }
        }
        let mut seen: Vec<&str> = Vec::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            for text in [
                &mut dependency.name,
                &mut dependency.version,
                &mut dependency.repository,
                &mut dependency.condition,
            ] {
                sanitize(text);
            }
            dependency.tags.iter_mut().for_each(sanitize);
        }
        for dependency in self.dependencies.iter().flatten() {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if !dependency.alias.chars().all(allowed) {
                return error(
                    &format!("dependencies: {}", dependency.name),
                    format!("the alias {:?} has characters that are not allowed", dependency.alias),
                    "use letters, digits, `_` and `-`",
                );
            }
            let key = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if seen.contains(&key.as_str()) {
                return error(
                    "dependencies",
                    format!("more than one dependency with name or alias {key:?}"),
                    "give each an alias of its own",
                );
            }
            seen.push(key);
        }
        Ok(())
    }
}

/// White space becomes a space, what cannot be printed goes away.
fn sanitize(text: &mut String) {
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|c| match c {
            c if c.is_whitespace() => Some(' '),
            // Control and format characters, private use: Go's unicode.IsPrint says no to them.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => None,
            '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0001}'..='\u{e007f}' => None,
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect();
}

/// The fields of one mapping, with its place for errors.
struct Fields<'a> {
    file: &'a str,
    prefix: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The field; as in Go's JSON reader the case of its name does not matter.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).or_else(|| {
            self.map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    }

    fn wrong(&self, field: &str, expected: &str) -> ChartError {
        ChartError::new(
            format!("{}: {}{field}", self.file, self.prefix),
            format!("must be {expected}"),
            "correct the value",
        )
    }

    fn text(&self, name: &str, into: &mut String) -> Result<(), ChartError> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(()),
            Some(value) => {
                *into = scalar_text(value).ok_or_else(|| self.wrong(name, "text"))?;
                Ok(())
            }
        }
    }

    fn bool(&self, name: &str, into: &mut bool) -> Result<(), ChartError> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(()),
            Some(Value::Bool(value)) => {
                *into = *value;
                Ok(())
            }
            Some(_) => Err(self.wrong(name, "true or false")),
        }
    }

    fn list(&self, name: &str) -> Result<Option<&'a Vec<Value>>, ChartError> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(self.wrong(name, "a list")),
        }
    }

    fn texts(&self, name: &str, into: &mut Vec<String>) -> Result<(), ChartError> {
        if let Some(items) = self.list(name)? {
            *into = items
                .iter()
                .map(|item| scalar_text(item).ok_or_else(|| self.wrong(name, "a list of texts")))
                .collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    fn inside(&self, name: &str, index: usize, item: &'a Value) -> Result<Fields<'a>, ChartError> {
        match item {
            Value::Object(map) => {
                Ok(Fields { file: self.file, prefix: format!("{}{name}[{index}].", self.prefix), map })
            }
            _ => {
                Err(self
                    .wrong(&format!("{name}[{index}]"), "a mapping (empty and null entries are not allowed)"))
            }
        }
    }
}
