//! Rendered text to manifests: splitting, hooks, install order.

use super::{HelmCompat, RenderError};
use crate::{Value, yaml};

/// One document of a rendered template.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The template it comes from, as Helm names it: `chart/charts/sub/templates/x.yaml`.
    pub source: String,
    /// The document as Helm prints it, without separator and `# Source:` line.
    pub text: String,
    /// The line of the template's whole output (1-based) on which `text` starts. Counted in what the template wrote,
    /// so that a line of the document can be traced to the template line that made it.
    pub first_line: usize,
    /// The parsed document. `Null` when the document holds comments only.
    pub object: Value,
    /// Set when the object is a hook.
    pub hook: Option<Hook>,
}

impl Manifest {
    /// `kind`, or an empty string.
    pub fn kind(&self) -> &str {
        self.object.get("kind").and_then(Value::as_str).unwrap_or("")
    }

    /// `apiVersion`, or an empty string.
    pub fn api_version(&self) -> &str {
        self.object.get("apiVersion").and_then(Value::as_str).unwrap_or("")
    }

    /// `metadata.name`, or an empty string.
    pub fn name(&self) -> &str {
        self.object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("")
    }

    /// `metadata.namespace`, when it is written in the document.
    pub fn namespace(&self) -> Option<&str> {
        self.object.pointer("/metadata/namespace").and_then(Value::as_str)
    }
}

/// What `helm.sh/hook` and its companions say about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// When the hook runs, in the order of the annotation.
    pub events: Vec<HookEvent>,
    /// `helm.sh/hook-weight`; 0 when absent or no number. Lower runs earlier.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, as written, in lower case.
    pub delete_policies: Vec<String>,
    /// `helm.sh/hook-output-log-policy`, as written, in lower case.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    /// Whether this is a test (`helm test`), which `--skip-tests` leaves out.
    pub fn is_test(&self) -> bool {
        self.events.contains(&HookEvent::Test)
    }
}

/// A moment of a release's life at which hooks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names are Helm's annotation values
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    /// Reads one value of the annotation; `None` for a type that Helm does not know.
    pub fn parse(text: &str) -> Option<HookEvent> {
        Some(match text {
            "pre-install" => HookEvent::PreInstall,
            "post-install" => HookEvent::PostInstall,
            "pre-delete" => HookEvent::PreDelete,
            "post-delete" => HookEvent::PostDelete,
            "pre-upgrade" => HookEvent::PreUpgrade,
            "post-upgrade" => HookEvent::PostUpgrade,
            "pre-rollback" => HookEvent::PreRollback,
            "post-rollback" => HookEvent::PostRollback,
            // The second is Helm 2's name.
            "test" | "test-success" => HookEvent::Test,
            _ => return None,
        })
    }

    /// The annotation's value.
    pub fn as_str(self) -> &'static str {
        match self {
            HookEvent::PreInstall => "pre-install",
            HookEvent::PostInstall => "post-install",
            HookEvent::PreDelete => "pre-delete",
            HookEvent::PostDelete => "post-delete",
            HookEvent::PreUpgrade => "pre-upgrade",
            HookEvent::PostUpgrade => "post-upgrade",
            HookEvent::PreRollback => "pre-rollback",
            HookEvent::PostRollback => "post-rollback",
            HookEvent::Test => "test",
        }
    }
}

/// The order in which Helm installs kinds. What is not named here comes last, by the name of its kind.
pub const INSTALL_ORDER: [&str; 36] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// Helm 4 knows two kinds more, after all the others.
const INSTALL_ORDER_V4: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Where a kind stands in the install order: known kinds by number, the others after them by name.
fn install_rank(kind: &str, compat: HelmCompat) -> (usize, &str) {
    if let Some(place) = INSTALL_ORDER.iter().position(|known| *known == kind) {
        return (place, "");
    }
    if compat == HelmCompat::V4_2
        && let Some(place) = INSTALL_ORDER_V4.iter().position(|known| *known == kind)
    {
        return (INSTALL_ORDER.len() + place, "");
    }
    (usize::MAX, kind)
}

/// One document of a stream: its text and the byte at which it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Document<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

