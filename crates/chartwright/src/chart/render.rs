//! A release: a chart, a name and values in; manifests out.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use super::{
    Capabilities, Chart, ChartError, HelmCompat, Manifest, RenderError,
    dependencies::{self, Graph, NodeId, ROOT, lookup_table},
    ignore::shell_match,
    manifest, objects, schema,
    values::{Coalesce, Table},
};
use crate::{
    Value,
    engine::{self, Dict, RenderOptions, Session, TemplateSet, Trace, Val},
    yaml::PathSegment,
};

/// What a chart is rendered for: the release's name and circumstances, as given to `helm template`.
#[derive(Debug, Clone)]
pub struct Release {
    /// `.Release.Name`: at most 53 characters of a DNS label, dots allowed.
    pub name: String,
    /// `.Release.Namespace`
    pub namespace: String,
    /// `.Release.Revision`; `helm template` always says 1.
    pub revision: i64,
    /// `--is-upgrade`: `.Release.IsUpgrade` instead of `.Release.IsInstall`.
    pub is_upgrade: bool,
    /// `.Capabilities`
    pub capabilities: Capabilities,
    /// The line of Helm to be equal to.
    pub compat: HelmCompat,
    /// `--include-crds`
    pub include_crds: bool,
    /// `--skip-tests`: leave out hooks of the type `test`.
    pub skip_tests: bool,
    /// `--skip-schema-validation`
    pub skip_schema_validation: bool,
    /// Bounds, the seed of random functions, the time of `now`; strictness about missing keys.
    pub options: RenderOptions,
}

impl Release {
    /// A first installation, equal to Helm 4.2, for the Kubernetes version that Helm assumes.
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Release {
        Release::with_compat(name, namespace, HelmCompat::V4_2)
    }

    /// A first installation, equal to the given line of Helm.
    pub fn with_compat(name: impl Into<String>, namespace: impl Into<String>, compat: HelmCompat) -> Release {
        Release {
            name: name.into(),
            namespace: namespace.into(),
            revision: 1,
            is_upgrade: false,
            capabilities: Capabilities::default_for(compat),
            compat,
            include_crds: false,
            skip_tests: false,
            skip_schema_validation: false,
            options: RenderOptions::default(),
        }
    }

    fn check_name(&self) -> Result<(), ChartError> {
        let label = |part: &str| {
            let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !part.is_empty() && part.chars().all(inner) && !part.starts_with('-') && !part.ends_with('-')
        };
        if self.name.len() <= 53 && self.name.split('.').all(label) {
            return Ok(());
        }
        Err(ChartError::new(
            format!("release name {:?}", self.name),
            "is invalid",
            "use lower-case letters, digits, `-` and `.`, 53 characters at most",
        ))
    }
}

/// A rendered release.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The objects in `crds/` of all charts, as they are; empty unless [`Release::include_crds`].
    pub crds: Vec<Manifest>,
    /// Everything that is no hook, in install order.
    pub manifests: Vec<Manifest>,
    /// Hooks, in install order (not by weight: that is the order of execution within one event).
    pub hooks: Vec<Manifest>,
    /// What `templates/NOTES.txt` of the chart itself says.
    pub notes: Option<String>,
    /// What Helm would log: values that do not fit, unknown hook types and the like.
    pub warnings: Vec<String>,
    /// The files of `crds/`, by name, as Helm prints them: whole.
    crd_files: Vec<(String, String)>,
}

impl Rendered {
    /// The text that `helm template` prints.
    pub fn to_text(&self) -> String {
        let mut body = String::new();
        for (name, text) in &self.crd_files {
            push(&mut body, name, text);
        }
        for manifest in &self.manifests {
            push(&mut body, &manifest.source, &manifest.text);
        }
        let mut text = body.trim().to_owned();
        text.push('\n');
        for hook in &self.hooks {
            push(&mut text, &hook.source, &hook.text);
        }
        text
    }

