//! A small client of the Kubernetes API: what it takes to apply objects and hear what the server says.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::Error;

/// The field manager of everything the test bed applies.
const FIELD_MANAGER: &str = "storeyard-testbed";
/// Media type of server-side apply. The body may be JSON, which is YAML.
const APPLY: &str = "application/apply-patch+yaml";
/// All groups, versions and resources in two answers instead of one per group and version.
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
/// The longest answer that is read, in bytes. A list of everything of a test stays far below.
const ANSWER_LIMIT: u64 = 256 << 20;

/// What the server said to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status. 400 and 404 also stand for what the client saw by itself: an object without a kind or
    /// name, or of a kind that the server does not serve.
    pub code: u16,
    /// The object as the server has it, or its `Status`. Null when the answer was not JSON.
    pub body: Value,
    /// Texts of the `Warning` headers: deprecated versions, Pod Security in warn mode, doubtful field values.
    pub warnings: Vec<String>,
}

impl Answer {
    /// Whether the server accepted the request.
    pub fn accepted(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The server's reason when it did not accept; empty otherwise.
    pub fn message(&self) -> String {
        if self.accepted() {
            return String::new();
        }
        match self.body["message"].as_str() {
            Some(message) => message.to_owned(),
            None => format!("the server answered {} {}", self.code, self.body),
        }
    }

    fn refused(code: u16, message: String) -> Answer {
        Answer {
            code,
            body: json!({ "kind": "Status", "code": code, "message": message }),
            warnings: Vec::new(),
        }
    }
}

/// How the API addresses a kind.
#[derive(Debug, Clone)]
struct Resource {
    plural: String,
    namespaced: bool,
}

/// Keys are `apiVersion` and `kind`.
type Resources = BTreeMap<(String, String), Resource>;

/// Talks to an API server as a cluster administrator. Requests of several threads run side by side.
pub struct Client {
    agent: Agent,
    address: String,
    authorization: String,
    resources: Mutex<Resources>,
}

impl Client {
    /// `address` without a path, `certificate` as PEM.
    pub(crate) fn new(address: String, token: &str, certificate: &str) -> Client {
        // A certificate that cannot be read leaves no root: then every connection is refused, and says why.
        let roots: Vec<Certificate<'static>> =
            Certificate::from_pem(certificate.as_bytes()).into_iter().collect();
        let agent = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build())
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .proxy(None)
            .build()
            .into();
        let authorization = format!("Bearer {token}");
        Client { agent, address, authorization, resources: Mutex::default() }
    }

