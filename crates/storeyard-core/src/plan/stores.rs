//! Every figure of every store.

use serde_json::{Map, Value, json};

use super::components::Selection;
use super::{PlannedStore, sizing};
use crate::spec::platform::SecretBackend;
use crate::spec::scalar::ImageRef;
use crate::spec::store::{ConsumerGroup, MediaMode, Php, RunType, Traffic};
use crate::spec::{Spec, StoreEntry};

/// The layer of figures that follow from traffic, in the Store spec's own keys. `own` is what the store's file says (a
/// count of children of its own changes the memory that follows from it), `below` the defaults (for PHP and groups).
pub fn class_figures(traffic: Traffic, own: &Value, below: &Value, variants: u64) -> Value {
    let mut php_value = below.get("php").cloned().unwrap_or(Value::Null);
    crate::spec::document::overlay(&mut php_value, own.get("php").unwrap_or(&Value::Null));
    let php: Php = serde_json::from_value(php_value).unwrap_or_default();
    let figures = sizing::figures(traffic, php, variants);
    let mut groups = Map::new();
    for (name, _) in below.get("consumers").and_then(Value::as_object).into_iter().flatten() {
        let busy = matches!(name.as_str(), "salability" | "operations");
        groups.insert(
            name.clone(),
            json!({
                "replicas": { "max": if busy { figures.busy_consumer_pods } else { 1 } },
                "cpu": { "requestM": 100 },
                "memoryMi": figures.consumer_memory_mi,
            }),
        );
    }
    json!({
        "fpm": figures.fpm, "web": figures.web, "varnish": figures.varnish, "valkey": figures.valkey,
        "cron": figures.cron, "consumers": groups,
    })
}

/// Varnish's figures for a store with more than one website or locale.
pub fn varnish_figures(traffic: Traffic, php: &Value, variants: u64) -> Value {
    let php: Php = serde_json::from_value(php.clone()).unwrap_or_default();
    json!({ "varnish": sizing::figures(traffic, php, variants).varnish })
}

pub(super) fn plan(spec: &Spec, platform: &Value, selection: &Selection) -> Vec<PlannedStore> {
    spec.stores.iter().map(|entry| store(spec, entry, platform, selection)).collect()
}

