//! `component.yaml`: what a component is, needs and provides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TreeTemplate;
use crate::source::Place;

/// A component with its files.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name, that of its folder.
    pub name: String,
    /// What `component.yaml` says.
    pub spec: ComponentSpec,
    /// Where it says so.
    pub place: Place,
    /// Its other files by path inside the folder.
    pub files: BTreeMap<String, TreeTemplate>,
}

/// `component.yaml` as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ComponentFile {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: ComponentKind,
    pub(super) metadata: ComponentMetadata,
    pub(super) spec: ComponentSpec,
}

#[derive(Debug, Clone, Deserialize)]
enum ComponentKind {
    Component,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ComponentMetadata {
    pub(super) name: String,
}

/// What a component is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentSpec {
    /// One line.
    pub title: String,
    /// A sentence or two, in English and Chinese.
    #[serde(default)]
    pub summary: Summary,
    /// Where it belongs in the tree.
    pub layer: Layer,
    /// Namespace it lives in.
    pub namespace: String,
    /// Pod Security level of that namespace.
    pub pod_security: PodSecurity,
    /// Key of the bill of materials whose chart it installs; without it the component is its own templates only.
    #[serde(default)]
    pub chart: Option<String>,
    /// Capabilities and roles it serves.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Capabilities or components that must be there first.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Off unless the spec switches it on.
    #[serde(default)]
    pub optional: bool,
    /// Kubernetes versions it runs on, as a version range.
    #[serde(default)]
    pub kubernetes: Option<String>,
    /// Options of its Argo CD Application.
    #[serde(default)]
    pub sync_options: Vec<String>,
    /// Images that its values do not show.
    #[serde(default)]
    pub images: Vec<String>,
    /// What it stores, and how that comes back.
    #[serde(default)]
    pub state: State,
}

/// A text in the two languages of the project.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// English.
    #[serde(default)]
    pub en: String,
    /// Chinese.
    #[serde(default)]
    pub zh: String,
}

/// The two layers of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// Cluster add-ons.
    Infra,
    /// Shared services.
    Platform,
}

impl Layer {
    /// The folder's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Infra => "infra",
            Self::Platform => "platform",
        }
    }
}

/// Levels of the Pod Security Standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PodSecurity {
    /// No restriction.
    Privileged,
    /// No known privilege escalation.
    Baseline,
    /// Hardened.
    Restricted,
}

impl PodSecurity {
    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// What a component stores.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct State {
    /// What it is; `none` when a new installation loses nothing.
    #[serde(default)]
    pub data: String,
    /// How it is backed up.
    #[serde(default)]
    pub backup: Option<String>,
    /// How the restore is proven.
    #[serde(default)]
    pub drill: Option<String>,
}
