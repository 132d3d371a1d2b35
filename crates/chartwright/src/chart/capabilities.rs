//! What a chart is told about the cluster.

use super::{ChartError, HelmCompat};

/// `.Capabilities`: the Kubernetes version and the API versions that the cluster serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// `.Capabilities.KubeVersion`
    pub kube_version: KubeVersion,
    /// `--api-versions`: `group/version` and `group/version/Kind`, on top of Helm's own list
    /// ([`Capabilities::default_api_versions`]).
    pub api_versions: Vec<String>,
}

/// A version of Kubernetes as Helm splits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// What templates see: `v1.30.14`. Helm 4 keeps a suffix such as `-gke.1`, Helm 3 drops it.
    pub version: String,
    /// What a chart's `kubeVersion` is compared with: never with a suffix.
    pub normalized: String,
    /// `1`
    pub major: String,
    /// `30`
    pub minor: String,
}

impl KubeVersion {
    /// Reads `1.30`, `v1.30.14` or `v1.33.4-gke.1245000`.
    pub fn parse(text: &str, compat: HelmCompat) -> Result<KubeVersion, ChartError> {
        let error = |reason: &str| {
            ChartError::new(
                format!("Kubernetes version {text:?}"),
                reason,
                "write it like v1.30.14: at least two numbers without leading zeros",
            )
        };
        let trimmed = text.trim_start();
        let numbers = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let end = numbers.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(numbers.len());
        let mut parts = Vec::new();
        for part in numbers[..end].trim_end_matches('.').split('.') {
            if part.is_empty() || part.len() > 1 && part.starts_with('0') || part.parse::<u64>().is_err() {
                return Err(error("is malformed"));
            }
            parts.push(part);
        }
        let [major, minor, ..] = parts.as_slice() else { return Err(error("has fewer than two numbers")) };
        let normalized = format!("v{}", parts.join("."));
        let version = match compat {
            HelmCompat::V3_19 => normalized.clone(),
            HelmCompat::V4_2 if text.starts_with('v') => text.to_owned(),
            HelmCompat::V4_2 => format!("v{text}"),
        };
        Ok(KubeVersion { version, normalized, major: (*major).to_owned(), minor: (*minor).to_owned() })
    }
}

impl Capabilities {
    /// What Helm assumes when it is told nothing: the Kubernetes minor its client library was made for.
    pub fn default_for(compat: HelmCompat) -> Capabilities {
        let minor = match compat {
            HelmCompat::V3_19 => "34",
            HelmCompat::V4_2 => "36",
        };
        let version = format!("v1.{minor}.0");
        Capabilities {
            kube_version: KubeVersion {
                normalized: version.clone(),
                version,
                major: "1".to_owned(),
                minor: minor.to_owned(),
            },
            api_versions: Vec::new(),
        }
    }

    /// The `group/version`s that Helm always reports when it has no cluster to ask: those that its client library
    /// knows, whatever the Kubernetes version. (`client-go` 0.34 and 0.36; read from
    /// `.Capabilities.APIVersions` of the real programs.)
    pub fn default_api_versions(compat: HelmCompat) -> impl Iterator<Item = &'static str> {
        let other = match compat {
            HelmCompat::V3_19 => "V4",
            HelmCompat::V4_2 => "V3",
        };
        API_VERSIONS.iter().filter(move |(_, only)| *only != other).map(|(version, _)| *version)
    }

    /// Whether a chart would find the API version.
    pub fn has(&self, version: &str, compat: HelmCompat) -> bool {
        Capabilities::default_api_versions(compat).any(|known| known == version)
            || self.api_versions.iter().any(|given| given == version)
    }
}

