//! A whole set of objects before a real API server.

use std::collections::BTreeSet;
use std::fmt;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Answer, group};
use crate::{ApiServer, Error, crds};

/// An object to be judged, and what is known about it besides.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Where it comes from, for people: a file of the tree, a release. May be empty.
    pub origin: String,
    /// The object.
    pub object: Value,
    /// The namespace that a deployer would put it in when it names none itself, as Argo CD does with an Application's
    /// destination. Ignored for kinds that live in no namespace.
    pub namespace: Option<String>,
}

impl From<Value> for Subject {
    fn from(object: Value) -> Subject {
        Subject { origin: String::new(), object, namespace: None }
    }
}

/// What was asked of the server when it remarked something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The object itself was applied.
    Object,
    /// A Pod was made of the workload's template: Pod Security, quotas and service accounts judge Pods only.
    Pod,
}

/// A refusal or a warning.
#[derive(Debug, Clone)]
pub struct Remark {
    /// [`Subject::origin`].
    pub origin: String,
    /// Kind, namespace and name: `Deployment store-aurora/fpm`.
    pub object: String,
    /// What was asked.
    pub stage: Stage,
    /// The server's message.
    pub message: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.origin.is_empty() {
            write!(f, "{}: ", self.origin)?;
        }
        let of = if self.stage == Stage::Pod { "Pod of " } else { "" };
        write!(f, "{of}{}: {}", self.object, self.message)
    }
}

/// What the server said to a set of objects.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// How many objects were accepted.
    pub objects: usize,
    /// How many Pods of workloads were accepted.
    pub pods: usize,
    /// Every refusal.
    pub refusals: Vec<Remark>,
    /// Every warning, of accepted objects too.
    pub warnings: Vec<Remark>,
}

