//! Charts from servers on this machine, from directories and from archives, with everything that can go wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use flate2::{Compression, GzBuilder};
use storeyard_core::library::ChartPin;
use storeyard_core::lock::{LOCK_FILE, Lock, sha256};
use storeyard_ops::vendor::{Failure, FailureKind, How, Outcome, Patience, Request, Wanted, vendor, verify};

/// What the server saw.
#[derive(Debug, Clone)]
struct Seen {
    /// Path with its query.
    path: String,
    headers: BTreeMap<String, String>,
    /// How often this path was asked for before.
    before: usize,
}

enum Answer {
    Ok(Vec<u8>),
    Status(u16, Vec<(&'static str, String)>),
    /// Promises more than it sends.
    Truncated(Vec<u8>),
    /// Never ends.
    Endless,
}

/// A server for one test; its thread ends with the process.
struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    fn start(answer: impl Fn(&str, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (own, log, answer) = (address.clone(), Arc::clone(&seen), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (own, log, answer) = (own.clone(), Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || {
                    // A client that hangs up is part of some tests.
                    let _ = serve(stream.unwrap(), &own, &log, &*answer);
                });
            }
        });
        Self { address, seen }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn paths(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|s| s.path.clone()).collect()
    }
}

fn serve(
    stream: TcpStream,
    own: &str,
    log: &Mutex<Vec<Seen>>,
    answer: &dyn Fn(&str, &Seen) -> Answer,
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or("").to_owned();
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let seen = {
        let mut log = log.lock().unwrap();
        let before = log.iter().filter(|s: &&Seen| s.path == path).count();
        let seen = Seen { path, headers, before };
        log.push(seen.clone());
        seen
    };
    let head = |status: u16, length: usize| {
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n")
    };
    match answer(own, &seen) {
        Answer::Ok(body) => {
            write!(out, "{}\r\n", head(200, body.len()))?;
            out.write_all(&body)
        }
        Answer::Status(status, headers) => {
            write!(out, "{}", head(status, 0))?;
            for (name, value) in headers {
                write!(out, "{name}: {value}\r\n")?;
            }
            write!(out, "\r\n")
        }
        Answer::Truncated(body) => {
            write!(out, "{}\r\n", head(200, body.len() * 2))?;
            out.write_all(&body)
        }
        Answer::Endless => {
            write!(out, "HTTP/1.1 200 X\r\nConnection: close\r\n\r\n")?;
            let block = vec![b'x'; 1 << 20];
            loop {
                out.write_all(&block)?;
            }
        }
    }
}

fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(5),
        response: Duration::from_secs(10),
        body: Duration::from_secs(60),
        attempts: 3,
        pause: Duration::from_millis(1),
    }
}

fn archive_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::fast()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn chart_yaml(name: &str, version: &str) -> String {
    format!("apiVersion: v2\nname: {name}\nversion: {version}\n")
}

fn chart(name: &str, version: &str) -> Vec<u8> {
    archive_of(&[
        (&format!("{name}/Chart.yaml"), &chart_yaml(name, version)),
        (&format!("{name}/templates/x.yaml"), "a: {{ .Release.Name }}\n"),
    ])
}

fn index(name: &str, version: &str, url: &str, digest: Option<&str>) -> Answer {
    let digest = digest.map(|d| format!("    digest: {d}\n")).unwrap_or_default();
    let text = format!(
        "apiVersion: v1\nentries:\n  {name}:\n  - name: {name}\n    version: {version}\n    urls: [\"{url}\"]\n{digest}"
    );
    Answer::Ok(text.into_bytes())
}