/// Splits a rendered template into documents, as Helm does: at `---` on a line's start (even when more text follows
/// on that line, as in `---apiVersion: v1`), with the white space around it. Blank documents are dropped.
///
/// Helm 3 trims a document on both sides, Helm 4 on the left only.
pub(crate) fn split(output: &str, compat: HelmCompat) -> Vec<Document<'_>> {
    let trimmed_left = output.len() - output.trim_start().len();
    let body = match compat {
        HelmCompat::V3_19 => output.trim(),
        HelmCompat::V4_2 => output.trim_start(),
    };
    let mut documents = Vec::new();
    let mut push = |from: usize, to: usize| {
        let text = &body[from..to];
        if text.trim().is_empty() {
            return;
        }
        let start = from + text.len() - text.trim_start().len();
        let text = match compat {
            HelmCompat::V3_19 => text.trim(),
            HelmCompat::V4_2 => text.trim_start(),
        };
        documents.push(Document { text, start: trimmed_left + start });
    };
    // The white space that the separator's regular expression swallows is ASCII only.
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}');
    let mut from = 0;
    if let Some(rest) = body.strip_prefix("---") {
        from = body.len() - rest.trim_start_matches(space).len();
    }
    let mut search = from;
    while let Some(found) = body[search..].find("\n---") {
        let newline = search + found;
        let end = from + body[from..newline].trim_end_matches(space).len();
        push(from, end);
        let after = newline + 4;
        from = body.len() - body[after..].trim_start_matches(space).len();
        search = from;
    }
    push(from, body.len());
    documents
}

/// The manifests and hooks of a release, each in install order, from the rendered files in path order.
///
/// Unknown hook types make Helm drop the object; they are told to `warn`.
pub(crate) fn sort_manifests(
    files: &[(String, String)],
    compat: HelmCompat,
    warn: &mut dyn FnMut(String),
) -> Result<(Vec<Manifest>, Vec<Manifest>), RenderError> {
    let (mut manifests, mut hooks) = (Vec::new(), Vec::new());
    for (path, output) in files {
        // Partials are not printed, and neither are empty files.
        if path.rsplit('/').next().is_some_and(|name| name.starts_with('_')) {
            continue;
        }
        for document in split(output, compat) {
            let mut manifest = read(path, output, document)?;
            let Some(types) = annotation(&manifest.object, "helm.sh/hook") else {
                manifests.push(manifest);
                continue;
            };
            let mut events = Vec::new();
            let mut unknown = false;
            for name in types.split(',') {
                match HookEvent::parse(&name.trim().to_lowercase()) {
                    Some(event) => events.push(event),
                    None => unknown = true,
                }
            }
            if unknown {
                warn(format!("{path}: Helm drops this object, its hook type {types:?} is unknown"));
                continue;
            }
            let list = |name| {
                annotation(&manifest.object, name)
                    .map(|text| text.split(',').map(|policy| policy.trim().to_lowercase()).collect())
                    .unwrap_or_default()
            };
            manifest.hook = Some(Hook {
                events,
                weight: annotation(&manifest.object, "helm.sh/hook-weight")
                    .and_then(|weight| weight.parse().ok())
                    .unwrap_or(0),
                delete_policies: list("helm.sh/hook-delete-policy"),
                output_log_policies: list("helm.sh/hook-output-log-policy"),
            });
            hooks.push(manifest);
        }
    }
    manifests.sort_by(|a, b| install_rank(&kind_of(a), compat).cmp(&install_rank(&kind_of(b), compat)));
    hooks.sort_by(|a, b| install_rank(&kind_of(a), compat).cmp(&install_rank(&kind_of(b), compat)));
    Ok((manifests, hooks))
}

/// The kind as Helm's reader gets it, which turns plain scalars into text.
fn kind_of(manifest: &Manifest) -> String {
    manifest.object.get("kind").and_then(scalar_text).unwrap_or_default()
}

