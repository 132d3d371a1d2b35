//! What the cluster will receive: every chart of the tree expanded with its values, and every plain manifest.
//!
//! Releases are expanded one at a time and in parallel, so that a fleet never lies in memory as a whole: see
//! [`crate::check`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chartwright::chart::{
    Capabilities, Chart, HelmCompat, Hook, KubeVersion, Manifest, Release, RenderError,
};
use chartwright::engine::Trace;
use chartwright::yaml::{self, PathSegment};
use serde_json::Value;

use crate::plan::Plan;
use crate::tree::Tree;

/// Archives of upstream charts that are at hand, by file name `<name>-<version>.tgz`.
pub type VendoredCharts = BTreeMap<String, Arc<[u8]>>;

/// File name under which a chart is vendored.
pub fn archive_name(name: &str, version: &str) -> String {
    format!("{name}-{version}.tgz")
}

/// Who a set of objects belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A component of the platform.
    Component(String),
    /// A store.
    Store(String),
    /// Plain manifests of the repository itself (`apps/`).
    Repository,
}

impl Owner {
    /// `infra/cilium`, `store aurora`, `apps`: for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Component(name) => format!("component `{name}`"),
            Self::Store(name) => format!("store `{name}`"),
            Self::Repository => "the repository's own manifests".to_owned(),
        }
    }
}

/// One chart with the values it is rendered with.
#[derive(Debug, Clone)]
pub struct ReleaseRef {
    /// Who it belongs to.
    pub owner: Owner,
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Folder of the chart in the tree.
    pub chart: String,
    /// Values files in the tree besides the chart's own.
    pub values: Vec<String>,
    /// Position in the order of installation.
    pub wave: usize,
}

/// One object.
#[derive(Debug, Clone)]
pub struct Object {
    /// The object.
    pub value: Value,
    /// Namespace it ends up in: its own, or the release's for namespaced kinds; empty for cluster-wide kinds.
    pub namespace: String,
    /// File of the tree that made it: a template, or a plain manifest.
    pub source: String,
    /// Line of that template's output (from 1) on which the object starts.
    pub first_line: usize,
    /// Set when it is a hook.
    pub hook: Option<Hook>,
    /// Its text as it was rendered.
    pub text: String,
}

impl Object {
    /// `kind`.
    pub fn kind(&self) -> &str {
        self.value.get("kind").and_then(Value::as_str).unwrap_or("")
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.value.get("apiVersion").and_then(Value::as_str).unwrap_or("")
    }

    /// `metadata.name`, or `generateName` where there is none.
    pub fn name(&self) -> &str {
        let metadata = |key: &str| self.value.pointer(&format!("/metadata/{key}")).and_then(Value::as_str);
        metadata("name").or_else(|| metadata("generateName")).unwrap_or("")
    }

    /// `Kind/namespace/name`, or `Kind/name` for cluster-wide objects: what suppressions select by.
    pub fn id(&self) -> String {
        if self.namespace.is_empty() {
            format!("{}/{}", self.kind(), self.name())
        } else {
            format!("{}/{}/{}", self.kind(), self.namespace, self.name())
        }
    }

    /// The position in its Application's order: `argocd.argoproj.io/sync-wave`, 0 by default.
    pub fn sync_wave(&self) -> i64 {
        self.value
            .pointer("/metadata/annotations/argocd.argoproj.io~1sync-wave")
            .and_then(Value::as_str)
            .and_then(|w| w.parse().ok())
            .unwrap_or(0)
    }
}

/// A release's objects.
#[derive(Debug, Clone, Default)]
pub struct Expanded {
    /// In install order, definitions of custom resources first.
    pub objects: Vec<Object>,
    /// Upstream charts that are not at hand; what they would have installed is not in `objects`.
    pub not_at_hand: Vec<String>,
    /// What Helm would warn of.
    pub warnings: Vec<String>,
}

/// Charts of the tree, parsed once each.
pub struct Charts<'a> {
    tree: &'a Tree,
    plan: &'a Plan,
    shared: BTreeMap<String, Result<(Chart, Vec<String>), String>>,
}