fn wanted(name: &str, version: &str, repository: &str) -> Wanted {
    Wanted {
        pin: ChartPin {
            name: name.to_owned(),
            version: version.to_owned(),
            repository: repository.to_owned(),
        },
        components: vec![format!("{name}-component")],
    }
}

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn run(&self, wanted: &[Wanted]) -> Outcome {
        self.run_from(wanted, &[])
    }

    fn run_from(&self, wanted: &[Wanted], from: &[PathBuf]) -> Outcome {
        self.try_run(wanted, from, false).unwrap()
    }

    fn try_run(&self, wanted: &[Wanted], from: &[PathBuf], prune: bool) -> Result<Outcome, Failure> {
        let request = Request { dir: self.path(), wanted, from, prune, patience: patience() };
        vendor(&request, &mut |_| {})
    }

    fn lock(&self) -> Option<Lock> {
        let text = fs::read_to_string(self.path().join(LOCK_FILE)).ok()?;
        Some(Lock::parse(&text).unwrap())
    }

    /// Every file below, sorted.
    fn files(&self) -> Vec<String> {
        fn walk(root: &Path, dir: &Path, out: &mut Vec<String>) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, out);
                } else {
                    out.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let mut out = Vec::new();
        walk(self.path(), self.path(), &mut out);
        out.sort();
        out
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let target = self.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(&target, bytes).unwrap();
        target
    }
}

/// The only failure; nothing of it may be left.
fn failure(place: &Place, outcome: Outcome) -> Failure {
    assert_eq!(outcome.charts, []);
    assert_eq!(outcome.failures.len(), 1, "{outcome:?}");
    assert_eq!(place.files(), Vec::<String>::new(), "nothing may be left behind");
    let failure = outcome.failures.into_iter().next().unwrap();
    assert!(!failure.hints.is_empty(), "{failure}: no remedy");
    failure
}

#[test]
fn a_chart_of_a_repository_is_fetched_locked_and_then_offline() {
    let bytes = chart("x", "1.0.0");
    let digest = sha256(&bytes);
    let body = bytes.clone();
    let server = Server::start(move |_, seen| match seen.path.as_str() {
        "/stable/index.yaml" => index("x", "1.0.0", "charts/x-1.0.0.tgz", Some(&sha256(&body))),
        "/stable/charts/x-1.0.0.tgz" => Answer::Ok(body.clone()),
        _ => Answer::Status(404, Vec::new()),
    });
    let place = Place::new();
    let repository = format!("{}/stable/", server.url());
    let charts = [wanted("x", "1.0.0", &repository)];
    let outcome = place.run(&charts);
    assert_eq!(outcome.failures, []);
    assert_eq!((outcome.charts[0].how, outcome.lock_written), (How::Fetched, true));
    assert_eq!(fs::read(place.path().join("vendor/x-1.0.0.tgz")).unwrap(), bytes);
    let locked = &place.lock().unwrap().charts["x-1.0.0.tgz"];
    assert_eq!(locked.sha256, digest);
    assert_eq!(locked.repository, repository);
    assert_eq!(locked.from, format!("{}/stable/charts/x-1.0.0.tgz", server.url()));
    assert_eq!(place.files(), ["storeyard.lock", "vendor/x-1.0.0.tgz"]);

    let asked = server.paths().len();
    let lock_text = fs::read(place.path().join(LOCK_FILE)).unwrap();
    let outcome = place.run(&charts);
    assert_eq!((outcome.charts[0].how, outcome.lock_written), (How::Kept, false));
    assert_eq!(server.paths().len(), asked, "the second run asks nobody");
    assert_eq!(fs::read(place.path().join(LOCK_FILE)).unwrap(), lock_text);
    assert_eq!(verify(place.path(), &charts).unwrap(), []);
}

#[test]
fn a_leading_v_does_not_matter() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/index.yaml" => index("x", "1.0.0", "x.tgz", None),
        _ => Answer::Ok(chart("x", "1.0.0")),
    });
    let place = Place::new();
    assert_eq!(place.run(&[wanted("x", "v1.0.0", &server.url())]).failures, []);
    assert_eq!(place.files(), ["storeyard.lock", "vendor/x-v1.0.0.tgz"]);
}