fn store(spec: &Spec, entry: &StoreEntry, platform: &Value, selection: &Selection) -> PlannedStore {
    let name = &entry.store.metadata.name.0;
    let own = &entry.store.spec;
    let settings = &spec.platform.spec;
    let services = &settings.services;
    // Names that may not hold a `-`: databases and index prefixes.
    let underscored = format!("store_{}", name.replace('-', "_"));
    let namespace = format!("store-{name}");

    let websites: Vec<Value> = if own.websites.is_empty() {
        vec![json!({
            "code": "base", "runType": RunType::Website, "runCode": "base", "domains": own.domains, "config": {},
        })]
    } else {
        own.websites
            .iter()
            .map(|site| {
                json!({
                    "code": site.code, "runType": site.run_type, "runCode": site.code,
                    "domains": site.domains, "config": site.config,
                })
            })
            .collect()
    };
    let mut domains: Vec<&str> = own.domains.iter().map(|d| d.0.as_str()).collect();
    for domain in own.websites.iter().flat_map(|site| &site.domains) {
        if !domains.contains(&domain.0.as_str()) {
            domains.push(&domain.0);
        }
    }
    let groups: Vec<(&String, &ConsumerGroup)> =
        own.consumers.iter().filter_map(|(name, group)| Some((name, group.as_ref()?))).collect();
    let group_figures: Vec<&ConsumerGroup> = groups.iter().map(|(_, group)| *group).collect();
    let consumers: Vec<Value> = groups
        .iter()
        .map(|(name, group)| {
            json!({
                "name": name, "mode": group.mode, "replicas": group.replicas, "cpu": group.cpu,
                "memoryMi": group.memory_mi, "consumers": group.consumers,
            })
        })
        .collect();
    let quota = own.quota.unwrap_or_else(|| {
        sizing::quota(&own.fpm, &own.web, &own.varnish, &own.valkey, &own.cron, &group_figures)
    });
    let max_connections =
        own.database.max_connections.unwrap_or_else(|| sizing::max_connections(&own.fpm, &group_figures));
    let vault = settings
        .secrets
        .vault_address
        .clone()
        .unwrap_or_else(|| format!("https://vault.vault.svc.{}:8200", settings.network.dns_domain));
    let secrets = match settings.secrets.backend {
        SecretBackend::Vault => json!({
            "backend": "vault",
            "path": format!("stores/{name}"),
            "vault": {
                "server": vault, "mount": "secret", "authMount": "kubernetes", "role": format!("store-{name}"),
                "caConfigMap": "",
            },
        }),
        SecretBackend::None => json!({ "backend": "existing", "path": "" }),
    };
    let block = selection
        .capabilities
        .get("block-storage")
        .map_or("", |c| if c == "zfs-localpv" { "fast-local-zfs" } else { "" });

    let value = json!({
        "name": name,
        "namespace": namespace,
        "size": own.size.map_or("", crate::spec::store::Size::as_str),
        "traffic": entry.traffic,
        "primaryDomain": domains.first(),
        "domains": domains,
        "websites": websites,
        "locales": own.locales,
        "currency": own.currency,
        "timezone": own.timezone.as_deref().unwrap_or(&settings.timezone),
        "images": { "fpm": image(&own.images.fpm), "web": image(&own.images.web) },
        "hosts": own.hosts,
        "config": own.config,
        "keda": selection.capabilities.contains_key("autoscaler"),
        "ingress": services.ingress,
        "storage": { "block": block, "shared": "" },
        "database": {
            "host": services.database.host, "port": services.database.port, "namespace": services.database.namespace,
            "name": underscored, "user": underscored, "maxConnections": max_connections,
        },
        "rabbitmq": {
            "host": services.rabbitmq.host, "port": services.rabbitmq.port, "namespace": services.rabbitmq.namespace,
            "vhost": name, "user": format!("store-{name}"),
        },
        "search": {
            "scheme": services.search.scheme, "host": services.search.host, "port": services.search.port,
            "namespace": services.search.namespace, "indexPrefix": underscored, "user": format!("store-{name}"),
        },
        "media": {
            "mode": own.media.mode,
            "bucket": match (own.media.mode, &own.media.bucket) {
                (_, Some(bucket)) => bucket.clone(),
                (MediaMode::S3, None) => format!("{}-{name}-media", settings.object_store.prefix),
                (MediaMode::Volume, None) => String::new(),
            },
            "endpoint": settings.object_store.endpoint,
            "region": settings.object_store.region,
            "prefix": own.media.prefix,
            "pathStyle": own.media.path_style,
            "storageGi": own.media.storage_gi,
        },
        "secrets": secrets,
        "priorityClasses": if selection.capabilities.contains_key("priority-classes") {
            json!({ "edge": "store-edge", "app": "store-app", "data": "store-data", "background": "store-background" })
        } else {
            json!({ "edge": "", "app": "", "data": "", "background": "" })
        },
        "operators": own.operators,
        "maintenance": own.maintenance,
        "php": own.php,
        "fpm": own.fpm,
        "web": own.web,
        "varnish": own.varnish,
        "valkey": own.valkey,
        "cron": own.cron,
        "consumers": consumers,
        "quota": quota,
        "platform": platform.get("name"),
    });
    PlannedStore { name: name.clone(), namespace, value }
}

/// `repository[:tag][@digest]` in its three parts.
fn image(reference: &ImageRef) -> Value {
    let (rest, digest) = reference.0.split_once('@').unwrap_or((&reference.0, ""));
    // A colon before the last slash is a port, not a tag.
    let after_slash = rest.rfind('/').map_or(0, |i| i + 1);
    let (repository, tag) = match rest[after_slash..].find(':') {
        Some(colon) => (&rest[..after_slash + colon], &rest[after_slash + colon + 1..]),
        None => (rest, ""),
    };
    // Without tag and digest a runtime would take `latest`; say so instead of hiding it.
    let tag = if tag.is_empty() && digest.is_empty() { "latest" } else { tag };
    json!({ "repository": repository, "tag": tag, "digest": digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_split_into_its_parts() {
        let split = |text: &str| image(&ImageRef(text.to_owned()));
        assert_eq!(
            split("registry.example:5000/a/web:1.2@sha256:ab"),
            json!({"repository": "registry.example:5000/a/web", "tag": "1.2", "digest": "sha256:ab"})
        );
        assert_eq!(
            split("registry.example:5000/a"),
            json!({"repository": "registry.example:5000/a", "tag": "latest", "digest": ""})
        );
        assert_eq!(split("a@sha256:ab"), json!({"repository": "a", "tag": "", "digest": "sha256:ab"}));
    }
}
