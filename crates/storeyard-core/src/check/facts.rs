//! What is kept of an object once its release has been looked at: what it defines, and what it refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::objects::{Object, Owner};

/// Kind, namespace (empty for cluster-wide kinds) and name.
pub type Key = (String, String, String);

/// Definitions and references of a fleet.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Everything that is defined, by key; more than one entry is a double.
    pub definitions: BTreeMap<Key, Vec<Definition>>,
    /// Everything that is referred to.
    pub references: Vec<Reference>,
    /// Definitions of custom resources by `group/Kind`.
    pub custom: BTreeMap<String, Position>,
    /// The first use of each custom kind in each Application, by `group/Kind`.
    pub custom_uses: BTreeMap<String, Vec<CustomUse>>,
}

/// A point in the order of installation: Application's wave, then the object's own.
pub type Position = (usize, i64);

/// An object that exists.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Who installs it.
    pub owner: Owner,
    /// File that makes it.
    pub source: Arc<str>,
    /// Keys of a ConfigMap's or Secret's data; `None` when they cannot be known.
    pub keys: Option<BTreeSet<String>>,
    /// Port numbers and names of a Service.
    pub ports: BTreeSet<String>,
    /// Labels of the pods that a workload makes.
    pub pod_labels: BTreeMap<String, String>,
    /// Made by a controller from another object, not written in the tree.
    pub derived: bool,
    /// `Kind/namespace/name`.
    pub id: String,
}

/// An object that must exist for another one to work.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The object that refers: `Kind/namespace/name`.
    pub from: String,
    /// File that makes it.
    pub source: Arc<str>,
    /// Whether it was made by a vendored chart.
    pub upstream: bool,
    /// What is referred to.
    pub to: Key,
    /// Key of its data, or port of a Service, if the reference names one.
    pub key: Option<String>,
    /// Where in the object, for people.
    pub field: String,
    /// A selector instead of a name: labels that pods must have.
    pub selector: Option<BTreeMap<String, String>>,
}

/// Use of a custom kind.
#[derive(Debug, Clone)]
pub struct CustomUse {
    /// Who installs the object.
    pub owner: Owner,
    /// The object: `Kind/namespace/name`.
    pub id: String,
    /// File that makes it.
    pub source: Arc<str>,
    /// When it is installed.
    pub position: Position,
    /// Argo CD does not try it before its definition is there (`SkipDryRunOnMissingResource=true`).
    pub waits: bool,
}

impl Facts {
    /// Takes in the facts of another part of the fleet.
    pub fn extend(&mut self, other: Self) {
        for (key, mut definitions) in other.definitions {
            self.definitions.entry(key).or_default().append(&mut definitions);
        }
        self.references.extend(other.references);
        for (kind, position) in other.custom {
            let first = self.custom.entry(kind).or_insert(position);
            *first = position.min(*first);
        }
        for (kind, mut uses) in other.custom_uses {
            self.custom_uses.entry(kind).or_default().append(&mut uses);
        }
    }

    /// Whether something is defined.
    pub fn defines(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.definitions.contains_key(&(kind.to_owned(), namespace.to_owned(), name.to_owned()))
    }

    /// Takes in one object. `wave` is that of its Application.
    pub fn add(&mut self, object: &Object, owner: &Owner, wave: usize) {
        Collector {
            facts: self,
            object,
            owner,
            source: object.source.as_str().into(),
            upstream: object.source.contains("/charts/") && !object.source.starts_with("charts/"),
        }
        .object(wave);
    }
}

struct Collector<'a> {
    facts: &'a mut Facts,
    object: &'a Object,
    owner: &'a Owner,
    source: Arc<str>,
    upstream: bool,
}

