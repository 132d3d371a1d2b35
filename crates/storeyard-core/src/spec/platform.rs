//! `storeyard.yaml`: the platform.
//!
//! A field that is not required in the schema and not an `Option` has its default in `library/defaults/platform.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scalar::{Address, Cidr, DnsLabel, Domain, Mebibytes};

/// The platform: network, hosts, and what is to run on them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Storeyard platform")]
pub struct Platform {
    /// Always `storeyard.io/v1alpha1`.
    pub api_version: ApiVersion,
    /// Always `Platform`.
    pub kind: PlatformKind,
    /// Its name.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: PlatformSpec,
}

/// The version of the spec's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum ApiVersion {
    /// The only one so far.
    #[serde(rename = "storeyard.io/v1alpha1")]
    V1alpha1,
}

/// `Platform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum PlatformKind {
    /// A platform.
    Platform,
}

/// Name of a platform or a store.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Unique among its kind; becomes part of names in the cluster.
    pub name: DnsLabel,
}

/// What the platform is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlatformSpec {
    /// The Kubernetes minor, quoted: names the bill of materials that pins everything else.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"), title = "a Kubernetes minor in quotes")]
    pub kubernetes: String,
    /// Addresses and ranges.
    pub network: Network,
    /// The bare-metal servers and the virtual machines on them.
    #[schemars(length(min = 1))]
    pub hosts: Vec<Host>,
    /// Where the generated repository lives.
    pub git: Git,
    /// S3-compatible storage for backups, logs and media.
    pub object_store: ObjectStore,
    /// Where secrets live.
    #[serde(default)]
    pub secrets: Secrets,
    /// Who may log in to the machines.
    #[serde(default)]
    pub ssh: Ssh,
    /// Image of the virtual machines.
    #[serde(default)]
    pub vm_image: VmImage,
    /// Domain under which the platform's own pages live, such as `argocd.<domain>`.
    #[serde(default)]
    pub domain: Option<Domain>,
    /// Time zone of machines and schedules.
    #[serde(default)]
    #[schemars(
        regex(pattern = r"^[A-Za-z_+-]+(/[A-Za-z0-9_+-]+)*$"),
        title = "a time zone such as Europe/Paris"
    )]
    pub timezone: String,
    /// When machines may restart.
    #[serde(default)]
    pub maintenance: Maintenance,
    /// Who is told when something breaks.
    #[serde(default)]
    pub alerts: Alerts,
    /// Where stores find what they depend on.
    #[serde(default)]
    pub services: Services,
    /// `charts`: Argo CD renders; `rendered`: the manifests are in the repository.
    #[serde(default)]
    pub delivery: Delivery,
    /// Another component for a role, such as `ingress: traefik`.
    #[serde(default)]
    pub roles: BTreeMap<String, String>,
    /// Components switched on or off, and their values.
    #[serde(default)]
    pub components: BTreeMap<String, ComponentOverride>,
    /// Findings that are accepted for a time.
    #[serde(default)]
    pub suppressions: Vec<Suppression>,
}

/// Addresses and ranges.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// Pod range.
    #[serde(default)]
    pub pods: Cidr,
    /// Service range.
    #[serde(default)]
    pub services: Cidr,
    /// The machines' own network; by default the /24 around `apiServer`.
    #[serde(default)]
    pub nodes: Option<Cidr>,
    /// The machines' default route; by default the first address of `nodes`.
    #[serde(default)]
    pub gateway: Option<Address>,
    /// DNS resolvers of the machines.
    #[serde(default)]
    pub nameservers: Vec<Address>,
    /// Network interface inside the machines.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z][a-z0-9.-]{0,14}$"), title = "a network interface")]
    pub interface: String,
    /// Virtual address of the Kubernetes API, held by kube-vip.
    pub api_server: Address,
    /// Port of the Kubernetes API.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65535))]
    pub api_server_port: u16,
    /// Failover blocks from which Services of type LoadBalancer get their addresses.
    #[schemars(length(min = 1))]
    pub load_balancers: Vec<Cidr>,
    /// The address that the edge (and so every shop) is reached at; by default the first of the blocks.
    #[serde(default)]
    pub edge_address: Option<Address>,
    /// Domain of the cluster's own DNS.
    #[serde(default)]
    pub dns_domain: Domain,
    /// Prefix length of the pod range that each node gets.
    #[serde(default)]
    #[schemars(range(min = 16, max = 28))]
    pub node_cidr_mask_size: u8,
}