#[test]
fn what_is_not_what_the_index_says_is_refused() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/index.yaml" => index("x", "1.0.0", "x.tgz", Some(&"0f".repeat(32))),
        _ => Answer::Ok(chart("x", "1.0.0")),
    });
    let place = Place::new();
    let failure = failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.reason.contains("the index says 0f0f"), "{failure}");
    let place = failure.place.unwrap();
    assert!(place.contains("x-component") && place.contains(&server.url()), "{place}");
}

#[test]
fn another_chart_or_version_inside_is_refused() {
    for (inside, want) in [
        (chart("x", "1.0.1"), "holds x 1.0.1, not x 1.0.0"),
        (chart("two", "1.0.0"), "holds two 1.0.0"),
        (b"<html>".to_vec(), "is no chart archive"),
        (archive_of(&[("x/values.yaml", "a: 1")]), "Chart.yaml"),
    ] {
        let server = Server::start(move |_, seen| match seen.path.as_str() {
            "/index.yaml" => index("x", "1.0.0", "x.tgz", None),
            _ => Answer::Ok(inside.clone()),
        });
        let place = Place::new();
        let failure = failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
        assert_eq!(failure.kind, FailureKind::Refused);
        assert!(failure.to_string().contains(want), "{failure}");
    }
}

#[test]
fn a_chart_without_its_own_dependencies_is_refused() {
    let bytes = archive_of(&[(
        "x/Chart.yaml",
        &format!(
            "{}dependencies:\n- name: redis\n  version: 4.x\n  repository: https://r.example\n",
            chart_yaml("x", "1.0.0")
        ),
    )]);
    let source = Place::new();
    let path = source.write("x.tgz", bytes);
    let place = Place::new();
    let outcome = place.run_from(&[wanted("x", "1.0.0", "https://charts.example")], &[path]);
    let failure = failure(&place, outcome);
    assert!(failure.reason.contains("dependencies are not in its charts/ folder: redis 4.x"), "{failure}");
}

#[test]
fn what_is_not_there_is_named_and_not_asked_for_twice() {
    let server = Server::start(|_, _| Answer::Status(404, Vec::new()));
    let place = Place::new();
    let failure = failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
    assert!(failure.reason.contains("HTTP 404"), "{failure}");
    assert_eq!(server.paths(), ["/index.yaml"]);
}

#[test]
fn a_server_out_of_order_is_asked_again() {
    let server = Server::start(|_, seen| match (seen.path.as_str(), seen.before) {
        ("/index.yaml", 0) => Answer::Status(503, vec![("Retry-After", "0".to_owned())]),
        ("/index.yaml", 1) => Answer::Status(429, Vec::new()),
        ("/index.yaml", _) => index("x", "1.0.0", "x.tgz", None),
        (_, 0) => Answer::Status(500, Vec::new()),
        // Broken off once.
        (_, 1) => Answer::Truncated(chart("x", "1.0.0")),
        _ => Answer::Ok(chart("x", "1.0.0")),
    });
    let place = Place::new();
    assert_eq!(place.run(&[wanted("x", "1.0.0", &server.url())]).failures, []);

    let server = Server::start(|_, _| Answer::Status(500, Vec::new()));
    let place = Place::new();
    let failure = failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
    assert!(failure.reason.contains("HTTP 500") && failure.reason.contains("3 attempts"), "{failure}");
    assert_eq!(server.paths().len(), 3);
}

#[test]
fn a_transfer_that_breaks_off_leaves_nothing() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/index.yaml" => index("x", "1.0.0", "x.tgz", None),
        _ => Answer::Truncated(chart("x", "1.0.0")),
    });
    let place = Place::new();
    failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
}

#[test]
fn an_endless_body_is_cut_off() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/index.yaml" => index("x", "1.0.0", "x.tgz", None),
        _ => Answer::Endless,
    });
    let place = Place::new();
    let failure = failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
    assert!(failure.reason.contains("larger than 32 MiB"), "{failure}");
}

