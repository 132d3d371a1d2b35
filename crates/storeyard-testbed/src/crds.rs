//! Custom resource definitions at hand: plain files, one definition each, `<component>/<plural>.<group>.yaml`.
//!
//! They are upstream's, so they are no part of the repository. A machine has them in the folder `STOREYARD_CRDS`, or in
//! `../shared/crds` beside the repository; tests that need them name [`Need::Definitions`](crate::suite::Need).

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{ApiServer, Error};

/// How long the server may take to serve new definitions; all 251 of a full folder take it half a minute on two
/// slow cores.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folder with the definitions, or `None` where there is none.
pub fn at_hand() -> Option<PathBuf> {
    let folder = match env::var_os("STOREYARD_CRDS").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/crds"),
    };
    folder.is_dir().then_some(folder)
}

/// One definition in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    /// The component it belongs to: the folder's name.
    pub component: String,
    /// Its name, `<plural>.<group>`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl Definition {
    /// The API group that it defines a kind of.
    pub fn group(&self) -> &str {
        self.name.split_once('.').map_or("", |(_, group)| group)
    }
}

/// The definitions in `folder`, sorted by component and name.
///
/// # Errors
/// [`Error::Io`] when a folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Definition>, Error> {
    let read = |folder: &Path| -> Result<Vec<PathBuf>, Error> {
        let failed = || format!("read the folder {}", folder.display());
        let entries = fs::read_dir(folder).map_err(Error::io(failed()))?;
        entries.map(|entry| Ok(entry.map_err(Error::io(failed()))?.path())).collect()
    };
    let mut definitions = Vec::new();
    for component in read(folder)?.into_iter().filter(|path| path.is_dir()) {
        for path in read(&component)? {
            if path.extension().is_some_and(|extension| extension == "yaml" || extension == "json") {
                let text =
                    |name: Option<&std::ffi::OsStr>| name.unwrap_or_default().to_string_lossy().into_owned();
                definitions.push(Definition {
                    component: text(component.file_name()),
                    name: text(path.file_stem()),
                    path,
                });
            }
        }
    }
    definitions.sort();
    Ok(definitions)
}

impl ApiServer {
    /// Creates definitions and waits until their kinds are served. What the server has already is left as it is.
    ///
    /// # Errors
    /// [`Error::Definition`] when one is refused or not served in time, [`Error::Io`] when its file cannot be read.
    pub fn install(&self, definitions: &[Definition]) -> Result<(), Error> {
        const COLLECTION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldValidation=Strict&fieldManager=testbed";
        let mut names = BTreeSet::new();
        for definition in definitions {
            let text = fs::read(&definition.path)
                .map_err(Error::io(format!("read {}", definition.path.display())))?;
            let answer = self.client().request("POST", COLLECTION, "application/yaml", &text)?;
            if !answer.accepted() && answer.code != 409 {
                return Err(Error::Definition { name: definition.name.clone(), reason: answer.message() });
            }
            names.insert(definition.name.clone());
        }
        match self.client().wait_until_served(names, PATIENCE)?.pop() {
            None => Ok(()),
            Some(name) => {
                let reason = self.client().conditions_of_definition(&name)?;
                Err(Error::Definition { name, reason })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_named_by_their_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/things.b.example.yaml", "a/others.a.example.yaml", "a/README.md"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(folder.path().join("SOURCES.md"), "").unwrap();
        let found = list(folder.path()).unwrap();
        let names: Vec<_> =
            found.iter().map(|d| (d.component.as_str(), d.name.as_str(), d.group())).collect();
        assert_eq!(names, [("a", "others.a.example", "a.example"), ("b", "things.b.example", "b.example")]);
    }
}
