//! Why is this line there: from a line of the tree, or an object, back to the template line, the value and the line of the
//! spec behind it.
//!
//! Nothing of this is kept while building: the one file in question is rendered again with a trace.

use chartwright::engine::{Origin as LineOrigin, Session, Trace, Val, ValuePath};
use chartwright::yaml::{self, PathSegment};
use serde_json::Value;

use crate::compile::{Compiled, Inputs};
use crate::objects::{Charts, Object, ReleaseRef, releases, segment};
use crate::source::{line_column, line_span};
use crate::spec::document::{Document, escape};
use crate::tree::{self, Origin, Subject};

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A line (from 1) of a file of the tree.
    Line(String, usize),
    /// An object: kind, namespace if given, name.
    Object(String, Option<String>, String),
}

/// One step on the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How deep it is: 0 is what was asked for.
    pub depth: usize,
    /// What it is: `tree`, `template`, `value`, `spec`, `default`, `bill of materials`, `decided`, `copied`.
    pub role: &'static str,
    /// File and line (from 1), if it has a place.
    pub place: Option<(String, usize)>,
    /// The line's text, or the value.
    pub text: String,
}

impl Target {
    /// Reads `FILE:LINE`, `Kind/name` or `Kind/namespace/name`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((path, line)) = text.rsplit_once(':')
            && let Ok(line) = line.parse::<usize>()
        {
            return Some(Self::Line(path.trim_start_matches("./").to_owned(), line));
        }
        let parts: Vec<&str> = text.split('/').collect();
        let kind = parts.first().filter(|k| k.starts_with(|c: char| c.is_ascii_uppercase()))?;
        match parts.as_slice() {
            [_, name] => Some(Self::Object((*kind).to_owned(), None, (*name).to_owned())),
            [_, namespace, name] => {
                Some(Self::Object((*kind).to_owned(), Some((*namespace).to_owned()), (*name).to_owned()))
            }
            _ => None,
        }
    }
}

/// Explains a target. The error is a sentence for the user.
pub fn explain(inputs: &Inputs, compiled: &Compiled, target: &Target) -> Result<Vec<Step>, String> {
    let mut explainer = Explainer { inputs, compiled, steps: Vec::new() };
    match target {
        Target::Line(path, line) => explainer.line(path, *line, 0)?,
        Target::Object(kind, namespace, name) => explainer.object(kind, namespace.as_deref(), name)?,
    }
    Ok(explainer.steps)
}

struct Explainer<'a> {
    inputs: &'a Inputs,
    compiled: &'a Compiled,
    steps: Vec<Step>,
}

