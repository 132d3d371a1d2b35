//! Objects → findings.
//!
//! Releases are expanded in parallel and one at a time per thread: rules about one release see its objects, and of each
//! object only [`facts::Facts`] are kept, on which rules about the whole fleet work. So memory grows with the names in
//! the fleet and not with its manifests.

pub mod facts;
mod suppress;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use chartwright::engine::Trace;
use rayon::prelude::*;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::objects::{self, Charts, ExpandError, Expanded, Object, Owner, ReleaseRef, VendoredCharts};
use crate::plan::Plan;
use crate::rules::Rule;
use crate::rules::objects as rules;
use crate::source::{Place, Provenance, Sources};
use crate::spec::Spec;
use crate::tree::Tree;
use facts::Facts;

pub use suppress::suppress;

/// Everything that checking found out.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What is wrong, in final order.
    pub findings: Vec<Diagnostic>,
    /// Releases and objects by layer: `infra`, `platform`, `tenants`, `apps`.
    pub layers: BTreeMap<String, Layer>,
    /// Upstream charts that are not at hand, so that what they install was not checked.
    pub not_checked: Vec<String>,
    /// How many findings were suppressed.
    pub suppressed: usize,
}

/// What a layer holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layer {
    /// Charts with values.
    pub releases: usize,
    /// Objects that were looked at.
    pub objects: usize,
}

/// A finding before its place in the tree is known as a [`Place`]: rules run in parallel, texts are added afterwards.
#[derive(Debug, Clone)]
pub struct Found {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Path in the tree and line (from 1) it is about, unless the finding has a place in the spec.
    pub at: Option<(String, usize)>,
    /// What is to be seen there.
    pub label: String,
}

impl Found {
    /// A finding about an object; the place is where the object starts in the file that made it.
    pub fn object(rule: &Rule, object: &Object, message: impl Into<String>) -> Self {
        Self {
            diagnostic: rule.find(message).about(object.id()),
            at: Some((object.source.clone(), 1)),
            label: String::new(),
        }
    }

    /// A finding about a file of the tree.
    pub fn file(rule: &Rule, path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            diagnostic: rule.find(message).about(path.clone()),
            at: Some((path, line)),
            label: String::new(),
        }
    }

    /// A finding about an object of which only the facts are left.
    pub fn at(rule: &Rule, id: &str, source: &str, message: impl Into<String>) -> Self {
        Self {
            diagnostic: rule.find(message).about(id),
            at: Some((source.to_owned(), 1)),
            label: String::new(),
        }
    }

    /// A finding about a reference.
    pub fn reference(rule: &Rule, reference: &facts::Reference, message: impl Into<String>) -> Self {
        Self::at(rule, &reference.from, &reference.source, message)
    }

    /// A finding that has its place, or needs none.
    pub fn plain(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, at: None, label: String::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.note(note);
        self
    }

    /// Sets the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.help(help);
        self
    }

    /// Sets the word on the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
}

/// What rules about one release look at.
pub struct ReleaseContext<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The tree.
    pub tree: &'a Tree,
    /// The release.
    pub release: &'a ReleaseRef,
    /// Its objects in install order.
    pub objects: &'a [Object],
}

/// What rules about the whole fleet look at.
pub struct FleetContext<'a> {
    /// The spec.
    pub spec: &'a Spec,
    /// The plan.
    pub plan: &'a Plan,
    /// The tree.
    pub tree: &'a Tree,
    /// What is known of every object.
    pub facts: &'a Facts,
    /// Upstream charts that are not at hand, by component.
    pub not_at_hand: &'a BTreeMap<String, Vec<String>>,
    /// The day of the run, `YYYY-MM-DD`.
    pub today: &'a str,
}

/// Checks a tree. `today` is `YYYY-MM-DD`.
pub fn run(
    spec: &Spec,
    plan: &Plan,
    tree: &Tree,
    vendored: &VendoredCharts,
    today: &str,
    sources: &mut Sources,
) -> Report {
    let releases = objects::releases(plan, tree);
    let charts = Charts::load(plan, tree, vendored, &releases);
    let traced = one_of_each_shape(&charts, &releases);
    let results: Vec<ReleaseResult> = releases
        .par_iter()
        .map(|release| match expand(spec, &charts, release, traced.contains(&release.name)) {
            Ok((expanded, found)) => of_release(plan, tree, release, expanded, found),
            // Own templates may read defaults of a chart that is not at hand: nothing can be said of them without it.
            Err(_) if !charts.missing(release).is_empty() => {
                ReleaseResult { not_at_hand: charts.missing(release).to_vec(), ..ReleaseResult::default() }
            }
            Err(error) => ReleaseResult {
                found: vec![
                    Found::file(
                        &rules::NOT_RENDERED_RULE,
                        release
                            .values
                            .first()
                            .cloned()
                            .unwrap_or_else(|| format!("{}/values.yaml", release.chart)),
                        1,
                        format!("{} cannot be rendered", release.owner.describe()),
                    )
                    .note(error.to_string())
                    .help("mend the value or template that the message names"),
                ],
                ..ReleaseResult::default()
            },
        })
        .collect();

    let mut report = Report::default();
    let mut facts = Facts::default();
    let mut found = Vec::new();
    let mut not_at_hand = BTreeMap::new();
    for (release, result) in releases.iter().zip(results) {
        let layer = report.layers.entry(layer_of(release, plan)).or_default();
        layer.releases += 1;
        layer.objects += result.objects;
        facts.extend(result.facts);
        found.extend(result.found);
        if let (Owner::Component(name), false) = (&release.owner, result.not_at_hand.is_empty()) {
            report.not_checked.extend(result.not_at_hand.iter().cloned());
            not_at_hand.insert(name.clone(), result.not_at_hand);
        }
    }
    match objects::repository_objects(tree) {
        Ok(own) => {
            report.layers.entry("apps".to_owned()).or_default().objects += own.len();
            for object in &own {
                facts.add(object, &Owner::Repository, 0);
            }
        }
        Err(message) => found.push(Found::plain(
            rules::NOT_RENDERED_RULE
                .find(message)
                .help("mend the template of that file under `library/tree/apps`"),
        )),
    }
    let fleet = FleetContext { spec, plan, tree, facts: &facts, not_at_hand: &not_at_hand, today };
    for rule in rules::FLEET_RULES {
        rule(&fleet, &mut found);
    }
    report.not_checked.sort();
    report.not_checked.dedup();
    report.findings = found.into_iter().map(|one| placed(one, tree, sources)).collect();
    report
}

