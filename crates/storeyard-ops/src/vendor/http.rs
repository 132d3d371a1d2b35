//! HTTP, as much of it as charts need: GET with limits, patience and no way down from TLS.

use std::net::IpAddr;
use std::time::Duration;

use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig};

/// How long to wait, and how often to try again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection, name resolution included.
    pub connect: Duration,
    /// For the head of an answer.
    pub response: Duration,
    /// For a whole body.
    pub body: Duration,
    /// Attempts in all, at least one.
    pub attempts: u32,
    /// Before the second attempt; doubled before each further one.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            response: Duration::from_secs(60),
            body: Duration::from_secs(300),
            attempts: 4,
            pause: Duration::from_millis(500),
        }
    }
}

/// A server may ask for a longer pause, but not for any.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const MAX_REDIRECTS: usize = 5;

/// What a request came to.
pub(super) struct Reply {
    /// 200, or 401 with a challenge.
    pub(super) status: u16,
    /// `WWW-Authenticate` of a 401.
    pub(super) challenge: Option<String>,
    /// The body; empty for a 401.
    pub(super) body: Vec<u8>,
}

/// Why nothing came.
#[derive(Debug)]
pub(super) struct FetchError {
    /// Without credentials and query.
    pub(super) url: String,
    /// The server's answer, if it gave one.
    pub(super) status: Option<u16>,
    pub(super) reason: String,
    pub(super) remedy: String,
}

impl FetchError {
    pub(super) fn new(url: &str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { url: shown(url), status: None, reason: reason.into(), remedy: remedy.into() }
    }
}

/// An attempt that failed.
struct Failed {
    error: FetchError,
    /// Trying again makes sense, after at least so long.
    again: Option<Duration>,
}

impl Failed {
    fn finally(error: FetchError) -> Self {
        Self { error, again: None }
    }
}

pub(super) struct Client {
    /// With the proxy of the environment.
    outside: ureq::Agent,
    /// For this machine itself.
    loopback: ureq::Agent,
    patience: Patience,
}

impl Client {
    /// Proxies come from `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; the trusted certificates from the file that
    /// `SSL_CERT_FILE` names, otherwise Mozilla's list.
    pub(super) fn new(patience: Patience) -> Result<Self, FetchError> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            let name = path.to_string_lossy().into_owned();
            let unusable = |reason: String| FetchError {
                url: name.clone(),
                status: None,
                reason: format!("the certificates that SSL_CERT_FILE names cannot be used: {reason}"),
                remedy: "mend the file, or unset SSL_CERT_FILE to trust Mozilla's list".to_owned(),
            };
            let pem = std::fs::read(&path).map_err(|error| unusable(error.to_string()))?;
            let certificates: Vec<_> = ureq::tls::parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if certificates.is_empty() {
                return Err(unusable("there is none in it".to_owned()));
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let tls = tls.build();
        let config = || {
            ureq::Agent::config_builder()
                .user_agent(concat!("storeyard/", env!("CARGO_PKG_VERSION")))
                .http_status_as_error(false)
                // Redirects are followed here, so that each address is looked at.
                .max_redirects(0)
                .timeout_resolve(Some(patience.connect))
                .timeout_connect(Some(patience.connect))
                .timeout_recv_response(Some(patience.response))
                .timeout_recv_body(Some(patience.body))
                .tls_config(tls.clone())
        };
        Ok(Self {
            outside: config().build().new_agent(),
            loopback: config().proxy(None).build().new_agent(),
            patience,
        })
    }

    /// Gets `url`; a body above `limit` bytes is refused. `again` hears of every further attempt.
    pub(super) fn get(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        limit: u64,
        again: &mut dyn FnMut(&str),
    ) -> Result<Reply, FetchError> {
        let mut attempt = 1;
        loop {
            let failed = match self.once(url, headers, limit) {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            };
            match failed.again {
                Some(asked) if attempt < self.patience.attempts => {
                    let pause = self.patience.pause.saturating_mul(1 << (attempt - 1).min(10));
                    again(&format!("{}: {}; trying again", failed.error.url, failed.error.reason));
                    std::thread::sleep(pause.max(asked).min(LONGEST_PAUSE));
                    attempt += 1;
                }
                Some(_) => {
                    let mut error = failed.error;
                    if attempt > 1 {
                        error.reason.push_str(&format!(" ({attempt} attempts)"));
                    }
                    return Err(error);
                }
                None => return Err(failed.error),
            }
        }
    }

