//! `stores/*.yaml`: one store a file.
//!
//! A field that is not required in the schema and not an `Option` has its default in `library/defaults/store.yaml` or
//! comes from the size class. Written by a user, every figure may be given alone: layers are merged before they are read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::platform::{ApiVersion, Metadata};
use super::scalar::{Cidr, DnsLabel, Domain, ImageRef};

/// One shop: its size, its domains, its code.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Storeyard store")]
pub struct Store {
    /// Always `storeyard.io/v1alpha1`.
    pub api_version: ApiVersion,
    /// Always `Store`.
    pub kind: StoreKind,
    /// Its name.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: StoreSpec,
}

/// `Store`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum StoreKind {
    /// A store.
    Store,
}

/// What a store is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreSpec {
    /// Size class; or else give `traffic`.
    #[serde(default)]
    pub size: Option<Size>,
    /// Expected traffic at its peak; or else give `size`.
    #[serde(default)]
    pub traffic: Option<Traffic>,
    /// Host names it answers to, the primary one first.
    #[schemars(length(min = 1))]
    pub domains: Vec<Domain>,
    /// Websites or store views with their own domains; by default one website `base` with all domains.
    #[serde(default)]
    pub websites: Vec<Website>,
    /// The two images that the pipeline builds.
    pub images: Images,
    /// Locales of the static content, such as `en_GB`.
    #[schemars(length(min = 1), inner(regex(pattern = "^[a-z]{2,3}(_[A-Z][a-z]{3})?_[A-Z]{2}$")))]
    pub locales: Vec<String>,
    /// Base currency.
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Z]{3}$"), title = "a currency code such as EUR")]
    pub currency: String,
    /// Time zone of the shop; by default the platform's.
    #[serde(default)]
    #[schemars(
        regex(pattern = r"^[A-Za-z_+-]+(/[A-Za-z0-9_+-]+)*$"),
        title = "a time zone such as Europe/Paris"
    )]
    pub timezone: Option<String>,
    /// Hosts on whose machines it may run; by default all.
    #[serde(default)]
    pub hosts: Vec<DnsLabel>,
    /// System configuration in the default scope, path to value.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Who may operate the store in its namespace.
    #[serde(default)]
    pub operators: Vec<Operator>,
    /// The switch at the edge.
    #[serde(default)]
    pub maintenance: StoreMaintenance,
    /// Product and page images.
    #[serde(default)]
    pub media: Media,
    /// PHP.
    #[serde(default)]
    pub php: Php,
    /// PHP-FPM.
    #[serde(default)]
    pub fpm: Fpm,
    /// nginx.
    #[serde(default)]
    pub web: Web,
    /// Varnish.
    #[serde(default)]
    pub varnish: Varnish,
    /// The two schedulers.
    #[serde(default)]
    pub cron: Cron,
    /// Consumer groups by name; `null` switches one off.
    #[serde(default)]
    pub consumers: BTreeMap<String, Option<ConsumerGroup>>,
    /// Valkey instances.
    #[serde(default)]
    pub valkey: ValkeySet,
    /// Database limits.
    #[serde(default)]
    pub database: Database,
    /// Quota of the namespace; by default the sum of everything at its maximum.
    #[serde(default)]
    pub quota: Option<Quota>,
}

/// Size classes; each is a traffic figure, see `library/sizes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum Size {
    /// 300 page views a minute, 60 orders an hour, 5,000 SKUs.
    Small,
    /// 1,500 page views a minute, 400 orders an hour, 50,000 SKUs.
    Medium,
    /// 6,000 page views a minute, 2,000 orders an hour, 300,000 SKUs.
    Large,
}

impl Size {
    /// Name of the class and its file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// Traffic at its peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Traffic {
    /// Page views in the peak minute.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub page_views_per_minute: u64,
    /// Orders in the peak hour.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub orders_per_hour: u64,
    /// Products.
    #[schemars(range(min = 1, max = 50_000_000))]
    pub skus: u64,
}

