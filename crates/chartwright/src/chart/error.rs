//! What can be wrong with a chart, its values or a release.

use std::fmt;

use crate::engine::TemplateError;

/// Something is wrong with a chart or with values: where, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartError {
    /// The file, archive member, values path or flag.
    pub place: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl ChartError {
    pub(crate) fn new(
        place: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> ChartError {
        ChartError { place: place.into(), reason: reason.into(), remedy: remedy.into() }
    }

    /// The same error, seen from the outside: `prefix` comes before the place.
    pub(crate) fn within(mut self, prefix: &str) -> ChartError {
        self.place = format!("{prefix}/{}", self.place);
        self
    }
}

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)?;
        if !self.remedy.is_empty() {
            write!(f, "\n  {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for ChartError {}

/// One place where values break a chart's `values.schema.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaViolation {
    /// The path of the chart inside the release, such as `parent.sub`.
    pub chart: String,
    /// The path of the value, from the root of the release's values: `sub.replicas`; empty for the whole.
    pub path: String,
    /// What the schema says.
    pub message: String,
}

impl fmt::Display for SchemaViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the values" } else { &self.path };
        write!(f, "{path}: {} (values.schema.json of {})", self.message, self.chart)
    }
}

/// Why a release could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The chart or the values.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The values break a schema.
    #[error("the values do not fit the chart's schema:{}", .0.iter().map(|v| format!("\n  {v}")).collect::<String>())]
    Schema(Vec<SchemaViolation>),
    /// The chart does not support the Kubernetes version.
    #[error(
        "chart {chart} requires kubeVersion: {constraint} which is incompatible with Kubernetes {version}"
    )]
    KubeVersion {
        /// The chart's name.
        chart: String,
        /// The range in its `Chart.yaml`.
        constraint: String,
        /// The version it is rendered for.
        version: String,
    },
    /// A template could not be parsed or executed.
    #[error(transparent)]
    Template(#[from] Box<TemplateError>),
    /// A template's output is no manifest.
    #[error("{template}:{line}:{column} (of the output): {reason}")]
    Manifest {
        /// The template.
        template: String,
        /// The line of the template's output, 1-based.
        line: usize,
        /// The column, 1-based.
        column: usize,
        /// What is wrong.
        reason: String,
        /// The document.
        text: String,
    },
}

impl From<TemplateError> for RenderError {
    fn from(error: TemplateError) -> Self {
        RenderError::Template(Box::new(error))
    }
}
