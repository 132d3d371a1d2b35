//! Which charts of `charts/` take part in a release, under which name, and what they export to their parents.
//!
//! Works on a graph of nodes rather than on a tree of charts, because Helm 3 copies an aliased chart only at its
//! top: the charts below it are shared by all aliases (and keep pointing to one of them as their parent). Helm 4
//! copies one level more. Both are reproduced.

use super::{
    Chart, ChartError, Dependency, HelmCompat,
    values::{Coalesce, Table, table, too_deep},
};
use crate::{
    Value,
    engine::{self, Val},
    semver,
};

/// A chart of the graph, by its place in the list of nodes.
pub(crate) type NodeId = usize;
/// An entry of some chart's `dependencies`, by its place in the list of entries.
type DependencyId = usize;

/// One chart as it takes part in a release.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) chart: Chart,
    /// The alias or the chart's own name.
    pub(crate) name: String,
    pub(crate) parent: Option<NodeId>,
    pub(crate) children: Vec<NodeId>,
    dependencies: Option<Vec<DependencyId>>,
    /// Default values with what was imported from charts below, when there was an import step.
    values: Option<Value>,
}

/// The charts of a release.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    entries: Vec<Dependency>,
    compat: HelmCompat,
}

/// The root's place in every graph.
pub(crate) const ROOT: NodeId = 0;

impl Graph {
    /// The graph of everything in `charts/`, before anything is decided.
    pub(crate) fn new(chart: &Chart, compat: HelmCompat) -> Graph {
        let mut graph = Graph { nodes: Vec::new(), entries: Vec::new(), compat };
        graph.add(chart, None);
        graph
    }