/// A website or store view with domains of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Website {
    /// Its code in Magento.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]{0,31}$"), title = "a website or store code")]
    pub code: String,
    /// Whether the code names a website or a store view.
    #[serde(default)]
    pub run_type: RunType,
    /// Its host names.
    #[schemars(length(min = 1))]
    pub domains: Vec<Domain>,
    /// System configuration in this scope, path to value.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

/// `MAGE_RUN_TYPE`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum RunType {
    /// A website.
    #[default]
    Website,
    /// A store view.
    Store,
}

/// The two images of one build.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Images {
    /// PHP-FPM with the code (`magento-php-fpm`).
    pub fpm: ImageRef,
    /// nginx with the static files (`magento-web`).
    pub web: ImageRef,
}

/// A user or group that may operate a store.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operator {
    /// User or group.
    pub kind: OperatorKind,
    /// Its name as the API server knows it.
    #[schemars(length(min = 1))]
    pub name: String,
}

/// RBAC subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OperatorKind {
    /// A user.
    User,
    /// A group.
    Group,
}

/// The switch at the edge.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreMaintenance {
    /// Visitors get the maintenance page.
    #[serde(default)]
    pub enabled: bool,
    /// Networks that get the shop all the same.
    #[serde(default)]
    pub allow: Vec<Cidr>,
}

/// Where media live.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Media {
    /// Object storage or a claim.
    #[serde(default)]
    pub mode: MediaMode,
    /// Bucket; by default `<platform prefix>-<store>`.
    #[serde(default)]
    #[schemars(regex(pattern = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"), title = "a bucket's name")]
    pub bucket: Option<String>,
    /// Prefix of keys inside the bucket.
    #[serde(default)]
    #[schemars(regex(pattern = "^([a-z0-9][a-z0-9/_-]*[a-z0-9])?$"), title = "a key prefix")]
    pub prefix: String,
    /// `endpoint/bucket` instead of `bucket.endpoint`.
    #[serde(default)]
    pub path_style: bool,
    /// Size of the claim in GiB in mode `volume`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub storage_gi: u64,
}

/// Where media live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum MediaMode {
    /// Object storage.
    #[default]
    S3,
    /// A claim in the cluster.
    Volume,
}

/// CPU of a container in thousandths of a core.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cpu {
    /// Requested.
    #[serde(default)]
    #[schemars(range(min = 10, max = 128_000))]
    pub request_m: u64,
    /// Limit; none by default, because throttling costs latency and saves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_m: Option<u64>,
}

/// Least and most pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replicas {
    /// Least.
    #[serde(default)]
    #[schemars(range(max = 1000))]
    pub min: u64,
    /// Most.
    #[serde(default)]
    #[schemars(range(max = 1000))]
    pub max: u64,
}

/// PHP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Php {
    /// `memory_limit` of a request, MiB.
    #[serde(default)]
    #[schemars(range(min = 128, max = 16_384))]
    pub memory_limit_mi: u64,
    /// `opcache.memory_consumption`, MiB.
    #[serde(default)]
    #[schemars(range(min = 64, max = 8192))]
    pub opcache_mi: u64,
    /// Resident memory of one child, MiB, for sizing.
    #[serde(default)]
    #[schemars(range(min = 32, max = 4096))]
    pub child_mi: u64,
    /// Longest request, seconds.
    #[serde(default)]
    #[schemars(range(min = 10, max = 86_400))]
    pub max_execution_seconds: u64,
}

/// PHP-FPM.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fpm {
    /// Pods.
    #[serde(default)]
    pub replicas: Replicas,
    /// Children of one pod (`pm.max_children`).
    #[serde(default)]
    #[schemars(range(min = 1, max = 512))]
    pub children: u64,
    /// CPU of one pod.
    #[serde(default)]
    pub cpu: Cpu,
    /// Memory of one pod, MiB, request and limit.
    #[serde(default)]
    #[schemars(range(min = 64, max = 1_048_576))]
    pub memory_mi: u64,
}