    /// The text that `helm template --show-only` prints: the documents of the named templates. Patterns are shell
    /// patterns relative to the chart, such as `templates/*.yaml`.
    pub fn show_only<S: AsRef<str>>(&self, patterns: &[S], compat: HelmCompat) -> Result<String, ChartError> {
        let text = self.to_text();
        let documents = manifest::split(&text, compat);
        let mut shown = String::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let mut found = false;
            for document in &documents {
                let name = document.text.lines().find_map(|line| {
                    let (_, path) = line.split_once("# Source: ")?;
                    let (chart, rest) = path.split_once('/')?;
                    (!chart.is_empty() && !rest.is_empty()).then_some(rest)
                });
                if name.is_some_and(|name| shell_match(pattern, name)) {
                    shown.push_str("---\n");
                    shown.push_str(document.text);
                    shown.push('\n');
                    found = true;
                }
            }
            if !found {
                return Err(ChartError::new(
                    format!("--show-only {pattern}"),
                    "could not find this template in the chart",
                    "name a template that writes something, relative to the chart: templates/x.yaml",
                ));
            }
        }
        Ok(shown)
    }

    /// All objects in the order in which Helm prints them: CRDs, manifests, hooks.
    pub fn objects(&self) -> impl Iterator<Item = &Manifest> {
        self.crds.iter().chain(&self.manifests).chain(&self.hooks)
    }
}

fn push(text: &mut String, source: &str, document: &str) {
    text.push_str("---\n# Source: ");
    text.push_str(source);
    text.push('\n');
    text.push_str(document);
    text.push('\n');
}

/// Charts and templates of one choice of dependencies, ready to be executed.
#[derive(Debug)]
struct Prepared {
    graph: Graph,
    visits: Vec<Visit>,
    templates: Vec<Template>,
    set: TemplateSet,
    has_schema: bool,
    warnings: Vec<String>,
}

/// A template that is executed (partials are only parsed).
#[derive(Debug)]
struct Template {
    name: String,
    base_path: String,
    /// Whose top object it gets.
    visit: usize,
}

/// One chart as the walk over the graph meets it. A chart that two aliases share is met twice, with values of its own
/// each time.
#[derive(Debug)]
struct Visit {
    node: NodeId,
    parent: Option<usize>,
}

/// What a chart remembers of earlier renderings: one entry for each choice of dependencies.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Vec<(HelmCompat, Signature, Arc<Prepared>)>>);

/// Which dependencies are enabled.
type Signature = Vec<bool>;

/// More choices than this are parsed anew each time.
const CACHED_CHOICES: usize = 16;

impl Cache {
    fn get(&self, compat: HelmCompat, signature: &[bool]) -> Option<Arc<Prepared>> {
        let entries = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = entries.iter().find(|(of, key, _)| *of == compat && key == signature)?;
        Some(found.2.clone())
    }

    fn put(&self, compat: HelmCompat, signature: Signature, prepared: &Arc<Prepared>) {
        let mut entries = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if entries.len() < CACHED_CHOICES {
            entries.push((compat, signature, prepared.clone()));
        }
    }
}

impl Chart {
    /// Renders the chart for one release.
    ///
    /// `user_values` come over the chart's defaults ([`super::UserValues`] makes them of files and flags). With a
    /// trace, it says which values were read, by which template line, and where each output line comes from.
    pub fn render(
        &self,
        release: &Release,
        user_values: &Value,
        trace: Option<&mut Trace>,
    ) -> Result<Rendered, RenderError> {
        release.check_name()?;
        self.check_installable()?;
        let compat = release.compat;
        let user_values = Val::from_json(user_values);
        let mut warnings = self.all_warnings();
        let prepared = self.prepare(&user_values, compat, &mut warnings)?;
        let graph = &prepared.graph;

        let values = Coalesce { graph, compat, warnings: &mut warnings }.run(ROOT, &user_values, false)?;
        if prepared.has_schema && !release.skip_schema_validation {
            let plain = Val::Map(values.clone())
                .to_json()
                .map_err(|e| ChartError::new("values", e.to_string(), "leave it out"))?;
            schema::check(graph, &plain, &mut warnings)?;
        }
        let range = &self.metadata().kube_version;
        let version = &release.capabilities.kube_version;
        if !range.is_empty() && !dependencies::in_range(range, &version.normalized) {
            return Err(RenderError::KubeVersion {
                chart: self.name().to_owned(),
                constraint: range.clone(),
                version: version.version.clone(),
            });
        }

        let mut files = prepared.execute(&values, release, trace)?;
        files.sort_by(|a, b| a.0.cmp(&b.0));
        let mut rendered = Rendered::default();
        let own_notes = format!("{}/templates/NOTES.txt", self.name());
        files.retain_mut(|(name, text)| {
            let notes = name.ends_with("NOTES.txt");
            if *name == own_notes {
                rendered.notes = Some(std::mem::take(text));
            }
            !notes
        });
        (rendered.manifests, rendered.hooks) =
            manifest::sort_manifests(&files, compat, &mut |text| warnings.push(text))?;
        if release.skip_tests {
            rendered.hooks.retain(|hook| !hook.hook.as_ref().is_some_and(manifest::Hook::is_test));
        }
        if release.include_crds {
            crds(graph, ROOT, compat, &mut rendered)?;
        }
        rendered.warnings = warnings;
        Ok(rendered)
    }

