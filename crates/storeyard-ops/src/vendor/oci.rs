//! OCI registries: a chart is the one layer of its own media type.

use chartwright::Value;
use storeyard_core::library::ChartPin;
use storeyard_core::lock::sha256;

use super::http::{Client, FetchError, Reply, is_loopback};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const MAX_MANIFEST_BYTES: u64 = 4 << 20;
const MAX_TOKEN_BYTES: u64 = 1 << 20;

/// A chart in a registry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// `https://registry.example`
    base: String,
    /// `charts/cilium`
    repository: String,
    tag: String,
}

impl Reference {
    /// `oci://host/path` of a pin: the chart's name is the last part of the repository, its version the tag.
    pub(super) fn of(pin: &ChartPin) -> Result<Self, FetchError> {
        let path = format!("{}/{}", pin.repository.trim_end_matches('/'), pin.name);
        // Tags cannot hold a `+`; Helm writes `_` for it.
        Self::new(&path, &pin.version.replace('+', "_"), &pin.repository)
    }

    /// `oci://host/path/name:tag`, as an index may give it.
    pub(super) fn parse(url: &str, pin: &ChartPin) -> Result<Self, FetchError> {
        match url.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') && path.contains("://") => Self::new(path, tag, url),
            _ => Self::new(url, &pin.version.replace('+', "_"), url),
        }
    }

    fn new(path: &str, tag: &str, place: &str) -> Result<Self, FetchError> {
        let bad = || FetchError::new(place, "it is no address of a registry", "write oci://HOST/PATH");
        let rest = path.strip_prefix("oci://").ok_or_else(bad)?;
        let (host, repository) = rest.split_once('/').ok_or_else(bad)?;
        if host.is_empty() || repository.is_empty() || host.contains('@') {
            return Err(bad());
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let scheme = if is_loopback(name) { "http" } else { "https" };
        Ok(Self {
            base: format!("{scheme}://{host}"),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        })
    }

    /// As the lock records it.
    pub(super) fn shown(&self) -> String {
        let host = self.base.split_once("://").map_or("", |(_, host)| host);
        format!("oci://{host}/{}:{}", self.repository, self.tag)
    }
}

/// Gets the archive.
pub(super) fn get(
    client: &Client,
    reference: &Reference,
    limit: u64,
    again: &mut dyn FnMut(&str),
) -> Result<Vec<u8>, FetchError> {
    let Reference { base, repository, tag } = reference;
    let mut session = Session { client, reference, token: None };
    let url = format!("{base}/v2/{repository}/manifests/{tag}");
    let reply =
        session.get(&url, &[("Accept", MANIFEST)], MAX_MANIFEST_BYTES, again).map_err(|mut error| {
            if error.status == Some(404) {
                error.reason = format!("the registry has no {}", reference.shown());
                error.remedy = "look whether the chart has moved, or bring it with `--from`".to_owned();
            }
            error
        })?;
    let manifest: Value = serde_json::from_slice(&reply.body).map_err(|error| {
        FetchError::new(&url, format!("the manifest is not JSON: {error}"), "bring the chart with `--from`")
    })?;
    let is_chart = |layer: &&Value| layer.get("mediaType").and_then(Value::as_str) == Some(CHART_LAYER);
    let layer = manifest.get("layers").and_then(Value::as_array).and_then(|all| all.iter().find(is_chart));
    let Some(layer) = layer else {
        let reason = format!("{} is not a Helm chart: no layer is a `{CHART_LAYER}`", reference.shown());
        return Err(FetchError::new(&url, reason, "look at the address: images lie in the same registries"));
    };
    let digest = layer.get("digest").and_then(Value::as_str).unwrap_or("");
    let Some(want) = digest.strip_prefix("sha256:").filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
    else {
        let reason = format!("the chart's digest is `{digest}`, which cannot be verified");
        return Err(FetchError::new(&url, reason, "bring the chart with `--from`"));
    };
    let blob = format!("{base}/v2/{repository}/blobs/{digest}");
    let archive = session.get(&blob, &[], limit, again)?.body;
    let got = sha256(&archive);
    if got != want {
        let reason = format!("the archive has SHA-256 {got}, and the manifest says {want}");
        return Err(FetchError::new(&blob, reason, "do not use it; ask those who run the registry"));
    }
    Ok(archive)
}

struct Session<'a> {
    client: &'a Client,
    reference: &'a Reference,
    token: Option<String>,
}

