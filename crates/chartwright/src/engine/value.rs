//! Run-time values with the semantics of Go's reflection: numbers keep their Go type, strings may hold any bytes, maps are
//! references (`set`, `unset` and `merge` act in place), lists are immutable, objects have fields and methods.
//!
//! Values live on one thread (they are `Rc` inside); plain data crosses with [`Val::from_json`] and [`Val::to_json`].

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    rc::Rc,
};

use serde_json::Value;
use smol_str::SmolStr;

use super::funcs::{Ctx, FuncError, Sig};

/// How deep values may nest when they are printed, converted or compared. Go overflows its stack there.
pub const MAX_VALUE_DEPTH: usize = 1000;

/// How many values may be copied, converted or compared at once: sharing lets a few values spell out a tree without end.
const MAX_VALUES: usize = 2_000_000;

/// A Go string: cheap to clone, usually UTF-8, but `b64dec`, `trunc` and `.Files.Get` can produce any bytes.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Utf8(SmolStr),
    /// The bytes, and what is shown where text is needed.
    Raw(Rc<(Box<[u8]>, Box<str>)>),
}

impl Str {
    /// The text; bytes that are not UTF-8 are replaced by U+FFFD.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Utf8(s) => s,
            Repr::Raw(r) => &r.1,
        }
    }

    /// The exact bytes, as Go sees them.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Utf8(s) => s.as_bytes(),
            Repr::Raw(r) => &r.0,
        }
    }

    /// A Go string from any bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(s) => s.into(),
            Err(_) => Str(Repr::Raw(Rc::new((bytes.into(), String::from_utf8_lossy(bytes).into())))),
        }
    }

    /// Length in bytes (Go's `len`).
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::ops::Deref for Str {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}
impl std::borrow::Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}
impl From<&str> for Str {
    fn from(s: &str) -> Self {
        Str(Repr::Utf8(s.into()))
    }
}
impl From<&String> for Str {
    fn from(s: &String) -> Self {
        s.as_str().into()
    }
}
impl From<String> for Str {
    fn from(s: String) -> Self {
        Str(Repr::Utf8(s.into()))
    }
}
impl From<Cow<'_, str>> for Str {
    fn from(s: Cow<'_, str>) -> Self {
        Str(Repr::Utf8(s.into()))
    }
}
impl From<SmolStr> for Str {
    fn from(s: SmolStr) -> Self {
        Str(Repr::Utf8(s))
    }
}
impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
impl Eq for Str {}
impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}
impl Hash for Str {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.as_str().hash(h);
    }
}
impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Which signed Go integer type. Values files give `float64`; constants and `int` give `int`; arithmetic gives `int64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `int32` (a rune)
    Int32,
    /// `time.Duration`, nanoseconds; prints like `1h0m0s`
    Duration,
    /// `time.Month`; prints like `January`
    Month,
}

/// Which unsigned Go integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UintKind {
    /// `uint`
    Uint,
    /// `uint64`
    Uint64,
    /// `uint32`
    Uint32,
    /// `uint8` (an element of a string)
    Uint8,
}

/// The Go element type of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElemKind {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Str,
    /// `[]int`
    Int,
    /// Any other, by the element's Go type, such as `*chart.Dependency`.
    Named(&'static str),
}

/// The Go type of a map. All have string keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    Str,
    /// A named type whose underlying type is `map[string]interface {}`, such as `chartutil.Values`.
    Named(&'static str),
}

/// A run-time value.
#[derive(Clone, Default)]
pub enum Val {
    /// Untyped nil, also what a missing key gives. Functions see every nil as this.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// Signed integers.
    Int(IntKind, i64),
    /// Unsigned integers.
    Uint(UintKind, u64),
    /// `float64`
    Float(f64),
    /// `string`
    Str(Str),
    /// `[]uint8`
    Bytes(Rc<[u8]>),
    /// Any slice but `[]uint8`.
    List(Rc<List>),
    /// A map, by reference.
    Map(Rc<Map>),
    /// A Go struct, or a map with methods (`.Files`).
    Object(Rc<dyn Object>),
}

/// A Go slice; immutable, as no template function writes into one.
pub struct List {
    /// Element type.
    pub elem: ElemKind,
    /// The elements.
    pub items: Vec<Val>,
    /// A nil slice: the same as an empty one, but JSON and YAML write `null`/`[]` by it.
    pub nil: bool,
    pub(crate) tag: Cell<u32>,
}

/// A map with reference semantics: clones of the `Rc` see each other's changes.
pub struct Map {
    kind: MapKind,
    /// Reading takes the inner `Rc`, so a `range` sees the entries of its start, as in Go. The outer one is shared with
    /// the same map under another Go type.
    entries: Rc<RefCell<Rc<Dict>>>,
    pub(crate) tag: Cell<u32>,
}

/// Sorted entries of a map.
#[derive(Clone, Default)]
pub struct Dict(Vec<(Str, Val)>);

impl Dict {
    fn at(&self, key: &str) -> Result<usize, usize> {
        // Maps are often built in key order.
        match self.0.last() {
            Some((last, _)) if last.as_bytes() < key.as_bytes() => Err(self.0.len()),
            _ => self.0.binary_search_by(|(k, _)| k.as_bytes().cmp(key.as_bytes())),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Val> {
        self.at(key).ok().map(|i| &self.0[i].1)
    }

    /// Sets a key; gives back the old value.
    pub fn insert(&mut self, key: impl Into<Str>, value: Val) -> Option<Val> {
        let key = key.into();
        match self.at(&key) {
            Ok(i) => Some(std::mem::replace(&mut self.0[i].1, value)),
            Err(i) => {
                self.0.insert(i, (key, value));
                None
            }
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<Val> {
        self.at(key).ok().map(|i| self.0.remove(i).1)
    }

    /// Entries in key order (bytewise, as Go prints and ranges maps).
    pub fn iter(&self) -> std::slice::Iter<'_, (Str, Val)> {
        self.0.iter()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Str, Val)> for Dict {
    fn from_iter<T: IntoIterator<Item = (Str, Val)>>(iter: T) -> Self {
        let mut entries: Vec<_> = iter.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        // Of equal keys the last wins.
        entries.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        Dict(entries)
    }
}

impl<'a> IntoIterator for &'a Dict {
    type Item = &'a (Str, Val);
    type IntoIter = std::slice::Iter<'a, (Str, Val)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    pub fn new() -> Rc<Self> {
        Self::from_dict(MapKind::Any, Dict::default())
    }

    /// A map of the given type and entries.
    pub fn from_dict(kind: MapKind, entries: Dict) -> Rc<Self> {
        Rc::new(Map { kind, entries: Rc::new(RefCell::new(Rc::new(entries))), tag: Cell::new(0) })
    }

    /// The same map under another Go type: changes of one show in the other.
    pub fn as_kind(&self, kind: MapKind) -> Rc<Self> {
        Rc::new(Map { kind, entries: Rc::clone(&self.entries), tag: self.tag.clone() })
    }

    /// Its Go type.
    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// The value of a key; present `null`s are `Some(Val::Nil)`.
    pub fn get(&self, key: &str) -> Option<Val> {
        self.entries.borrow().get(key).cloned()
    }

    /// Whether the key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.entries.borrow().get(key).is_some()
    }

    /// Sets a key in place; gives back the old value.
    pub fn insert(&self, key: impl Into<Str>, value: Val) -> Option<Val> {
        Rc::make_mut(&mut self.entries.borrow_mut()).insert(key, value)
    }

    /// Removes a key in place.
    pub fn remove(&self, key: &str) -> Option<Val> {
        Rc::make_mut(&mut self.entries.borrow_mut()).remove(key)
    }

    /// The entries of this moment; later changes of the map do not show.
    pub fn entries(&self) -> Rc<Dict> {
        self.entries.borrow().clone()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl List {
    /// A `[]interface {}`.
    pub fn any(items: Vec<Val>) -> Rc<Self> {
        Self::of(ElemKind::Any, items)
    }

    /// A slice of the given element type.
    pub fn of(elem: ElemKind, items: Vec<Val>) -> Rc<Self> {
        Rc::new(List { elem, items, nil: false, tag: Cell::new(0) })
    }

    /// A nil slice.
    pub fn nil(elem: ElemKind) -> Rc<Self> {
        Rc::new(List { elem, items: Vec::new(), nil: true, tag: Cell::new(0) })
    }
}

/// Values nest as deep as templates like (`$x = dict "a" $x` in a loop); dropping them must not recurse.
fn drop_flat(first: Vec<Val>) {
    let mut pending = first;
    while let Some(v) = pending.pop() {
        match v {
            Val::Map(m) => {
                if let Ok(mut m) = Rc::try_unwrap(m)
                    && let Some(entries) = Rc::get_mut(&mut m.entries)
                    && let Ok(d) = Rc::try_unwrap(entries.replace(Rc::default()))
                {
                    pending.extend(d.into_containers());
                }
            }
            Val::List(l) => {
                if let Ok(mut l) = Rc::try_unwrap(l) {
                    pending.extend(std::mem::take(&mut l.items).into_iter().filter(Val::is_container));
                }
            }
            _ => {}
        }
    }
}

impl Dict {
    fn into_containers(mut self) -> impl Iterator<Item = Val> {
        std::mem::take(&mut self.0).into_iter().map(|(_, v)| v).filter(Val::is_container)
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if let Some(entries) = Rc::get_mut(&mut self.entries)
            && let Ok(d) = Rc::try_unwrap(std::mem::take(entries.get_mut()))
        {
            let nested: Vec<Val> = d.into_containers().collect();
            if !nested.is_empty() {
                drop_flat(nested);
            }
        }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if self.items.iter().any(Val::is_container) {
            drop_flat(std::mem::take(&mut self.items));
        }
    }
}

/// A Go struct, or a map type with methods, that templates can look into. The chart layer implements it for `.Chart`, `.Files`,
/// `.Capabilities` and so on; functions do for certificates, versions, times.
pub trait Object: std::any::Any {
    /// Its Go type as `%T` prints it: `chart.Metadata`, `engine.files`, `*semver.Version`.
    fn type_name(&self) -> &str;

    /// Its reflect kind: `struct`, `ptr`, `map`, `slice`.
    fn kind(&self) -> &'static str {
        "struct"
    }

    /// The field of this name. An absent one is an error for structs, a missing key for maps.
    fn field(&self, name: &str) -> Option<Val>;

    /// The signature of the method of this name.
    fn method(&self, name: &str) -> Option<&'static Sig> {
        let _ = name;
        None
    }

    /// Calls a method [`method`](Self::method) knows; the arguments fit its signature.
    ///
    /// # Errors
    /// What the method says.
    fn call(&self, name: &str, args: &[Val], ctx: &mut Ctx) -> Result<Val, FuncError> {
        let _ = (args, ctx);
        Err(FuncError::new(format!("no method {name}")))
    }

    /// For kinds `map` and `slice`: the entries that `range`, `len` and `index` see, sorted by key.
    fn entries(&self) -> Option<Rc<Dict>> {
        None
    }

    /// What `print`, `%v` and `%s` show: of a `Stringer` its text, of a struct its fields in braces.
    fn print(&self) -> String;

    /// Whether [`print`](Self::print) is a `String()` or `Error()` method (so `%q`, `%s`, `quote` and `toString` use it).
    fn is_stringer(&self) -> bool {
        false
    }

    /// What `toJson` and `toYaml` see.
    fn to_json(&self) -> Value {
        Value::String(self.print())
    }

    /// For downcasts: `v.as_any().downcast_ref::<T>()`.
    fn as_any(&self) -> &dyn std::any::Any;
}

fn bound(depth: usize, count: &mut usize) -> Result<(), FuncError> {
    *count += 1;
    if depth > MAX_VALUE_DEPTH {
        return Err(FuncError::too_deep());
    }
    if *count > MAX_VALUES {
        return Err(FuncError::limit(format!("the value has more than {MAX_VALUES} values in it")));
    }
    Ok(())
}

impl Val {
    /// A Go `int`.
    pub fn int(n: i64) -> Val {
        Val::Int(IntKind::Int, n)
    }

    /// A Go `int64`.
    pub fn int64(n: i64) -> Val {
        Val::Int(IntKind::Int64, n)
    }

    /// A Go `string`.
    pub fn str(s: impl Into<Str>) -> Val {
        Val::Str(s.into())
    }

    /// A Go `[]interface {}`.
    pub fn list(items: Vec<Val>) -> Val {
        Val::List(List::any(items))
    }

    /// A Go `[]string`.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Val {
        Val::List(List::of(ElemKind::Str, items.into_iter().map(Val::str).collect()))
    }

    /// A new Go `map[string]interface {}`.
    pub fn map(entries: impl IntoIterator<Item = (Str, Val)>) -> Val {
        Val::Map(Map::from_dict(MapKind::Any, entries.into_iter().collect()))
    }

    /// A new Go `map[string]string`.
    pub fn string_map(entries: impl IntoIterator<Item = (Str, Str)>) -> Val {
        let entries = entries.into_iter().map(|(k, v)| (k, Val::Str(v))).collect();
        Val::Map(Map::from_dict(MapKind::Str, entries))
    }

    fn is_container(&self) -> bool {
        matches!(self, Val::Map(_) | Val::List(_))
    }

    /// Whether it is nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Val::Nil)
    }

    /// Go templates' truth: not the zero value, not empty. Structs are true.
    pub fn truth(&self) -> bool {
        match self {
            Val::Nil => false,
            Val::Bool(b) => *b,
            Val::Int(_, n) => *n != 0,
            Val::Uint(_, n) => *n != 0,
            Val::Float(f) => *f != 0.0,
            Val::Str(s) => !s.is_empty(),
            Val::Bytes(b) => !b.is_empty(),
            Val::List(l) => !l.items.is_empty(),
            Val::Map(m) => !m.is_empty(),
            Val::Object(o) => match o.kind() {
                "map" | "slice" => o.entries().is_some_and(|e| !e.is_empty()),
                _ => true,
            },
        }
    }

    /// The Go type as `%T` and `typeOf` print it; `<nil>` for nil.
    pub fn type_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Val::Nil => "<nil>",
            Val::Bool(_) => "bool",
            Val::Int(IntKind::Int, _) => "int",
            Val::Int(IntKind::Int64, _) => "int64",
            Val::Int(IntKind::Int32, _) => "int32",
            Val::Int(IntKind::Duration, _) => "time.Duration",
            Val::Int(IntKind::Month, _) => "time.Month",
            Val::Uint(UintKind::Uint, _) => "uint",
            Val::Uint(UintKind::Uint64, _) => "uint64",
            Val::Uint(UintKind::Uint32, _) => "uint32",
            Val::Uint(UintKind::Uint8, _) => "uint8",
            Val::Float(_) => "float64",
            Val::Str(_) => "string",
            Val::Bytes(_) => "[]uint8",
            Val::List(l) => match l.elem {
                ElemKind::Any => "[]interface {}",
                ElemKind::Str => "[]string",
                ElemKind::Int => "[]int",
                ElemKind::Named(n) => return Cow::Owned(format!("[]{n}")),
            },
            Val::Map(m) => match m.kind {
                MapKind::Any => "map[string]interface {}",
                MapKind::Str => "map[string]string",
                MapKind::Named(n) => n,
            },
            Val::Object(o) => return Cow::Borrowed(o.type_name()),
        })
    }

    /// The Go kind as `kindOf` prints it.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Val::Nil => "invalid",
            Val::Bool(_) => "bool",
            Val::Int(IntKind::Int | IntKind::Month, _) => "int",
            Val::Int(IntKind::Int64 | IntKind::Duration, _) => "int64",
            Val::Int(IntKind::Int32, _) => "int32",
            Val::Uint(UintKind::Uint, _) => "uint",
            Val::Uint(UintKind::Uint64, _) => "uint64",
            Val::Uint(UintKind::Uint32, _) => "uint32",
            Val::Uint(UintKind::Uint8, _) => "uint8",
            Val::Float(_) => "float64",
            Val::Str(_) => "string",
            Val::Bytes(_) | Val::List(_) => "slice",
            Val::Map(_) => "map",
            Val::Object(o) => o.kind(),
        }
    }

    /// From plain data: integers become `int64`, floats `float64`. (Values files have had their numbers turned into floats
    /// before, by `yaml::numbers_to_f64`; the integers left are those of `--set`.)
    pub fn from_json(v: &Value) -> Val {
        match v {
            Value::Null => Val::Nil,
            Value::Bool(b) => Val::Bool(*b),
            Value::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(i), _) => Val::int64(i),
                (None, Some(u)) => Val::Uint(UintKind::Uint64, u),
                (None, None) => Val::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(s) => Val::str(s),
            Value::Array(a) => Val::list(a.iter().map(Val::from_json).collect()),
            Value::Object(o) => Val::map(o.iter().map(|(k, v)| (k.into(), Val::from_json(v)))),
        }
    }

    /// To plain data, as `encoding/json` would write it. Floats stay floats, also whole ones; `[]byte` is base64.
    ///
    /// # Errors
    /// Not-a-number and infinities, and values nested deeper than [`MAX_VALUE_DEPTH`] (a map put into itself).
    pub fn to_json(&self) -> Result<Value, FuncError> {
        self.to_json_at(0, &mut 0)
    }

    fn to_json_at(&self, depth: usize, count: &mut usize) -> Result<Value, FuncError> {
        bound(depth, count)?;
        Ok(match self {
            Val::Nil => Value::Null,
            Val::Bool(b) => Value::Bool(*b),
            Val::Int(_, n) => (*n).into(),
            Val::Uint(_, n) => (*n).into(),
            Val::Float(f) => match serde_json::Number::from_f64(*f) {
                Some(n) => Value::Number(n),
                None => {
                    let mut text = String::new();
                    super::format::float_v(&mut text, *f);
                    return Err(FuncError::new(format!("json: unsupported value: {text}")));
                }
            },
            Val::Str(s) => Value::String(s.as_str().to_owned()),
            Val::Bytes(b) => {
                Value::String(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, b))
            }
            Val::List(l) if l.nil => Value::Null,
            Val::List(l) => Value::Array(
                l.items.iter().map(|v| v.to_json_at(depth + 1, count)).collect::<Result<_, _>>()?,
            ),
            Val::Map(m) => {
                let mut out = serde_json::Map::new();
                for (k, v) in m.entries().iter() {
                    out.insert(k.as_str().to_owned(), v.to_json_at(depth + 1, count)?);
                }
                Value::Object(out)
            }
            Val::Object(o) => o.to_json(),
        })
    }

    /// A deep copy: maps are copied, so that changes of one do not show in the other.
    pub fn deep_copy(&self) -> Result<Val, FuncError> {
        self.deep_copy_at(0, &mut 0)
    }

    fn deep_copy_at(&self, depth: usize, count: &mut usize) -> Result<Val, FuncError> {
        bound(depth, count)?;
        Ok(match self {
            Val::Map(m) => {
                let mut entries = Vec::with_capacity(m.len());
                for (k, v) in m.entries().iter() {
                    entries.push((k.clone(), v.deep_copy_at(depth + 1, count)?));
                }
                let copy = Map::from_dict(m.kind, Dict(entries));
                copy.tag.set(m.tag.get());
                Val::Map(copy)
            }
            Val::List(l) => {
                let items =
                    l.items.iter().map(|v| v.deep_copy_at(depth + 1, count)).collect::<Result<_, _>>()?;
                Val::List(Rc::new(List { elem: l.elem, items, nil: l.nil, tag: l.tag.clone() }))
            }
            other => other.clone(),
        })
    }

    /// `reflect.DeepEqual`: types must be the same, also of numbers.
    pub fn deep_eq(&self, other: &Val) -> bool {
        self.deep_eq_at(other, 0, &mut 0)
    }

    fn deep_eq_at(&self, other: &Val, depth: usize, count: &mut usize) -> bool {
        if bound(depth, count).is_err() {
            return false;
        }
        match (self, other) {
            (Val::Nil, Val::Nil) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            (Val::Int(k, a), Val::Int(l, b)) => k == l && a == b,
            (Val::Uint(k, a), Val::Uint(l, b)) => k == l && a == b,
            (Val::Float(a), Val::Float(b)) => a == b,
            (Val::Str(a), Val::Str(b)) => a == b,
            (Val::Bytes(a), Val::Bytes(b)) => a == b,
            (Val::List(a), Val::List(b)) => {
                a.elem == b.elem
                    && a.nil == b.nil
                    && a.items.len() == b.items.len()
                    && (Rc::ptr_eq(a, b)
                        || a.items.iter().zip(&b.items).all(|(x, y)| x.deep_eq_at(y, depth + 1, count)))
            }
            (Val::Map(a), Val::Map(b)) => {
                if Rc::ptr_eq(a, b) {
                    return true;
                }
                let (x, y) = (a.entries(), b.entries());
                a.kind == b.kind
                    && x.len() == y.len()
                    && x.iter()
                        .zip(y.iter())
                        .all(|(p, q)| p.0 == q.0 && p.1.deep_eq_at(&q.1, depth + 1, count))
            }
            (Val::Object(a), Val::Object(b)) => {
                Rc::ptr_eq(a, b) || a.type_name() == b.type_name() && a.print() == b.print()
            }
            _ => false,
        }
    }
}

impl From<bool> for Val {
    fn from(b: bool) -> Self {
        Val::Bool(b)
    }
}
impl From<f64> for Val {
    fn from(f: f64) -> Self {
        Val::Float(f)
    }
}
impl From<&str> for Val {
    fn from(s: &str) -> Self {
        Val::str(s)
    }
}
impl From<String> for Val {
    fn from(s: String) -> Self {
        Val::str(s)
    }
}
impl From<Str> for Val {
    fn from(s: Str) -> Self {
        Val::Str(s)
    }
}
impl From<Rc<Map>> for Val {
    fn from(m: Rc<Map>) -> Self {
        Val::Map(m)
    }
}
impl From<Rc<List>> for Val {
    fn from(l: Rc<List>) -> Self {
        Val::List(l)
    }
}

impl fmt::Debug for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        super::format::print_v(&mut text, self);
        write!(f, "{}({text})", self.type_name())
    }
}