    /// Sends one request and returns the answer, whatever its status.
    ///
    /// # Errors
    /// [`Error::Http`] when no answer comes.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Answer, Error> {
        self.send(method, path, &[("content-type", content_type), ("accept", "application/json")], body)
    }

    /// Reads `path`, such as `/apis/apps/v1/namespaces/default/deployments`.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn get(&self, path: &str) -> Result<Answer, Error> {
        self.send("GET", path, &[("accept", "application/json")], &[])
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Error> {
        let failed = |reason: String| Error::Http { method: method.into(), path: path.into(), reason };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header("authorization", &self.authorization);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if body.is_empty() {
            request
                .body(())
                .map_err(|e| e.to_string())
                .and_then(|r| self.agent.run(r).map_err(|e| e.to_string()))
        } else {
            request
                .body(body)
                .map_err(|e| e.to_string())
                .and_then(|r| self.agent.run(r).map_err(|e| e.to_string()))
        };
        let mut response: Response<Body> = response.map_err(failed)?;
        let warnings = response
            .headers()
            .get_all("warning")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(warning_text)
            .collect();
        let code = response.status().as_u16();
        let bytes = response
            .body_mut()
            .with_config()
            .limit(ANSWER_LIMIT)
            .read_to_vec()
            .map_err(|error| failed(error.to_string()))?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| json!({ "message": String::from_utf8_lossy(&bytes).into_owned() }));
        Ok(Answer { code, body, warnings })
    }

    /// Applies an object by server-side apply with strict field validation: an unknown field is refused.
    ///
    /// Afterwards it does what a cluster's controllers would do and admission waits for: a Namespace gets its `default` service
    /// account, a ResourceQuota its status.
    ///
    /// # Errors
    /// [`Error::Http`] when no answer comes. A refusal is an [`Answer`].
    pub fn apply(&self, object: &Value) -> Result<Answer, Error> {
        let answer = self.patch(object, false)?;
        if answer.accepted() {
            self.stand_in_for_controllers(object)?;
        }
        Ok(answer)
    }

    /// Like [`Client::apply`], but nothing is kept: validation and admission only.
    ///
    /// # Errors
    /// As [`Client::apply`].
    pub fn dry_run(&self, object: &Value) -> Result<Answer, Error> {
        self.patch(object, true)
    }

    fn patch(&self, object: &Value, dry_run: bool) -> Result<Answer, Error> {
        let collection = match self.collection(object)? {
            Ok(collection) => collection,
            Err(refusal) => return Ok(refusal),
        };
        let query = format!(
            "fieldManager={FIELD_MANAGER}&fieldValidation=Strict{}",
            if dry_run { "&dryRun=All" } else { "" }
        );
        let body = object.to_string().into_bytes();
        let metadata = &object["metadata"];
        match (metadata["name"].as_str(), metadata["generateName"].as_str()) {
            (Some(name), _) if !name.is_empty() => {
                let path = format!("{collection}/{}?force=true&{query}", encode(name));
                self.until_quota_is_known(|| self.request("PATCH", &path, APPLY, &body))
            }
            // Apply needs a name; an object that leaves its name to the server can only be created.
            (None, Some(_)) => {
                let path = format!("{collection}?{query}");
                self.until_quota_is_known(|| self.request("POST", &path, "application/json", &body))
            }
            _ => Ok(Answer::refused(400, "resource name may not be empty".into())),
        }
    }

    /// A quota's status reaches the server's own cache a moment after it was written.
    fn until_quota_is_known(&self, send: impl Fn() -> Result<Answer, Error>) -> Result<Answer, Error> {
        let start = Instant::now();
        loop {
            let answer = send()?;
            let unknown = answer.code == 403 && answer.message().contains("status unknown for quota");
            if !unknown || start.elapsed() > Duration::from_secs(5) {
                return Ok(answer);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether objects of this kind live in a namespace; `None` for a kind that the server does not serve.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn is_namespaced(&self, api_version: &str, kind: &str) -> Result<Option<bool>, Error> {
        Ok(self.resource(api_version, kind)?.map(|resource| resource.namespaced))
    }

    /// The path of an object's collection, or why there is none.
    fn collection(&self, object: &Value) -> Result<Result<String, Answer>, Error> {
        let (Some(api_version), Some(kind)) = (object["apiVersion"].as_str(), object["kind"].as_str()) else {
            return Ok(Err(Answer::refused(400, "Object 'apiVersion' or 'kind' is missing".into())));
        };
        let Some(resource) = self.resource(api_version, kind)? else {
            let message = format!("no matches for kind {kind:?} in version {api_version:?}");
            return Ok(Err(Answer::refused(404, message)));
        };
        let root = root(api_version);
        let plural = &resource.plural;
        if !resource.namespaced {
            return Ok(Ok(format!("{root}/{plural}")));
        }
        match object["metadata"]["namespace"].as_str() {
            Some(namespace) if !namespace.is_empty() => {
                Ok(Ok(format!("{root}/namespaces/{}/{plural}", encode(namespace))))
            }
            _ => Ok(Err(Answer::refused(400, format!("{kind} lives in a namespace, and names none")))),
        }
    }

    fn resource(&self, api_version: &str, kind: &str) -> Result<Option<Resource>, Error> {
        let key = (api_version.to_owned(), kind.to_owned());
        if let Some(resource) = self.known().get(&key) {
            return Ok(Some(resource.clone()));
        }
        self.discover()?;
        Ok(self.known().get(&key).cloned())
    }

    fn known(&self) -> MutexGuard<'_, Resources> {
        self.resources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the server what it serves.
    fn discover(&self) -> Result<(), Error> {
        let mut found = Resources::new();
        for path in ["/api", "/apis"] {
            let answer = self.send("GET", path, &[("accept", DISCOVERY)], &[])?;
            if !answer.accepted() {
                let (method, path) = ("GET".into(), path.into());
                return Err(Error::Http { method, path, reason: answer.message() });
            }
            collect_resources(&answer.body, &mut found);
        }
        *self.known() = found;
        Ok(())
    }

    /// Waits until the server serves all of `names`, each `<plural>.<group>`. Returns those that it does not serve after
    /// `patience`.
    pub(crate) fn wait_until_served(
        &self,
        names: impl IntoIterator<Item = String>,
        patience: Duration,
    ) -> Result<Vec<String>, Error> {
        let mut waiting: Vec<String> = names.into_iter().collect();
        let start = Instant::now();
        while !waiting.is_empty() {
            self.discover()?;
            {
                let known = self.known();
                let served: std::collections::BTreeSet<String> = known
                    .iter()
                    .map(|((api_version, _), resource)| format!("{}.{}", resource.plural, group(api_version)))
                    .collect();
                waiting.retain(|name| !served.contains(name));
            }
            if waiting.is_empty() || start.elapsed() > patience {
                break;
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(waiting)
    }

    /// What a definition's conditions say about why it is not served, for people.
    pub(crate) fn conditions_of_definition(&self, name: &str) -> Result<String, Error> {
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}", encode(name));
        let answer = self.get(&path)?;
        let conditions = answer.body["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let bad = |condition: &&Value| match condition["type"].as_str() {
            Some("NamesAccepted" | "Established") => condition["status"] != "True",
            _ => condition["status"] == "True",
        };
        let messages: Vec<&str> =
            conditions.iter().filter(bad).filter_map(|c| c["message"].as_str()).collect();
        Ok(format!("not served in time: {}", messages.join("; ")))
    }

    /// Does what controllers would do and admission waits for.
    pub(crate) fn stand_in_for_controllers(&self, object: &Value) -> Result<(), Error> {
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        match object["kind"].as_str() {
            Some("Namespace") => {
                // The ServiceAccount admission plugin refuses Pods whose account does not exist.
                let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount",
                    "metadata": { "name": "default", "namespace": name } });
                let path = format!("/api/v1/namespaces/{}/serviceaccounts", encode(name));
                self.request("POST", &path, "application/json", account.to_string().as_bytes())?;
            }
            Some("ResourceQuota") => {
                // Admission counts by the status, which the quota controller fills from the spec. Nothing is used yet; what
                // is created from now on admission adds itself.
                let hard = &object["spec"]["hard"];
                let used: serde_json::Map<String, Value> = hard
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(resource, _)| (resource.clone(), json!("0")))
                    .collect();
                let status = json!({ "status": { "hard": hard, "used": used } });
                let namespace = metadata["namespace"].as_str().unwrap_or_default();
                let path = format!(
                    "/api/v1/namespaces/{}/resourcequotas/{}/status",
                    encode(namespace),
                    encode(name)
                );
                self.request("PATCH", &path, "application/merge-patch+json", status.to_string().as_bytes())?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Everything before the resource in the path of `api_version`.
fn root(api_version: &str) -> String {
    if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") }
}

/// The group of `api_version`, empty for the core group.
pub(crate) fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Escapes a name for a path. Names that the API accepts need it for colons at most.
fn encode(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

/// The text of a `Warning` header, `299 - "text"`.
fn warning_text(header: &str) -> String {
    let text = header.splitn(3, ' ').nth(2).unwrap_or(header);
    text.trim_matches('"').replace("\\\"", "\"")
}

fn collect_resources(list: &Value, found: &mut Resources) {
    let each = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    for group in each(list, "items") {
        let name = group["metadata"]["name"].as_str().unwrap_or_default();
        for version in each(&group, "versions") {
            let version_name = version["version"].as_str().unwrap_or_default();
            let api_version =
                if name.is_empty() { version_name.to_owned() } else { format!("{name}/{version_name}") };
            for resource in each(&version, "resources") {
                let (Some(plural), Some(kind)) =
                    (resource["resource"].as_str(), resource["responseKind"]["kind"].as_str())
                else {
                    continue;
                };
                let namespaced = resource["scope"] == "Namespaced";
                found.insert(
                    (api_version.clone(), kind.to_owned()),
                    Resource { plural: plural.to_owned(), namespaced },
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_lose_their_header_syntax() {
        assert_eq!(warning_text(r#"299 - "use \"v1\" instead""#), r#"use "v1" instead"#);
        assert_eq!(warning_text("odd"), "odd");
    }

    #[test]
    fn names_are_escaped_in_paths() {
        assert_eq!(encode("system:a/b"), "system%3Aa%2Fb");
    }

    #[test]
    fn discovery_of_both_roots_is_understood() {
        let list = json!({ "items": [
            { "metadata": {}, "versions": [{ "version": "v1", "resources": [
                { "resource": "pods", "responseKind": { "kind": "Pod" }, "scope": "Namespaced" }] }] },
            { "metadata": { "name": "a.example" }, "versions": [{ "version": "v2", "resources": [
                { "resource": "things", "responseKind": { "kind": "Thing" }, "scope": "Cluster" }] }] },
        ] });
        let mut found = Resources::new();
        collect_resources(&list, &mut found);
        assert!(found[&("v1".into(), "Pod".into())].namespaced);
        assert_eq!(found[&("a.example/v2".into(), "Thing".into())].plural, "things");
        assert_eq!(found.len(), 2);
    }
}