impl Judgement {
    /// `Ok` with itself when nothing was refused, else `Err` with itself: what a test returns.
    pub fn into_result(self) -> Result<Judgement, Judgement> {
        if self.refusals.is_empty() { Ok(self) } else { Err(self) }
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "kube-apiserver accepted {} objects and {} Pods, refused {}, warned of {}",
            self.objects,
            self.pods,
            self.refusals.len(),
            self.warnings.len()
        )?;
        for refusal in &self.refusals {
            writeln!(f, "refused: {refusal}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

/// Starts an API server, installs the [definitions at hand](crds::at_hand) of the groups that occur, and lets it judge
/// `objects`; see [`ApiServer::judge`].
///
/// # Errors
/// An [`Error`] of the test bed. What the server refuses is in the [`Judgement`].
pub fn judge(objects: impl IntoIterator<Item = impl Into<Subject>>) -> Result<Judgement, Error> {
    let subjects: Vec<Subject> = objects.into_iter().map(Into::into).collect();
    let server = ApiServer::start()?;
    let own: BTreeSet<&str> = subjects
        .iter()
        .map(|s| &s.object)
        .filter(|o| is_definition(o))
        .map(|o| text(&o["metadata"]["name"]))
        .collect();
    let groups: BTreeSet<&str> = subjects.iter().map(|s| group(text(&s.object["apiVersion"]))).collect();
    if let Some(folder) = crds::at_hand() {
        let wanted: Vec<crds::Definition> = crds::list(&folder)?
            .into_iter()
            .filter(|d| groups.contains(d.group()) && !own.contains(d.name.as_str()))
            .collect();
        server.install(&wanted)?;
    }
    server.judge(subjects)
}

impl ApiServer {
    /// Applies a set of objects as a cluster would have to take them, and returns every refusal and warning.
    ///
    /// The order is made here: namespaces, definitions, what admission looks up (classes, quotas, service accounts),
    /// everything else, then a Pod of every workload. Two things are not kept but judged by a dry run:
    /// webhook configurations and API services, whose servers do not run here and would make every later request
    /// fail; Pods, so that a second workload is not refused for the first one's Pod. A definition is kept without its conversion
    /// webhook, for the same reason.
    ///
    /// # Errors
    /// An [`Error`] of the test bed. What the server refuses is in the [`Judgement`].
    pub fn judge(&self, objects: impl IntoIterator<Item = impl Into<Subject>>) -> Result<Judgement, Error> {
        let mut subjects: Vec<Subject> = objects.into_iter().map(Into::into).flat_map(flatten).collect();
        subjects.sort_by_key(|subject| Rank::of(&subject.object));
        let mut judgement = Judgement::default();
        let mut workloads = Vec::new();
        for stage in subjects.chunk_by_mut(|a, b| Rank::of(&a.object) == Rank::of(&b.object)) {
            let rank = stage.first().map(|subject| Rank::of(&subject.object));
            let mut definitions = Vec::new();
            for subject in stage {
                self.complete(subject)?;
                let object = &subject.object;
                let mut answer = if rank == Some(Rank::Unreachable) {
                    self.client().dry_run(object)?
                } else {
                    self.apply(object)?
                };
                if answer.accepted() {
                    judgement.objects += 1;
                    if is_definition(object) {
                        definitions.push(text(&object["metadata"]["name"]).to_owned());
                    }
                    if pod_of(object).is_some() {
                        workloads.push(subject.clone());
                    }
                }
                judgement.note(subject, Stage::Object, &mut answer);
            }
            for name in self.client().wait_until_served(definitions, Duration::from_secs(60))? {
                judgement.objects -= 1;
                judgement.refusals.push(Remark {
                    origin: String::new(),
                    message: self.client().conditions_of_definition(&name)?,
                    object: format!("CustomResourceDefinition {name}"),
                    stage: Stage::Object,
                });
            }
            if matches!(rank, Some(Rank::Namespace | Rank::Admission)) {
                self.settle();
            }
        }
        for subject in workloads {
            if let Some(mut answer) = self.apply_pod_of(&subject.object)? {
                judgement.pods += usize::from(answer.accepted());
                judgement.note(&subject, Stage::Pod, &mut answer);
            }
        }
        Ok(judgement)
    }

    /// Makes a Pod of a workload's template, in the workload's namespace and as a dry run. `None` for what is no
    /// workload.
    ///
    /// # Errors
    /// [`Error::Http`] when no answer comes.
    pub fn apply_pod_of(&self, workload: &Value) -> Result<Option<Answer>, Error> {
        pod_of(workload).map(|pod| self.client().dry_run(&pod)).transpose()
    }

    fn apply(&self, object: &Value) -> Result<Answer, Error> {
        if object["spec"]["conversion"].is_null() || !is_definition(object) {
            return self.client().apply(object);
        }
        let whole = self.client().dry_run(object)?;
        if !whole.accepted() {
            return Ok(whole);
        }
        let mut object = object.clone();
        if let Some(spec) = object["spec"].as_object_mut() {
            spec.remove("conversion");
        }
        self.client().apply(&object)
    }

    /// Gives an object that names no namespace the one of its deployer, if it needs one.
    fn complete(&self, subject: &mut Subject) -> Result<(), Error> {
        let Some(namespace) = &subject.namespace else { return Ok(()) };
        let object = &mut subject.object;
        let unnamed = text(&object["metadata"]["namespace"]).is_empty();
        if unnamed && object["metadata"].is_object() {
            let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
            if self.client().is_namespaced(api_version, kind)? == Some(true) {
                object["metadata"]["namespace"] = json!(namespace);
            }
        }
        Ok(())
    }

    /// Admission reads namespaces, quotas and limits from the server's own cache, which is behind by some milliseconds. There is
    /// nothing to ask for it.
    fn settle(&self) {
        thread::sleep(Duration::from_millis(300));
    }
}

impl Judgement {
    fn note(&mut self, subject: &Subject, stage: Stage, answer: &mut Answer) {
        let remark = |message: String| Remark {
            origin: subject.origin.clone(),
            object: name_of(&subject.object),
            stage,
            message,
        };
        self.warnings.extend(answer.warnings.drain(..).map(remark));
        if !answer.accepted() {
            self.refusals.push(remark(answer.message()));
        }
    }
}

/// When an object has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Namespace,
    Definition,
    /// What admission of other objects looks up.
    Admission,
    Rest,
    /// What would make the server call programs that do not run.
    Unreachable,
}

impl Rank {
    fn of(object: &Value) -> Rank {
        match (group(text(&object["apiVersion"])), text(&object["kind"])) {
            ("", "Namespace") => Rank::Namespace,
            ("apiextensions.k8s.io", _) => Rank::Definition,
            ("", "ResourceQuota" | "LimitRange" | "ServiceAccount")
            | ("scheduling.k8s.io", "PriorityClass")
            | ("storage.k8s.io", "StorageClass")
            | ("networking.k8s.io", "IngressClass")
            | ("node.k8s.io", "RuntimeClass") => Rank::Admission,
            (
                "admissionregistration.k8s.io",
                "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
            )
            | ("apiregistration.k8s.io", _) => Rank::Unreachable,
            _ => Rank::Rest,
        }
    }
}

fn is_definition(object: &Value) -> bool {
    object["kind"] == "CustomResourceDefinition"
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `Kind namespace/name`, or `Kind name` without a namespace.
fn name_of(object: &Value) -> String {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().or(metadata["generateName"].as_str()).unwrap_or("(no name)");
    match metadata["namespace"].as_str() {
        Some(namespace) => format!("{} {namespace}/{name}", text(&object["kind"])),
        None => format!("{} {name}", text(&object["kind"])),
    }
}

/// The items of a `List`, or the object itself.
fn flatten(subject: Subject) -> Vec<Subject> {
    if subject.object["apiVersion"] == "v1"
        && subject.object["kind"] == "List"
        && let Some(items) = subject.object["items"].as_array()
    {
        let of = |object: &Value| Subject { object: object.clone(), ..subject.clone() };
        return items.iter().map(of).collect();
    }
    vec![subject]
}

/// The Pod that a workload's controller would make, or `None` for what is no workload of Kubernetes' own.
///
/// A StatefulSet's claims are volumes of its Pods, as its controller makes them.
pub fn pod_of(workload: &Value) -> Option<Value> {
    let spec = &workload["spec"];
    let template = match (group(text(&workload["apiVersion"])), text(&workload["kind"])) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job")
        | ("", "ReplicationController") => &spec["template"],
        ("batch", "CronJob") => &spec["jobTemplate"]["spec"]["template"],
        _ => return None,
    };
    let mut pod = template.as_object()?.clone();
    pod.insert("apiVersion".into(), json!("v1"));
    pod.insert("kind".into(), json!("Pod"));
    let mut pod = Value::Object(pod);
    if !pod["metadata"].is_object() {
        pod["metadata"] = json!({});
    }
    let name = text(&workload["metadata"]["name"]);
    // Room for the five characters that the server adds within a label's 63.
    let prefix: String = name.chars().take(57).collect();
    pod["metadata"]["generateName"] = json!(format!("{prefix}-"));
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        metadata.remove("name");
    }
    if let Some(namespace) = workload["metadata"]["namespace"].as_str() {
        pod["metadata"]["namespace"] = json!(namespace);
    }
    let claims = spec["volumeClaimTemplates"].as_array().into_iter().flatten();
    for claim in claims.map(|claim| text(&claim["metadata"]["name"])) {
        let volume =
            json!({ "name": claim, "persistentVolumeClaim": { "claimName": format!("{claim}-{name}-0") } });
        let Some(pod_spec) = pod["spec"].as_object_mut() else { break };
        let volumes = pod_spec.entry("volumes").or_insert_with(|| json!([]));
        if volumes.is_null() {
            *volumes = json!([]);
        }
        if let Some(volumes) = volumes.as_array_mut() {
            volumes.retain(|existing| existing["name"] != claim);
            volumes.push(volume);
        }
    }
    Some(pod)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stateful_set_becomes_a_pod_with_its_claims() {
        let pod = pod_of(&json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "db", "namespace": "n" },
            "spec": {
                "template": { "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [] } },
                "volumeClaimTemplates": [{ "metadata": { "name": "data" } }],
            },
        }));
        let expected = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "generateName": "db-", "namespace": "n", "labels": { "a": "b" } },
            "spec": { "containers": [],
                "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": "data-db-0" } }] },
        });
        assert_eq!(pod, Some(expected));
    }

    #[test]
    fn a_cron_job_becomes_a_pod_and_a_service_does_not() {
        let cron = json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "c" },
            "spec": { "jobTemplate": { "spec": { "template": { "spec": { "restartPolicy": "Never" } } } } } });
        assert_eq!(pod_of(&cron).unwrap()["spec"]["restartPolicy"], "Never");
        assert_eq!(pod_of(&json!({ "apiVersion": "v1", "kind": "Service" })), None);
        assert_eq!(pod_of(&json!(3)), None);
    }

    #[test]
    fn namespaces_come_first_and_webhooks_last() {
        let object = |version: &str, kind: &str| json!({ "apiVersion": version, "kind": kind });
        let mut ranks = [
            Rank::of(&object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")),
            Rank::of(&object("apps/v1", "Deployment")),
            Rank::of(&object("v1", "ResourceQuota")),
            Rank::of(&object("apiextensions.k8s.io/v1", "CustomResourceDefinition")),
            Rank::of(&object("v1", "Namespace")),
        ];
        ranks.sort();
        use Rank::{Admission, Definition, Namespace, Rest, Unreachable};
        assert_eq!(ranks, [Namespace, Definition, Admission, Rest, Unreachable]);
    }

    #[test]
    fn lists_are_taken_apart() {
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": [{ "kind": "A" }, { "kind": "B" }] });
        let kinds: Vec<_> = flatten(list.into()).into_iter().map(|s| s.object["kind"].clone()).collect();
        assert_eq!(kinds, ["A", "B"]);
    }

    #[test]
    fn a_remark_names_origin_object_and_stage() {
        let object = json!({ "kind": "Deployment", "metadata": { "name": "fpm", "namespace": "n" } });
        let remark = Remark {
            origin: "tenants/a.yaml".into(),
            object: name_of(&object),
            stage: Stage::Pod,
            message: "no".into(),
        };
        assert_eq!(remark.to_string(), "tenants/a.yaml: Pod of Deployment n/fpm: no");
    }
}
