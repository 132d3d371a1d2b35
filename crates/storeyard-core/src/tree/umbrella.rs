//! A component as a conventional umbrella chart.

use std::sync::Arc;

use chartwright::engine::{Session, Val};
use chartwright::yaml;
use serde_json::{Map, Value, json};

use super::{Origin, Subject, Templates, TreeFile, TreePath, data, render_options, template_problem, tidy};
use crate::diagnostic::Diagnostic;
use crate::library::Library;
use crate::plan::{Plan, PlannedComponent};
use crate::rules::spec as rules;
use crate::spec::Spec;
use crate::spec::document::{escape, overlay};

/// `Chart.yaml`, `values.yaml`, `templates/` and `crds/` of a component.
pub(super) fn files(
    spec: &Spec,
    plan: &Plan,
    library: &Library,
    templates: &Templates,
    component: &PlannedComponent,
) -> Result<Vec<(TreePath, TreeFile)>, Vec<Diagnostic>> {
    let mut out = Vec::new();
    let Some(folder) = library.components.get(&component.name) else { return Ok(out) };
    let values = values(spec, plan, templates, component)?;
    let copied: Vec<&String> = folder
        .files
        .keys()
        .filter(|path| {
            path.starts_with("templates/") || path.starts_with("crds/") || path.starts_with("files/")
        })
        .collect();
    let alerts =
        folder.files.get("alerts.yaml").filter(|_| plan.value["capabilities"].get("prometheus").is_some());
    if component.chart.is_none() && copied.is_empty() {
        // Nothing for Argo CD to install: a static pod, a program, a runbook.
        return Ok(out);
    }
    out.push((
        format!("{}/Chart.yaml", component.path),
        TreeFile {
            bytes: Arc::from(chart_yaml(component).into_bytes()),
            origin: Origin::Made { by: "the bill of materials" },
            executable: false,
        },
    ));
    if let Some(values) = values {
        out.push((format!("{}/values.yaml", component.path), values));
    }
    if let Some(alerts) = alerts {
        let made = |text: String, origin| TreeFile {
            bytes: Arc::from(text.into_bytes()),
            origin,
            executable: false,
        };
        out.push((
            format!("{}/alerts.yaml", component.path),
            made(alerts.text.to_string(), Origin::Copied { from: format!("{}/alerts.yaml", component.path) }),
        ));
        out.push((
            format!("{}/templates/alerts.yaml", component.path),
            made(prometheus_rule(&component.name), Origin::Made { by: "the component's alerts" }),
        ));
    }
    for path in copied {
        out.push((
            format!("{}/{path}", component.path),
            TreeFile {
                bytes: Arc::from(folder.files[path].text.as_bytes()),
                origin: Origin::Copied { from: format!("{}/{path}", component.path) },
                executable: false,
            },
        ));
    }
    Ok(out)
}

/// The values: as the template gives them, comments and all, or merged with what the spec sets.
fn values(
    spec: &Spec,
    plan: &Plan,
    templates: &Templates,
    component: &PlannedComponent,
) -> Result<Option<TreeFile>, Vec<Diagnostic>> {
    let template = format!("{}/values.yaml", component.path);
    let subject = Subject::Component(component.name.clone());
    let mut text = String::new();
    if templates.contains(&template) {
        let data = Val::from_json(&data(plan, &subject));
        text = Session::new(&templates.set, &render_options(), None)
            .render(&template, &data)
            .map(tidy)
            .map_err(|error| vec![template_problem(&error, &templates.files, Some(&subject))])?;
    }
    let parsed = yaml::from_str(&text).map_err(|error| {
        vec![
            rules::LIBRARY_RULE
                .find(format!("the values of `{}` are not YAML: {error}", component.name))
                .help("mend the template `values.yaml` of the component"),
        ]
    })?;
    let own = spec.platform.spec.components.get(&component.name);
    if let Some(own) = own.filter(|own| !own.values.is_empty() || !own.settings.is_empty()) {
        let mut merged = if parsed.is_null() { Value::Object(Map::new()) } else { parsed };
        if !own.values.is_empty() {
            let values = Value::Object(own.values.clone());
            let values = match &component.chart {
                Some(chart) => json!({ chart.name.clone(): values }),
                None => values,
            };
            keep_nulls(&mut merged, &values);
        }
        overlay(&mut merged, &Value::Object(own.settings.clone()));
        let pointer = format!("/spec/components/{}", escape(&component.name));
        text = format!(
            "# Values of the library with those of `{pointer}` in the spec laid over them.\n{}",
            yaml::to_string(&merged)
        );
    } else if parsed.is_null() {
        return Ok(None);
    }
    Ok(Some(TreeFile {
        bytes: Arc::from(text.into_bytes()),
        origin: Origin::Template { template, subject },
        executable: false,
    }))
}

/// Like [`overlay`], but `null` stays: for Helm it takes away a default of the chart.
fn keep_nulls(lower: &mut Value, upper: &Value) {
    match (lower, upper) {
        (Value::Object(lower), Value::Object(upper)) => {
            for (key, value) in upper {
                keep_nulls(lower.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (lower, upper) => *lower = upper.clone(),
    }
}

/// The component's alerts as an object. They are read as a file, because their `{{ $labels }}` are Prometheus' templates and not
/// Helm's.
fn prometheus_rule(name: &str) -> String {
    format!(
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: {name}\nspec:\n\
         {{{{ .Files.Get \"alerts.yaml\" | indent 2 }}}}\n"
    )
}

fn chart_yaml(component: &PlannedComponent) -> String {
    let mut chart = json!({
        "apiVersion": "v2",
        "name": component.name,
        "description": component.title,
        "type": "application",
        // The umbrella has no life of its own: its version is that of what it wraps.
        "version": component.chart.as_ref().map_or("0.1.0", |c| c.version.trim_start_matches('v')),
        "appVersion": component.app_version,
    });
    if let Some(pin) = &component.chart {
        chart["dependencies"] =
            json!([{ "name": pin.name, "version": pin.version, "repository": pin.repository }]);
    }
    yaml::to_string(&chart)
}