#[test]
fn redirects_are_followed_but_never_down_from_tls_and_not_for_ever() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/index.yaml" => index("x", "1.0.0", "/old/x.tgz?signature=1", None),
        "/old/x.tgz?signature=1" => {
            Answer::Status(302, vec![("Location", "../new/x.tgz?signature=2".to_owned())])
        }
        "/new/x.tgz?signature=2" => Answer::Ok(chart("x", "1.0.0")),
        _ => Answer::Status(404, Vec::new()),
    });
    let place = Place::new();
    let outcome = place.run(&[wanted("x", "1.0.0", &server.url())]);
    assert_eq!(outcome.failures, []);
    assert_eq!(
        outcome.charts[0].chart.from,
        format!("{}/old/x.tgz", server.url()),
        "no signatures in the lock"
    );

    let server =
        Server::start(|_, _| Answer::Status(301, vec![("Location", "http://charts.example/".to_owned())]));
    let place = Place::new();
    let plain = failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
    assert!(plain.reason.contains("without TLS"), "{plain}");

    let server = Server::start(|_, seen| Answer::Status(307, vec![("Location", seen.path.clone())]));
    let place = Place::new();
    let circle = failure(&place, place.run(&[wanted("x", "1.0.0", &server.url())]));
    assert!(circle.reason.contains("redirects more than"), "{circle}");
}

#[test]
fn one_index_serves_several_charts_and_one_failure_keeps_no_other_away() {
    let server = Server::start(|_, seen| match seen.path.as_str() {
        "/index.yaml" => Answer::Ok(
            b"entries:\n  x: [{version: 1.0.0, urls: [x.tgz]}]\n  two: [{version: 2.0.0, urls: [two.tgz]}]\n"
                .to_vec(),
        ),
        "/x.tgz" => Answer::Ok(chart("x", "1.0.0")),
        "/two.tgz" => Answer::Ok(chart("two", "2.0.0")),
        _ => Answer::Status(404, Vec::new()),
    });
    let place = Place::new();
    let url = server.url();
    let outcome =
        place.run(&[wanted("x", "1.0.0", &url), wanted("x", "9.9.9", &url), wanted("two", "2.0.0", &url)]);
    assert_eq!((outcome.charts.len(), outcome.failures.len()), (2, 1));
    assert!(outcome.failures[0].reason.contains("no x 9.9.9"), "{}", outcome.failures[0]);
    assert_eq!(server.paths().iter().filter(|p| *p == "/index.yaml").count(), 1);
    assert_eq!(place.files(), ["storeyard.lock", "vendor/two-2.0.0.tgz", "vendor/x-1.0.0.tgz"]);
}

fn registry(token: bool, damaged: bool) -> Server {
    Server::start(move |own, seen| {
        let bytes = chart("x", "1.0.0+build");
        let digest = sha256(&bytes);
        let authorized = seen.headers.get("authorization").map(String::as_str) == Some("Bearer for-x");
        let path = seen.path.split('?').next().unwrap();
        if path == "/token" {
            let query = seen.path.split_once('?').map_or("", |(_, query)| query);
            return if query == "service=here&scope=repository:charts/x:pull" {
                Answer::Ok(br#"{"token": "for-x"}"#.to_vec())
            } else {
                Answer::Status(400, Vec::new())
            };
        }
        if path.starts_with("/storage/") {
            assert!(!seen.headers.contains_key("authorization") || path.ends_with("same-host"));
            return Answer::Ok(if damaged { b"other".to_vec() } else { bytes });
        }
        if token && !authorized {
            let challenge = format!(
                r#"Bearer realm="http://{own}/token",service="here",scope="repository:charts/x:pull""#
            );
            return Answer::Status(401, vec![("WWW-Authenticate", challenge)]);
        }
        if path == "/v2/charts/x/manifests/1.0.0_build" {
            assert_eq!(seen.headers["accept"], "application/vnd.oci.image.manifest.v1+json");
            return Answer::Ok(
                format!(
                    r#"{{"schemaVersion": 2, "layers": [
                        {{"mediaType": "application/vnd.cncf.helm.chart.provenance.v1.prov", "digest": "sha256:00"}},
                        {{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "sha256:{digest}"}}]}}"#
                )
                .into_bytes(),
            );
        }
        if path == format!("/v2/charts/x/blobs/sha256:{digest}") {
            // As registries do that keep their blobs elsewhere; another port is another host.
            return Answer::Status(307, vec![("Location", format!("http://{own}/storage/same-host"))]);
        }
        Answer::Status(404, Vec::new())
    })
}

