//! What can be installed: bills of materials, components, sizes, defaults, the tree's templates, own charts.
//!
//! The library is data. The one that comes with Storeyard is embedded; files of the user's own `library/` folder are
//! laid over it by path, so adding a component, a bill of materials or another size is adding a file.

mod bom;
mod component;
mod embedded;

use std::collections::BTreeMap;
use std::sync::Arc;

use chartwright::yaml::tree;
use serde::de::DeserializeOwned;

pub use bom::{Bom, BomComponent, ChartPin, KubernetesPin, Lifecycle, LifecycleStatus, Tool};
pub use component::{Component, ComponentSpec, Layer, PodSecurity, State};
pub use embedded::{EMBEDDED_CHARTS, embedded_files};

use crate::diagnostic::Diagnostic;
use crate::rules::spec as codes;
use crate::source::{FileId, Place, Provenance, Sources};
use crate::spec::document::Document;

/// Files by path, with `/` between segments.
pub type FileSet = BTreeMap<String, Arc<[u8]>>;

/// Everything the library holds.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Bills of materials by name, such as `kubernetes-1.30`.
    pub boms: BTreeMap<String, Bom>,
    /// Components by name.
    pub components: BTreeMap<String, Component>,
    /// `tree/`: templates of the output repository by output path.
    pub tree: BTreeMap<String, TreeTemplate>,
    /// `tree/_helpers.tpl`: definitions that tree templates and values templates share.
    pub helpers: Option<TreeTemplate>,
    /// `tenant/values.yaml`: template of a store's values.
    pub tenant_values: Option<TreeTemplate>,
    /// `defaults/platform.yaml` and `defaults/store.yaml`.
    pub defaults: BTreeMap<String, Document>,
    /// `sizes/<name>.yaml`.
    pub sizes: BTreeMap<String, Document>,
    /// Own charts (`charts/<name>/…`): files by path inside the chart.
    pub charts: BTreeMap<String, FileSet>,
}

/// A template with the place it came from.
#[derive(Debug, Clone)]
pub struct TreeTemplate {
    /// Its file.
    pub file: FileId,
    /// Its text.
    pub text: Arc<str>,
}

impl Library {
    /// Reads a library from its files. Paths start with `bom/`, `defaults/`, `sizes/`, `infra/`, `platform/`, `tree/`,
    /// `tenant/` or `charts/`.
    pub fn load(files: &FileSet, sources: &mut Sources) -> (Self, Vec<Diagnostic>) {
        let mut loader = Loader { sources, library: Self::default(), problems: Vec::new() };
        for (path, bytes) in files {
            loader.file(path, bytes, files);
        }
        (loader.library, loader.problems)
    }
}