impl Explainer<'_> {
    fn step(
        &mut self,
        depth: usize,
        role: &'static str,
        place: Option<(String, usize)>,
        text: impl Into<String>,
    ) {
        let step = Step { depth, role, place, text: text.into() };
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
    }

    fn tree(&self) -> Result<&tree::Tree, String> {
        self.compiled
            .tree
            .as_ref()
            .ok_or_else(|| "the spec has errors, so there is no tree to explain".to_owned())
    }

    fn line(&mut self, path: &str, line: usize, depth: usize) -> Result<(), String> {
        let Some(file) = self.tree()?.files.get(path) else {
            let near = crate::spec::structure::nearest(path, self.tree()?.files.keys().map(String::as_str));
            let hint = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            return Err(format!("the tree has no file `{path}`{hint}"));
        };
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        let origin = file.origin.clone();
        let count = text.lines().count();
        if line == 0 || line > count {
            return Err(format!("`{path}` has {count} lines"));
        }
        let shown = text[line_span(&text, line)].trim().to_owned();
        self.step(depth, "tree", Some((path.to_owned(), line)), shown);
        match origin {
            Origin::Template { template, subject } => {
                self.template(&template, &subject, &text, line, depth + 1)
            }
            Origin::Copied { from } => {
                self.step(depth + 1, "copied", None, format!("as it is from the library: {from}"));
                Ok(())
            }
            Origin::Made { by } => {
                self.step(depth + 1, "decided", None, format!("by {by}"));
                if let (Some(plan), Some(component)) = (&self.compiled.plan, component_of(path)) {
                    self.bom(&plan.bom.clone(), &component, depth + 2);
                }
                Ok(())
            }
            Origin::Rendered { .. } => {
                let (header, kind_name) = (text.lines().next().unwrap_or("").to_owned(), object_in(&text));
                match kind_name {
                    Some((kind, namespace, name)) => {
                        // The first line of the file is the `# Source:` comment.
                        self.object_line(
                            &kind,
                            namespace.as_deref(),
                            &name,
                            line.saturating_sub(2),
                            depth + 1,
                        )
                    }
                    None => {
                        self.step(depth + 1, "copied", None, header);
                        Ok(())
                    }
                }
            }
        }
    }

    /// A line of a file that one of the library's templates wrote.
    fn template(
        &mut self,
        template: &str,
        subject: &Subject,
        text: &str,
        line: usize,
        depth: usize,
    ) -> Result<(), String> {
        let (Some(plan), Some(templates)) = (&self.compiled.plan, &self.compiled.templates) else {
            return Err("the spec has errors, so there is nothing to explain".to_owned());
        };
        let data = tree::data(plan, subject);
        let value = Val::from_json(&data);
        let mut trace = Trace::new();
        let output = {
            let mut session = Session::new(templates.set(), &tree::render_options(), Some(&mut trace));
            session.tag(&value, &[]);
            session.render(template, &value).map_err(|error| error.to_string())?
        };
        // What `tidy` took away at the start.
        let skipped = output.len() - output.trim_start_matches('\n').len();
        let wanted = output.lines().nth(line + skipped - 1).map(str::trim);
        if wanted != text.lines().nth(line - 1).map(str::trim) {
            // The values were merged with the spec's own: its lines are no longer the template's.
            return self.merged(template, subject, text, line, depth);
        }
        let origin = trace.lines.get(template).and_then(|lines| lines.get(line + skipped - 1)).cloned();
        let Some(origin) = origin else { return Ok(()) };
        self.template_line(&format!("library/{}", origin.template), &origin, depth);
        for path in origin.paths.iter() {
            self.plan_value(path, &data, subject, depth + 1);
        }
        Ok(())
    }

    fn template_line(&mut self, file: &str, origin: &LineOrigin, depth: usize) {
        let text = self.text_of(file).map(|text| text[line_span(&text, origin.line)].trim().to_owned());
        self.step(depth, "template", Some((file.to_owned(), origin.line)), text.unwrap_or_default());
        for call in origin.chain.iter().rev() {
            let file = if file.starts_with("library/") {
                format!("library/{}", call.template)
            } else {
                call.template.to_string()
            };
            self.step(depth, "called from", Some((file, call.line)), "");
        }
    }

    fn text_of(&self, path: &str) -> Option<String> {
        if let Some(id) = self.compiled.sources.find(path) {
            return Some(self.compiled.sources.file(id).text.to_string());
        }
        let file = self.compiled.tree.as_ref()?.files.get(path)?;
        Some(String::from_utf8_lossy(&file.bytes).into_owned())
    }

    /// A line of values that the spec's own were laid over.
    fn merged(
        &mut self,
        template: &str,
        subject: &Subject,
        text: &str,
        line: usize,
        depth: usize,
    ) -> Result<(), String> {
        let (Subject::Component(name), Some(spec)) = (subject, &self.compiled.spec) else { return Ok(()) };
        let keys = path_of_line(text, line);
        let pointer = |part: &str, keys: &[PathSegment]| {
            let rest: String = keys.iter().map(|key| format!("/{}", escape(&segment(key)))).collect();
            format!("/spec/components/{}/{part}{rest}", escape(name))
        };
        let own =
            keys.get(1..).map(|rest| pointer("values", rest)).into_iter().chain([pointer("settings", &keys)]);
        for pointer in own {
            if let Some(place) = spec.platform_document.key_place(&pointer) {
                let (path, line) = self.where_is(&place);
                let text =
                    self.text_of(&path).map(|t| t[line_span(&t, line)].trim().to_owned()).unwrap_or_default();
                self.step(depth, "spec", Some((path, line)), text);
                return Ok(());
            }
        }
        self.step(
            depth,
            "template",
            Some((format!("library/{template}"), 1)),
            "merged with values of the spec",
        );
        Ok(())
    }

    fn where_is(&self, place: &crate::source::Place) -> (String, usize) {
        let file = self.compiled.sources.file(place.file);
        (file.path.to_string(), line_column(&file.text, place.span.start).0)
    }

    /// A value of the plan, and where it comes from.
    fn plan_value(&mut self, path: &ValuePath, data: &Value, subject: &Subject, depth: usize) {
        let mut value = data;
        for part in path.iter() {
            value = match part {
                PathSegment::Key(key) => value.get(key),
                PathSegment::Index(index) => value.get(index),
            }
            .unwrap_or(&Value::Null);
        }
        let shown = match value {
            Value::Object(_) | Value::Array(_) => String::new(),
            other => format!(" = {}", other.as_str().map_or_else(|| other.to_string(), str::to_owned)),
        };
        let dotted: Vec<String> = path.iter().map(segment).collect();
        self.step(depth, "value", None, format!(".{}{shown}", dotted.join(".")));
        self.source_of(&dotted, data, subject, depth + 1);
    }

    /// The line of the spec, the defaults or the bill of materials behind a value of the plan.
    fn source_of(&mut self, path: &[String], data: &Value, subject: &Subject, depth: usize) {
        let Some(spec) = &self.compiled.spec else { return };
        let Some(plan) = &self.compiled.plan else { return };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let bom = plan.bom.clone();
        match path.as_slice() {
            ["Store", rest @ ..] => {
                let Subject::Store(name) = subject else { return };
                let Some(entry) = spec.stores.iter().find(|s| s.store.metadata.name.0 == *name) else {
                    return;
                };
                let (document, size) = (entry.document.clone(), entry.store.spec.size);
                self.store_source(rest, &document, size.map(crate::spec::store::Size::as_str), depth);
            }
            ["Component", ..] => {
                if let Subject::Component(name) = subject {
                    self.bom(&bom, &name.clone(), depth);
                }
            }
            ["Plan", "components", index, ..] => {
                let name =
                    data["Plan"]["components"][index.parse::<usize>().unwrap_or(usize::MAX)]["name"].as_str();
                if let Some(name) = name {
                    self.bom(&bom, name, depth);
                }
            }
            ["Machine", rest @ ..] => {
                if let Subject::Machine(name) = subject {
                    self.machine(name, rest, depth);
                }
            }
            ["Host", rest @ ..] => {
                if let Subject::Host(name) = subject {
                    self.host(name, rest, depth);
                }
            }
            ["Plan", list @ ("machines" | "controlPlanes" | "workers"), index, rest @ ..] => {
                let name = data["Plan"][list][index.parse::<usize>().unwrap_or(usize::MAX)]["name"].as_str();
                if let Some(name) = name {
                    self.machine(name, rest, depth);
                }
            }
            ["Plan", "hosts", index, rest @ ..] => {
                let name =
                    data["Plan"]["hosts"][index.parse::<usize>().unwrap_or(usize::MAX)]["name"].as_str();
                if let Some(name) = name {
                    self.host(name, rest, depth);
                }
            }
            ["Plan", rest @ ..] => {
                let pointer = match rest {
                    ["name", ..] => "/metadata/name".to_owned(),
                    ["kubernetes" | "bom" | "tools" | "roles" | "capabilities", ..] => {
                        "/spec/kubernetes".to_owned()
                    }
                    ["network", "apiServer", "port"] => "/spec/network/apiServerPort".to_owned(),
                    ["network", "apiServer", ..] => "/spec/network/apiServer".to_owned(),
                    ["network", "clusterDns"] => "/spec/network/services".to_owned(),
                    ["maintenance", "timezone"] => "/spec/timezone".to_owned(),
                    rest => format!("/spec/{}", rest.iter().map(|s| escape(s)).collect::<Vec<_>>().join("/")),
                };
                self.platform(&pointer, depth);
            }
            _ => {}
        }
    }

    /// A platform value: in the user's file, else in the defaults, else worked out.
    fn platform(&mut self, pointer: &str, depth: usize) {
        let Some(spec) = &self.compiled.spec else { return };
        let own = spec.platform_document.exact_place(pointer);
        let default = spec.platform_defaults.as_ref().and_then(|d: &Document| d.exact_place(pointer));
        match (own, default) {
            (Some(place), _) => self.placed("spec", &place, depth),
            (None, Some(place)) => self.placed("default", &place, depth),
            (None, None) => {
                let place = spec.platform_document.place(pointer);
                self.step(depth, "decided", None, "by the plan, from");
                self.placed("spec", &place, depth);
            }
        }
    }

    fn placed(&mut self, role: &'static str, place: &crate::source::Place, depth: usize) {
        let (path, line) = self.where_is(place);
        let text = self.text_of(&path).map(|t| t[line_span(&t, line)].trim().to_owned()).unwrap_or_default();
        self.step(depth, role, Some((path, line)), text);
    }

    fn machine(&mut self, name: &str, rest: &[&str], depth: usize) {
        let Some(spec) = &self.compiled.spec else { return };
        let hosts = &spec.platform.spec.hosts;
        let found = hosts
            .iter()
            .enumerate()
            .find_map(|(h, host)| host.machines.iter().position(|m| m.name.0 == name).map(|m| (h, m)));
        if let Some((h, m)) = found {
            self.platform(&format!("/spec/hosts/{h}/machines/{m}{}", machine_field(rest)), depth);
        }
    }

    fn host(&mut self, name: &str, rest: &[&str], depth: usize) {
        let Some(spec) = &self.compiled.spec else { return };
        if let Some(h) = spec.platform.spec.hosts.iter().position(|host| host.name.0 == name) {
            let field = rest.first().map(|f| format!("/{}", f.trim_end_matches("Mi"))).unwrap_or_default();
            self.platform(&format!("/spec/hosts/{h}{field}"), depth);
        }
    }

    fn store_source(&mut self, rest: &[&str], document: &Document, size: Option<&str>, depth: usize) {
        let pointer = match rest {
            ["name" | "namespace", ..]
            | ["database", "name" | "user"]
            | ["rabbitmq", "vhost" | "user"]
            | ["search", "indexPrefix" | "user"] => "/metadata/name".to_owned(),
            ["primaryDomain"] => "/spec/domains".to_owned(),
            ["consumers", index, field @ ..] => {
                // In the plan the groups are a list in the order of their names.
                let name = self.store_group(document, index);
                let field: String = field.iter().map(|f| format!("/{}", escape(f))).collect();
                format!("/spec/consumers/{}{field}", escape(&name))
            }
            // What a store takes from the platform.
            ["media", "endpoint" | "region" | "bucket"]
                if document.exact_place("/spec/media/bucket").is_none() =>
            {
                return self
                    .platform(&format!("/spec/objectStore/{}", rest[1].replace("bucket", "prefix")), depth);
            }
            ["ingress", ..]
            | ["database" | "search" | "rabbitmq", "host" | "port" | "namespace" | "scheme"] => {
                let rest: String = rest.iter().map(|f| format!("/{}", escape(f))).collect();
                return self.platform(&format!("/spec/services{rest}"), depth);
            }
            ["secrets", ..] => return self.platform("/spec/secrets/backend", depth),
            rest => format!("/spec/{}", rest.iter().map(|s| escape(s)).collect::<Vec<_>>().join("/")),
        };
        if let Some(place) = document.exact_place(&pointer) {
            return self.placed("spec", &place, depth);
        }
        // Size classes and defaults are written without the `/spec` around them.
        let below = pointer.trim_start_matches("/spec");
        let layers =
            [size.map(|s| format!("library/sizes/{s}.yaml")), Some("library/defaults/store.yaml".to_owned())];
        for path in layers.into_iter().flatten() {
            let parsed = self.text_of(&path).and_then(|text| {
                let root = yaml::tree::parse(&text, &yaml::tree::Limits::default()).ok()?.pop()?;
                Some((self.compiled.sources.find(&path)?, root))
            });
            let Some((file, root)) = parsed else { continue };
            if let Some(place) = Document::new(file, root).exact_place(below) {
                self.placed("default", &place, depth);
                if let Some(size) = document.exact_place("/spec/size").filter(|_| path.contains("/sizes/")) {
                    self.placed("spec", &size, depth);
                }
                return;
            }
        }
        self.step(depth, "decided", None, "by the plan, from");
        let place = match document.exact_place("/spec/traffic") {
            Some(traffic) => traffic,
            None => document.exact_place("/spec/size").unwrap_or_else(|| document.place(&pointer)),
        };
        self.placed("spec", &place, depth);
    }

    fn store_group(&self, document: &Document, index: &str) -> String {
        let name = document.value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
        let plan = self.compiled.plan.as_ref();
        let store = plan.and_then(|p| p.stores.iter().find(|s| s.name == name));
        let group =
            store.and_then(|s| s.value["consumers"].get(index.parse::<usize>().ok()?)?.get("name")?.as_str());
        group.unwrap_or("").to_owned()
    }

    /// The line of the bill of materials that pins a component.
    fn bom(&mut self, bom: &str, component: &str, depth: usize) {
        let path = format!("library/bom/{bom}.yaml");
        let Some(text) = self.text_of(&path) else { return };
        let found = yaml::tree::parse(&text, &yaml::tree::Limits::default()).ok().and_then(|mut d| d.pop());
        let keys = ["spec", "components", component].map(|k| PathSegment::Key(k.to_owned()));
        if let Some(span) = found.and_then(|root| root.key_span(&keys)) {
            let line = line_column(&text, span.start).0;
            self.step(depth, "bill of materials", Some((path, line)), text[line_span(&text, line)].trim());
        }
        self.platform("/spec/kubernetes", depth);
    }

    fn find(
        &self,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Vec<(ReleaseRef, Object)>, String> {
        let tree = self.tree()?;
        let Some(plan) = &self.compiled.plan else { return Ok(Vec::new()) };
        let releases = releases(plan, tree);
        let charts = Charts::load(plan, tree, &self.inputs.vendored, &releases);
        let mut found = Vec::new();
        for release in &releases {
            // Most releases are of other namespaces and need not be rendered for this.
            let Ok(expanded) = charts.expand(release, None) else { continue };
            for object in expanded.objects {
                let here = namespace.is_none_or(|n| n == object.namespace);
                if object.kind() == kind && object.name() == name && here {
                    found.push((release.clone(), object));
                }
            }
        }
        Ok(found)
    }

    fn object(&mut self, kind: &str, namespace: Option<&str>, name: &str) -> Result<(), String> {
        let found = self.find(kind, namespace, name)?;
        match found.as_slice() {
            [] => Err(format!(
                "no chart of the tree makes a {kind} named `{name}`; plain manifests are explained by FILE:LINE"
            )),
            [(release, object)] => {
                let count = object.text.lines().count();
                self.step(0, "object", Some((object.source.clone(), 1)), object.id());
                let (release, object) = (release.clone(), object.clone());
                self.object_lines(&release, &object, 0..count, 1)
            }
            many => {
                let ids: Vec<String> = many.iter().map(|(_, o)| o.id()).collect();
                Err(format!("{} objects match: {}; name the namespace", ids.len(), ids.join(", ")))
            }
        }
    }

    fn object_line(
        &mut self,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
        line: usize,
        depth: usize,
    ) -> Result<(), String> {
        match self.find(kind, namespace, name)?.as_slice() {
            [(release, object), ..] => {
                let (release, object) = (release.clone(), object.clone());
                self.object_lines(&release, &object, line..line + 1, depth)
            }
            [] => Ok(()),
        }
    }

    /// Lines of an object's text (from 0): for each that shows a value, the template line and the value's own line.
    fn object_lines(
        &mut self,
        release: &ReleaseRef,
        object: &Object,
        lines: std::ops::Range<usize>,
        depth: usize,
    ) -> Result<(), String> {
        let tree = self.tree()?;
        let Some(plan) = &self.compiled.plan else { return Ok(()) };
        let all = releases(plan, tree);
        let charts = Charts::load(plan, tree, &self.inputs.vendored, &all);
        let mut trace = Trace::new();
        charts.expand(release, Some(&mut trace)).map_err(|error| error.to_string())?;
        let values_file =
            release.values.first().cloned().unwrap_or_else(|| format!("{}/values.yaml", release.chart));
        let template = match object.source.strip_prefix(&format!("{}/", release.chart)) {
            Some(rest) => trace.lines.keys().find(|name| name.ends_with(&format!("/{rest}"))).cloned(),
            None => None,
        };
        let Some(origins) = template.and_then(|t| trace.lines.get(&t).cloned()) else { return Ok(()) };
        let single = lines.len() == 1;
        let text: Vec<String> = object.text.lines().map(str::to_owned).collect();
        let mut places = Vec::new();
        for index in lines {
            let Some(origin) = origins.get(object.first_line - 1 + index) else { continue };
            if origin.paths.is_empty() && !single {
                continue;
            }
            let shown = text.get(index).map_or("", |t| t.trim()).to_owned();
            places.push((shown, origin.clone()));
        }
        for (shown, origin) in places {
            self.step(depth, "line", None, shown);
            let file = match origin.template.split_once('/') {
                Some((_, rest)) => format!("{}/{rest}", release.chart),
                None => origin.template.to_string(),
            };
            self.template_line(&file, &origin, depth + 1);
            for path in origin.paths.iter().filter(|p| p.first().is_some_and(|s| segment(s) == "Values")) {
                let keys: Vec<&PathSegment> = path.iter().skip(1).collect();
                let dotted: Vec<String> = path.iter().map(segment).collect();
                self.step(depth + 1, "value", None, format!(".{}", dotted.join(".")));
                let line = self.values_line(&values_file, &keys);
                match line {
                    Some(line) => self.line(&values_file, line, depth + 2)?,
                    None => {
                        self.step(depth + 2, "default", None, format!("of the chart `{}`", release.chart))
                    }
                }
            }
        }
        Ok(())
    }

    fn values_line(&self, file: &str, keys: &[&PathSegment]) -> Option<usize> {
        let text = self.text_of(file)?;
        let root = yaml::tree::parse(&text, &yaml::tree::Limits::default()).ok()?.pop()?;
        let keys: Vec<PathSegment> = keys.iter().map(|k| (*k).clone()).collect();
        let span = root.key_span(&keys).or_else(|| root.at(&keys).map(|n| n.span.clone()))?;
        Some(line_column(&text, span.start).0)
    }
}