#[derive(Default)]
struct ReleaseResult {
    found: Vec<Found>,
    facts: Facts,
    objects: usize,
    not_at_hand: Vec<String>,
}

/// Releases of one chart whose values have the same keys read the same values: one of them is traced.
fn one_of_each_shape(charts: &Charts<'_>, releases: &[ReleaseRef]) -> BTreeSet<String> {
    let shapes: Vec<(String, u64)> = releases
        .par_iter()
        .map(|release| {
            let mut hasher = std::hash::DefaultHasher::new();
            shape(&charts.written_values(release), &mut hasher);
            (release.chart.clone(), hasher.finish())
        })
        .collect();
    let mut seen = BTreeSet::new();
    releases
        .iter()
        .zip(shapes)
        .filter(|(_, shape)| seen.insert(shape.clone()))
        .map(|(r, _)| r.name.clone())
        .collect()
}

/// Keys and kinds of values. What decides about branches in charts, switches and emptiness, belongs to the shape.
fn shape(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Object(map) => {
            1_u8.hash(hasher);
            for (key, value) in map {
                key.hash(hasher);
                shape(value, hasher);
            }
            2_u8.hash(hasher);
        }
        Value::Array(items) => {
            3_u8.hash(hasher);
            items.iter().for_each(|item| shape(item, hasher));
            4_u8.hash(hasher);
        }
        Value::Bool(value) => value.hash(hasher),
        Value::String(text) => text.is_empty().hash(hasher),
        Value::Number(_) | Value::Null => 5_u8.hash(hasher),
    }
}

fn expand(
    spec: &Spec,
    charts: &Charts<'_>,
    release: &ReleaseRef,
    traced: bool,
) -> Result<(Expanded, Vec<Found>), ExpandError> {
    if !traced {
        return Ok((charts.expand(release, None)?, Vec::new()));
    }
    let mut trace = Trace::new();
    let expanded = charts.expand(release, Some(&mut trace))?;
    let mut found = Vec::new();
    let unread = trace.unread(&["Values".into()], &charts.written_values(release));
    rules::unread_values(spec, charts, release, &unread, &mut found);
    Ok((expanded, found))
}

fn of_release(
    plan: &Plan,
    tree: &Tree,
    release: &ReleaseRef,
    expanded: Expanded,
    found: Vec<Found>,
) -> ReleaseResult {
    let context = ReleaseContext { plan, tree, release, objects: &expanded.objects };
    let mut result = ReleaseResult {
        objects: expanded.objects.len(),
        not_at_hand: expanded.not_at_hand,
        found,
        ..ReleaseResult::default()
    };
    for rule in rules::RELEASE_RULES {
        rule(&context, &mut result.found);
    }
    for object in &expanded.objects {
        result.facts.add(object, &release.owner, release.wave);
    }
    result
}

fn layer_of(release: &ReleaseRef, plan: &Plan) -> String {
    match &release.owner {
        Owner::Component(name) => plan.component(name).map_or("platform", |c| c.layer.as_str()).to_owned(),
        Owner::Store(_) => "tenants".to_owned(),
        Owner::Repository => "apps".to_owned(),
    }
}

fn placed(found: Found, tree: &Tree, sources: &mut Sources) -> Diagnostic {
    let Some((path, line)) = found.at else { return found.diagnostic };
    let Some(file) = tree.files.get(&path) else {
        // Inside a vendored chart: there is no such file in the tree to show.
        return found.diagnostic.note(format!("made by `{path}`"));
    };
    let id = match sources.find(&path) {
        Some(id) => id,
        None => sources.add(&path, String::from_utf8_lossy(&file.bytes).into_owned(), Provenance::Tree),
    };
    let Place { file, span } = sources.line(id, line);
    found.diagnostic.at(Place { file, span }, found.label)
}