/// All releases of a plan in order of installation.
pub fn releases(plan: &Plan, tree: &Tree) -> Vec<ReleaseRef> {
    let mut all = Vec::new();
    for component in &plan.components {
        if tree.files.contains_key(&format!("{}/Chart.yaml", component.path)) {
            all.push(ReleaseRef {
                owner: Owner::Component(component.name.clone()),
                name: component.name.clone(),
                namespace: component.namespace.clone(),
                chart: component.path.clone(),
                values: Vec::new(),
                wave: component.wave,
            });
        }
    }
    let stores_wave = plan.components.iter().map(|c| c.wave + 1).max().unwrap_or(0);
    for store in &plan.stores {
        all.push(ReleaseRef {
            owner: Owner::Store(store.name.clone()),
            name: store.name.clone(),
            namespace: store.namespace.clone(),
            chart: "charts/magento".to_owned(),
            values: vec![format!("tenants/{}/values.yaml", store.name)],
            wave: stores_wave,
        });
    }
    all
}

impl<'a> Charts<'a> {
    /// Loads every chart that the releases use.
    pub fn load(
        plan: &'a Plan,
        tree: &'a Tree,
        vendored: &'a VendoredCharts,
        releases: &[ReleaseRef],
    ) -> Self {
        let folders: BTreeSet<&str> = releases.iter().map(|r| r.chart.as_str()).collect();
        let shared = folders
            .into_iter()
            .map(|folder| (folder.to_owned(), load_chart(folder, tree, vendored)))
            .collect();
        Self { tree, plan, shared }
    }

    /// Upstream charts of a release that are not at hand.
    pub fn missing(&self, release: &ReleaseRef) -> &[String] {
        match self.shared.get(&release.chart) {
            Some(Ok((_, missing))) => missing,
            _ => &[],
        }
    }

    /// Values of a release as they stand in its files, before any default of a chart.
    pub fn written_values(&self, release: &ReleaseRef) -> Value {
        let mut values = Value::Object(serde_json::Map::new());
        let own = format!("{}/values.yaml", release.chart);
        let files = if release.values.is_empty() { std::slice::from_ref(&own) } else { &release.values };
        for path in files {
            let layer = self.text(path).and_then(|text| yaml::from_str(&text).ok()).unwrap_or(Value::Null);
            crate::spec::document::overlay(&mut values, &layer);
        }
        values
    }

    /// Whether nobody knows a value: `None` when the chart's own defaults have it (or leave that place open), or when
    /// they are not at hand; otherwise the names that the chart knows beside it.
    pub fn unknown_value(&self, release: &ReleaseRef, keys: &[&PathSegment]) -> Option<Vec<String>> {
        let Some(Ok((chart, missing))) = self.shared.get(&release.chart) else { return None };
        let first = segment(keys.first()?);
        if missing.iter().any(|chart| chart.split(' ').next() == Some(first.as_str())) {
            return None;
        }
        if matches!(first.as_str(), "global" | "tags") {
            return None;
        }
        let (known, rest) = match chart.dependencies().iter().find(|c| c.name() == first) {
            Some(dependency) => (defaults_of(dependency, self.compat()), &keys[1..]),
            // What is not a dependency's is the umbrella's own, and its file is what is being judged.
            None if matches!(release.owner, Owner::Component(_)) => (Value::Null, keys),
            None => (defaults_of(chart, self.compat()), keys),
        };
        if rest.is_empty() {
            return None;
        }
        let mut at = &known;
        for (depth, key) in rest.iter().enumerate() {
            let Some(map) = at.as_object() else {
                // The defaults hold a list, a text or nothing here: whatever is below is the user's to choose.
                return if depth == 0 { Some(Vec::new()) } else { None };
            };
            match map.get(&segment(key)) {
                Some(next) => at = next,
                None if map.is_empty() && depth > 0 => return None,
                None => return Some(crate::rules::objects::keys(at)),
            }
        }
        None
    }

    /// The line (from 1) of a values file on which a value's key stands; 1 when it is not there.
    pub fn value_line(&self, path: &str, keys: &[&PathSegment]) -> usize {
        let text = self.text(path).unwrap_or_default();
        let Ok(documents) = yaml::tree::parse(&text, &yaml::tree::Limits::default()) else { return 1 };
        let keys: Vec<PathSegment> = keys.iter().map(|key| (*key).clone()).collect();
        let span = documents.first().and_then(|d| d.key_span(&keys).or_else(|| Some(d.nearest_span(&keys))));
        span.map_or(1, |span| crate::source::line_column(&text, span.start).0)
    }

