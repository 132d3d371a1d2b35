//! Go's `text/template` as Helm runs it: values, functions, execution, errors and tracing.

mod format;
pub mod funcs;
pub mod value;

pub use funcs::{Ctx, FuncError, Sig, Ty};
pub use value::{Dict, ElemKind, IntKind, List, Map, MapKind, Object, Str, UintKind, Val};

/// How far a rendering may go. What is beyond is an error that names the limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one made value, such as the result of `repeat`.
    pub value_bytes: usize,
    /// Bytes of all values made by such functions in one rendering.
    pub total_bytes: usize,
    /// Bytes of output, all nested templates together.
    pub output_bytes: usize,
    /// Nodes executed.
    pub steps: u64,
    /// Templates within templates (`include`, `template`, `tpl`).
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            value_bytes: 64 << 20,
            total_bytes: 1 << 30,
            output_bytes: 256 << 20,
            steps: 200_000_000,
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

/// Why a template could not be parsed or executed.
#[derive(Clone, Debug)]
pub struct TemplateError {
    go: String,
}

impl TemplateError {
    /// The error as Go's `text/template` words it, on one line.
    pub fn go_text(&self) -> &str {
        &self.go
    }
}