impl Collector<'_> {
    fn object(&mut self, wave: usize) {
        let value = &self.object.value;
        let kind = self.object.kind().to_owned();
        let namespace = self.object.namespace.clone();
        let name = self.object.name().to_owned();
        let mut definition = self.definition();
        match kind.as_str() {
            "ConfigMap" => definition.keys = Some(keys_of(value, &["data", "binaryData"])),
            "Secret" => definition.keys = Some(keys_of(value, &["data", "stringData"])),
            "Service" => {
                for port in list(value, "/spec/ports") {
                    definition.ports.extend(port.get("port").map(scalar));
                    definition.ports.extend(port.get("name").map(scalar));
                }
            }
            _ => {}
        }
        if let Some(template) = pod_template(value) {
            definition.pod_labels = strings(template.pointer("/metadata/labels"));
        }
        let id = (kind.clone(), namespace.clone(), name.clone());
        self.facts.definitions.entry(id).or_default().push(definition);

        self.custom(wave);
        if !namespace.is_empty() {
            self.refer("Namespace", "", &namespace, None, "metadata.namespace");
        }
        if let Some(pod) = pod_template(value).and_then(|t| t.get("spec")) {
            self.pod(pod, &namespace);
        }
        match kind.as_str() {
            "Service" => {
                let selector = strings(value.pointer("/spec/selector"));
                if !selector.is_empty() && text(value, "/spec/type") != Some("ExternalName") {
                    self.select(selector, &namespace, "spec.selector");
                }
            }
            "PodDisruptionBudget" => {
                let selector = strings(value.pointer("/spec/selector/matchLabels"));
                if !selector.is_empty() {
                    self.select(selector, &namespace, "spec.selector");
                }
            }
            "PersistentVolumeClaim" => self.claim(value, "spec.storageClassName"),
            "StatefulSet" => {
                for claim in list(value, "/spec/volumeClaimTemplates") {
                    self.claim(claim, "spec.volumeClaimTemplates[].spec.storageClassName");
                }
                if let Some(service) = text(value, "/spec/serviceName").filter(|s| !s.is_empty()) {
                    self.refer("Service", &namespace, service, None, "spec.serviceName");
                }
            }
            "HorizontalPodAutoscaler" | "ScaledObject" => self.scale_target(&namespace),
            "Ingress" => self.ingress(&namespace),
            "RoleBinding" | "ClusterRoleBinding" => self.binding(&namespace),
            "TriggerAuthentication" => {
                for secret in list(value, "/spec/secretTargetRef") {
                    if let (Some(name), Some(key)) = (text(secret, "/name"), text(secret, "/key")) {
                        self.refer("Secret", &namespace, name, Some(key), "spec.secretTargetRef[]");
                    }
                }
            }
            "ExternalSecret" => self.external_secret(&namespace),
            "Certificate" => {
                if let Some(secret) = text(value, "/spec/secretName") {
                    self.derive("Secret", &namespace, secret, Some(&["tls.crt", "tls.key", "ca.crt"]));
                }
            }
            "CustomResourceDefinition" => {
                if let (Some(group), Some(kind)) =
                    (text(value, "/spec/group"), text(value, "/spec/names/kind"))
                {
                    let position = (wave, self.object.sync_wave());
                    let first = self.facts.custom.entry(format!("{group}/{kind}")).or_insert(position);
                    *first = position.min(*first);
                }
            }
            "Application" => {
                if let Some(project) = text(value, "/spec/project") {
                    self.refer("AppProject", &namespace, project, None, "spec.project");
                }
            }
            _ => {}
        }
        if kind == "ScaledObject" {
            for trigger in list(value, "/spec/triggers") {
                if let Some(name) = text(trigger, "/authenticationRef/name") {
                    let cluster =
                        text(trigger, "/authenticationRef/kind") == Some("ClusterTriggerAuthentication");
                    let (kind, namespace) = if cluster {
                        ("ClusterTriggerAuthentication", "")
                    } else {
                        ("TriggerAuthentication", &*namespace)
                    };
                    self.refer(kind, namespace, name, None, "spec.triggers[].authenticationRef");
                }
            }
        }
    }

    fn definition(&self) -> Definition {
        Definition {
            owner: self.owner.clone(),
            source: Arc::clone(&self.source),
            keys: None,
            ports: BTreeSet::new(),
            pod_labels: BTreeMap::new(),
            derived: false,
            id: self.object.id(),
        }
    }

    fn derive(&mut self, kind: &str, namespace: &str, name: &str, keys: Option<&[&str]>) {
        let definition = Definition {
            keys: keys.map(|keys| keys.iter().map(|k| (*k).to_owned()).collect()),
            derived: true,
            ..self.definition()
        };
        let key = (kind.to_owned(), namespace.to_owned(), name.to_owned());
        self.facts.definitions.entry(key).or_default().push(definition);
    }

    fn refer(&mut self, kind: &str, namespace: &str, name: &str, key: Option<&str>, field: &str) {
        self.facts.references.push(Reference {
            from: self.object.id(),
            source: Arc::clone(&self.source),
            upstream: self.upstream,
            to: (kind.to_owned(), namespace.to_owned(), name.to_owned()),
            key: key.map(str::to_owned),
            field: field.to_owned(),
            selector: None,
        });
    }

    fn select(&mut self, selector: BTreeMap<String, String>, namespace: &str, field: &str) {
        self.facts.references.push(Reference {
            from: self.object.id(),
            source: Arc::clone(&self.source),
            upstream: self.upstream,
            to: ("Pod".to_owned(), namespace.to_owned(), String::new()),
            key: None,
            field: field.to_owned(),
            selector: Some(selector),
        });
    }

    fn custom(&mut self, wave: usize) {
        let Some((group, _)) = self.object.api_version().split_once('/') else { return };
        // Kubernetes' own groups have no dot, or end in k8s.io and are served by the API server itself.
        const OWN: &[&str] = &[
            "rbac.authorization.k8s.io",
            "networking.k8s.io",
            "storage.k8s.io",
            "apiextensions.k8s.io",
            "apiregistration.k8s.io",
            "admissionregistration.k8s.io",
            "scheduling.k8s.io",
            "policy",
            "coordination.k8s.io",
            "node.k8s.io",
            "discovery.k8s.io",
            "events.k8s.io",
            "certificates.k8s.io",
            "flowcontrol.apiserver.k8s.io",
            "authentication.k8s.io",
            "authorization.k8s.io",
        ];
        if !group.contains('.') || OWN.contains(&group) {
            return;
        }
        let waits = self
            .object
            .value
            .pointer("/metadata/annotations/argocd.argoproj.io~1sync-options")
            .and_then(Value::as_str)
            .is_some_and(|o| o.contains("SkipDryRunOnMissingResource=true"));
        let one = CustomUse {
            owner: self.owner.clone(),
            id: self.object.id(),
            source: Arc::clone(&self.source),
            position: (wave, self.object.sync_wave()),
            waits,
        };
        self.facts.custom_uses.entry(format!("{group}/{}", self.object.kind())).or_default().push(one);
    }

    fn claim(&mut self, claim: &Value, field: &str) {
        if let Some(class) = text(claim, "/spec/storageClassName").filter(|c| !c.is_empty()) {
            self.refer("StorageClass", "", class, None, field);
        }
    }

    fn pod(&mut self, pod: &Value, namespace: &str) {
        if let Some(account) = text(pod, "/serviceAccountName").filter(|a| *a != "default" && !a.is_empty()) {
            self.refer("ServiceAccount", namespace, account, None, "serviceAccountName");
        }
        if let Some(class) = text(pod, "/priorityClassName").filter(|c| !c.is_empty()) {
            self.refer("PriorityClass", "", class, None, "priorityClassName");
        }
        for containers in ["/containers", "/initContainers"] {
            for container in list(pod, containers) {
                let name = text(container, "/name").unwrap_or("?");
                for (index, env) in list(container, "/env").iter().enumerate() {
                    for (source, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
                        let Some(reference) = env.pointer(&format!("/valueFrom/{source}")) else { continue };
                        self.data(
                            reference,
                            "/name",
                            kind,
                            namespace,
                            &format!("container {name}: env[{index}]"),
                        );
                    }
                }
                for (index, from) in list(container, "/envFrom").iter().enumerate() {
                    for (source, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
                        let Some(reference) = from.get(source) else { continue };
                        self.data(
                            reference,
                            "/name",
                            kind,
                            namespace,
                            &format!("container {name}: envFrom[{index}]"),
                        );
                    }
                }
            }
        }
        for volume in list(pod, "/volumes") {
            let field = format!("volume {}", text(volume, "/name").unwrap_or("?"));
            self.volume(volume, namespace, &field);
            for part in list(volume, "/projected/sources") {
                self.volume(part, namespace, &field);
            }
            if let Some(claim) = text(volume, "/persistentVolumeClaim/claimName") {
                self.refer("PersistentVolumeClaim", namespace, claim, None, &field);
            }
        }
    }

    /// A volume's ConfigMap or Secret, and each key that `items` picks.
    fn volume(&mut self, volume: &Value, namespace: &str, field: &str) {
        for (source, pointer, kind) in [
            ("configMap", "/name", "ConfigMap"),
            ("secret", "/secretName", "Secret"),
            ("secret", "/name", "Secret"),
        ] {
            let Some(reference) = volume.get(source) else { continue };
            if reference.pointer(pointer).is_none() {
                continue;
            }
            self.data(reference, pointer, kind, namespace, field);
            let name = text(reference, pointer).unwrap_or("").to_owned();
            if reference.get("optional") != Some(&Value::Bool(true)) {
                for item in list(reference, "/items") {
                    if let Some(key) = text(item, "/key") {
                        self.refer(kind, namespace, &name, Some(key), field);
                    }
                }
            }
        }
    }

    fn data(&mut self, reference: &Value, pointer: &str, kind: &str, namespace: &str, field: &str) {
        if reference.get("optional") == Some(&Value::Bool(true)) {
            return;
        }
        if let Some(name) = text(reference, pointer) {
            self.refer(kind, namespace, name, text(reference, "/key"), field);
        }
    }

    fn scale_target(&mut self, namespace: &str) {
        let value = &self.object.value;
        if let Some(name) = text(value, "/spec/scaleTargetRef/name") {
            let kind = text(value, "/spec/scaleTargetRef/kind").unwrap_or("Deployment");
            self.refer(kind, namespace, name, None, "spec.scaleTargetRef");
        }
    }

    fn ingress(&mut self, namespace: &str) {
        let value = &self.object.value;
        if let Some(class) = text(value, "/spec/ingressClassName").filter(|c| !c.is_empty()) {
            self.refer("IngressClass", "", class, None, "spec.ingressClassName");
        }
        let issued =
            strings(value.pointer("/metadata/annotations")).keys().any(|k| k.starts_with("cert-manager.io/"));
        for tls in list(value, "/spec/tls") {
            if let Some(secret) = text(tls, "/secretName") {
                if issued {
                    self.derive("Secret", namespace, secret, Some(&["tls.crt", "tls.key", "ca.crt"]));
                } else {
                    self.refer("Secret", namespace, secret, None, "spec.tls[].secretName");
                }
            }
        }
        for rule in list(value, "/spec/rules") {
            for path in list(rule, "/http/paths") {
                if let Some(service) = text(path, "/backend/service/name") {
                    let port = path.pointer("/backend/service/port");
                    let port = port.and_then(|p| p.get("name").or_else(|| p.get("number"))).map(scalar);
                    self.refer(
                        "Service",
                        namespace,
                        service,
                        port.as_deref(),
                        "spec.rules[].http.paths[].backend",
                    );
                }
            }
        }
    }

    fn binding(&mut self, namespace: &str) {
        let value = &self.object.value;
        let kind = text(value, "/roleRef/kind").unwrap_or("");
        if let Some(role) = text(value, "/roleRef/name") {
            let namespace = if kind == "Role" { namespace } else { "" };
            self.refer(kind, namespace, role, None, "roleRef");
        }
        for subject in list(value, "/subjects") {
            if text(subject, "/kind") == Some("ServiceAccount") {
                let own = text(subject, "/namespace").unwrap_or(namespace).to_owned();
                if let Some(name) = text(subject, "/name").filter(|n| *n != "default") {
                    self.refer("ServiceAccount", &own, name, None, "subjects[]");
                }
            }
        }
    }

    fn external_secret(&mut self, namespace: &str) {
        let value = &self.object.value;
        let name = text(value, "/spec/target/name").unwrap_or(self.object.name()).to_owned();
        let mut keys: Vec<&str> =
            list(value, "/spec/data").iter().filter_map(|d| text(d, "/secretKey")).collect();
        let template = value.pointer("/spec/target/template/data").and_then(Value::as_object);
        if let Some(template) = template {
            if text(value, "/spec/target/template/mergePolicy") != Some("Merge") {
                keys.clear();
            }
            keys.extend(template.keys().map(String::as_str));
        }
        let known = list(value, "/spec/dataFrom").is_empty();
        self.derive("Secret", namespace, &name, known.then_some(keys.as_slice()));
        if let Some(store) = text(value, "/spec/secretStoreRef/name") {
            let kind = text(value, "/spec/secretStoreRef/kind").unwrap_or("SecretStore");
            let namespace = if kind == "SecretStore" { namespace } else { "" };
            self.refer(kind, namespace, store, None, "spec.secretStoreRef");
        }
    }
}

/// Template of the pods that an object makes: `{metadata, spec}`.
pub fn pod_template(value: &Value) -> Option<&Value> {
    match value.get("kind").and_then(Value::as_str)? {
        "Pod" => Some(value),
        "CronJob" => value.pointer("/spec/jobTemplate/spec/template"),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => value.pointer("/spec/template"),
        _ => None,
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The list at a pointer; nothing there is an empty one.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let map = value.and_then(Value::as_object);
    map.into_iter().flatten().map(|(k, v)| (k.clone(), scalar(v))).collect()
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn keys_of(value: &Value, parts: &[&str]) -> BTreeSet<String> {
    parts.iter().filter_map(|p| value.get(p)?.as_object()).flat_map(|m| m.keys().cloned()).collect()
}
