//! The whole way of the data in one call: files in, tree and findings out.

use std::sync::Arc;

use crate::check::{self, Report};
use crate::diagnostic::{Diagnostic, Severity};
use crate::library::{FileSet, Library, embedded_files};
use crate::objects::{Charts, VendoredCharts, archive_name, releases};
use crate::plan::Plan;
use crate::source::Sources;
use crate::spec::platform::Delivery;
use crate::spec::{self, Spec, SpecFiles};
use crate::tree::{self, Origin, Templates, Tree, TreeFile};

/// Everything a run reads.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The user's spec.
    pub spec: SpecFiles,
    /// The user's own `library/` folder, laid over the embedded one.
    pub library: FileSet,
    /// Upstream charts that are at hand.
    pub vendored: VendoredCharts,
    /// Text of `storeyard.lock`, when there is one.
    pub lock: Option<String>,
    /// The day of the run, `YYYY-MM-DD`: for suppressions and life cycles, never for what is written.
    pub today: String,
}

/// Everything a run gives. Later stages are absent when an earlier one found errors.
pub struct Compiled {
    /// All texts, for excerpts.
    pub sources: Sources,
    /// All findings in final order, suppressed ones taken out.
    pub findings: Vec<Diagnostic>,
    /// The spec.
    pub spec: Option<Spec>,
    /// The plan.
    pub plan: Option<Plan>,
    /// The templates that the tree was made from.
    pub templates: Option<Templates>,
    /// The tree.
    pub tree: Option<Tree>,
    /// What checking counted.
    pub report: Report,
}

impl Compiled {
    /// Whether there is an error among the findings.
    pub fn failed(&self) -> bool {
        self.findings.iter().any(|f| f.severity == Severity::Error)
    }
}

/// Compiles a spec.
pub fn compile(inputs: &Inputs) -> Compiled {
    let mut compiled = Compiled {
        sources: Sources::default(),
        findings: Vec::new(),
        spec: None,
        plan: None,
        templates: None,
        tree: None,
        report: Report::default(),
    };
    stages(inputs, &mut compiled);
    let suppressions =
        compiled.spec.as_ref().map(|s| s.platform.spec.suppressions.clone()).unwrap_or_default();
    let (mut findings, suppressed) = check::suppress(std::mem::take(&mut compiled.findings), &suppressions);
    crate::diagnostic::sort(&mut findings);
    compiled.findings = findings;
    compiled.report.suppressed = suppressed;
    compiled
}

fn stages(inputs: &Inputs, out: &mut Compiled) {
    let mut files = embedded_files();
    files.extend(inputs.library.clone());
    let (library, problems) = Library::load(&files, &mut out.sources);
    out.findings.extend(problems);

    let (spec, findings) = spec::load(&inputs.spec, &library, &inputs.today, &mut out.sources);
    out.findings.extend(findings);
    let Some(spec) = spec else { return };
    let plan = match Plan::resolve(&spec, &library) {
        Ok(plan) => plan,
        Err(problems) => {
            out.findings.extend(problems);
            out.spec = Some(spec);
            return;
        }
    };
    let rendered = Templates::parse(&library)
        .and_then(|templates| tree::render(&spec, &plan, &library, &templates).map(|tree| (templates, tree)));
    match rendered {
        Ok((templates, mut tree)) if !out.failed() => {
            vendored_into(&mut tree, &plan, &inputs.vendored);
            let mut report =
                check::run(&spec, &plan, &tree, &inputs.vendored, &inputs.today, &mut out.sources);
            out.findings.append(&mut report.findings);
            crate::rules::objects::lock_mismatch(
                &plan,
                &inputs.vendored,
                inputs.lock.as_deref(),
                &mut out.sources,
                &mut out.findings,
            );
            if plan.delivery == Delivery::Rendered {
                render_into(&mut tree, &plan, &inputs.vendored, &report, &spec, &mut out.findings);
            }
            out.report = report;
            out.templates = Some(templates);
            out.tree = Some(tree);
        }
        Ok(_) => {}
        Err(problems) => out.findings.extend(problems),
    }
    out.plan = Some(plan);
    out.spec = Some(spec);
}

/// Vendored charts travel with the tree, so that it needs no registry either.
fn vendored_into(tree: &mut Tree, plan: &Plan, vendored: &VendoredCharts) {
    for component in &plan.components {
        let Some(pin) = &component.chart else { continue };
        let archive = archive_name(&pin.name, &pin.version);
        if let Some(bytes) = vendored.get(&archive) {
            tree.files.insert(
                format!("{}/charts/{archive}", component.path),
                TreeFile {
                    bytes: Arc::clone(bytes),
                    origin: Origin::Copied { from: format!("vendor/{archive}") },
                    executable: false,
                },
            );
        }
    }
}

/// `delivery: rendered`: one file an object under `rendered/`.
fn render_into(
    tree: &mut Tree,
    plan: &Plan,
    vendored: &VendoredCharts,
    report: &Report,
    spec: &Spec,
    findings: &mut Vec<Diagnostic>,
) {
    if !report.not_checked.is_empty() {
        findings.push(
            crate::rules::objects::RENDERED_WITHOUT_CHARTS_RULE
                .find(format!(
                    "{} upstream charts are not vendored, so nothing of them can be delivered",
                    report.not_checked.len()
                ))
                .at(spec.platform_document.place("/spec/delivery"), "wants every manifest in the repository")
                .note(report.not_checked.join(", "))
                .help("run `storeyard vendor` first, or use `delivery: charts`"),
        );
        return;
    }
    let releases = releases(plan, tree);
    let mut files = Vec::new();
    {
        let charts = Charts::load(plan, tree, vendored, &releases);
        for release in &releases {
            // What fails to render was reported by the checks.
            let Ok(expanded) = charts.expand(release, None) else { continue };
            let folder = match &release.owner {
                crate::objects::Owner::Store(name) => format!("rendered/tenants/{name}"),
                _ => format!("rendered/{}", release.chart),
            };
            for object in expanded.objects {
                let name =
                    format!("{}-{}", object.kind(), object.name()).to_lowercase().replace([':', '/'], "-");
                let place = if object.namespace.is_empty() || object.namespace == release.namespace {
                    format!("{folder}/{name}.yaml")
                } else {
                    format!("{folder}/{}-{name}.yaml", object.namespace)
                };
                let text = format!("# Source: {}\n{}\n", object.source, object.text.trim_end());
                files.push((place, text, release.chart.clone()));
            }
        }
    }
    for (path, text, chart) in files {
        let file = TreeFile {
            bytes: Arc::from(text.into_bytes()),
            origin: Origin::Rendered { chart },
            executable: false,
        };
        tree.files.insert(path, file);
    }
}