/// Parses one document and checks what Helm checks: that the head is a mapping with text where text belongs.
pub(crate) fn read(path: &str, output: &str, document: Document<'_>) -> Result<Manifest, RenderError> {
    let first_line = 1 + output[..document.start].bytes().filter(|b| *b == b'\n').count();
    let error = |line: usize, column: usize, reason: String| RenderError::Manifest {
        template: path.to_owned(),
        line,
        column,
        reason,
        text: document.text.to_owned(),
    };
    // Helm prints a line break after each document, and what reads it keeps it: a block scalar that ends the document
    // has it too.
    let end = document.start + document.text.len();
    let object = match output.get(document.start..end.saturating_add(1)) {
        _ if document.text.ends_with('\n') => yaml::from_str(document.text),
        Some(line) if line.strip_suffix('\n') == Some(document.text) => yaml::from_str(line),
        _ => yaml::from_str(&format!("{}\n", document.text)),
    };
    let object = object.map_err(|e| error(first_line + e.line.saturating_sub(1), e.column, e.message))?;
    let wrong = |what: &str, value: &Value| {
        error(first_line, 1, format!("{what} must be {}, it is {}", expected(what), type_name(value)))
    };
    if !object.is_object() && !object.is_null() {
        return Err(wrong("a manifest", &object));
    }
    for field in ["kind", "apiVersion"] {
        if let Some(value) = object.get(field)
            && scalar_text(value).is_none()
        {
            return Err(wrong(field, value));
        }
    }
    if let Some(metadata) = object.get("metadata") {
        if !metadata.is_object() && !metadata.is_null() {
            return Err(wrong("metadata", metadata));
        }
        if let Some(name) = metadata.get("name")
            && scalar_text(name).is_none()
        {
            return Err(wrong("metadata.name", name));
        }
        if let Some(annotations) = metadata.get("annotations") {
            match annotations {
                Value::Null => {}
                Value::Object(map) => {
                    if let Some((key, value)) = map.iter().find(|(_, value)| scalar_text(value).is_none()) {
                        return Err(wrong(&format!("metadata.annotations[{key:?}]"), value));
                    }
                }
                other => return Err(wrong("metadata.annotations", other)),
            }
        }
    }
    Ok(Manifest { source: path.to_owned(), text: document.text.to_owned(), first_line, object, hook: None })
}

fn expected(what: &str) -> &'static str {
    match what {
        "a manifest" | "metadata" | "metadata.annotations" => "a mapping",
        _ => "text",
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// A scalar as the text that Go's `sigs.k8s.io/yaml` puts into a string field; `None` for lists and mappings.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::String(value) => value.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => format_f32(float as f32),
            _ => number.to_string(),
        },
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// Go's `strconv.FormatFloat(x, 'g', -1, 32)`.
fn format_f32(value: f32) -> String {
    let shortest = format!("{value:e}");
    let Some((digits, exponent)) = shortest.split_once('e') else { return shortest };
    let Ok(exponent) = exponent.parse::<i32>() else { return shortest };
    // For the shortest form Go writes an exponent below 1e-4 and from 1e6 on, with two digits at least.
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

/// One annotation as text.
fn annotation(object: &Value, name: &str) -> Option<String> {
    object.get("metadata")?.get("annotations")?.get(name).and_then(scalar_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(output: &str, compat: HelmCompat) -> Vec<(&str, usize)> {
        split(output, compat).into_iter().map(|d| (d.text, d.start)).collect()
    }

    #[test]
    fn splits_as_helm_does() {
        use HelmCompat::{V3_19, V4_2};
        assert_eq!(texts("---\na: 1\n---\nb: 2\n", V3_19), [("a: 1", 4), ("b: 2", 13)]);
        assert_eq!(texts("---\na: 1\n---\nb: 2\n", V4_2), [("a: 1", 4), ("b: 2\n", 13)]);
        assert_eq!(
            texts("\n\n  a: 1\n\n\n---\n\n\n---apiVersion: v1\n", V3_19),
            [("a: 1", 4), ("---apiVersion: v1", 17)]
        );
        assert_eq!(texts("a: 1\n---apiVersion: v1\n", V3_19), [("a: 1", 0), ("apiVersion: v1", 8)]);
        assert_eq!(texts("a: |\n  ---\n  b\n", V3_19), [("a: |\n  ---\n  b", 0)]);
        assert_eq!(texts("--- # c\na: 1", V3_19), [("# c\na: 1", 4)]);
        assert_eq!(texts(" \n---\n \n", V3_19), []);
        assert_eq!(texts("", V3_19), []);
    }

    #[test]
    fn scalars_become_text_as_in_go() {
        for (value, want) in [
            (1.1, "1.1"),
            (0.5, "0.5"),
            (1e6, "1e+06"),
            (123456.0, "123456"),
            (1234567.5, "1.2345675e+06"),
            (0.00001, "1e-05"),
        ] {
            assert_eq!(scalar_text(&Value::from(value)).unwrap(), want);
        }
        assert_eq!(scalar_text(&Value::from(12345678)).unwrap(), "12345678");
    }

    #[test]
    fn install_order() {
        let rank = |kind| install_rank(kind, HelmCompat::V3_19);
        assert!(rank("Namespace") < rank("Secret"));
        assert!(rank("APIService") < rank("Alpha"));
        assert!(rank("Alpha") < rank("Beta"));
        assert!(rank("MutatingWebhookConfiguration") > rank("Certificate"));
        assert!(
            install_rank("MutatingWebhookConfiguration", HelmCompat::V4_2)
                < install_rank("Certificate", HelmCompat::V4_2)
        );
    }
}