    fn compat(&self) -> HelmCompat {
        if self.plan.helm_compat.starts_with('4') { HelmCompat::V4_2 } else { HelmCompat::V3_19 }
    }

    /// Renders one release. The error is a sentence and what Helm would say.
    pub fn expand(&self, release: &ReleaseRef, trace: Option<&mut Trace>) -> Result<Expanded, ExpandError> {
        let (chart, missing) = match self.shared.get(&release.chart) {
            Some(Ok(found)) => found,
            Some(Err(message)) => return Err(ExpandError::Chart(message.clone())),
            None => return Err(ExpandError::Chart(format!("there is no chart at `{}`", release.chart))),
        };
        let mut values = Value::Object(serde_json::Map::new());
        for path in &release.values {
            let text = self.text(path).unwrap_or_default();
            let layer = yaml::from_str(&text)
                .map_err(|error| ExpandError::Chart(format!("`{path}` is not YAML: {error}")))?;
            crate::spec::document::overlay(&mut values, &yaml::numbers_to_f64(layer));
        }
        let rendered = chart
            .render(&self.release(release), &values, trace)
            .map_err(|error| ExpandError::Render(Box::new(error)))?;
        let mut expanded = Expanded {
            not_at_hand: missing.clone(),
            warnings: rendered.warnings.clone(),
            ..Expanded::default()
        };
        for manifest in rendered.crds.iter().chain(&rendered.manifests).chain(&rendered.hooks) {
            if !manifest.object.is_null() {
                expanded.objects.push(object(manifest, release));
            }
        }
        Ok(expanded)
    }

    fn release(&self, release: &ReleaseRef) -> Release {
        let compat =
            if self.plan.helm_compat.starts_with('4') { HelmCompat::V4_2 } else { HelmCompat::V3_19 };
        let mut helm = Release::with_compat(release.name.clone(), release.namespace.clone(), compat);
        helm.capabilities = capabilities(self.plan, compat);
        helm.include_crds = true;
        helm.skip_tests = true;
        helm
    }

    fn text(&self, path: &str) -> Option<String> {
        let file = self.tree.files.get(path)?;
        Some(String::from_utf8_lossy(&file.bytes).into_owned())
    }
}

/// A path segment as text.
pub fn segment(segment: &PathSegment) -> String {
    match segment {
        PathSegment::Key(key) => key.clone(),
        PathSegment::Index(index) => index.to_string(),
    }
}

/// Default values of a chart with those of its own dependencies below their names.
fn defaults_of(chart: &Chart, compat: HelmCompat) -> Value {
    let mut values = chart.values(compat).cloned().unwrap_or(Value::Null);
    if !values.is_object() {
        values = Value::Object(serde_json::Map::new());
    }
    for dependency in chart.dependencies() {
        let below = serde_json::json!({ dependency.name(): defaults_of(dependency, compat) });
        let own = std::mem::replace(&mut values, below);
        crate::spec::document::overlay(&mut values, &own);
    }
    values
}

/// What Argo CD will tell charts of the cluster: its version, and the API groups that are always there.
fn capabilities(plan: &Plan, compat: HelmCompat) -> Capabilities {
    let mut capabilities = Capabilities::default_for(compat);
    if let Ok(version) = KubeVersion::parse(&plan.kubernetes_version, compat) {
        capabilities.kube_version = version;
    }
    capabilities
}

/// Why a release could not be expanded.
#[derive(Debug)]
pub enum ExpandError {
    /// The chart or its values cannot be read.
    Chart(String),
    /// The chart cannot be rendered.
    Render(Box<RenderError>),
}

