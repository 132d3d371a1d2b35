//! `storeyard init`

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use storeyard_core::compile::{Inputs, compile};
use storeyard_core::diagnostic;
use storeyard_core::spec::SpecFiles;

use super::FAILED;
use crate::error::{CommandError, Kind};
use crate::output;

/// Ask a few questions and write a spec that passes its checks.
///
/// On a terminal each question shows its default; without one, the defaults and the flags are the answers. Nothing that
/// exists is overwritten.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directory to write `storeyard.yaml` and `stores/` into.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Name of the platform.
    #[arg(long)]
    name: Option<String>,
    /// Kubernetes minor.
    #[arg(long)]
    kubernetes: Option<String>,
    /// Name of the first store.
    #[arg(long)]
    store: Option<String>,
    /// Domain of the first store.
    #[arg(long)]
    domain: Option<String>,
    /// Address of the host in the vRack.
    #[arg(long)]
    host_address: Option<String>,
    /// Failover block for the edge.
    #[arg(long)]
    load_balancers: Option<String>,
    /// URL of the Git repository that the tree will live in.
    #[arg(long)]
    git: Option<String>,
    /// Do not ask, take defaults.
    #[arg(long)]
    yes: bool,
}

/// The minor that every current component covers.
const RECOMMENDED: &str = "1.35";

pub(crate) fn run(args: &Args) -> Result<ExitCode, CommandError> {
    let ask = !args.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let platform_path = args.dir.join("storeyard.yaml");
    if platform_path.exists() {
        return Err(CommandError::new(
            Kind::Refused,
            format!("`{}` exists already", platform_path.display()),
        )
        .hint("edit it, or name another directory"));
    }
    let answer = |given: &Option<String>, question: &str, default: &str| -> Result<String, CommandError> {
        if let Some(given) = given {
            return Ok(given.clone());
        }
        if !ask {
            return Ok(default.to_owned());
        }
        eprint!("{question} [{default}]: ");
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| CommandError::new(Kind::World, format!("cannot read the answer: {error}")))?;
        let line = line.trim();
        Ok(if line.is_empty() { default.to_owned() } else { line.to_owned() })
    };
    let name = answer(&args.name, "Name of the platform", "galleria")?;
    let kubernetes = answer(&args.kubernetes, "Kubernetes minor", RECOMMENDED)?;
    let host = answer(&args.host_address, "Address of the host in the vRack", "10.10.0.2")?;
    let block = answer(&args.load_balancers, "Failover block for the edge", "203.0.113.16/29")?;
    let git =
        answer(&args.git, "Git repository for the result", &format!("ssh://git@git.example/{name}.git"))?;
    let store = answer(&args.store, "Name of the first store", "aurora")?;
    let domain = answer(&args.domain, "Its domain", &format!("{store}.example"))?;

    let platform = platform_text(&name, &kubernetes, &host, &block, &git);
    let store_text = store_text(&store, &domain);
    let store_path = args.dir.join("stores").join(format!("{store}.yaml"));
    if store_path.exists() {
        return Err(CommandError::new(Kind::Refused, format!("`{}` exists already", store_path.display()))
            .hint("choose another name for the store"));
    }
    let inputs = Inputs {
        spec: SpecFiles {
            platform: ("storeyard.yaml".to_owned(), platform.clone().into_bytes()),
            stores: vec![(format!("stores/{store}.yaml"), store_text.clone().into_bytes())],
        },
        today: jiff::Zoned::now().date().to_string(),
        ..Inputs::default()
    };
    let compiled = compile(&inputs);
    if compiled.failed() {
        eprint!("{}", diagnostic::to_text(&compiled.findings, &compiled.sources, output::stderr_style()));
        eprintln!("nothing was written: give other answers");
        return Ok(FAILED);
    }
    let refused = |path: &std::path::Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| {
            CommandError::new(Kind::World, format!("`{path}` cannot be written: {error}"))
        }
    };
    let stores = args.dir.join("stores");
    std::fs::create_dir_all(&stores).map_err(refused(&stores))?;
    std::fs::write(&platform_path, platform).map_err(refused(&platform_path))?;
    std::fs::write(&store_path, store_text).map_err(refused(&store_path))?;
    let schema = args.dir.join("storeyard.schema.json");
    if !schema.exists() {
        let text = output::pretty(&storeyard_core::spec::schema::combined());
        std::fs::write(&schema, text).map_err(refused(&schema))?;
    }
    eprintln!("{} and {} are written, and pass their checks", platform_path.display(), store_path.display());
    eprintln!(
        "next: put your machines, keys and images into them, then `storeyard build {} -o OUT`",
        args.dir.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn platform_text(name: &str, kubernetes: &str, host: &str, block: &str, git: &str) -> String {
    // Machines live in the /24 of the host.
    let prefix = host.rsplit_once('.').map_or("10.10.0", |(prefix, _)| prefix);
    format!(
        r#"# yaml-language-server: $schema=./storeyard.schema.json
apiVersion: storeyard.io/v1alpha1
kind: Platform
metadata:
  name: {name}
spec:
  kubernetes: "{kubernetes}"
  network:
    apiServer: {prefix}.10 # held by kube-vip, must be free
    loadBalancers: [{block}] # routed into the vRack
  hosts:
    - name: bm1
      address: {host}
      cores: 32
      memory: 256Gi
      zfs: {{ pool: tank }}
      machines:
        - {{ name: cp1, role: control-plane, address: {prefix}.11, cores: 2, memory: 8Gi }}
        - {{ name: cp2, role: control-plane, address: {prefix}.12, cores: 2, memory: 8Gi }}
        - {{ name: cp3, role: control-plane, address: {prefix}.13, cores: 2, memory: 8Gi }}
        - {{ name: w1, role: worker, labels: [infra], address: {prefix}.21, cores: 24, memory: 192Gi }}
  domain: ops.{name}.example
  git:
    url: {git}
  objectStore:
    endpoint: https://s3.example
    region: gra
    prefix: {name}
  secrets:
    ageRecipients: [] # age-keygen -o age.key, then its public key here
  ssh:
    authorizedKeys: [] # who may log in to the machines
"#
    )
}

fn store_text(store: &str, domain: &str) -> String {
    format!(
        r#"# yaml-language-server: $schema=../storeyard.schema.json
apiVersion: storeyard.io/v1alpha1
kind: Store
metadata:
  name: {store}
spec:
  size: small
  domains: [{domain}]
  images: # the image pipeline writes the digests here
    fpm: registry.example/{store}/magento-php-fpm:2.4.8
    web: registry.example/{store}/magento-web:2.4.8
  locales: [en_GB]
"#
    )
}