/// nginx.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Web {
    /// Pods.
    #[serde(default)]
    pub replicas: Replicas,
    /// CPU of one pod.
    #[serde(default)]
    pub cpu: Cpu,
    /// Memory of one pod, MiB, request and limit.
    #[serde(default)]
    #[schemars(range(min = 32, max = 1_048_576))]
    pub memory_mi: u64,
}

/// Varnish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Varnish {
    /// Pods; never autoscaled, because purges go to a fixed list.
    #[serde(default)]
    #[schemars(range(min = 1, max = 16))]
    pub replicas: u64,
    /// Cache, MiB.
    #[serde(default)]
    #[schemars(range(min = 32, max = 1_048_576))]
    pub storage_mi: u64,
    /// CPU of one pod.
    #[serde(default)]
    pub cpu: Cpu,
    /// Memory of one pod, MiB, request and limit.
    #[serde(default)]
    #[schemars(range(min = 64, max = 1_048_576))]
    pub memory_mi: u64,
}

/// The schedulers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cron {
    /// CPU of each of the two.
    #[serde(default)]
    pub cpu: Cpu,
    /// Memory of each of the two, MiB, request and limit.
    #[serde(default)]
    #[schemars(range(min = 64, max = 1_048_576))]
    pub memory_mi: u64,
}

/// A group of consumers that share a Deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumerGroup {
    /// Waiting or draining.
    #[serde(default)]
    pub mode: ConsumerMode,
    /// Pods.
    #[serde(default)]
    pub replicas: Replicas,
    /// CPU of one pod.
    #[serde(default)]
    pub cpu: Cpu,
    /// Memory of one pod, MiB, request and limit.
    #[serde(default)]
    #[schemars(range(min = 64, max = 1_048_576))]
    pub memory_mi: u64,
    /// Its consumers.
    #[serde(default)]
    pub consumers: Vec<Consumer>,
}

/// How a group works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub enum ConsumerMode {
    /// One consumer waits for messages.
    Wait,
    /// One process goes through the group's queues in turn; KEDA scales it from zero.
    #[default]
    Drain,
}

/// A consumer and the queue it reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Consumer {
    /// Name for `queue:consumers:start`.
    #[schemars(length(min = 1))]
    pub name: String,
    /// RabbitMQ queue.
    #[schemars(length(min = 1))]
    pub queue: String,
}

/// Valkey instances of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValkeySet {
    /// Sessions: durable, never evicted.
    #[serde(default)]
    pub session: Valkey,
    /// Cache: not durable, evicted.
    #[serde(default)]
    pub cache: Valkey,
    /// Page cache; absent where Varnish is the page cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Valkey>,
}

/// One Valkey instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Valkey {
    /// `maxmemory`, MiB.
    #[serde(default)]
    #[schemars(range(min = 16, max = 1_048_576))]
    pub max_memory_mi: u64,
    /// Memory of the pod, MiB, request and limit.
    #[serde(default)]
    #[schemars(range(min = 32, max = 1_048_576))]
    pub memory_mi: u64,
    /// Claim in GiB, for durable instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub storage_gi: Option<u64>,
    /// CPU of the pod.
    #[serde(default)]
    pub cpu: Cpu,
}

/// Database limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Database {
    /// Connections of the store's user; by default what all pods at their maximum can open.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_connections: Option<u64>,
}

/// Quota of a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// Sum of CPU requests, thousandths of a core.
    pub requests_cpu_m: u64,
    /// Sum of memory requests, MiB.
    pub requests_memory_mi: u64,
    /// Sum of memory limits, MiB.
    pub limits_memory_mi: u64,
    /// Pods.
    pub pods: u64,
    /// Claims.
    pub persistent_volume_claims: u64,
}