/// In the order in which Helm lists them; the second column names the only line of Helm that has it.
const API_VERSIONS: [(&str, &str); 59] = [
    ("v1", ""),
    ("admissionregistration.k8s.io/v1", ""),
    ("admissionregistration.k8s.io/v1alpha1", ""),
    ("admissionregistration.k8s.io/v1beta1", ""),
    ("internal.apiserver.k8s.io/v1alpha1", ""),
    ("apps/v1", ""),
    ("apps/v1beta1", ""),
    ("apps/v1beta2", ""),
    ("authentication.k8s.io/v1", ""),
    ("authentication.k8s.io/v1alpha1", ""),
    ("authentication.k8s.io/v1beta1", ""),
    ("authorization.k8s.io/v1", ""),
    ("authorization.k8s.io/v1beta1", ""),
    ("autoscaling/v1", ""),
    ("autoscaling/v2", ""),
    ("autoscaling/v2beta1", "V3"),
    ("autoscaling/v2beta2", "V3"),
    ("batch/v1", ""),
    ("batch/v1beta1", ""),
    ("certificates.k8s.io/v1", ""),
    ("certificates.k8s.io/v1beta1", ""),
    ("certificates.k8s.io/v1alpha1", ""),
    ("coordination.k8s.io/v1alpha2", ""),
    ("coordination.k8s.io/v1beta1", ""),
    ("coordination.k8s.io/v1", ""),
    ("discovery.k8s.io/v1", ""),
    ("discovery.k8s.io/v1beta1", ""),
    ("events.k8s.io/v1", ""),
    ("events.k8s.io/v1beta1", ""),
    ("extensions/v1beta1", ""),
    ("flowcontrol.apiserver.k8s.io/v1", ""),
    ("flowcontrol.apiserver.k8s.io/v1beta1", ""),
    ("flowcontrol.apiserver.k8s.io/v1beta2", ""),
    ("flowcontrol.apiserver.k8s.io/v1beta3", ""),
    ("networking.k8s.io/v1", ""),
    ("networking.k8s.io/v1beta1", ""),
    ("node.k8s.io/v1", ""),
    ("node.k8s.io/v1alpha1", ""),
    ("node.k8s.io/v1beta1", ""),
    ("policy/v1", ""),
    ("policy/v1beta1", ""),
    ("rbac.authorization.k8s.io/v1", ""),
    ("rbac.authorization.k8s.io/v1beta1", ""),
    ("rbac.authorization.k8s.io/v1alpha1", ""),
    ("resource.k8s.io/v1", ""),
    ("resource.k8s.io/v1beta2", ""),
    ("resource.k8s.io/v1beta1", ""),
    ("resource.k8s.io/v1alpha3", ""),
    ("scheduling.k8s.io/v1alpha1", "V3"),
    ("scheduling.k8s.io/v1alpha2", "V4"),
    ("scheduling.k8s.io/v1beta1", ""),
    ("scheduling.k8s.io/v1", ""),
    ("storage.k8s.io/v1beta1", ""),
    ("storage.k8s.io/v1", ""),
    ("storage.k8s.io/v1alpha1", ""),
    ("storagemigration.k8s.io/v1alpha1", "V3"),
    ("storagemigration.k8s.io/v1beta1", "V4"),
    ("apiextensions.k8s.io/v1beta1", ""),
    ("apiextensions.k8s.io/v1", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let parse = |text| KubeVersion::parse(text, HelmCompat::V3_19);
        assert_eq!(parse("1.30").unwrap().version, "v1.30");
        assert_eq!(parse("v1.30.14").unwrap().version, "v1.30.14");
        let suffixed = "v1.33.4-gke.1245000";
        assert_eq!(parse(suffixed).unwrap().version, "v1.33.4");
        let kept = KubeVersion::parse(suffixed, HelmCompat::V4_2).unwrap();
        assert_eq!((kept.version.as_str(), kept.normalized.as_str()), (suffixed, "v1.33.4"));
        for bad in ["", "v1", "1.030", "x", "1..2"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn api_versions() {
        let known = Capabilities::default_for(HelmCompat::V3_19);
        assert!(known.has("autoscaling/v2beta2", HelmCompat::V3_19));
        assert!(!known.has("autoscaling/v2beta2", HelmCompat::V4_2));
        assert!(known.has("policy/v1", HelmCompat::V4_2));
        assert!(!known.has("monitoring.coreos.com/v1", HelmCompat::V4_2));
        assert_eq!(Capabilities::default_api_versions(HelmCompat::V3_19).count(), 57);
        assert_eq!(Capabilities::default_api_versions(HelmCompat::V4_2).count(), 55);
    }
}
