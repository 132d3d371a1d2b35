//! Go's `text/template` as Helm runs it: values, functions, execution, errors and tracing.
//!
//! ```
//! use chartwright::engine::{RenderOptions, TemplateSet};
//!
//! let set = TemplateSet::parse([
//!     ("_helpers.tpl", r#"{{ define "greeting" }}Hello, {{ .name }}!{{ end }}"#),
//!     ("hello.txt", r#"{{ include "greeting" .Values }}"#),
//! ])?;
//! let data = serde_json::json!({ "Values": { "name": "world" } });
//! assert_eq!(set.render("hello.txt", &data, &RenderOptions::default(), None)?, "Hello, world!");
//! # Ok::<(), chartwright::engine::TemplateError>(())
//! ```

mod ast;
mod error;
mod exec;
mod format;
pub mod funcs;
mod lex;
mod parse;
mod trace;
pub mod value;

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

pub use error::{ErrorDetails, ErrorKind, Frame, TemplateError};
pub use exec::Session;
pub use funcs::{Ctx, FuncError, Sig, Ty};
pub use trace::{Call, Impure, Origin, Read, Trace, ValuePath};
pub use value::{Dict, ElemKind, IntKind, List, Map, MapKind, Object, Str, UintKind, Val};

/// How far a rendering may go. What is beyond is an error that names the limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one made value, such as the result of `repeat`.
    pub value_bytes: usize,
    /// Bytes of all values made by such functions in one [`Session`].
    pub total_bytes: usize,
    /// Bytes of output of one template.
    pub output_bytes: usize,
    /// Nodes executed in one [`Session`].
    pub steps: u64,
    /// Templates within templates (`include`, `template`, `tpl`). Helm's own bound, 1000 of one name, holds besides.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            value_bytes: 64 << 20,
            total_bytes: 4 << 30,
            output_bytes: 256 << 20,
            steps: 500_000_000,
            depth: 10_000,
        }
    }
}

/// Go's `missingkey` option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// `missingkey=zero`, Helm's: a missing key is a nil interface, printed as nothing; a field of it is an error.
    #[default]
    Zero,
    /// `missingkey=error`: a missing key is an error.
    Error,
}

/// How to render.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// What a missing key is.
    pub missing_key: MissingKey,
    /// Bounds.
    pub limits: Limits,
    /// Start of the random numbers.
    pub seed: u64,
    /// What `now` says: seconds since 1970, UTC.
    pub now: i64,
    /// Helm's lint mode: `required` and `fail` let pass.
    pub lint: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        RenderOptions {
            missing_key: MissingKey::Zero,
            limits: Limits::default(),
            seed: 0,
            // 2026-01-01: a rendering never reads the clock.
            now: 1_767_225_600,
            lint: false,
        }
    }
}

/// Parsed templates in one name space. Parsed once, rendered many times, from any thread.
#[derive(Debug)]
pub struct TemplateSet {
    templates: HashMap<Arc<str>, Arc<ast::Template>>,
}

impl TemplateSet {
    /// Parses sources in their order: of several templates of one name the last wins, unless it is blank.
    ///
    /// # Errors
    /// On the first source that is not a template, or calls a function that does not exist.
    pub fn parse<N, S>(sources: impl IntoIterator<Item = (N, S)>) -> Result<TemplateSet, TemplateError>
    where
        N: AsRef<str>,
        S: AsRef<str>,
    {
        let mut templates: HashMap<Arc<str>, Arc<ast::Template>> = HashMap::new();
        for (name, text) in sources {
            let source = Arc::new(ast::Source { name: name.as_ref().into(), text: text.as_ref().into() });
            for template in parse::parse(&source)? {
                if !(parse::is_blank(&template) && templates.contains_key(&template.name)) {
                    templates.insert(template.name.clone(), Arc::new(template));
                }
            }
        }
        Ok(TemplateSet { templates })
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.templates.contains_key(name)
    }

    /// The names of all templates, sorted: the sources, and what they define.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.templates.keys().map(|n| &**n).collect();
        names.sort_unstable();
        names
    }

    /// Renders one template on plain data, all of which is traced when a trace is given. For several templates on shared data there
    /// is [`Session`].
    ///
    /// # Errors
    /// When there is no such template, or its execution fails.
    pub fn render(
        &self,
        name: &str,
        data: &Value,
        options: &RenderOptions,
        trace: Option<&mut Trace>,
    ) -> Result<String, TemplateError> {
        let data = Val::from_json(data);
        let mut session = Session::new(self, options, trace);
        session.tag(&data, &[]);
        session.render(name, &data)
    }
}

/// Runs something that recurses, on more stack when little is left.
fn with_stack<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(256 << 10, 8 << 20, f)
}