    fn once(&self, start: &str, headers: &[(&str, &str)], limit: u64) -> Result<Reply, Failed> {
        let mut url = start.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let loopback = allowed(&url).map_err(Failed::finally)?;
            let agent = if loopback { &self.loopback } else { &self.outside };
            let mut request = agent.get(&url);
            for (name, value) in headers {
                // A token is for the one who asked for it, not for where it sends us.
                if *name != "Authorization" || authority(&url) == authority(start) {
                    request = request.header(*name, *value);
                }
            }
            let mut response = request.call().map_err(|error| transport(&url, &error))?;
            let status = response.status().as_u16();
            let header =
                |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
            match status {
                200 => {
                    let length = header("content-length").and_then(|v| v.parse::<u64>().ok());
                    if length.is_some_and(|length| length > limit) {
                        return Err(Failed::finally(too_large(&url, limit)));
                    }
                    let body = response.body_mut().with_config().limit(limit).read_to_vec();
                    let body = body.map_err(|error| match error {
                        ureq::Error::BodyExceedsLimit(_) => Failed::finally(too_large(&url, limit)),
                        error => transport(&url, &error),
                    })?;
                    if length.is_some_and(|length| length != body.len() as u64) {
                        let reason = format!("the transfer broke off after {} bytes", body.len());
                        let error = FetchError::new(&url, reason, "try again later");
                        return Err(Failed { error, again: Some(Duration::ZERO) });
                    }
                    return Ok(Reply { status, challenge: None, body });
                }
                301 | 302 | 303 | 307 | 308 => {
                    let Some(location) = header("location") else {
                        let error =
                            FetchError::new(&url, "it redirects to nowhere", "tell its administrator");
                        return Err(Failed::finally(error));
                    };
                    url = join(&url, &location);
                }
                401 => {
                    return Ok(Reply { status, challenge: header("www-authenticate"), body: Vec::new() });
                }
                _ => {
                    let wait = header("retry-after").and_then(|v| v.trim().parse().ok()).unwrap_or(0);
                    return Err(answered(&url, status, Duration::from_secs(wait)));
                }
            }
        }
        let reason = format!("it redirects more than {MAX_REDIRECTS} times");
        Err(Failed::finally(FetchError::new(start, reason, "look at where it leads with a browser")))
    }
}

fn too_large(url: &str, limit: u64) -> FetchError {
    let reason = format!("the answer is larger than {} MiB", limit >> 20);
    FetchError::new(url, reason, "look at what it is; bring the chart with `--from` if it is really so large")
}

fn answered(url: &str, status: u16, wait: Duration) -> Failed {
    let (reason, remedy) = match status {
        403 => ("it refuses (HTTP 403)".to_owned(), "bring the chart with `--from`"),
        404 | 410 => (format!("there is nothing (HTTP {status})"), "look whether the repository has moved"),
        407 => ("the proxy wants a login (HTTP 407)".to_owned(), "put it into HTTPS_PROXY"),
        429 => ("it asks for fewer requests (HTTP 429)".to_owned(), "try again later"),
        500.. => (format!("it is out of order (HTTP {status})"), "try again later"),
        _ => (format!("it answers with HTTP {status}"), "look at it with a browser"),
    };
    let mut error = FetchError::new(url, reason, remedy);
    error.status = Some(status);
    Failed { error, again: (status == 429 || status >= 500).then_some(wait) }
}

fn transport(url: &str, error: &ureq::Error) -> Failed {
    use ureq::Error as E;
    let (remedy, again) = match error {
        E::HostNotFound => {
            ("look at the name, the network and HTTPS_PROXY, or bring the chart with `--from`", true)
        }
        E::Tls(_) | E::Rustls(_) | E::Pem(_) => {
            ("look at the certificate; SSL_CERT_FILE names other trusted ones", false)
        }
        E::BadUri(_) | E::Http(_) | E::InvalidProxyUrl | E::RequireHttpsOnly(_) => {
            ("mend the address", false)
        }
        _ => ("look at the network and HTTPS_PROXY, or bring the chart with `--from`", true),
    };
    // rustls' refusals come as I/O errors, and no second attempt will trust what the first did not.
    let certificate = matches!(error, E::Io(io) if io.kind() == std::io::ErrorKind::InvalidData);
    let remedy =
        if certificate { "look at the certificate; SSL_CERT_FILE names other trusted ones" } else { remedy };
    Failed {
        error: FetchError::new(url, error.to_string(), remedy),
        again: (again && !certificate).then_some(Duration::ZERO),
    }
}

