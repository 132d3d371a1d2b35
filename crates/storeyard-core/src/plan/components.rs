//! Which components are installed, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use chartwright::semver::{Constraints, Version};
use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::library::{Bom, ChartPin, Component, Layer, Library, Lifecycle, PodSecurity, State};
use crate::rules::spec as rules;
use crate::spec::Spec;

/// A component that will be installed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedComponent {
    /// Its name.
    pub name: String,
    /// One line.
    pub title: String,
    /// A sentence or two in each language.
    pub summary: BTreeMap<&'static str, String>,
    /// Its layer.
    pub layer: Layer,
    /// Its namespace.
    pub namespace: String,
    /// Pod Security level of the namespace.
    pub pod_security: PodSecurity,
    /// Its upstream chart.
    pub chart: Option<ChartPin>,
    /// Version of the program.
    pub app_version: String,
    /// Images pinned by the bill of materials.
    pub images: BTreeMap<String, String>,
    /// Life cycle of the pinned version.
    pub lifecycle: Option<Lifecycle>,
    /// Why this one.
    pub note: Option<String>,
    /// Whether Argo CD installs something of it; a static pod or a program has only a runbook.
    pub installed: bool,
    /// Position in the order of installation: one more than everything it needs.
    pub wave: usize,
    /// What it serves.
    pub provides: Vec<String>,
    /// The components it needs, by name.
    pub needs: Vec<String>,
    /// Its folder in the tree.
    pub path: String,
    /// Options of its Application.
    pub sync_options: Vec<String>,
    /// What it stores.
    pub state: State,
}

/// The outcome of [`select`].
pub(super) struct Selection {
    /// In order of installation: by wave, then by name.
    pub(super) components: Vec<PlannedComponent>,
    /// Component of each role, also of roles whose component has no folder.
    pub(super) roles: BTreeMap<String, String>,
    /// Component of each capability that is really served.
    pub(super) capabilities: BTreeMap<String, String>,
    /// Pinned but without a folder, with the roles bound to them.
    pub(super) missing: Vec<(String, Vec<String>)>,
}

/// Chooses components: the bound one of each role, everything else that is not optional, what the spec switches on, less
/// what it switches off.
pub(super) fn select(spec: &Spec, library: &Library, bom: &Bom) -> Result<Selection, Vec<Diagnostic>> {
    let platform = &spec.platform.spec;
    let mut problems = Vec::new();
    let mut roles = bom.spec.roles.clone();
    roles.extend(platform.roles.clone());

    let mut chosen: BTreeMap<&str, &Component> = BTreeMap::new();
    for (name, component) in &library.components {
        let bound_elsewhere = !component.spec.provides.is_empty()
            && component.spec.provides.iter().any(|p| roles.get(p).is_some_and(|bound| bound != name))
            && !roles.values().any(|bound| bound == name);
        let pinned = component.spec.chart.is_none() || bom.spec.components.contains_key(name);
        let default = !component.spec.optional && !bound_elsewhere && pinned;
        let enabled = platform.components.get(name).and_then(|o| o.enabled).unwrap_or(default);
        if enabled {
            chosen.insert(name, component);
        }
    }

    let mut capabilities: BTreeMap<String, String> = BTreeMap::new();
    for (name, component) in &chosen {
        for capability in &component.spec.provides {
            let bound = roles.get(capability).is_none_or(|bound| bound == name);
            if bound {
                capabilities.insert(capability.clone(), (*name).to_owned());
            }
        }
    }

    let version = Version::parse(&bom.spec.kubernetes.version).ok();
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, component) in &chosen {
        let mut own = BTreeSet::new();
        for need in &component.spec.needs {
            let provider = chosen
                .get_key_value(need.as_str())
                .map(|(name, _)| *name)
                .or_else(|| capabilities.get(need).map(String::as_str))
                .and_then(|provider| chosen.get_key_value(provider).map(|(name, _)| *name));
            match provider {
                Some(provider) if provider != *name => {
                    own.insert(provider);
                }
                Some(_) => {}
                None => problems.push(unmet(spec, component, need, library)),
            }
        }
        needs.insert(name, own);
        if let (Some(range), Some(version)) = (&component.spec.kubernetes, &version) {
            match Constraints::parse(range) {
                Ok(range_) if !range_.check(version) => problems.push(
                    rules::UNSUPPORTED_VERSION_RULE
                        .find(format!(
                            "`{name}` runs on Kubernetes {range}, and this is {}",
                            bom.spec.kubernetes.version
                        ))
                        .at(spec.platform_document.place("/spec/kubernetes"), "this version")
                        .and(component.place.clone(), "the component")
                        .help("switch the component off, or bind its role to another one"),
                ),
                Ok(_) => {}
                Err(error) => problems.push(
                    rules::LIBRARY_RULE
                        .find(format!("`{range}` is not a range of versions: {error}"))
                        .at(component.place.clone(), "in this component"),
                ),
            }
        }
        if let Some(key) = &component.spec.chart
            && bom.spec.components.get(key.as_str()).and_then(|c| c.chart.as_ref()).is_none()
        {
            problems.push(
                    rules::LIBRARY_RULE
                        .find(format!("`{name}` installs the chart `{key}`, which `{}` does not pin", bom.metadata.name))
                        .at(component.place.clone(), "the component")
                        .help("pin the chart in the bill of materials; in a library folder of your own it is `library/bom/<name>.yaml`"),
                );
        }
    }

    let waves = match waves(&needs) {
        Ok(waves) => waves,
        Err(cycle) => {
            let component = chosen.get(cycle[0]).map(|c| c.place.clone());
            problems.push(
                rules::LIBRARY_RULE
                    .find(format!("components need each other in a circle: {}", cycle.join(" → ")))
                    .maybe_at(component, "starts here")
                    .help("remove one of the needs"),
            );
            BTreeMap::new()
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }

    let mut components: Vec<PlannedComponent> = chosen
        .iter()
        .map(|(name, component)| planned(name, component, bom, waves.get(name).copied().unwrap_or(0), &needs))
        .collect();
    components.sort_by(|a, b| (a.wave, &a.name).cmp(&(b.wave, &b.name)));

    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (role, name) in &roles {
        if !library.components.contains_key(name) {
            missing.entry(name.clone()).or_default().push(role.clone());
        }
    }
    Ok(Selection { components, roles, capabilities, missing: missing.into_iter().collect() })
}

