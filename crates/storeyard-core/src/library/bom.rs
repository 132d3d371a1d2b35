//! Bill of materials: the one place where versions are written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A set of versions tested together for one Kubernetes minor.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bom {
    /// `storeyard.io/v1alpha1`.
    pub api_version: String,
    /// `BillOfMaterials`.
    pub kind: String,
    /// Its name, `kubernetes-<minor>`.
    pub metadata: BomMetadata,
    /// What it pins.
    pub spec: BomSpec,
}

/// Name of a bill of materials.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BomMetadata {
    /// `kubernetes-<minor>`.
    pub name: String,
}

/// What a bill of materials pins.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BomSpec {
    /// One line on what this set is for.
    #[serde(default)]
    pub summary: String,
    /// Kubernetes itself.
    pub kubernetes: KubernetesPin,
    /// API version of kubeadm's configuration, such as `v1beta3`.
    pub kubeadm_api: String,
    /// Helm line that the pinned Argo CD renders with: `3.19` or `4.2`.
    pub helm_compat: String,
    /// Component that serves each role.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// Pins by component.
    pub components: BTreeMap<String, BomComponent>,
    /// Programs that are not components.
    #[serde(default)]
    pub tools: BTreeMap<String, Tool>,
}

/// The Kubernetes version.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KubernetesPin {
    /// `v1.30.14`.
    pub version: String,
    /// Its life cycle.
    pub lifecycle: Lifecycle,
}

/// Pins of one component.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BomComponent {
    /// Its upstream chart, if it has one.
    #[serde(default)]
    pub chart: Option<ChartPin>,
    /// Version of the program itself.
    #[serde(default)]
    pub app_version: String,
    /// Images by the name that values templates use.
    #[serde(default)]
    pub images: BTreeMap<String, String>,
    /// Its life cycle.
    pub lifecycle: Lifecycle,
    /// Why this one, where it is not what the plan names.
    #[serde(default)]
    pub note: Option<String>,
}

/// A chart in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartPin {
    /// Its name, which is also the key of its values in the umbrella chart.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// `https://…` or `oci://…`.
    pub repository: String,
}

/// How long something is still looked after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifecycle {
    /// The state at the time of writing.
    pub status: LifecycleStatus,
    /// Last day of support, `YYYY-MM-DD`, where upstream names one.
    #[serde(default)]
    pub end_of_life: Option<String>,
    /// What takes its place.
    #[serde(default)]
    pub successor: Option<String>,
    /// What to know about it.
    #[serde(default)]
    pub note: Option<String>,
    /// Where the figure comes from.
    #[serde(default)]
    pub source: Option<String>,
}

/// State of a line of releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LifecycleStatus {
    /// Patched.
    Active,
    /// Only security patches.
    Maintenance,
    /// This line is no longer patched; the project goes on.
    Ended,
    /// The project is over.
    Retired,
}

/// A program that is not a component.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// Exact version.
    pub version: String,
    /// Its image, if it runs as one.
    #[serde(default)]
    pub image: Option<String>,
    /// What to know about it.
    #[serde(default)]
    pub note: Option<String>,
}