/// A bare-metal server.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Host {
    /// Its name.
    pub name: DnsLabel,
    /// Its address in the machines' network.
    pub address: Address,
    /// Hardware threads.
    #[schemars(range(min = 1, max = 1024))]
    pub cores: u32,
    /// Installed memory.
    pub memory: Mebibytes,
    /// What the host keeps for itself: libvirt, ZFS (its cache above all) and the system.
    #[serde(default)]
    pub reserved: Option<HostReserve>,
    /// The ZFS pool on which disks of machines live.
    pub zfs: Zfs,
    /// Bridge on the vRack to which machines are attached.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z][a-z0-9.-]{0,14}$"), title = "a network bridge")]
    pub bridge: Option<String>,
    /// Virtual machines on it.
    #[serde(default)]
    pub machines: Vec<Machine>,
}

/// What a host keeps for itself.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostReserve {
    /// Hardware threads.
    #[schemars(range(max = 1024))]
    pub cores: u32,
    /// Memory.
    pub memory: Mebibytes,
}

/// A host's ZFS.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Zfs {
    /// Name of the pool.
    #[schemars(regex(pattern = "^[a-zA-Z][a-zA-Z0-9_.-]*$"), title = "a ZFS pool's name")]
    pub pool: String,
}

/// A virtual machine, that is a node.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    /// Its name, also the node's.
    pub name: DnsLabel,
    /// What it is for.
    pub role: Role,
    /// Its address in the machines' network.
    pub address: Address,
    /// Virtual cores.
    #[schemars(range(min = 1, max = 1024))]
    pub cores: u32,
    /// Memory.
    pub memory: Mebibytes,
    /// System disk.
    #[serde(default)]
    pub disk: Option<Mebibytes>,
    /// Data disk given to ZFS-LocalPV (workers only).
    #[serde(default)]
    pub data_disk: Option<Mebibytes>,
    /// Node roles to be set as `node-role.kubernetes.io/<label>`.
    #[serde(default)]
    pub labels: Vec<DnsLabel>,
}

/// What a machine is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Role {
    /// API server, controllers, etcd.
    ControlPlane,
    /// Everything else.
    Worker,
}

/// Where the generated repository lives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Git {
    /// URL as Argo CD clones it.
    #[schemars(regex(pattern = r"^(https|ssh)://[^\s]+$"), title = "an https or ssh URL")]
    pub url: String,
    /// Branch that Argo CD follows.
    #[serde(default)]
    pub revision: String,
    /// Folder of the tree inside the repository; empty for its root.
    #[serde(default)]
    #[schemars(
        regex(pattern = r"^([A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?$"),
        title = "a relative folder"
    )]
    pub path: String,
}

/// S3-compatible storage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectStore {
    /// Its URL.
    #[schemars(regex(pattern = r"^https://[^\s/]+$"), title = "an https URL without a path")]
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// First part of every bucket's name.
    pub prefix: DnsLabel,
}

/// Where secrets live.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secrets {
    /// Backend from which External Secrets reads what stores need.
    #[serde(default)]
    pub backend: SecretBackend,
    /// Address of Vault; by default the one inside the cluster.
    #[serde(default)]
    pub vault_address: Option<String>,
    /// Public age keys for which SOPS encrypts the few secrets that must exist before the backend does.
    #[serde(default)]
    #[schemars(inner(regex(pattern = "^age1[a-z0-9]{58}$")))]
    pub age_recipients: Vec<String>,
}

/// A secret backend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum SecretBackend {
    /// HashiCorp Vault or OpenBao, through External Secrets.
    #[default]
    Vault,
    /// None: only possible while there is no store.
    None,
}

/// Who may log in to the machines.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ssh {
    /// The account that cloud-init makes.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z_][a-z0-9_-]{0,31}$"), title = "a user name")]
    pub user: String,
    /// Public keys in OpenSSH form.
    #[serde(default)]
    #[schemars(inner(regex(
        pattern = "^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh.com) [A-Za-z0-9+/=]+( .*)?$"
    )))]
    pub authorized_keys: Vec<String>,
}

/// Image of the virtual machines.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VmImage {
    /// URL of a cloud image in qcow2 form.
    #[serde(default)]
    #[schemars(regex(pattern = r"^https://[^\s]+$"), title = "an https URL")]
    pub url: String,
    /// Its SHA-256; where it is absent the runbook says how to check it.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-f0-9]{64}$"), title = "a SHA-256 in hexadecimal")]
    pub sha256: Option<String>,
}