struct Loader<'a> {
    sources: &'a mut Sources,
    library: Library,
    problems: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn file(&mut self, path: &str, bytes: &Arc<[u8]>, files: &FileSet) {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["bom", name] if name.ends_with(".yaml") => {
                if let Some((bom, place)) = self.parse::<Bom>(path, bytes) {
                    let expected = name.trim_end_matches(".yaml");
                    if bom.metadata.name != expected {
                        self.problem(
                            place,
                            format!("the bill of materials is named `{}`", bom.metadata.name),
                        )
                        .help = Some(format!("name it like its file, `{expected}`"));
                    } else {
                        self.library.boms.insert(bom.metadata.name.clone(), bom);
                    }
                }
            }
            ["defaults", name] if name.ends_with(".yaml") => {
                if let Some(document) = self.document(path, bytes) {
                    self.library.defaults.insert(name.trim_end_matches(".yaml").to_owned(), document);
                }
            }
            ["sizes", name] if name.ends_with(".yaml") => {
                if let Some(document) = self.document(path, bytes) {
                    self.library.sizes.insert(name.trim_end_matches(".yaml").to_owned(), document);
                }
            }
            [layer @ ("infra" | "platform"), folder, "component.yaml"] => {
                if let Some((spec, place)) = self.parse::<component::ComponentFile>(path, bytes) {
                    self.component(layer, folder, spec, place, files);
                }
            }
            ["tree", "_helpers.tpl"] => self.library.helpers = self.template(path, bytes),
            ["tree", rest @ ..] => {
                if let Some(template) = self.template(path, bytes) {
                    self.library.tree.insert(rest.join("/"), template);
                }
            }
            ["tenant", "values.yaml"] => self.library.tenant_values = self.template(path, bytes),
            ["charts", chart, rest @ ..] if !rest.is_empty() => {
                self.library
                    .charts
                    .entry((*chart).to_owned())
                    .or_default()
                    .insert(rest.join("/"), Arc::clone(bytes));
            }
            _ => {}
        }
    }

    fn component(
        &mut self,
        layer: &str,
        folder: &str,
        file: component::ComponentFile,
        place: Place,
        files: &FileSet,
    ) {
        let name = file.metadata.name.clone();
        if name != folder {
            self.problem(place, format!("the component is named `{name}` and its folder `{folder}`")).help =
                Some("give both the same name".to_owned());
            return;
        }
        if file.spec.layer.as_str() != layer {
            self.problem(
                place,
                format!("the component `{name}` says it belongs to `{}`", file.spec.layer.as_str()),
            )
            .help = Some(format!("its folder is in `{layer}/`: move it or mend `layer`"));
            return;
        }
        if let Some(other) = self.library.components.get(&name) {
            let first = other.place.clone();
            let problem = Diagnostic::error(codes::LIBRARY, format!("two components are named `{name}`"))
                .at(place, "the second")
                .and(first, "the first")
                .help("rename one");
            self.problems.push(problem);
            return;
        }
        let prefix = format!("{layer}/{folder}/");
        let own: BTreeMap<String, TreeTemplate> = files
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .filter(|(path, _)| !path.ends_with("/component.yaml"))
            .filter_map(|(path, bytes)| Some((path[prefix.len()..].to_owned(), self.template(path, bytes)?)))
            .collect();
        self.library.components.insert(name.clone(), Component { name, spec: file.spec, place, files: own });
    }

    fn problem(&mut self, place: Place, message: String) -> &mut Diagnostic {
        self.problems.push(Diagnostic::error(codes::LIBRARY, message).at(place, ""));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn template(&mut self, path: &str, bytes: &[u8]) -> Option<TreeTemplate> {
        let shown = format!("library/{path}");
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                let file = self.sources.add(&shown, Arc::clone(&text), Provenance::Library);
                Some(TreeTemplate { file, text })
            }
            Err(_) => {
                let file = self.sources.add(&shown, "", Provenance::Library);
                self.problem(Place { file, span: 0..0 }, format!("`{shown}` is not UTF-8 text"));
                None
            }
        }
    }

    fn document(&mut self, path: &str, bytes: &[u8]) -> Option<Document> {
        let template = self.template(path, bytes)?;
        match tree::parse(&template.text, &tree::Limits::default()) {
            Ok(mut documents) if documents.len() == 1 => {
                documents.pop().map(|root| Document::new(template.file, root))
            }
            Ok(documents) => {
                let place = Place { file: template.file, span: 0..0 };
                self.problem(
                    place,
                    format!("the file holds {} documents, and must hold one", documents.len()),
                );
                None
            }
            Err(error) => {
                let place = Place { file: template.file, span: error.offset..error.offset };
                self.problem(place, error.message);
                None
            }
        }
    }

    fn parse<T: DeserializeOwned>(&mut self, path: &str, bytes: &[u8]) -> Option<(T, Place)> {
        let document = self.document(path, bytes)?;
        let place = document.place("/metadata/name");
        match serde_path_to_error::deserialize::<_, T>(document.value.clone()) {
            Ok(parsed) => Some((parsed, place)),
            Err(error) => {
                let pointer: String = error.path().iter().map(|segment| format!("/{segment}")).collect();
                let place = document.place(&pointer);
                self.problem(place, error.inner().to_string());
                None
            }
        }
    }
}