    fn add(&mut self, chart: &Chart, parent: Option<NodeId>) -> NodeId {
        let dependencies = chart.metadata().dependencies.as_ref().map(|entries| {
            let first = self.entries.len();
            self.entries.extend(entries.iter().cloned());
            (first..self.entries.len()).collect()
        });
        let id = self.nodes.len();
        self.nodes.push(Node {
            chart: chart.clone(),
            name: chart.name().to_owned(),
            parent,
            children: Vec::new(),
            dependencies,
            values: None,
        });
        for child in chart.dependencies() {
            let child = self.add(child, Some(id));
            self.nodes[id].children.push(child);
        }
        id
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub(crate) fn name(&self, id: NodeId) -> &str {
        &self.nodes[id].name
    }

    pub(crate) fn children(&self, id: NodeId) -> &[NodeId] {
        &self.nodes[id].children
    }

    /// The declared dependencies of a chart that are enabled, as `.Chart.Dependencies` shows them.
    pub(crate) fn declared(&self, id: NodeId) -> Option<Vec<&Dependency>> {
        let entries = self.nodes[id].dependencies.as_ref()?;
        Some(entries.iter().map(|entry| &self.entries[*entry]).collect())
    }

    /// A fresh copy of a chart's default values.
    pub(crate) fn values(&self, id: NodeId) -> Result<Val, ChartError> {
        let node = &self.nodes[id];
        Ok(Val::from_json(match &node.values {
            Some(values) => values,
            None => node.chart.values(self.compat)?,
        }))
    }

    /// `parent/charts/child`, the path that templates' names start with.
    pub(crate) fn full_path(&self, id: NodeId) -> String {
        let node = &self.nodes[id];
        match node.parent {
            Some(parent) => format!("{}/charts/{}", self.full_path(parent), node.name),
            None => node.name.clone(),
        }
    }

    /// Whether user values can change which charts take part.
    pub(crate) fn depends_on_values(&self) -> bool {
        self.entries.iter().any(|entry| !entry.condition.is_empty() || !entry.tags.is_empty())
    }

    /// Every entry's name and state: two graphs of one chart with equal signatures are equal.
    pub(crate) fn signature(&self) -> Vec<bool> {
        self.entries.iter().map(|entry| entry.enabled).collect()
    }

    fn set_children(&mut self, id: NodeId, children: Vec<NodeId>) {
        for child in &children {
            self.nodes[*child].parent = Some(id);
        }
        self.nodes[id].children = children;
    }

    /// Applies aliases, tags and conditions: what is disabled leaves the graph.
    pub(crate) fn enable(&mut self, values: &Val, warnings: &mut Vec<String>) -> Result<(), ChartError> {
        self.enable_at(ROOT, values, "", warnings, 0)
    }

    fn enable_at(
        &mut self,
        id: NodeId,
        values: &Val,
        path: &str,
        warnings: &mut Vec<String>,
        depth: usize,
    ) -> Result<(), ChartError> {
        let Some(entries) = self.nodes[id].dependencies.clone() else { return Ok(()) };
        if depth > 64 {
            return Err(ChartError::new(path, "charts are nested too deep", "flatten the dependencies"));
        }
        // Charts that nobody declared are kept, in front.
        let present = self.nodes[id].children.clone();
        let fits = |graph: &Graph, child: NodeId, entry: DependencyId| {
            let (node, entry) = (&graph.nodes[child], &graph.entries[entry]);
            node.name == entry.name && in_range(&entry.version, &node.chart.metadata().version)
        };
        let mut children: Vec<NodeId> = present
            .iter()
            .copied()
            .filter(|child| !entries.iter().any(|entry| fits(self, *child, *entry)))
            .collect();
        for entry in &entries {
            if let Some(child) = present.iter().copied().find(|child| fits(self, *child, *entry)) {
                children.push(self.copy(child, *entry));
            }
            let entry = &mut self.entries[*entry];
            if !entry.alias.is_empty() {
                entry.name = entry.alias.clone();
            }
        }
        self.set_children(id, children);

        for entry in &entries {
            self.entries[*entry].enabled = true;
        }
        let compat = self.compat;
        let decided = Coalesce { graph: self, compat, warnings }.run(id, values, false)?;
        self.apply_tags(&entries, &decided, warnings);
        self.apply_conditions(&entries, &decided, path, warnings);
        let removed: Vec<String> = entries
            .iter()
            .map(|entry| &self.entries[*entry])
            .filter(|entry| !entry.enabled)
            .map(|entry| entry.name.clone())
            .collect();
        let kept: Vec<NodeId> = self.nodes[id]
            .children
            .iter()
            .copied()
            .filter(|child| !removed.contains(&self.nodes[*child].name))
            .collect();
        let declared: Vec<DependencyId> =
            entries.iter().copied().filter(|entry| !removed.contains(&self.entries[*entry].name)).collect();
        let decided = Val::Map(decided);
        for child in &kept {
            let path = format!("{path}{}.", self.nodes[*child].name);
            self.enable_at(*child, &decided, &path, warnings, depth + 1)?;
        }
        // With nothing left Go's slice is nil again.
        self.nodes[id].dependencies = (!declared.is_empty()).then_some(declared);
        self.set_children(id, kept);
        Ok(())
    }

    /// The copy of a chart that one entry asks for.
    fn copy(&mut self, child: NodeId, entry: DependencyId) -> NodeId {
        let mut node = self.nodes[child].clone();
        let alias = &self.entries[entry].alias;
        if !alias.is_empty() {
            node.name = alias.clone();
        }
        let id = self.nodes.len();
        self.nodes.push(node);
        if self.compat == HelmCompat::V4_2 {
            // The copy gets entries of its own, and a copy of each chart right below.
            if let Some(entries) = self.nodes[id].dependencies.clone() {
                let first = self.entries.len();
                for entry in entries {
                    let entry = self.entries[entry].clone();
                    self.entries.push(entry);
                }
                self.nodes[id].dependencies = Some((first..self.entries.len()).collect());
            }
            let below = self.nodes[id].children.clone();
            let mut copies = Vec::with_capacity(below.len());
            for grandchild in below {
                let mut copy = self.nodes[grandchild].clone();
                copy.parent = Some(id);
                copies.push(self.nodes.len());
                self.nodes.push(copy);
            }
            self.nodes[id].children = copies;
        }
        id
    }

    fn apply_tags(&mut self, entries: &[DependencyId], values: &Table, warnings: &mut Vec<String>) {
        let Some(Val::Map(tags)) = values.get("tags") else { return };
        for entry in entries {
            let entry = &mut self.entries[*entry];
            let (mut any_true, mut any_false) = (false, false);
            for tag in &entry.tags {
                match tags.get(tag) {
                    Some(Val::Bool(true)) => any_true = true,
                    Some(Val::Bool(false)) => any_false = true,
                    None => {}
                    Some(_) => {
                        warnings
                            .push(format!("tags.{tag}: is no boolean and does not decide on {}", entry.name));
                    }
                }
            }
            entry.enabled = any_true || !any_false;
        }
    }

    fn apply_conditions(
        &mut self,
        entries: &[DependencyId],
        values: &Table,
        path: &str,
        warnings: &mut Vec<String>,
    ) {
        for entry in entries {
            let entry = &mut self.entries[*entry];
            for condition in entry.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
                match lookup(values, &format!("{path}{condition}")) {
                    Some(Val::Bool(enabled)) => {
                        entry.enabled = enabled;
                        break;
                    }
                    Some(_) => warnings.push(format!(
                        "{path}{condition}: is no boolean and does not decide on {}",
                        entry.name
                    )),
                    None => {}
                }
            }
        }
    }