#[test]
fn registries_are_asked_with_and_without_a_token() {
    for token in [false, true] {
        let server = registry(token, false);
        let place = Place::new();
        let charts = [wanted("x", "1.0.0+build", &format!("oci://{}/charts", server.address))];
        let outcome = place.run(&charts);
        assert_eq!(outcome.failures, [], "token: {token}");
        assert_eq!(outcome.charts[0].chart.from, format!("oci://{}/charts/x:1.0.0_build", server.address));
        assert_eq!(verify(place.path(), &charts).unwrap(), []);
        assert_eq!(server.paths().iter().filter(|p| p.starts_with("/token")).count(), usize::from(token));
    }
}

#[test]
fn what_a_registry_gives_is_verified() {
    let server = registry(true, true);
    let place = Place::new();
    let repository = format!("oci://{}/charts", server.address);
    let damaged = failure(&place, place.run(&[wanted("x", "1.0.0+build", &repository)]));
    assert!(damaged.reason.contains("the manifest says"), "{damaged}");

    let server = registry(false, false);
    let repository = format!("oci://{}/charts", server.address);
    let place = Place::new();
    let unknown = failure(&place, place.run(&[wanted("x", "2.0.0", &repository)]));
    assert!(unknown.reason.contains("the registry has no oci://"), "{unknown}");

    let server =
        Server::start(|_, _| Answer::Status(401, vec![("WWW-Authenticate", "Basic realm=\"x\"".to_owned())]));
    let repository = format!("oci://{}/charts", server.address);
    let place = Place::new();
    let login = failure(&place, place.run(&[wanted("x", "1.0.0", &repository)]));
    assert!(login.reason.contains("wants a login"), "{login}");
}