impl std::fmt::Display for ExpandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Chart(message) => f.write_str(message),
            Self::Render(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExpandError {}

/// The chart in a folder of the tree with its vendored dependencies; those that are not at hand are taken out and named.
fn load_chart(folder: &str, tree: &Tree, vendored: &VendoredCharts) -> Result<(Chart, Vec<String>), String> {
    let prefix = format!("{folder}/");
    let mut files: Vec<(String, Vec<u8>)> = tree
        .files
        .range(prefix.clone()..)
        .take_while(|(path, _)| path.starts_with(&prefix))
        .map(|(path, file)| (path[prefix.len()..].to_owned(), file.bytes.to_vec()))
        .collect();
    let mut missing = Vec::new();
    if let Some((_, bytes)) = files.iter_mut().find(|(path, _)| path == "Chart.yaml") {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut metadata =
            yaml::from_str(&text).map_err(|error| format!("`{folder}/Chart.yaml`: {error}"))?;
        let mut archives = Vec::new();
        if let Some(dependencies) = metadata.get_mut("dependencies").and_then(Value::as_array_mut) {
            dependencies.retain(|dependency| {
                let part = |key: &str| dependency.get(key).and_then(Value::as_str).unwrap_or("");
                let archive = archive_name(part("name"), part("version"));
                match vendored.get(&archive) {
                    Some(bytes) => {
                        archives.push((format!("charts/{archive}"), bytes.to_vec()));
                        true
                    }
                    None => {
                        missing.push(format!("{} {}", part("name"), part("version")));
                        false
                    }
                }
            });
        }
        if !missing.is_empty() {
            *bytes = yaml::to_string(&metadata).into_bytes();
        }
        files.retain(|(path, _)| !path.starts_with("charts/"));
        files.extend(archives);
    }
    let chart = Chart::from_files(files).map_err(|error| format!("`{folder}`: {error}"))?;
    Ok((chart, missing))
}

fn object(manifest: &Manifest, release: &ReleaseRef) -> Object {
    let namespace = effective_namespace(&manifest.object, &release.namespace);
    Object {
        value: manifest.object.clone(),
        namespace,
        source: tree_path(&manifest.source, release),
        first_line: manifest.first_line,
        hook: manifest.hook.clone(),
        text: manifest.text.clone(),
    }
}

/// `cilium/templates/x.yaml` as Helm names it → `infra/cilium/templates/x.yaml` in the tree.
fn tree_path(source: &str, release: &ReleaseRef) -> String {
    match source.split_once('/') {
        Some((_, rest)) => format!("{}/{rest}", release.chart),
        None => source.to_owned(),
    }
}

/// Objects of the plain manifests under `apps/`.
pub fn repository_objects(tree: &Tree) -> Result<Vec<Object>, String> {
    let mut objects = Vec::new();
    for (path, file) in
        tree.files.range("apps/".to_owned()..).take_while(|(path, _)| path.starts_with("apps/"))
    {
        if !path.ends_with(".yaml") {
            continue;
        }
        let text = String::from_utf8_lossy(&file.bytes);
        let mut line = 1;
        for part in split_documents(&text) {
            let value = yaml::from_str(part).map_err(|error| format!("`{path}`: {error}"))?;
            if value.is_object() {
                objects.push(Object {
                    namespace: effective_namespace(&value, "argocd"),
                    value,
                    source: path.clone(),
                    first_line: line,
                    hook: None,
                    text: part.to_owned(),
                });
            }
            line += part.matches('\n').count() + 1;
        }
    }
    Ok(objects)
}

fn split_documents(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n---\n")
}

/// Namespace an object ends up in.
fn effective_namespace(object: &Value, release: &str) -> String {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or("");
    let group = object.get("apiVersion").and_then(Value::as_str).unwrap_or("");
    if is_cluster_wide(group, kind) {
        return String::new();
    }
    object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or(release).to_owned()
}

/// Kinds without a namespace: Kubernetes' own, and those of the components that the plan installs. A custom kind that is
/// not listed counts as namespaced.
pub fn is_cluster_wide(api_version: &str, kind: &str) -> bool {
    const KINDS: &[&str] = &[
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "CiliumClusterwideNetworkPolicy",
        "CiliumLoadBalancerIPPool",
        "ClusterExternalSecret",
        "ClusterIssuer",
        "ClusterPolicy",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterSecretStore",
        "ClusterTriggerAuthentication",
        "ConstraintTemplate",
        "CustomResourceDefinition",
        "FlowSchema",
        "GatewayClass",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeSnapshotClass",
        "VolumeSnapshotContent",
    ];
    KINDS.contains(&kind) || api_version.starts_with("constraints.gatekeeper.sh/")
}
