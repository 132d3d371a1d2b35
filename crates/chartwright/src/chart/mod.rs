//! Charts: loading, dependencies, values, rendering a release, manifests in install order.
//!
//! ```no_run
//! use chartwright::chart::{Chart, Release};
//! use serde_json::json;
//!
//! let chart = Chart::load("charts/shop")?;
//! let rendered = chart.render(&Release::new("aurora", "store-aurora"), &json!({"replicas": 2}), None)?;
//! print!("{}", rendered.to_text());
//! # Ok::<(), chartwright::chart::RenderError>(())
//! ```
//!
//! A [`Chart`] never changes once it is loaded. It is cheap to clone, can be shared between threads and remembers
//! its parsed templates, so that rendering it for many releases costs the values and the execution only.
//!
//! | module | what is in it |
//! |---|---|
//! | `load`, `ignore` | directories, archives, `.helmignore`, limits |
//! | `metadata` | `Chart.yaml` |
//! | `dependencies` | aliases, tags, conditions, `import-values` |
//! | `values`, `strvals` | coalescing as the two lines of Helm do it; `-f`, `--set` and its relatives |
//! | `schema` | `values.schema.json` |
//! | `objects`, `glob` | `.Chart`, `.Files`, `.Capabilities` |
//! | `render` | a release: values in, manifests out |
//! | `manifest` | splitting, hooks, install order |

mod capabilities;
mod dependencies;
mod error;
mod glob;
mod ignore;
mod load;
mod manifest;
mod metadata;
mod objects;
mod render;
mod schema;
mod strvals;
mod values;

use std::sync::{Arc, OnceLock};

pub use capabilities::{Capabilities, KubeVersion};
pub use error::{ChartError, RenderError, SchemaViolation};
pub use ignore::IgnoreRules;
pub use load::LoadLimits;
pub use manifest::{Hook, HookEvent, INSTALL_ORDER, Manifest};
pub use metadata::{Dependency, Maintainer, Metadata};
pub use render::{Release, Rendered};
pub use strvals::{MAX_INDEX, MAX_NESTING};
pub use values::UserValues;

use crate::{Value, engine::Val};
use dependencies::{Graph, ROOT};
use values::Coalesce;

/// Which line of Helm to be equal to. The two differ in how `null` deletes defaults, in multi-document values, in
/// the install order and in small things beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HelmCompat {
    /// Helm 3.17.1 to 3.19.4 (Argo CD 3.0 to 3.4).
    V3_19,
    /// Helm 4.2 (Argo CD 3.5).
    #[default]
    V4_2,
}

/// A chart with all the charts inside it.
#[derive(Debug, Clone)]
pub struct Chart {
    inner: Arc<ChartData>,
}

/// A file of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartFile {
    /// The path relative to the chart.
    pub name: String,
    /// The bytes, without a byte order mark.
    pub data: Vec<u8>,
}

#[derive(Debug)]
struct ChartData {
    metadata: Metadata,
    lock: Option<Value>,
    values_text: Option<String>,
    /// The default values as Helm 3 and Helm 4 read them, each `Null` or a mapping. The second fails on its own,
    /// since only it reads every document.
    values_v3: Value,
    values_v4: Result<Value, ChartError>,
    schema: Option<Vec<u8>>,
    compiled_schema: OnceLock<Result<schema::CompiledSchema, ChartError>>,
    templates: Vec<ChartFile>,
    files: Vec<ChartFile>,
    dependencies: Vec<Chart>,
    warnings: Vec<String>,
    cache: render::Cache,
}

