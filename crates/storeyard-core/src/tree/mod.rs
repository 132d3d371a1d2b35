//! The output repository: path → bytes, every file knowing the template it came from.
//!
//! Files of the repository are the templates under `library/tree`, at the same path; a placeholder in the path makes one
//! file for each machine, host, store or component. Components and stores add theirs. See `docs/components.md`.

mod umbrella;

use std::collections::BTreeMap;
use std::sync::Arc;

use chartwright::engine::{MissingKey, RenderOptions, Session, TemplateError, TemplateSet, Val};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::diagnostic::Diagnostic;
use crate::library::{Library, TreeTemplate};
use crate::plan::{Plan, PlannedComponent};
use crate::rules::spec as rules;
use crate::source::{FileId, Place, line_span};
use crate::spec::Spec;

/// A path in the tree, with `/` between segments.
pub type TreePath = String;

/// Some files of a tree.
type Files = Vec<(TreePath, TreeFile)>;

/// The output repository.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Files by path.
    pub files: BTreeMap<TreePath, TreeFile>,
}

/// One file of the tree.
#[derive(Debug, Clone)]
pub struct TreeFile {
    /// Its content.
    pub bytes: Arc<[u8]>,
    /// How it was made.
    pub origin: Origin,
    /// Whether it is a program.
    pub executable: bool,
}

/// How a file of the tree was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Rendered from a template of the library.
    Template {
        /// The template's name in [`Templates`], which is also its path in the library.
        template: String,
        /// What it was rendered for.
        subject: Subject,
    },
    /// Copied from the library as it is.
    Copied {
        /// Its path in the library.
        from: String,
    },
    /// Made from the bill of materials and the plan by code.
    Made {
        /// By what.
        by: &'static str,
    },
    /// Rendered by a chart, for `delivery: rendered`.
    Rendered {
        /// Path of the chart in the tree.
        chart: String,
    },
}

/// What a template is rendered for, besides the platform.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The platform alone.
    Platform,
    /// A machine, by name.
    Machine(String),
    /// A host, by name.
    Host(String),
    /// A store, by name.
    Store(String),
    /// A component, by name.
    Component(String),
}

/// All templates of a library that Storeyard itself renders, parsed once.
pub struct Templates {
    set: TemplateSet,
    files: TemplateFiles,
}

/// Library files of templates by name, with their texts.
type TemplateFiles = BTreeMap<String, (FileId, Arc<str>)>;

/// Templates are strict: what is not in the plan is a mistake in the template.
pub fn render_options() -> RenderOptions {
    RenderOptions { missing_key: MissingKey::Error, ..RenderOptions::default() }
}

impl Templates {
    /// Parses the templates of a library.
    pub fn parse(library: &Library) -> Result<Self, Vec<Diagnostic>> {
        let mut sources: Vec<(String, &TreeTemplate)> = Vec::new();
        sources.extend(library.helpers.iter().map(|t| ("tree/_helpers.tpl".to_owned(), t)));
        sources.extend(library.tree.iter().map(|(path, t)| (format!("tree/{path}"), t)));
        sources.extend(library.tenant_values.iter().map(|t| ("tenant/values.yaml".to_owned(), t)));
        for (name, component) in &library.components {
            let prefix = format!("{}/{name}", component.spec.layer.as_str());
            for (path, template) in &component.files {
                if path == "values.yaml" || path.starts_with("runbook.") {
                    sources.push((format!("{prefix}/{path}"), template));
                }
            }
        }
        let files: TemplateFiles =
            sources.iter().map(|(name, t)| (name.clone(), (t.file, Arc::clone(&t.text)))).collect();
        let set = TemplateSet::parse(sources.iter().map(|(name, t)| (name.as_str(), &*t.text)))
            .map_err(|error| vec![template_problem(&error, &files, None)])?;
        Ok(Self { set, files })
    }

    /// The parsed set.
    pub fn set(&self) -> &TemplateSet {
        &self.set
    }