fn unmet(spec: &Spec, component: &Component, need: &str, library: &Library) -> Diagnostic {
    let off = library
        .components
        .get(need)
        .or_else(|| library.components.values().find(|other| other.spec.provides.iter().any(|p| p == need)));
    let diagnostic = rules::LIBRARY_RULE
        .find(format!("`{}` needs `{need}`, and nothing provides it", component.name))
        .at(component.place.clone(), "the component");
    match off {
        Some(other) => {
            let place =
                spec.platform_document.exact_place(&format!("/spec/components/{}/enabled", other.name));
            let diagnostic = match place {
                Some(place) => diagnostic.and(place, "switched off here"),
                None => diagnostic,
            };
            diagnostic.help(format!("switch `{}` on, or `{}` off", other.name, component.name))
        }
        None => diagnostic.help("add a component that provides it, or mend `needs`"),
    }
}

fn planned(
    name: &str,
    component: &Component,
    bom: &Bom,
    wave: usize,
    needs: &BTreeMap<&str, BTreeSet<&str>>,
) -> PlannedComponent {
    let spec = &component.spec;
    let pin = bom.spec.components.get(spec.chart.as_deref().unwrap_or(name));
    PlannedComponent {
        name: name.to_owned(),
        title: spec.title.clone(),
        summary: [("en", spec.summary.en.clone()), ("zh", spec.summary.zh.clone())].into_iter().collect(),
        layer: spec.layer,
        namespace: spec.namespace.clone(),
        pod_security: spec.pod_security,
        chart: spec.chart.as_ref().and(pin).and_then(|p| p.chart.clone()),
        app_version: pin.map(|p| p.app_version.clone()).unwrap_or_default(),
        images: pin.map(|p| p.images.clone()).unwrap_or_default(),
        lifecycle: pin.map(|p| p.lifecycle.clone()),
        note: pin.and_then(|p| p.note.clone()),
        installed: spec.chart.is_some()
            || component.files.keys().any(|path| path.starts_with("templates/") || path.starts_with("crds/")),
        wave,
        provides: spec.provides.clone(),
        needs: needs.get(name).into_iter().flatten().map(|n| (*n).to_owned()).collect(),
        path: format!("{}/{name}", spec.layer.as_str()),
        sync_options: spec.sync_options.clone(),
        state: spec.state.clone(),
    }
}

/// Longest way from a component without needs, or a circle.
fn waves<'a>(needs: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Result<BTreeMap<&'a str, usize>, Vec<&'a str>> {
    let mut waves: BTreeMap<&str, usize> = BTreeMap::new();
    while waves.len() < needs.len() {
        let before = waves.len();
        for (name, own) in needs {
            if waves.contains_key(name) {
                continue;
            }
            let depth: Option<usize> =
                own.iter().map(|need| waves.get(need).map(|w| w + 1)).try_fold(0, |max, w| Some(max.max(w?)));
            if let Some(depth) = depth {
                waves.insert(name, depth);
            }
        }
        if waves.len() == before {
            return Err(circle(needs, &waves));
        }
    }
    Ok(waves)
}

/// A circle among the components that have no wave.
fn circle<'a>(needs: &BTreeMap<&'a str, BTreeSet<&'a str>>, waves: &BTreeMap<&str, usize>) -> Vec<&'a str> {
    let mut path: Vec<&str> = Vec::new();
    let mut at = needs.keys().find(|name| !waves.contains_key(*name)).copied();
    while let Some(name) = at {
        if let Some(start) = path.iter().position(|seen| *seen == name) {
            path.drain(..start);
            path.push(name);
            break;
        }
        path.push(name);
        at = needs.get(name).and_then(|own| own.iter().find(|need| !waves.contains_key(*need)).copied());
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph<'a>(edges: &[(&'a str, &[&'a str])]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        edges.iter().map(|(name, needs)| (*name, needs.iter().copied().collect())).collect()
    }

    #[test]
    fn waves_are_the_longest_way() {
        let waves = waves(&graph(&[("a", &[]), ("b", &["a"]), ("c", &["a", "b"]), ("d", &[])])).unwrap();
        assert_eq!(waves, [("a", 0), ("b", 1), ("c", 2), ("d", 0)].into_iter().collect());
    }

    #[test]
    fn a_circle_is_named() {
        let circle = waves(&graph(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"]), ("d", &[])])).unwrap_err();
        assert_eq!(circle, ["a", "c", "b", "a"]);
    }
}