impl Session<'_> {
    /// A 401 is answered with a token, once.
    fn get(
        &mut self,
        url: &str,
        headers: &[(&str, &str)],
        limit: u64,
        again: &mut dyn FnMut(&str),
    ) -> Result<Reply, FetchError> {
        let reply = self.with_token(url, headers, limit, again)?;
        if reply.status != 401 {
            return Ok(reply);
        }
        let challenge = reply.challenge.unwrap_or_default();
        self.token = Some(self.fetch_token(url, &challenge, again)?);
        let reply = self.with_token(url, headers, limit, again)?;
        if reply.status == 401 { Err(login(url)) } else { Ok(reply) }
    }

    fn with_token(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        limit: u64,
        again: &mut dyn FnMut(&str),
    ) -> Result<Reply, FetchError> {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut all = headers.to_vec();
        all.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
        self.client.get(url, &all, limit, again)
    }

    fn fetch_token(
        &self,
        url: &str,
        challenge: &str,
        again: &mut dyn FnMut(&str),
    ) -> Result<String, FetchError> {
        let parameters = bearer(challenge).ok_or_else(|| login(url))?;
        let parameter =
            |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let realm = parameter("realm").ok_or_else(|| login(url))?;
        let own_scope = format!("repository:{}:pull", self.reference.repository);
        let mut address = realm.to_owned();
        let scope = Some(parameter("scope").unwrap_or(&own_scope));
        for (key, value) in [("service", parameter("service")), ("scope", scope)] {
            if let Some(value) = value {
                let separator = if address.contains('?') { '&' } else { '?' };
                address.push_str(&format!("{separator}{key}={}", encoded(value)));
            }
        }
        let reply = self.client.get(&address, &[], MAX_TOKEN_BYTES, again)?;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let token = ["token", "access_token"].iter().find_map(|key| answer.get(*key)?.as_str());
        token
            .filter(|token| !token.is_empty() && token.bytes().all(|b| (0x21..0x7f).contains(&b)))
            .map(str::to_owned)
            .ok_or_else(|| login(&address))
    }
}

fn login(url: &str) -> FetchError {
    FetchError::new(
        url,
        "the registry wants a login, and gives no token without one",
        "pull the chart yourself (`helm pull`, `oras pull`) and bring it with `--from`",
    )
}

/// Parameters of `Bearer key="value",key=value`; `None` for another scheme.
fn bearer(challenge: &str) -> Option<Vec<(String, String)>> {
    let (scheme, mut rest) = challenge.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = Vec::new();
    while let Some((key, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        let key = key.trim_matches([' ', ',']).to_ascii_lowercase();
        parameters.push((key, value.trim().to_owned()));
        rest = next;
    }
    Some(parameters)
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(repository: &str, version: &str) -> ChartPin {
        ChartPin { name: "x".to_owned(), version: version.to_owned(), repository: repository.to_owned() }
    }

    #[test]
    fn references_name_host_repository_and_tag() {
        let reference = Reference::of(&pin("oci://r.example/charts/", "1.2.3+b1")).unwrap();
        assert_eq!(reference.base, "https://r.example");
        assert_eq!((reference.repository.as_str(), reference.tag.as_str()), ("charts/x", "1.2.3_b1"));
        assert_eq!(reference.shown(), "oci://r.example/charts/x:1.2.3_b1");
        assert_eq!(Reference::of(&pin("oci://127.0.0.1:5000/c", "1")).unwrap().base, "http://127.0.0.1:5000");
        let parsed = Reference::parse("oci://r.example:5000/c/y:9", &pin("", "1")).unwrap();
        assert_eq!(parsed.shown(), "oci://r.example:5000/c/y:9");
        let parsed = Reference::parse("oci://r.example:5000/c/y", &pin("", "1")).unwrap();
        assert_eq!(parsed.shown(), "oci://r.example:5000/c/y:1");
        for bad in ["oci:///charts", "https://r.example/c", "oci://me:word@r.example/c"] {
            assert!(Reference::of(&pin(bad, "1")).is_err(), "{bad}");
        }
    }

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        let all =
            bearer(r#"Bearer realm="https://a.example/t?x=1,2",service="r.example", scope=pull"#).unwrap();
        let want = [("realm", "https://a.example/t?x=1,2"), ("service", "r.example"), ("scope", "pull")];
        assert_eq!(all, want.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(bearer("Basic realm=\"x\""), None);
        assert_eq!(bearer("Bearer realm=\"open"), None);
        assert_eq!(bearer(""), None);
    }
}