impl Chart {
    #[allow(clippy::too_many_arguments)] // private, and every bucket is one argument
    fn assemble(
        metadata: Metadata,
        lock: Option<Value>,
        values_text: Option<String>,
        schema: Option<Vec<u8>>,
        templates: Vec<ChartFile>,
        files: Vec<ChartFile>,
        dependencies: Vec<Chart>,
        warnings: Vec<String>,
    ) -> Result<Chart, ChartError> {
        let text = values_text.as_deref().unwrap_or_default();
        let values_v3 = values::read_first(text, "values.yaml")?;
        let values_v4 = values::read_all(text, "values.yaml");
        Ok(Chart {
            inner: Arc::new(ChartData {
                metadata,
                lock,
                values_text,
                values_v3,
                values_v4,
                schema,
                compiled_schema: OnceLock::new(),
                templates,
                files,
                dependencies,
                warnings,
                cache: render::Cache::default(),
            }),
        })
    }

    /// The chart's name, from `Chart.yaml`.
    pub fn name(&self) -> &str {
        &self.inner.metadata.name
    }

    /// `Chart.yaml`.
    pub fn metadata(&self) -> &Metadata {
        &self.inner.metadata
    }

    /// `Chart.lock`, as it is.
    pub fn lock(&self) -> Option<&Value> {
        self.inner.lock.as_ref()
    }

    /// `values.yaml`, as it is written.
    pub fn values_text(&self) -> Option<&str> {
        self.inner.values_text.as_deref()
    }

    /// The chart's own default values: a mapping, every number a float, as Helm reads them.
    pub fn values(&self, compat: HelmCompat) -> Result<&Value, ChartError> {
        match compat {
            HelmCompat::V3_19 => Ok(&self.inner.values_v3),
            HelmCompat::V4_2 => self.inner.values_v4.as_ref().map_err(Clone::clone),
        }
    }

    /// `values.schema.json`.
    pub fn schema(&self) -> Option<&[u8]> {
        self.inner.schema.as_deref()
    }

    /// The same, ready for use. `path` names the chart in messages.
    fn compiled_schema(&self, path: &str) -> Result<Option<&schema::CompiledSchema>, ChartError> {
        let Some(text) = &self.inner.schema else { return Ok(None) };
        let compiled = self.inner.compiled_schema.get_or_init(|| schema::CompiledSchema::new(path, text));
        compiled.as_ref().map(Some).map_err(Clone::clone)
    }

    /// The files in `templates/`.
    pub fn templates(&self) -> &[ChartFile] {
        &self.inner.templates
    }

    /// Everything that is neither template nor values nor metadata: what `.Files` shows.
    pub fn files(&self) -> &[ChartFile] {
        &self.inner.files
    }

    /// The charts in `charts/`, by the name of their directory or archive.
    pub fn dependencies(&self) -> &[Chart] {
        &self.inner.dependencies
    }

    /// What was noticed while loading, of this chart alone.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// What the templates of the chart will see as `.Values`: the user's values over all defaults, with what charts
    /// import and globals; and what Helm would warn of.
    pub fn coalesced_values(
        &self,
        user_values: &Value,
        compat: HelmCompat,
    ) -> Result<(Value, Vec<String>), ChartError> {
        let user_values = Val::from_json(user_values);
        let mut warnings = self.all_warnings();
        let graph = self.graph(&user_values, compat, &mut warnings)?;
        let values =
            Coalesce { graph: &graph, compat, warnings: &mut warnings }.run(ROOT, &user_values, false)?;
        let plain = Val::Map(values)
            .to_json()
            .map_err(|e| ChartError::new("values", e.to_string(), "leave it out"))?;
        Ok((plain, warnings))
    }

    pub(crate) fn all_warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings().to_vec();
        for chart in self.dependencies() {
            warnings.extend(chart.all_warnings().into_iter().map(|text| format!("{}: {text}", chart.name())));
        }
        warnings
    }

    pub(crate) fn graph(
        &self,
        user_values: &Val,
        compat: HelmCompat,
        warnings: &mut Vec<String>,
    ) -> Result<Graph, ChartError> {
        let mut graph = Graph::new(self, compat);
        graph.enable(user_values, warnings)?;
        graph.import_values(warnings)?;
        Ok(graph)
    }
}