    /// Helm's checks before it renders: no library chart, and every declared dependency is there.
    fn check_installable(&self) -> Result<(), ChartError> {
        let metadata = self.metadata();
        if metadata.is_library() {
            return Err(ChartError::new(
                self.name(),
                "library charts are not installable",
                "render a chart that depends on it",
            ));
        }
        let missing: Vec<&str> = metadata
            .dependencies
            .iter()
            .flatten()
            .map(|dependency| dependency.name.as_str())
            .filter(|name| !self.dependencies().iter().any(|chart| chart.name() == *name))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(ChartError::new(
            self.name(),
            format!("found in Chart.yaml, but missing in charts/ directory: {}", missing.join(", ")),
            "fetch the dependencies: `helm dependency build`",
        ))
    }

    /// Everything up to the parsed templates, from the cache where possible.
    fn prepare(
        &self,
        user_values: &Val,
        compat: HelmCompat,
        warnings: &mut Vec<String>,
    ) -> Result<Arc<Prepared>, RenderError> {
        let mut graph = Graph::new(self, compat);
        // Which charts take part may depend on the values; nothing else here does.
        let signature = if graph.depends_on_values() {
            graph.enable(user_values, warnings)?;
            graph.signature()
        } else {
            Vec::new()
        };
        if let Some(prepared) = self.inner.cache.get(compat, &signature) {
            warnings.extend(prepared.warnings.iter().cloned());
            return Ok(prepared);
        }
        let mut found = Vec::new();
        if signature.is_empty() {
            graph.enable(user_values, &mut found)?;
        }
        graph.import_values(&mut found)?;

        let mut visits = Vec::new();
        let mut found_templates = BTreeMap::new();
        visit(&graph, ROOT, None, &mut visits, &mut found_templates);
        // Parents after their children, so that a parent's `define` wins; and executed in that order too.
        let mut order: Vec<(String, (usize, usize))> = found_templates.into_iter().collect();
        order.sort_by(|(a, _), (b, _)| (b.matches('/').count(), b).cmp(&(a.matches('/').count(), a)));
        let set = TemplateSet::parse(order.iter().map(|(name, (visit, file))| {
            let file = &graph.node(visits[*visit].node).chart.templates()[*file];
            (name.as_str(), String::from_utf8_lossy(&file.data))
        }))?;
        let templates = order
            .into_iter()
            .filter(|(name, _)| !is_partial(name))
            .map(|(name, (visit, _))| Template {
                base_path: format!("{}/templates", graph.full_path(visits[visit].node)),
                name,
                visit,
            })
            .collect();
        let has_schema = schema::any(&graph, ROOT);
        let prepared =
            Arc::new(Prepared { graph, visits, templates, set, has_schema, warnings: found.clone() });
        warnings.extend(found);
        self.inner.cache.put(compat, signature, &prepared);
        Ok(prepared)
    }
}

/// Meets every chart, those below first, and notes its templates by their full name: of equal names the later wins.
fn visit(
    graph: &Graph,
    id: NodeId,
    parent: Option<usize>,
    visits: &mut Vec<Visit>,
    templates: &mut BTreeMap<String, (usize, usize)>,
) {
    let this = visits.len();
    visits.push(Visit { node: id, parent });
    for child in graph.children(id) {
        visit(graph, *child, Some(this), visits, templates);
    }
    let chart = &graph.node(id).chart;
    let library = chart.metadata().is_library();
    let path = graph.full_path(id);
    for (index, file) in chart.templates().iter().enumerate() {
        // Of a library chart only the partials count.
        if !library || is_partial(&file.name) {
            templates.insert(format!("{path}/{}", file.name), (this, index));
        }
    }
}

/// Whether a file's name starts with an underscore: it is parsed for its definitions, but not executed.
fn is_partial(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|base| base.starts_with('_'))
}