/// `memoryMi` of a machine is its `memory`; what has no counterpart follows from the machine as a whole.
fn machine_field(rest: &[&str]) -> String {
    match rest {
        ["memoryMi", ..] => "/memory".to_owned(),
        ["diskGi", ..] => "/disk".to_owned(),
        ["dataDiskGi", ..] => "/dataDisk".to_owned(),
        [field @ ("name" | "role" | "address" | "cores" | "labels"), ..] => format!("/{field}"),
        ["kubeReserved" | "maxPods", ..] => "/cores".to_owned(),
        _ => String::new(),
    }
}

fn component_of(path: &str) -> Option<String> {
    let mut parts = path.split('/');
    matches!(parts.next(), Some("infra" | "platform")).then(|| parts.next().map(str::to_owned))?
}

fn object_in(text: &str) -> Option<(String, Option<String>, String)> {
    let value = yaml::from_str(text).ok()?;
    let get = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    Some((get("/kind")?, get("/metadata/namespace"), get("/metadata/name")?))
}

/// The path of the last key that stands on a line of a YAML text, or before it.
fn path_of_line(text: &str, line: usize) -> Vec<PathSegment> {
    let offset = line_span(text, line).end;
    let Ok(documents) = yaml::tree::parse(text, &yaml::tree::Limits::default()) else { return Vec::new() };
    let mut best = (0, Vec::new());
    if let Some(root) = documents.first() {
        root.walk(&mut |path, key, node| {
            let start = key.map_or(node.span.start, |k| k.span.start);
            if start < offset && start >= best.0 {
                best = (start, path.to_vec());
            }
        });
    }
    best.1
}
