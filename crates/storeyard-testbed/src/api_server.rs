//! A real kube-apiserver on a real etcd, for one test or a few.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::{Client, Error, program};

/// How long a server may take to become ready: two seconds are usual, two slow and busy cores may need more.
const PATIENCE: Duration = Duration::from_secs(120);

/// Settings of an [`ApiServer`].
#[derive(Debug, Clone)]
pub struct Options {
    /// Addresses that Services get, in CIDR notation. A Service with a fixed `clusterIP` has to lie within.
    pub service_addresses: String,
    /// More arguments for kube-apiserver.
    pub arguments: Vec<String>,
}

impl Default for Options {
    /// Service addresses as in Storeyard's own default, no more arguments.
    fn default() -> Options {
        Options { service_addresses: "10.43.0.0/16".into(), arguments: Vec::new() }
    }
}

/// A running kube-apiserver with its etcd, on free ports of the loopback address and in a temporary folder.
///
/// Authorization is RBAC and the admission plugins are kube-apiserver's defaults, so Pod Security, ResourceQuota,
/// LimitRanger, ServiceAccount and Priority judge as they do in a cluster. There is no controller manager; what admission
/// needs of it (default service accounts, a quota's status) [`Client::apply`] does instead.
///
/// Dropping it ends both programs and removes the folder. When the test panics, or with `STOREYARD_KEEP=1`, the
/// folder with the logs is kept and named on standard error. When the test process itself dies, a watchdog ends them.
pub struct ApiServer {
    client: Client,
    kubeconfig: PathBuf,
    processes: Processes,
}

impl ApiServer {
    /// Starts with the default [`Options`]. Takes about two seconds.
    ///
    /// # Errors
    /// [`Error::Missing`] without etcd or kube-apiserver, [`Error::Server`] when one does not become ready.
    pub fn start() -> Result<ApiServer, Error> {
        ApiServer::start_with(&Options::default())
    }

    /// Starts with settings of its own.
    ///
    /// # Errors
    /// As [`ApiServer::start`].
    pub fn start_with(options: &Options) -> Result<ApiServer, Error> {
        // A free port can be taken by another program before the server binds it; then other ports are tried.
        let mut attempts = 0;
        loop {
            attempts += 1;
            match ApiServer::attempt(options) {
                Err(Error::Server { tail, .. })
                    if attempts < 3 && tail.contains("address already in use") => {}
                result => return result,
            }
        }
    }

    fn attempt(options: &Options) -> Result<ApiServer, Error> {
        let etcd = program::require("etcd")?;
        let kube_apiserver = program::require("kube-apiserver")?;
        let [client_port, peer_port, port] = free_ports()?;
        let mut processes = Processes::new()?;
        let folder = processes.folder.clone();

        let store = format!("http://127.0.0.1:{client_port}");
        let peer = format!("http://127.0.0.1:{peer_port}");
        processes.spawn(
            "etcd",
            Command::new(etcd)
                .arg(format!("--data-dir={}", folder.join("etcd").display()))
                .args([format!("--listen-client-urls={store}"), format!("--advertise-client-urls={store}")])
                .args([format!("--listen-peer-urls={peer}"), format!("--initial-advertise-peer-urls={peer}")])
                .arg(format!("--initial-cluster=default={peer}")),
        )?;

        let credentials = Credentials::write(&folder)?;
        let file = |option: &str, name: &str| format!("--{option}={}", folder.join(name).display());
        processes.spawn(
            "kube-apiserver",
            Command::new(kube_apiserver)
                .arg(format!("--etcd-servers={store}"))
                .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
                .arg(format!("--secure-port={port}"))
                // The Service `kubernetes` may not point at a loopback address, and nobody here calls it.
                .arg("--endpoint-reconciler-type=none")
                .args([file("tls-cert-file", "server.crt"), file("tls-private-key-file", "server.key")])
                .arg(file("cert-dir", "certificates"))
                .arg("--service-account-issuer=https://kubernetes.default.svc.cluster.local")
                .args([
                    file("service-account-key-file", "service-account.pub"),
                    file("service-account-signing-key-file", "service-account.key"),
                ])
                .arg(file("token-auth-file", "tokens.csv"))
                .arg("--authorization-mode=RBAC")
                .arg(format!("--service-cluster-ip-range={}", options.service_addresses))
                // As kubeadm does: whether a Pod may be privileged is for Pod Security to say.
                .arg("--allow-privileged=true")
                .args(&options.arguments),
        )?;
        processes.guard();

        let address = format!("https://127.0.0.1:{port}");
        let kubeconfig = folder.join("kubeconfig");
        credentials.write_kubeconfig(&kubeconfig, &address)?;
        let client = Client::new(address, &credentials.token, &credentials.certificate);
        processes.wait_until("did not become ready", || {
            client.get("/readyz").is_ok_and(|answer| answer.code == 200)
        })?;
        // Namespaces of its own come shortly after; each gets what a controller would give it.
        for namespace in ["default", "kube-system", "kube-public"] {
            let path = format!("/api/v1/namespaces/{namespace}");
            processes.wait_until("did not make its own namespaces", || {
                client.get(&path).is_ok_and(|answer| answer.code == 200)
            })?;
            client.stand_in_for_controllers(
                &json!({ "kind": "Namespace", "metadata": { "name": namespace } }),
            )?;
        }
        Ok(ApiServer { client, kubeconfig, processes })
    }

