//! Thin wrappers of the programs that files of the tree are for. Each returns what the program said; none judges it.

use std::ffi::OsString;
use std::path::Path;

use crate::Error;
use crate::program::{Output, run};

/// What [`kubeadm_validate`] needs.
pub const KUBEADM: &str = "kubeadm";
/// What [`virt_xml_validate`] needs.
pub const VIRT_XML_VALIDATE: &str = "virt-xml-validate";
/// What [`cloud_init_schema`] needs.
pub const CLOUD_INIT: &str = "cloud-init";

/// `kubeadm config validate`: a file with kubeadm's configuration, several documents or one.
///
/// # Errors
/// When the program is missing or cannot be started.
pub fn kubeadm_validate(file: &Path) -> Result<Output, Error> {
    run(KUBEADM, [OsString::from("config"), "validate".into(), "--config".into(), file.into()])
}

/// `virt-xml-validate`: an XML file of libvirt by the schema `kind`, such as `domain` or `network`.
///
/// # Errors
/// When the program is missing or cannot be started.
pub fn virt_xml_validate(file: &Path, kind: &str) -> Result<Output, Error> {
    run(VIRT_XML_VALIDATE, [OsString::from(file), kind.into()])
}

/// `cloud-init schema`: a user-data file.
///
/// # Errors
/// When the program is missing or cannot be started.
pub fn cloud_init_schema(file: &Path) -> Result<Output, Error> {
    run(CLOUD_INIT, [OsString::from("schema"), "--config-file".into(), file.into()])
}

/// A line of Helm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Helm {
    /// Helm 3, the program `helm`.
    V3,
    /// Helm 4, the program `helm4`.
    V4,
}

impl Helm {
    /// The name that [`program::find`](crate::program::find) finds it by.
    pub fn program(self) -> &'static str {
        match self {
            Helm::V3 => "helm",
            Helm::V4 => "helm4",
        }
    }
}

/// `helm template RELEASE CHART --namespace NAMESPACE`, with a `--values` for each file and any further arguments.
///
/// # Errors
/// When the program is missing or cannot be started.
pub fn helm_template(
    helm: Helm,
    release: &str,
    chart: &Path,
    namespace: &str,
    values: &[&Path],
    arguments: &[&str],
) -> Result<Output, Error> {
    let mut line: Vec<OsString> = vec!["template".into(), release.into(), chart.into()];
    line.extend(["--namespace".into(), namespace.into()]);
    line.extend(values.iter().flat_map(|file| [OsString::from("--values"), OsString::from(file)]));
    line.extend(arguments.iter().map(OsString::from));
    run(helm.program(), line)
}