#[test]
fn the_token_of_a_registry_goes_nowhere_else() {
    let storage = Server::start(|_, _| Answer::Ok(chart("x", "1.0.0")));
    let elsewhere = storage.url();
    let server = Server::start(move |own, seen| {
        let digest = sha256(&chart("x", "1.0.0"));
        match seen.path.as_str() {
            path if path.starts_with("/token") => Answer::Ok(br#"{"access_token": "secret"}"#.to_vec()),
            _ if !seen.headers.contains_key("authorization") => Answer::Status(
                401,
                vec![("WWW-Authenticate", format!("Bearer realm=\"http://{own}/token\""))],
            ),
            "/v2/c/x/manifests/1.0.0" => Answer::Ok(
                format!(
                    r#"{{"layers": [{{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "sha256:{digest}"}}]}}"#
                )
                .into_bytes(),
            ),
            _ => Answer::Status(307, vec![("Location", format!("{elsewhere}/blob"))]),
        }
    });
    let place = Place::new();
    let outcome = place.run(&[wanted("x", "1.0.0", &format!("oci://{}/c", server.address))]);
    assert_eq!(outcome.failures, []);
    let seen = storage.seen.lock().unwrap();
    assert!(seen.iter().all(|s| !s.headers.contains_key("authorization")), "{seen:?}");
}

/// A directory with a subchart, a file that is ignored and a name too long for a plain header of tar.
fn source() -> Place {
    let place = Place::new();
    place.write(
        "x-dir/Chart.yaml",
        format!("{}dependencies:\n- {{name: sub, version: 1.0.0}}\n", chart_yaml("x", "1.0.0")),
    );
    place.write("x-dir/values.yaml", "a: 1\n");
    place.write("x-dir/.helmignore", "*.swp\nci/\n");
    place.write("x-dir/values.yaml.swp", "editor");
    place.write("x-dir/ci/test.yaml", "a: 2");
    place.write(&format!("x-dir/templates/{}.yaml", "long".repeat(40)), "a: {{ .Values.a }}\n");
    place.write("x-dir/charts/sub/Chart.yaml", chart_yaml("sub", "1.0.0"));
    place.write("two.tgz", chart("two", "2.0.0"));
    place.write("z/Chart.yaml", chart_yaml("z", "3.0.0-develop"));
    place.write("notes.txt", "not a chart");
    place.write("broken.tgz", "not a chart");
    place
}

#[test]
fn directories_and_archives_serve_without_any_server() {
    let source = source();
    let place = Place::new();
    // Nothing listens there.
    let nowhere = "http://127.0.0.1:9";
    let charts =
        [wanted("x", "v1.0.0", nowhere), wanted("two", "2.0.0", nowhere), wanted("z", "3.0.0", nowhere)];
    let outcome = place.run_from(&charts, &[source.path().to_owned()]);
    let from: Vec<&str> = outcome.charts.iter().map(|c| c.chart.from.as_str()).collect();
    assert_eq!(from, ["directory x-dir", "archive two.tgz"]);
    assert!(outcome.charts.iter().all(|c| c.how == How::Local));
    assert!(
        outcome.remarks.iter().any(|r| r.contains("z 3.0.0-develop; the plan pins 3.0.0")),
        "{:?}",
        outcome.remarks
    );
    assert!(outcome.remarks.iter().any(|r| r.contains("broken.tgz")), "{:?}", outcome.remarks);
    let near = &outcome.failures[0];
    assert!(near.hints.iter().any(|h| h.contains("3.0.0-develop only")), "{near:?}");
    assert_eq!(place.files(), ["storeyard.lock", "vendor/two-2.0.0.tgz", "vendor/x-v1.0.0.tgz"]);

    // What is inside is what Helm would see.
    let chart = chartwright::chart::Chart::load(place.path().join("vendor/x-v1.0.0.tgz")).unwrap();
    assert_eq!(chart.dependencies().len(), 1);
    assert_eq!(chart.templates().len(), 1);
    let names: Vec<&str> = chart.files().iter().map(|f| f.name.as_str()).collect();
    assert!(!names.iter().any(|n| n.contains("swp") || n.contains("ci/")), "{names:?}");
}

#[test]
fn packing_gives_the_same_bytes_everywhere() {
    let (first, second) = (source(), source());
    // Another time and other permissions.
    let file = fs::File::options().write(true).open(second.path().join("x-dir/values.yaml")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_000_000)).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(second.path().join("x-dir/values.yaml"), fs::Permissions::from_mode(0o600))
            .unwrap();
    }
    let pack = |source: &Place, path: &str| {
        let place = Place::new();
        let outcome =
            place.run_from(&[wanted("x", "1.0.0", "https://x.example")], &[source.path().join(path)]);
        assert_eq!(outcome.failures, []);
        fs::read(place.path().join("vendor/x-1.0.0.tgz")).unwrap()
    };
    let packed = pack(&first, "x-dir");
    assert_eq!(packed, pack(&second, "x-dir"));
    assert_eq!(packed, pack(&second, "."));
}

#[test]
fn paths_without_a_chart_are_refused_at_once() {
    let place = Place::new();
    let empty = Place::new();
    let text = empty.write("inner/notes.txt", "x");
    for path in [empty.path().join("inner"), text, empty.path().join("absent")] {
        let failure = place.try_run(&[], std::slice::from_ref(&path), false).unwrap_err();
        assert!(failure.reason.contains(&path.display().to_string()), "{failure}");
    }
}