    /// The library file of a template.
    pub fn file(&self, name: &str) -> Option<FileId> {
        self.files.get(name).map(|(file, _)| *file)
    }

    fn contains(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }
}

/// A template's error as a finding at its place in the library.
fn template_problem(error: &TemplateError, files: &TemplateFiles, subject: Option<&Subject>) -> Diagnostic {
    let mut diagnostic = rules::LIBRARY_RULE.find(error.message.clone());
    if let Some((file, text)) = files.get(&error.template) {
        let line = line_span(text, error.line);
        let indent = text[line.clone()].len() - text[line.clone()].trim_start().len();
        diagnostic = diagnostic.at(Place { file: *file, span: line.start + indent..line.end }, "this line");
    }
    if let Some(subject) = subject {
        diagnostic = diagnostic.note(format!("while rendering it for {}", describe(subject)));
    }
    for frame in &error.chain {
        diagnostic = diagnostic.note(format!(
            "called from {}:{}:{} by `{}`",
            frame.template, frame.line, frame.column, frame.call
        ));
    }
    match &error.value {
        Some(value) => diagnostic.note(format!("the value at hand is {value}")),
        None => diagnostic,
    }
    .help("mend the template, or the component's values that it reads")
}

fn describe(subject: &Subject) -> String {
    match subject {
        Subject::Platform => "the platform".to_owned(),
        Subject::Machine(name) => format!("the machine `{name}`"),
        Subject::Host(name) => format!("the host `{name}`"),
        Subject::Store(name) => format!("the store `{name}`"),
        Subject::Component(name) => format!("the component `{name}`"),
    }
}

/// Data of a template.
pub fn data(plan: &Plan, subject: &Subject) -> Value {
    let find = |list: &str, name: &str| {
        plan.value[list]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["name"] == name))
            .cloned()
            .unwrap_or(Value::Null)
    };
    let version = env!("CARGO_PKG_VERSION");
    match subject {
        // Only what is about the whole platform sees all stores.
        Subject::Platform => json!({ "Plan": plan.value_with_stores(), "Version": version }),
        Subject::Machine(name) => {
            json!({ "Plan": plan.value, "Version": version, "Machine": find("machines", name) })
        }
        Subject::Host(name) => json!({ "Plan": plan.value, "Version": version, "Host": find("hosts", name) }),
        Subject::Store(name) => {
            let store = plan.stores.iter().find(|s| s.name == *name).map(|s| s.value.clone());
            json!({ "Plan": plan.value, "Version": version, "Store": store })
        }
        Subject::Component(name) => {
            json!({ "Plan": plan.value, "Version": version, "Component": find("components", name) })
        }
    }
}

/// Renders the whole tree but for `rendered/`.
pub fn render(
    spec: &Spec,
    plan: &Plan,
    library: &Library,
    templates: &Templates,
) -> Result<Tree, Vec<Diagnostic>> {
    let mut jobs: Vec<(Subject, String, TreePath)> = Vec::new();
    for path in library.tree.keys() {
        jobs.extend(
            expand_path(path, plan).into_iter().map(|(subject, out)| (subject, format!("tree/{path}"), out)),
        );
    }
    for component in &plan.components {
        let subject = Subject::Component(component.name.clone());
        for (language, folder) in [("en", "en"), ("zh", "zh")] {
            let template = format!("{}/runbook.{language}.md", component.path);
            if templates.contains(&template) {
                let out = format!("runbooks/{folder}/components/{}.md", component.name);
                jobs.push((subject.clone(), template, out));
            }
        }
    }
    if templates.contains("tenant/values.yaml") {
        for store in &plan.stores {
            jobs.push((
                Subject::Store(store.name.clone()),
                "tenant/values.yaml".to_owned(),
                format!("tenants/{}/values.yaml", store.name),
            ));
        }
    }
    // One group is one conversion of the plan for the engine.
    let mut groups: BTreeMap<Subject, Vec<(String, TreePath)>> = BTreeMap::new();
    for (subject, template, out) in jobs {
        groups.entry(subject).or_default().push((template, out));
    }
    let groups: Vec<(Subject, Vec<(String, TreePath)>)> = groups.into_iter().collect();
    let rendered: Vec<Result<Files, Box<Diagnostic>>> =
        groups.par_iter().map(|(subject, files)| render_group(plan, templates, subject, files)).collect();

    let mut tree = Tree::default();
    let mut problems = Vec::new();
    for result in rendered {
        match result {
            Ok(files) => tree.files.extend(files),
            Err(problem) => problems.push(*problem),
        }
    }
    for component in &plan.components {
        match umbrella::files(spec, plan, library, templates, component) {
            Ok(files) => tree.files.extend(files),
            Err(found) => problems.extend(found),
        }
    }
    if !plan.stores.is_empty() {
        for (chart, files) in &library.charts {
            for (path, bytes) in files {
                let from = format!("charts/{chart}/{path}");
                tree.files.insert(
                    from.clone(),
                    TreeFile { bytes: Arc::clone(bytes), origin: Origin::Copied { from }, executable: false },
                );
            }
        }
    }
    if problems.is_empty() { Ok(tree) } else { Err(problems) }
}