/// When machines may restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Maintenance {
    /// Days of the week.
    #[serde(default)]
    pub days: Vec<Weekday>,
    /// First minute, `HH:MM` in the platform's time zone.
    #[serde(default)]
    #[schemars(regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"), title = "a time HH:MM in quotes")]
    pub start: String,
    /// Last minute, `HH:MM`.
    #[serde(default)]
    #[schemars(regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"), title = "a time HH:MM in quotes")]
    pub end: String,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Weekday {
    #[serde(rename = "mon")]
    Monday,
    #[serde(rename = "tue")]
    Tuesday,
    #[serde(rename = "wed")]
    Wednesday,
    #[serde(rename = "thu")]
    Thursday,
    #[serde(rename = "fri")]
    Friday,
    #[serde(rename = "sat")]
    Saturday,
    #[serde(rename = "sun")]
    Sunday,
}

/// Who is told when something breaks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Alerts {
    /// PagerDuty; its routing key is a secret.
    #[serde(default)]
    pub pagerduty: Option<PagerDuty>,
    /// SMS through OVH; its credentials are secrets.
    #[serde(default)]
    pub ovh_sms: Option<OvhSms>,
}

/// PagerDuty.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PagerDuty {}

/// SMS through OVH.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OvhSms {
    /// Numbers in international form.
    #[schemars(length(min = 1), inner(regex(pattern = r"^\+[1-9][0-9]{6,14}$")))]
    pub to: Vec<String>,
}

/// Where stores find what they depend on, until components of the library provide it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Services {
    /// The edge that sends visitors to the shops.
    #[serde(default)]
    pub ingress: IngressService,
    /// MySQL, by the address of the one node that may be written to.
    #[serde(default)]
    pub database: Service,
    /// RabbitMQ.
    #[serde(default)]
    pub rabbitmq: Service,
    /// OpenSearch.
    #[serde(default)]
    pub search: SearchService,
}

/// The edge.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressService {
    /// IngressClass.
    #[serde(default)]
    pub class_name: String,
    /// Namespace of its controller.
    #[serde(default)]
    pub namespace: DnsLabel,
    /// ClusterIssuer of cert-manager for the shops' certificates; empty for none.
    #[serde(default)]
    pub cluster_issuer: String,
    /// Annotations of every shop's Ingress.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Proxies before Varnish that set X-Forwarded-For; 1 is the ingress alone.
    #[serde(default)]
    #[schemars(range(max = 8))]
    pub trusted_hops: u64,
}

/// A service by its address.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Service {
    /// Host name.
    #[serde(default)]
    pub host: Domain,
    /// Port.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Namespace, for network policies.
    #[serde(default)]
    pub namespace: DnsLabel,
}

/// OpenSearch by its address.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchService {
    /// `http` or `https`.
    #[serde(default)]
    pub scheme: Scheme,
    /// Host name.
    #[serde(default)]
    pub host: Domain,
    /// Port.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Namespace, for network policies.
    #[serde(default)]
    pub namespace: DnsLabel,
}

/// URL scheme.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum Scheme {
    /// In the clear, inside the cluster.
    #[default]
    Http,
    /// TLS; Magento knows no private CA.
    Https,
}

/// How manifests reach the cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum Delivery {
    /// Argo CD renders the charts.
    #[default]
    Charts,
    /// The rendered manifests are in the repository.
    Rendered,
}

/// A component switched on or off, and its values.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComponentOverride {
    /// On or off; by default what the component itself says.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Values of the upstream chart, laid over the library's.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// Settings of the component itself (what its own templates read).
    #[serde(default)]
    pub settings: Map<String, Value>,
}

/// A finding that is accepted for a time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suppression {
    /// The rule's code.
    #[schemars(regex(pattern = "^SY[0-9]{4}$"), title = "a rule's code such as SY2003")]
    pub code: String,
    /// What it is about: `Kind/namespace/name`, a component or a store; `*` stands for anything.
    #[schemars(length(min = 1))]
    pub selector: String,
    /// Why it is accepted.
    #[schemars(length(min = 10))]
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    #[schemars(
        regex(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"),
        title = "a date YYYY-MM-DD"
    )]
    pub expires: String,
}