#[test]
fn the_lock_is_obeyed() {
    let source = Place::new();
    let path = source.write("x.tgz", chart("x", "1.0.0"));
    let place = Place::new();
    let charts = [wanted("x", "1.0.0", "https://x.example")];
    assert_eq!(place.run_from(&charts, std::slice::from_ref(&path)).failures, []);
    let lock = fs::read(place.path().join(LOCK_FILE)).unwrap();
    let archive = place.path().join("vendor/x-1.0.0.tgz");
    let good = fs::read(&archive).unwrap();

    // Changed in vendor/.
    let other = archive_of(&[("x/Chart.yaml", &chart_yaml("x", "1.0.0"))]);
    fs::write(&archive, &other).unwrap();
    let outcome = place.run(&charts);
    assert_eq!(outcome.failures[0].kind, FailureKind::Refused);
    assert!(outcome.failures[0].reason.starts_with("the lock says SHA-256"), "{}", outcome.failures[0]);
    assert_eq!(fs::read(&archive).unwrap(), other, "nothing is repaired behind the user's back");
    let differences = verify(place.path(), &charts).unwrap();
    assert!(differences[0].reason.contains("the lock says"), "{differences:?}");

    // Missing, and what would replace it is another.
    fs::remove_file(&archive).unwrap();
    assert!(verify(place.path(), &charts).unwrap()[0].reason.contains("locked and missing"));
    fs::write(&path, &other).unwrap();
    let outcome = place.run_from(&charts, std::slice::from_ref(&path));
    assert!(
        outcome.failures[0].reason.contains("what comes from archive x.tgz has"),
        "{}",
        outcome.failures[0]
    );
    assert_eq!(place.files(), ["storeyard.lock"]);

    // The right one comes back.
    fs::write(&path, &good).unwrap();
    assert_eq!(place.run_from(&charts, &[path]).failures, []);
    assert_eq!(fs::read(&archive).unwrap(), good);
    assert_eq!(fs::read(place.path().join(LOCK_FILE)).unwrap(), lock);
}

#[test]
fn a_lock_that_cannot_be_read_stops_everything() {
    let place = Place::new();
    place.write(LOCK_FILE, "charts: [");
    let failure = place.try_run(&[], &[], false).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(failure.reason.contains("storeyard.lock:1"), "{failure}");
}

#[test]
fn what_lies_in_vendor_is_locked_and_leftovers_are_named_and_pruned_only_when_asked() {
    let place = Place::new();
    place.write("vendor/x-1.0.0.tgz", chart("x", "1.0.0"));
    place.write("vendor/old-1.0.0.tgz", chart("old", "1.0.0"));
    place.write("vendor/README.md", "ours");
    let charts = [wanted("x", "1.0.0", "https://x.example")];
    let reasons: Vec<String> = verify(place.path(), &charts).unwrap().into_iter().map(|d| d.reason).collect();
    assert_eq!(reasons, ["is not in storeyard.lock", "is not used by the plan"]);

    let outcome = place.run(&charts);
    assert_eq!(outcome.charts[0].how, How::Locked);
    assert_eq!((outcome.leftovers, outcome.pruned), (vec!["old-1.0.0.tgz".to_owned()], Vec::new()));
    assert!(place.path().join("vendor/old-1.0.0.tgz").exists());

    let outcome = place.try_run(&charts, &[], true).unwrap();
    assert_eq!((outcome.leftovers, outcome.pruned), (Vec::new(), vec!["old-1.0.0.tgz".to_owned()]));
    assert_eq!(place.files(), ["storeyard.lock", "vendor/README.md", "vendor/x-1.0.0.tgz"]);
    assert_eq!(verify(place.path(), &charts).unwrap(), []);

    // The plan moves on: the entry goes with the archive.
    let outcome = place.try_run(&[], &[], true).unwrap();
    assert_eq!(outcome.pruned, ["x-1.0.0.tgz"]);
    assert_eq!(place.lock().unwrap(), Lock::default());
}