/// Whether the address is this machine's; an error when it is neither that nor TLS.
fn allowed(url: &str) -> Result<bool, FetchError> {
    let bad = |reason: &str, remedy: &str| FetchError::new(url, reason, remedy);
    let uri: Uri =
        url.parse().map_err(|error| bad(&format!("it is no address: {error}"), "mend the address"))?;
    let host = uri.host().unwrap_or("");
    let loopback = is_loopback(host);
    match uri.scheme_str() {
        _ if host.is_empty() => Err(bad("it names no host", "mend the address")),
        Some("https") => Ok(loopback),
        Some("http") if loopback => Ok(true),
        Some("http") => Err(bad(
            "charts are not fetched without TLS",
            "use its https address, or fetch the archive yourself and bring it with `--from`",
        )),
        _ => Err(bad("it is neither https:// nor oci://", "bring the chart with `--from`")),
    }
}

/// `localhost` and addresses of this machine only.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]
}

/// An address without what must not be shown or recorded: login, query, fragment.
pub(super) fn shown(url: &str) -> String {
    let url = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!("{scheme}://{}{path}", host.rsplit_once('@').map_or(host, |(_, host)| host))
        }
        None => url.to_owned(),
    }
}

/// A reference as it is meant on the page `base` (RFC 3986, section 5.2).
pub(super) fn join(base: &str, reference: &str) -> String {
    let has_scheme = reference.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    if has_scheme {
        return reference.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    let (target, query) = reference.split_at(reference.find(['?', '#']).unwrap_or(reference.len()));
    let full = if target.starts_with('/') {
        target.to_owned()
    } else if target.is_empty() {
        path.to_owned()
    } else {
        format!("{}/{target}", path.rsplit_once('/').map_or("", |(folder, _)| folder))
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in full.trim_start_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{scheme}://{host}/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_joined_as_browsers_do() {
        for (base, reference, want) in [
            ("https://a.example/charts/", "x-1.tgz", "https://a.example/charts/x-1.tgz"),
            ("https://a.example/charts/", "../x.tgz?y=1", "https://a.example/x.tgz?y=1"),
            ("https://a.example/charts/", "./b/x.tgz", "https://a.example/charts/b/x.tgz"),
            ("https://a.example", "x.tgz", "https://a.example/x.tgz"),
            ("https://a.example/c/index?q=/z/", "/x.tgz", "https://a.example/x.tgz"),
            ("https://a.example/c/", "//b.example/x", "https://b.example/x"),
            ("https://a.example/c/", "http://b.example/x", "http://b.example/x"),
            ("https://a.example/c/", "oci://b.example/x:1", "oci://b.example/x:1"),
            ("https://a.example/c/", "../../../../etc", "https://a.example/etc"),
        ] {
            assert_eq!(join(base, reference), want, "{base} + {reference}");
        }
    }

    #[test]
    fn only_this_machine_may_go_without_tls() {
        for (url, want) in [
            ("https://charts.example/x", Some(false)),
            ("http://127.0.0.1:8080/x", Some(true)),
            ("http://[::1]:8080/x", Some(true)),
            ("http://localhost/x", Some(true)),
            ("http://localhost.evil.example/x", None),
            ("http://charts.example/x", None),
            ("http://user@charts.example/x", None),
            ("ftp://charts.example/x", None),
            ("file:///etc/passwd", None),
            ("not an address", None),
            ("", None),
        ] {
            assert_eq!(allowed(url).ok(), want, "{url}");
        }
    }

    #[test]
    fn credentials_and_signatures_are_not_shown() {
        assert_eq!(shown("https://me:word@a.example/x.tgz?sig=1#f"), "https://a.example/x.tgz");
        assert_eq!(shown("https://a.example"), "https://a.example");
    }
}