fn render_group(
    plan: &Plan,
    templates: &Templates,
    subject: &Subject,
    files: &[(String, TreePath)],
) -> Result<Files, Box<Diagnostic>> {
    let data = Val::from_json(&data(plan, subject));
    let mut session = Session::new(&templates.set, &render_options(), None);
    let mut out = Vec::with_capacity(files.len());
    for (template, path) in files {
        let text = session
            .render(template, &data)
            .map_err(|error| Box::new(template_problem(&error, &templates.files, Some(subject))))?;
        if text.trim().is_empty() {
            continue;
        }
        let text = tidy(text);
        let executable = text.starts_with("#!");
        out.push((
            path.clone(),
            TreeFile {
                bytes: Arc::from(text.into_bytes()),
                origin: Origin::Template { template: template.clone(), subject: subject.clone() },
                executable,
            },
        ));
    }
    Ok(out)
}

/// No blank lines at the start, exactly one line break at the end: templates need not count theirs.
fn tidy(text: String) -> String {
    let mut text = text.trim_start_matches('\n').trim_end().to_owned();
    text.push('\n');
    text
}

/// A template's path with its placeholder filled in, once for everything it stands for.
fn expand_path(path: &str, plan: &Plan) -> Vec<(Subject, TreePath)> {
    let machines = |role: Option<&str>| -> Vec<String> {
        let all = plan.value["machines"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter()
            .filter(|m| role.is_none_or(|role| m["role"] == role))
            .filter_map(|m| m["name"].as_str().map(str::to_owned))
            .collect()
    };
    let names = |list: &str| -> Vec<String> {
        let all = plan.value[list].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter_map(|m| m["name"].as_str().map(str::to_owned)).collect()
    };
    type Make = fn(String) -> Subject;
    let (placeholder, names, make): (&str, Vec<String>, Make) = if path.contains("{machine}") {
        ("{machine}", machines(None), Subject::Machine)
    } else if path.contains("{control-plane}") {
        ("{control-plane}", machines(Some("control-plane")), Subject::Machine)
    } else if path.contains("{worker}") {
        ("{worker}", machines(Some("worker")), Subject::Machine)
    } else if path.contains("{host}") {
        ("{host}", names("hosts"), Subject::Host)
    } else if path.contains("{store}") {
        ("{store}", plan.stores.iter().map(|s| s.name.clone()).collect(), Subject::Store)
    } else if path.contains("{component}") {
        (
            "{component}",
            plan.components.iter().map(|c: &PlannedComponent| c.name.clone()).collect(),
            Subject::Component,
        )
    } else {
        return vec![(Subject::Platform, path.to_owned())];
    };
    names.into_iter().map(|name| (make(name.clone()), path.replace(placeholder, &name))).collect()
}