    /// Imports values from children into parents, bottom up.
    pub(crate) fn import_values(&mut self, warnings: &mut Vec<String>) -> Result<(), ChartError> {
        self.import_at(ROOT, warnings)
    }

    fn import_at(&mut self, id: NodeId, warnings: &mut Vec<String>) -> Result<(), ChartError> {
        for child in self.nodes[id].children.clone() {
            self.import_at(child, warnings)?;
        }
        let Some(entries) = self.nodes[id].dependencies.clone() else { return Ok(()) };
        let compat = self.compat;
        let defaults = Coalesce { graph: self, compat, warnings }.run(id, &Val::Nil, true)?;
        let imported = engine::Map::new();
        for entry in entries {
            let entry = self.entries[entry].clone();
            for import in &entry.import_values {
                let (child, parent) = match import {
                    Value::String(name) => (format!("exports.{name}"), ".".to_owned()),
                    Value::Object(map) => (go_text(map.get("child")), go_text(map.get("parent"))),
                    _ => continue,
                };
                let place = format!("{}.{child}", entry.name);
                let Some(found) = lookup_table(&defaults, &place) else {
                    warnings
                        .push(format!("{}: import-values finds no mapping at {place}", self.nodes[id].name));
                    continue;
                };
                let source = if parent == "." {
                    found
                } else {
                    parent.split('.').rev().fold(found, |inner, part| {
                        let outer = engine::Map::new();
                        outer.insert(part, Val::Map(inner));
                        outer
                    })
                };
                Coalesce { graph: self, compat, warnings }.tables(&imported, &source, "", true);
            }
        }
        // What is imported stands below what the parent says itself.
        let own = Val::Map(defaults).deep_copy().map_err(|e| too_deep(&e.to_string()))?;
        if let Some(own) = table(&own) {
            Coalesce { graph: self, compat, warnings }.tables(own, &imported, "", true);
        }
        self.nodes[id].values = Some(own.to_json().map_err(|e| too_deep(&e.to_string()))?);
        Ok(())
    }
}

/// `fmt.Sprintf("%v")` of the two fields of an import.
fn go_text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "<nil>".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Whether a version lies in a range; anything malformed lies in none.
pub(crate) fn in_range(range: &str, version: &str) -> bool {
    match (semver::Version::parse(version), semver::Constraints::parse(range)) {
        (Ok(version), Ok(range)) => range.check(&version),
        _ => false,
    }
}

/// The mapping at a dotted path.
pub(crate) fn lookup_table(values: &Table, path: &str) -> Option<Table> {
    let mut at = values.clone();
    for part in path.split('.') {
        let next = at.get(part)?;
        at = table(&next)?.clone();
    }
    Some(at)
}

/// The value at a dotted path, unless it is a mapping.
fn lookup(values: &Table, path: &str) -> Option<Val> {
    let (table, key) = match path.rsplit_once('.') {
        Some((above, key)) => (lookup_table(values, above)?, key),
        None => (values.clone(), path),
    };
    table.get(key).filter(|value| !matches!(value, Val::Map(_)))
}