    /// Talks to the server as a cluster administrator.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A kubeconfig of the administrator, for kubectl and Helm. It is removed together with the server.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Keeps the folder with logs and data, and returns it.
    pub fn keep(&mut self) -> &Path {
        self.processes.keep = true;
        &self.processes.folder
    }
}

/// Certificate, keys and token, written to a server's folder.
struct Credentials {
    certificate: String,
    token: String,
}

impl Credentials {
    fn write(folder: &Path) -> Result<Credentials, Error> {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let server = rcgen::generate_simple_self_signed(names)?;
        let service_account = rcgen::KeyPair::generate()?;
        // Any bytes nobody else knows will do as a token.
        let token: String = rcgen::KeyPair::generate()?
            .public_key_raw()
            .iter()
            .skip(1)
            .take(24)
            .map(|b| format!("{b:02x}"))
            .collect();
        let certificate = server.cert.pem();
        for (name, content) in [
            ("server.crt", &certificate),
            ("server.key", &server.signing_key.serialize_pem()),
            ("service-account.key", &service_account.serialize_pem()),
            ("service-account.pub", &service_account.public_key_pem()),
            ("tokens.csv", &format!("{token},admin,admin,system:masters\n")),
        ] {
            fs::write(folder.join(name), content).map_err(Error::io(format!("write {name}")))?;
        }
        Ok(Credentials { certificate, token })
    }

    /// JSON is YAML, so this needs no YAML.
    fn write_kubeconfig(&self, path: &Path, address: &str) -> Result<(), Error> {
        let authority = path.with_file_name("server.crt");
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "testbed",
                "cluster": { "server": address, "certificate-authority": authority } }],
            "users": [{ "name": "admin", "user": { "token": self.token } }],
            "contexts": [{ "name": "testbed", "context": { "cluster": "testbed", "user": "admin" } }],
            "current-context": "testbed",
        });
        fs::write(path, config.to_string()).map_err(Error::io("write a kubeconfig"))
    }
}

/// The two servers, what ends them, and where they write.
struct Processes {
    running: Vec<(&'static str, Child)>,
    watchdog: Option<Child>,
    folder: PathBuf,
    /// Removes the folder on drop; empty once the folder is to stay.
    temporary: Option<TempDir>,
    keep: bool,
}

impl Processes {
    fn new() -> Result<Processes, Error> {
        let temporary = tempfile::Builder::new()
            .prefix("storeyard-testbed-")
            .tempdir()
            .map_err(Error::io("make a temporary folder"))?;
        Ok(Processes {
            running: Vec::new(),
            watchdog: None,
            folder: temporary.path().to_owned(),
            temporary: Some(temporary),
            keep: std::env::var_os("STOREYARD_KEEP").is_some_and(|value| value == "1"),
        })
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(name).with_extension("log")
    }

    fn spawn(&mut self, name: &'static str, command: &mut Command) -> Result<(), Error> {
        let doing = || format!("start {name}");
        let log = fs::File::create(self.log(name)).map_err(Error::io(doing()))?;
        let child = command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(Error::io(doing()))?)
            .stderr(log)
            .spawn()
            .map_err(Error::io(doing()))?;
        self.running.push((name, child));
        Ok(())
    }

    /// Starts a shell that holds a pipe to this process: the pipe closes when this process dies, however it dies, and then
    /// the shell ends the servers. Without a shell the servers are ended by [`Drop`] only.
    fn guard(&mut self) {
        let ids: Vec<String> = self.running.iter().map(|(_, child)| child.id().to_string()).collect();
        let script = r#"folder=$1; shift; read -r _; kill -9 "$@"; sleep 1; rm -rf "$folder""#;
        self.watchdog = Command::new("sh")
            .args(["-c", script, "testbed-watchdog"])
            .arg(&self.folder)
            .args(ids)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok();
    }

    /// Asks `ready` until it says so. Fails when a server ends meanwhile, or after [`PATIENCE`].
    fn wait_until(&mut self, what: &str, ready: impl Fn() -> bool) -> Result<(), Error> {
        let start = Instant::now();
        loop {
            if ready() {
                return Ok(());
            }
            for index in 0..self.running.len() {
                let (name, child) = &mut self.running[index];
                let name = *name;
                if let Some(status) = child.try_wait().map_err(Error::io(format!("look after {name}")))? {
                    return Err(self.failure(name, format!("ended with {status}")));
                }
            }
            if start.elapsed() > PATIENCE {
                return Err(self.failure("kube-apiserver", format!("{what} in {} s", PATIENCE.as_secs())));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn failure(&mut self, program: &'static str, what: String) -> Error {
        self.keep = true;
        let log = self.log(program);
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(20)..].join("\n");
        Error::Server { program, what, log, tail }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // The watchdog first: the ids it would end are about to be free for others.
        if let Some(mut watchdog) = self.watchdog.take() {
            let _ = watchdog.kill();
            let _ = watchdog.wait();
        }
        for (_, child) in self.running.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if (self.keep || thread::panicking())
            && let Some(temporary) = self.temporary.take()
        {
            eprintln!("the servers' logs and data are kept in {}", temporary.keep().display());
        }
    }
}

fn free_ports<const N: usize>() -> Result<[u16; N], Error> {
    let mut ports = [0; N];
    // All are held until all are known, so that they differ.
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::io("find a free port"))?;
        *port = listener.local_addr().map_err(Error::io("find a free port"))?.port();
        held.push(listener);
    }
    Ok(ports)
}