impl Prepared {
    /// Executes every template in its order and gives back what each wrote.
    fn execute(
        &self,
        values: &Table,
        release: &Release,
        trace: Option<&mut Trace>,
    ) -> Result<Vec<(String, String)>, RenderError> {
        let tops = self.tops(values, release);
        let mut session = Session::new(&self.set, &release.options, trace);
        let mut paths: Vec<Vec<PathSegment>> = Vec::with_capacity(tops.len());
        for (visit, top) in self.visits.iter().zip(&tops) {
            let mut path = visit.parent.map_or_else(|| vec!["Values".into()], |parent| paths[parent].clone());
            if visit.parent.is_some() {
                path.push(self.graph.name(visit.node).into());
            }
            if let Some(values) = top.get("Values") {
                session.tag(&values, &path);
            }
            paths.push(path);
        }
        let mut files = Vec::with_capacity(self.templates.len());
        for template in &self.templates {
            let top = &tops[template.visit];
            let about = [
                ("Name".into(), Val::str(&template.name)),
                ("BasePath".into(), Val::str(&template.base_path)),
            ];
            let about =
                engine::Map::from_dict(objects::values_kind(release.compat), about.into_iter().collect());
            top.insert("Template", Val::Map(about));
            let text = session.render(&template.name, &Val::Map(top.clone()))?;
            files.push((template.name.clone(), text));
        }
        Ok(files)
    }

    /// The top object of each visit. Mappings of values are shared between charts, so that what one template sets
    /// another one sees.
    fn tops(&self, values: &Table, release: &Release) -> Vec<Table> {
        let compat = release.compat;
        let about = Val::map([
            ("Name".into(), Val::str(&release.name)),
            ("Namespace".into(), Val::str(&release.namespace)),
            ("IsUpgrade".into(), Val::Bool(release.is_upgrade)),
            ("IsInstall".into(), Val::Bool(!release.is_upgrade)),
            ("Revision".into(), Val::int(release.revision)),
            ("Service".into(), Val::str("Helm")),
        ]);
        let capabilities = objects::capabilities(&release.capabilities, compat);
        let values = engine::Map::from_dict(objects::values_kind(compat), values.entries().as_ref().clone());
        let mut tops: Vec<Table> = Vec::with_capacity(self.visits.len());
        let mut slices: Vec<Table> = Vec::with_capacity(self.visits.len());
        for Visit { node, parent } in &self.visits {
            let name = self.graph.name(*node);
            let slice = match parent {
                None => values.clone(),
                // A subchart's values have their Go type too, and are still those below its parent's.
                Some(parent) => lookup_table(&slices[*parent], name)
                    .unwrap_or_else(engine::Map::new)
                    .as_kind(objects::values_kind(compat)),
            };
            let top = engine::Map::from_dict(objects::values_kind(compat), Dict::default());
            top.insert("Chart", objects::chart(&self.graph, *node, compat));
            top.insert("Files", objects::files(&self.graph.node(*node).chart));
            top.insert("Release", about.clone());
            top.insert("Capabilities", capabilities.clone());
            top.insert("Values", Val::Map(slice.clone()));
            top.insert("Subcharts", Val::Map(engine::Map::new()));
            if let Some(parent) = parent
                && let Some(Val::Map(subcharts)) = tops[*parent].get("Subcharts")
            {
                subcharts.insert(name, Val::Map(top.clone()));
            }
            slices.push(slice);
            tops.push(top);
        }
        tops
    }
}

/// The files of `crds/`, of the chart and then of those below, untouched.
fn crds(graph: &Graph, id: NodeId, compat: HelmCompat, rendered: &mut Rendered) -> Result<(), RenderError> {
    let chart = &graph.node(id).chart;
    for file in chart.files() {
        let lower = file.name.to_ascii_lowercase();
        let manifest = [".yaml", ".yml", ".json"].iter().any(|extension| lower.ends_with(extension));
        if !file.name.starts_with("crds/") || !manifest {
            continue;
        }
        let name = format!("{}/{}", graph.full_path(id), file.name);
        let text = String::from_utf8_lossy(&file.data).into_owned();
        for document in manifest::split(&text, compat) {
            let manifest = manifest::read(&name, &text, document)?;
            if !manifest.object.is_null() {
                rendered.crds.push(manifest);
            }
        }
        rendered.crd_files.push((name, text));
    }
    for child in graph.children(id) {
        crds(graph, *child, compat, rendered)?;
    }
    Ok(())
}
