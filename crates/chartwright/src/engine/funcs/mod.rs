//! The functions of templates: how they are declared, found and called.
//!
//! A function is a row of a static table: its name, its Go signature and a Rust function. The executor evaluates and converts the
//! arguments by the signature, with Go's rules and Go's errors, before the call; so a function may rely on the types it declared:
//! an argument declared [`Ty::Str`] *is* a [`Val::Str`]. Nil reaches it only where Go lets nil through: [`Ty::Any`], [`Ty::Map`],
//! [`Ty::List`] and the other reference types.

mod builtins;
mod cast;
mod certificates;
mod crypto;
mod dates;
mod defaults;
mod dicts;
mod encoding;
mod json;
mod lists;
mod math;
mod paths;
mod reflection;
mod regex;
mod serialization;
mod strings;
mod time;
mod toml;
mod urls;
mod versions;
mod yaml3;

pub(crate) use dates::reads_clock;

use std::{collections::HashMap, fmt, rc::Rc, sync::OnceLock};

use super::{
    RenderOptions, TemplateError,
    value::{List, Map, MapKind, Str, Val},
};

/// The Go type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// `interface {}`: everything, nil included.
    Any,
    /// `string`
    Str,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint32`
    Uint32,
    /// `float64`
    Float,
    /// `bool`
    Bool,
    /// `map[string]interface {}`, also by a named type such as `chartutil.Values`; may be nil.
    Map,
    /// `map[string]string`; may be nil.
    StrMap,
    /// `[]interface {}`; may be nil.
    List,
    /// `[]string`; may be nil.
    StrList,
    /// `[]uint8`; may be nil.
    Bytes,
    /// A struct passed by value, by its Go type name, such as `time.Time`: a [`Val::Object`] of that name.
    Object(&'static str),
}

impl Ty {
    /// The type as Go prints it.
    pub fn name(self) -> &'static str {
        match self {
            Ty::Any => "interface {}",
            Ty::Str => "string",
            Ty::Int => "int",
            Ty::Int64 => "int64",
            Ty::Uint32 => "uint32",
            Ty::Float => "float64",
            Ty::Bool => "bool",
            Ty::Map => "map[string]interface {}",
            Ty::StrMap => "map[string]string",
            Ty::List => "[]interface {}",
            Ty::StrList => "[]string",
            Ty::Bytes => "[]uint8",
            Ty::Object(n) => n,
        }
    }

    /// Whether Go accepts nil for it.
    pub fn nilable(self) -> bool {
        match self {
            Ty::Any | Ty::Map | Ty::StrMap | Ty::List | Ty::StrList | Ty::Bytes => true,
            Ty::Object(n) => n.starts_with('*'),
            _ => false,
        }
    }
}

/// The parameters of a function.
#[derive(Clone, Copy, Debug)]
pub struct Sig {
    /// The fixed ones.
    pub params: &'static [Ty],
    /// The type of `...rest`.
    pub variadic: Option<Ty>,
}

impl Sig {
    /// A function of fixed parameters.
    pub const fn fixed(params: &'static [Ty]) -> Sig {
        Sig { params, variadic: None }
    }

    /// A function of fixed parameters and any number more.
    pub const fn variadic(params: &'static [Ty], rest: Ty) -> Sig {
        Sig { params, variadic: Some(rest) }
    }
}

/// What a function does with the maps and lists it is given, for tracing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// It looks at everything in them (`toYaml`, `join`, `merge`).
    Deep,
    /// It hands them on, or asks only for their kind, length or emptiness (`dict`, `default`, `kindOf`).
    Nothing,
    /// It looks up the second argument in the first (`hasKey`, `index`, `get`): the executor notes that key alone.
    Key,
}

/// The Rust side of a function. The arguments fit the signature.
pub(crate) type Func = fn(&mut Ctx, &[Val]) -> Result<Val, FuncError>;

/// One function.
#[derive(Clone, Copy)]
pub(crate) struct FuncDef {
    pub(crate) name: &'static str,
    pub(crate) sig: Sig,
    pub(crate) reads: Reads,
    /// Its result changes from call to call in Helm (random, time, certificates).
    pub(crate) impure: bool,
    pub(crate) call: Func,
}

impl FuncDef {
    /// A function of fixed parameters.
    pub(crate) const fn new(name: &'static str, params: &'static [Ty], call: Func) -> Self {
        FuncDef { name, sig: Sig::fixed(params), reads: Reads::Deep, impure: false, call }
    }

    /// A function of fixed parameters and `...rest`.
    pub(crate) const fn variadic(name: &'static str, params: &'static [Ty], rest: Ty, call: Func) -> Self {
        FuncDef { name, sig: Sig::variadic(params, rest), reads: Reads::Deep, impure: false, call }
    }

    /// Says how it reads maps and lists, when not deeply.
    pub(crate) const fn reads(mut self, reads: Reads) -> Self {
        self.reads = reads;
        self
    }

    /// Marks a function as random or time-dependent.
    pub(crate) const fn impure(mut self) -> Self {
        self.impure = true;
        self
    }
}

/// All tables; where a name is in two (`slice`), the later wins, as sprig's wins over Go's.
static TABLES: &[&[FuncDef]] = &[
    builtins::FUNCS,
    certificates::FUNCS,
    crypto::FUNCS,
    dates::FUNCS,
    defaults::FUNCS,
    dicts::FUNCS,
    encoding::FUNCS,
    lists::FUNCS,
    math::FUNCS,
    paths::FUNCS,
    reflection::FUNCS,
    regex::FUNCS,
    serialization::FUNCS,
    strings::FUNCS,
    urls::FUNCS,
    versions::FUNCS,
];

/// Finds a function by name.
pub(crate) fn lookup(name: &str) -> Option<&'static FuncDef> {
    static INDEX: OnceLock<HashMap<&'static str, &'static FuncDef>> = OnceLock::new();
    INDEX
        .get_or_init(|| TABLES.iter().flat_map(|t| t.iter()).map(|f| (f.name, f)).collect())
        .get(name)
        .copied()
}

/// All function names, for suggestions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let special = ["and", "or", "len", "call", "include", "tpl"];
    special.into_iter().chain(TABLES.iter().flat_map(|t| t.iter()).map(|f| f.name))
}

/// The methods of Helm's type of `.Values`; the receiver is the first argument, not counted in the signature.
pub(crate) fn values_method(name: &str) -> Option<&'static FuncDef> {
    builtins::VALUES_METHODS.iter().find(|m| m.name == name)
}

/// Why a function failed. Go's text, without the place: the executor adds it.
#[derive(Debug)]
pub struct FuncError(pub(crate) FuncErrorKind);

#[derive(Debug)]
pub(crate) enum FuncErrorKind {
    Message(String),
    /// The template gave up (`fail`, `required`).
    Refused(String),
    /// A limit was reached.
    Limit(String),
    /// A template that the function ran (`include`, `tpl`) failed; with the text Go puts before.
    Template {
        before: String,
        error: TemplateError,
    },
}

impl FuncError {
    /// With Go's wording.
    pub fn new(message: impl Into<String>) -> Self {
        FuncError(FuncErrorKind::Message(message.into()))
    }

    /// The chart author's message of `fail` and `required`.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        FuncError(FuncErrorKind::Refused(message.into()))
    }

    /// A limit was reached.
    pub(crate) fn limit(message: impl Into<String>) -> Self {
        FuncError(FuncErrorKind::Limit(message.into()))
    }

    pub(crate) fn template(error: TemplateError) -> Self {
        Self::nested(String::new(), error)
    }

    pub(crate) fn nested(before: String, error: TemplateError) -> Self {
        FuncError(FuncErrorKind::Template { before, error })
    }

    pub(crate) fn too_deep() -> Self {
        Self::limit(format!(
            "value nested deeper than {} levels (a map put into itself?)",
            super::value::MAX_VALUE_DEPTH
        ))
    }
}

impl From<String> for FuncError {
    fn from(message: String) -> Self {
        FuncError::new(message)
    }
}
impl From<&str> for FuncError {
    fn from(message: &str) -> Self {
        FuncError::new(message)
    }
}
impl fmt::Display for FuncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            FuncErrorKind::Message(m) | FuncErrorKind::Refused(m) | FuncErrorKind::Limit(m) => f.write_str(m),
            FuncErrorKind::Template { before, error } => write!(f, "{before}{}", error.go_text()),
        }
    }
}
impl std::error::Error for FuncError {}

/// What functions may use of the rendering they run in.
pub struct Ctx {
    pub(crate) options: RenderOptions,
    /// Bytes of values made so far by [`charge`](Self::charge).
    charged: usize,
    random: u64,
}

impl Ctx {
    pub(crate) fn new(options: &RenderOptions) -> Self {
        Ctx { options: options.clone(), charged: 0, random: options.seed }
    }

    /// The options of the rendering.
    pub fn options(&self) -> &RenderOptions {
        &self.options
    }

    /// To be called *before* making a value of about this many bytes (`until`, `repeat`, `cat`…).
    ///
    /// # Errors
    /// When the rendering would make more than its options allow.
    pub fn charge(&mut self, bytes: usize) -> Result<(), FuncError> {
        let limits = &self.options.limits;
        self.charged = self.charged.saturating_add(bytes);
        if bytes > limits.value_bytes {
            Err(FuncError::limit(format!(
                "the result would be larger than the limit of {} bytes",
                limits.value_bytes
            )))
        } else if self.charged > limits.total_bytes {
            Err(FuncError::limit(format!(
                "the values made in this rendering are larger than the limit of {} bytes",
                limits.total_bytes
            )))
        } else {
            Ok(())
        }
    }

    /// The next number of the seeded sequence (SplitMix64). The same seed and template give the same numbers.
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Reading arguments whose types the signature guarantees. A missing one reads as the type's zero value.
pub(crate) trait Args {
    /// Any argument; nil when absent.
    fn any(&self, i: usize) -> &Val;
    /// A `string`, as text.
    fn text(&self, i: usize) -> &str;
    /// A `string`, as bytes.
    fn bytes(&self, i: usize) -> &[u8];
    /// A `string`, to be kept.
    fn string(&self, i: usize) -> Str;
    /// An `int`, `int64` or `uint32`.
    fn int(&self, i: usize) -> i64;
    /// A `float64`.
    fn float(&self, i: usize) -> f64;
    /// A `bool`.
    fn bool(&self, i: usize) -> bool;
    /// A map; `None` for nil.
    fn map(&self, i: usize) -> Option<&Rc<Map>>;
    /// The elements of a list; none for nil.
    fn list(&self, i: usize) -> &[Val];
    /// The arguments from `i` on.
    fn rest(&self, i: usize) -> &[Val];
}

impl Args for [Val] {
    fn any(&self, i: usize) -> &Val {
        self.get(i).unwrap_or(&Val::Nil)
    }
    fn text(&self, i: usize) -> &str {
        match self.get(i) {
            Some(Val::Str(s)) => s.as_str(),
            _ => "",
        }
    }
    fn bytes(&self, i: usize) -> &[u8] {
        match self.get(i) {
            Some(Val::Str(s)) => s.as_bytes(),
            Some(Val::Bytes(b)) => b,
            _ => b"",
        }
    }
    fn string(&self, i: usize) -> Str {
        match self.get(i) {
            Some(Val::Str(s)) => s.clone(),
            _ => "".into(),
        }
    }
    fn int(&self, i: usize) -> i64 {
        match self.get(i) {
            Some(Val::Int(_, n)) => *n,
            Some(Val::Uint(_, n)) => i64::try_from(*n).unwrap_or(i64::MAX),
            _ => 0,
        }
    }
    fn float(&self, i: usize) -> f64 {
        match self.get(i) {
            Some(Val::Float(f)) => *f,
            _ => 0.0,
        }
    }
    fn bool(&self, i: usize) -> bool {
        matches!(self.get(i), Some(Val::Bool(true)))
    }
    fn map(&self, i: usize) -> Option<&Rc<Map>> {
        match self.get(i) {
            Some(Val::Map(m)) => Some(m),
            _ => None,
        }
    }
    fn list(&self, i: usize) -> &[Val] {
        match self.get(i) {
            Some(Val::List(l)) => &l.items,
            _ => &[],
        }
    }
    fn rest(&self, i: usize) -> &[Val] {
        self.get(i..).unwrap_or(&[])
    }
}

/// Whether a value may be passed for a parameter as it is (Go's `AssignableTo`); nil is decided by the caller.
pub(crate) fn assignable(v: &Val, ty: Ty) -> bool {
    use super::value::{ElemKind, IntKind, UintKind};
    match (ty, v) {
        (Ty::Any, _)
        | (Ty::Str, Val::Str(_))
        | (Ty::Int, Val::Int(IntKind::Int, _))
        | (Ty::Int64, Val::Int(IntKind::Int64, _))
        | (Ty::Uint32, Val::Uint(UintKind::Uint32, _))
        | (Ty::Float, Val::Float(_))
        | (Ty::Bool, Val::Bool(_))
        | (Ty::Bytes, Val::Bytes(_)) => true,
        (Ty::Map, Val::Map(m)) => m.kind() != MapKind::Str,
        (Ty::StrMap, Val::Map(m)) => m.kind() == MapKind::Str,
        (Ty::List, Val::List(l)) => l.elem == ElemKind::Any,
        (Ty::StrList, Val::List(l)) => l.elem == ElemKind::Str,
        (Ty::Object(n), Val::Object(o)) => o.type_name() == n,
        _ => false,
    }
}

/// The elements of any list-like argument (`[]interface {}`, `[]string`, `[]uint8` …), as sprig's list functions take them.
pub(crate) fn elements(v: &Val) -> Option<Rc<List>> {
    match v {
        Val::List(l) => Some(l.clone()),
        Val::Bytes(b) => Some(List::any(
            b.iter().map(|b| Val::Uint(super::value::UintKind::Uint8, u64::from(*b))).collect(),
        )),
        // A named slice type with methods, such as `.Capabilities.APIVersions`.
        Val::Object(o) if o.kind() == "slice" => {
            Some(List::any(o.entries()?.iter().map(|(_, v)| v.clone()).collect()))
        }
        _ => None,
    }
}
