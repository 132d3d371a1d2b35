//! Tracing: which values a rendering read, by which template line, and where each line of output comes from.
//!
//! Maps and lists of the data carry the number of their path (see [`Session::tag`](super::Session::tag)). Looking up a scalar in one
//! is a read of its path; a map or list that is handed on is no read, until somebody consumes it whole (prints it, passes it to
//! `toYaml`, …): then it is a *deep* read. Scalars have no number, so the paths read on the way to a value are collected aside, and
//! go along with variables, dots and entries of `dict`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
    sync::Arc,
};

use serde_json::Value;

use super::value::{Map, Str, Val};
use crate::yaml::PathSegment;

/// A path into the data, its root first: `Values`, `image`, `tag`.
pub type ValuePath = Arc<[PathSegment]>;

/// A value that a template line read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub path: ValuePath,
    /// The file of the reading template; `gotpl` for text given to `tpl`.
    pub template: Arc<str>,
    /// 1-based.
    pub line: usize,
    /// The value was consumed with everything in it. Otherwise it is a scalar, or a map or list of which only existence, emptiness,
    /// length, kind or keys were asked.
    pub deep: bool,
}

/// A call of `include`, `template` or `tpl`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The file of the call.
    pub template: Arc<str>,
    /// 1-based.
    pub line: usize,
}

/// Where a line of output comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file of the template that wrote the line (or its first text).
    pub template: Arc<str>,
    /// The line in it, 1-based.
    pub line: usize,
    /// The calls that led there, outermost first.
    pub chain: Arc<[Call]>,
    /// The values the line shows or was made from.
    pub paths: Arc<[ValuePath]>,
}

/// A call of a function that is random, or depends on time, in Helm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impure {
    /// The function.
    pub function: String,
    /// The file of the call.
    pub template: Arc<str>,
    /// 1-based.
    pub line: usize,
}

/// What was seen while rendering. One trace may follow several renderings.
#[derive(Debug, Default)]
pub struct Trace {
    /// Values read, each path once per template line, in the order of reading.
    pub reads: Vec<Read>,
    /// Values looked up that are not there. (Whether by a guard like `if` or `default`, is not told apart.)
    pub undefined: Vec<Read>,
    /// By rendered template, where each line of its output comes from.
    pub lines: BTreeMap<String, Vec<Origin>>,
    /// Calls of functions that would give another result each time.
    pub impure: Vec<Impure>,
    paths: Paths,
    seen: HashSet<(u32, u32, u32, Kind)>,
    files: Files,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Read,
    Deep,
    Undefined,
}

impl Trace {
    /// An empty trace.
    pub fn new() -> Self {
        Self::default()
    }

    /// The values below `root` that nothing read: leaves, or whole maps and lists of which no leaf was read (then only the topmost).
    pub fn unread(&self, root: &[PathSegment], values: &Value) -> Vec<ValuePath> {
        let mut tree = Node::default();
        for read in &self.reads {
            let mut node = &mut tree;
            for segment in &*read.path {
                node = node.children.entry(segment.clone()).or_default();
            }
            node.read = true;
            node.deep |= read.deep;
        }
        let mut node = Some(&tree);
        for segment in root {
            node = node.filter(|n| !n.deep).and_then(|n| n.children.get(segment));
        }
        let mut out = Vec::new();
        let mut path = root.to_vec();
        if let Unread::All = collect_unread(values, node, &mut path, &mut out) {
            out.push(path.into());
        }
        out
    }
}

/// Reads, as a tree.
#[derive(Default)]
struct Node {
    read: bool,
    deep: bool,
    children: HashMap<PathSegment, Node>,
}

enum Unread {
    /// Nothing was read: the caller says so for the topmost.
    All,
    /// Something was read; what was not is in the list.
    Some,
}

fn collect_unread(
    value: &Value,
    node: Option<&Node>,
    path: &mut Vec<PathSegment>,
    out: &mut Vec<ValuePath>,
) -> Unread {
    let Some(node) = node else { return Unread::All };
    if node.deep {
        return Unread::Some;
    }
    let children: Vec<(PathSegment, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (PathSegment::Key(k.clone()), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (PathSegment::Index(i), v)).collect(),
        _ => Vec::new(),
    };
    if children.is_empty() {
        return if node.read { Unread::Some } else { Unread::All };
    }
    let mark = out.len();
    let (mut all, count) = (true, children.len());
    let mut none_read = 0;
    for (segment, value) in children {
        path.push(segment.clone());
        match collect_unread(value, node.children.get(&segment), path, out) {
            Unread::All => {
                none_read += 1;
                out.push(path.as_slice().into());
            }
            Unread::Some => all = false,
        }
        path.pop();
    }
    if all && none_read == count {
        out.truncate(mark);
        return Unread::All;
    }
    Unread::Some
}

/// Numbers for paths: 0 is no path.
#[derive(Debug, Default)]
struct Paths {
    nodes: Vec<(u32, PathSegment)>,
    keys: HashMap<(u32, Str), u32>,
    items: HashMap<(u32, usize), u32>,
    shown: HashMap<u32, ValuePath>,
}

/// The number of the empty path: what has it is the top of the data.
const TOP: u32 = 1;

/// From here on tags are of maps that templates made with `dict`; their entries remember what they were made from.
const MADE: u32 = 1 << 31;

impl Paths {
    fn add(&mut self, parent: u32, segment: PathSegment) -> u32 {
        self.nodes.push((parent, segment));
        self.nodes.len() as u32 + TOP
    }

    fn key(&mut self, parent: u32, key: &Str) -> u32 {
        if let Some(id) = self.keys.get(&(parent, key.clone())) {
            return *id;
        }
        let id = self.add(parent, PathSegment::Key(key.as_str().to_owned()));
        self.keys.insert((parent, key.clone()), id);
        id
    }

    fn item(&mut self, parent: u32, index: usize) -> u32 {
        if let Some(id) = self.items.get(&(parent, index)) {
            return *id;
        }
        let id = self.add(parent, PathSegment::Index(index));
        self.items.insert((parent, index), id);
        id
    }

    fn at(&mut self, root: u32, path: &[PathSegment]) -> u32 {
        path.iter().fold(root, |id, segment| match segment {
            PathSegment::Key(key) => self.key(id, &key.into()),
            PathSegment::Index(index) => self.item(id, *index),
        })
    }

    fn show(&mut self, id: u32) -> ValuePath {
        if let Some(path) = self.shown.get(&id) {
            return path.clone();
        }
        let mut segments = Vec::new();
        let mut at = id;
        while at > TOP {
            let (parent, segment) = &self.nodes[(at - TOP - 1) as usize];
            segments.push(segment.clone());
            at = *parent;
        }
        segments.reverse();
        let path: ValuePath = segments.into();
        self.shown.insert(id, path.clone());
        path
    }
}

#[derive(Debug, Default)]
struct Files {
    names: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, u32>,
}

impl Files {
    fn id(&mut self, name: &Arc<str>) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.names.push(name.clone());
        self.ids.insert(name.clone(), id);
        id
    }

    fn name(&self, id: u32) -> Arc<str> {
        self.names.get(id as usize).cloned().unwrap_or_else(|| "".into())
    }
}

/// What a value was made from: paths, and texts of several lines whose lines have origins.
#[derive(Clone, Default)]
pub(crate) struct Made {
    paths: Vec<u32>,
    texts: Vec<Rc<Text>>,
}

impl Made {
    fn add_path(&mut self, id: u32) {
        // Most often it is the one just added.
        if self.paths.last() != Some(&id) {
            self.paths.push(id);
            if self.paths.len().is_multiple_of(256) {
                self.paths.sort_unstable();
                self.paths.dedup();
            }
        }
    }

    /// Adds the paths only: the texts have been written.
    pub(crate) fn add_paths(&mut self, other: &Made) {
        for id in &other.paths {
            self.add_path(*id);
        }
    }

    pub(crate) fn add(&mut self, other: &Made) {
        for id in &other.paths {
            self.add_path(*id);
        }
        self.texts.extend(other.texts.iter().cloned());
    }
}

/// A text that a template or `toYaml` made: its lines, trimmed, and their origins.
struct Text {
    lines: Vec<(Box<str>, u32)>,
}

/// A piece of output, up to the next.
#[derive(Clone, Copy)]
struct Piece {
    start: usize,
    origin: u32,
    /// Source text: each line break in it is one in the source.
    text: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct OriginData {
    file: u32,
    line: u32,
    chain: u32,
    paths: Rc<[u32]>,
}

/// The place being executed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place {
    file: u32,
    line: u32,
    chain: u32,
}

/// The tracing side of a [`Session`](super::Session).
pub(crate) struct Tracer<'s> {
    trace: &'s mut Trace,
    pieces: Vec<Piece>,
    origins: Vec<OriginData>,
    origin_ids: HashMap<OriginData, u32>,
    /// Calls by number; 0 is none. Parent, file, line.
    chains: Vec<(u32, u32, u32)>,
    chain_ids: HashMap<(u32, u32, u32), u32>,
    place: Place,
    /// What the value being evaluated is made from.
    pub(crate) made: Made,
    /// Entries of maps made by `dict`.
    entries: HashMap<(u32, Str), Made>,
    made_maps: u32,
}

impl<'s> Tracer<'s> {
    pub(crate) fn new(trace: &'s mut Trace) -> Self {
        Tracer {
            trace,
            pieces: Vec::new(),
            origins: Vec::new(),
            origin_ids: HashMap::new(),
            chains: Vec::new(),
            chain_ids: HashMap::new(),
            place: Place::default(),
            made: Made::default(),
            entries: HashMap::new(),
            made_maps: 0,
        }
    }

    /// Numbers the maps and lists of a value that have no number yet.
    pub(crate) fn tag(&mut self, value: &Val, path: &[PathSegment]) {
        let id = self.trace.paths.at(TOP, path);
        self.tag_at(value, id, 0);
    }

    fn tag_at(&mut self, value: &Val, id: u32, depth: usize) {
        if depth > super::value::MAX_VALUE_DEPTH {
            return;
        }
        match value {
            Val::Map(m) if m.tag.get() == 0 => {
                m.tag.set(id);
                for (k, v) in m.entries().iter() {
                    if matches!(v, Val::Map(_) | Val::List(_)) {
                        let child = self.trace.paths.key(id, k);
                        self.tag_at(v, child, depth + 1);
                    }
                }
            }
            Val::List(l) if l.tag.get() == 0 => {
                l.tag.set(id);
                for (i, v) in l.items.iter().enumerate() {
                    if matches!(v, Val::Map(_) | Val::List(_)) {
                        let child = self.trace.paths.item(id, i);
                        self.tag_at(v, child, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// Starts a rendering.
    pub(crate) fn start(&mut self) {
        self.pieces.clear();
        self.made = Made::default();
        self.place = Place::default();
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    pub(crate) fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// Enters a template; what is executed now is its call.
    pub(crate) fn enter(&mut self, file: &Arc<str>, called: bool) {
        let call = (self.place.chain, self.place.file, self.place.line);
        if called {
            let chains = &mut self.chains;
            self.place.chain = *self.chain_ids.entry(call).or_insert_with(|| {
                chains.push(call);
                chains.len() as u32
            });
        }
        self.place.file = self.trace.files.id(file);
    }

    pub(crate) fn at_line(&mut self, line: u32) {
        self.place.line = line;
    }

    // Reads.

    fn note(&mut self, id: u32, kind: Kind) {
        let Place { file, line, .. } = self.place;
        if !self.trace.seen.insert((id, file, line, kind)) {
            return;
        }
        let read = Read {
            path: self.trace.paths.show(id),
            template: self.trace.files.name(file),
            line: line as usize,
            deep: kind == Kind::Deep,
        };
        match kind {
            Kind::Undefined => self.trace.undefined.push(read),
            Kind::Read | Kind::Deep => self.trace.reads.push(read),
        }
    }

    /// A key was looked up in a map.
    pub(crate) fn lookup(&mut self, map: &Map, key: &Str, found: Option<&Val>) {
        let tag = map.tag.get();
        if tag >= MADE {
            if let Some(made) = self.entries.get(&(tag, key.clone())) {
                self.made.add(made);
            }
            return;
        }
        if tag == 0 {
            return;
        }
        match found {
            // Handed on; whoever consumes it is noted.
            Some(Val::Map(m)) if m.tag.get() != 0 => {}
            Some(Val::List(l)) if l.tag.get() != 0 => {}
            // What stands at the top of the data without a tag (`.Files`, `.Chart`) is no value.
            Some(Val::Object(_) | Val::Map(_) | Val::List(_)) if tag == TOP => {}
            found => {
                let id = self.trace.paths.key(tag, key);
                self.note(id, if found.is_some() { Kind::Read } else { Kind::Undefined });
                self.made.add_path(id);
            }
        }
    }

    /// The scalar element of a list or map, as a loop hands it out.
    pub(crate) fn element(
        &mut self,
        of: &Val,
        key: Option<&Str>,
        index: usize,
        element: &Val,
    ) -> Option<Rc<Made>> {
        let tag = match of {
            Val::Map(m) => m.tag.get(),
            Val::List(l) => l.tag.get(),
            _ => 0,
        };
        if tag == 0 || matches!(element, Val::Map(_) | Val::List(_)) {
            return None;
        }
        if tag >= MADE {
            return self.entries.get(&(tag, key?.clone())).map(|made| Rc::new(made.clone()));
        }
        let id = match key {
            Some(key) => self.trace.paths.key(tag, key),
            None => self.trace.paths.item(tag, index),
        };
        self.note(id, Kind::Read);
        Some(Rc::new(Made { paths: vec![id], texts: Vec::new() }))
    }

    fn tag_of(value: &Val) -> u32 {
        match value {
            Val::Map(m) => m.tag.get(),
            Val::List(l) => l.tag.get(),
            _ => 0,
        }
    }

    /// A map or list was asked for its truth, length, kind or keys.
    pub(crate) fn touch(&mut self, value: &Val) {
        let tag = Self::tag_of(value);
        if tag > TOP && tag < MADE {
            self.note(tag, Kind::Read);
            self.made.add_path(tag);
        }
    }

    /// A value was consumed whole.
    pub(crate) fn deep(&mut self, value: &Val) {
        self.deep_at(value, 0);
    }

    fn deep_at(&mut self, value: &Val, depth: usize) {
        let tag = Self::tag_of(value);
        if tag > TOP && tag < MADE {
            self.note(tag, Kind::Deep);
            self.made.add_path(tag);
            return;
        }
        // What a template made may hold values of the data. Sharing may make it large: such values are not followed for ever.
        if depth > 16 {
            return;
        }
        match value {
            Val::Map(m) => {
                for (k, v) in m.entries().iter() {
                    if tag >= MADE
                        && let Some(made) = self.entries.get(&(tag, k.clone()))
                    {
                        self.made.add(made);
                    }
                    self.deep_at(v, depth + 1);
                }
            }
            Val::List(l) => l.items.iter().for_each(|v| self.deep_at(v, depth + 1)),
            _ => {}
        }
    }

    /// Looks keys up one in the other, as `index`, `get`, `hasKey` and `dig` do.
    pub(crate) fn keys(&mut self, first: &Val, keys: &[Val]) {
        let mut value = first.clone();
        for key in keys {
            let next = match (&value, key) {
                (Val::Map(m), Val::Str(key)) => {
                    let next = m.get(key);
                    self.lookup(m, key, next.as_ref());
                    next
                }
                (Val::List(l), Val::Int(_, n)) => {
                    let i = usize::try_from(*n).unwrap_or(usize::MAX);
                    let next = l.items.get(i).cloned();
                    let tag = l.tag.get();
                    if tag > TOP && tag < MADE && !matches!(next, None | Some(Val::Map(_) | Val::List(_))) {
                        let id = self.trace.paths.item(tag, i);
                        self.note(id, Kind::Read);
                        self.made.add_path(id);
                    }
                    next
                }
                _ => None,
            };
            match next {
                Some(next) => value = next,
                None => return,
            }
        }
    }

    /// `dict` made a map from operands with these sources.
    pub(crate) fn made_dict(&mut self, map: &Map, operands: &[Val], sources: Vec<Made>) {
        if map.tag.get() != 0 || sources.iter().all(|m| m.paths.is_empty() && m.texts.is_empty()) {
            return;
        }
        let tag = MADE + self.made_maps;
        self.made_maps = (self.made_maps + 1) % MADE;
        map.tag.set(tag);
        let mut sources = sources.into_iter();
        for pair in operands.chunks(2) {
            let (_, value) = (sources.next(), sources.next());
            if let (Some(Val::Str(key)), Some(made)) = (pair.first(), value)
                && !(made.paths.is_empty() && made.texts.is_empty())
            {
                self.entries.insert((tag, key.clone()), made);
            }
        }
    }

    pub(crate) fn impure(&mut self, function: &str) {
        let template = self.trace.files.name(self.place.file);
        let call = Impure { function: function.to_owned(), template, line: self.place.line as usize };
        if !self.trace.impure.contains(&call) {
            self.trace.impure.push(call);
        }
    }

    // Output.

    fn origin(&mut self, place: Place, paths: &mut Vec<u32>) -> u32 {
        paths.sort_unstable();
        paths.dedup();
        self.intern(OriginData {
            file: place.file,
            line: place.line,
            chain: place.chain,
            paths: paths.as_slice().into(),
        })
    }

    fn intern(&mut self, data: OriginData) -> u32 {
        if let Some(id) = self.origin_ids.get(&data) {
            return *id;
        }
        let id = self.origins.len() as u32;
        self.origins.push(data.clone());
        self.origin_ids.insert(data, id);
        id
    }

    /// Source text is written at the end of the output.
    pub(crate) fn text(&mut self, start: usize, line: u32) {
        let place = Place { line, ..self.place };
        let origin = self.origin(place, &mut Vec::new());
        self.pieces.push(Piece { start, origin, text: true });
    }

    /// A value was printed as `out[start..]`.
    pub(crate) fn printed(&mut self, out: &str, start: usize) {
        let own = self.origin(self.place, &mut self.made.paths.clone());
        let text = &out[start..];
        let known: Vec<&(Box<str>, u32)> = self.made.texts.iter().flat_map(|t| &t.lines).collect();
        if known.is_empty() || !text.contains('\n') {
            self.pieces.push(Piece { start, origin: own, text: false });
            return;
        }
        // The text is most often one of the known texts, indented: its lines come in their order.
        let mut cursor = 0;
        let mut at = start;
        let mut pieces = Vec::new();
        for line in text.split_inclusive('\n') {
            let trimmed = line.trim();
            let found = if trimmed.is_empty() {
                None
            } else {
                let ahead = known[cursor..].iter().position(|(l, _)| &**l == trimmed).map(|i| i + cursor);
                ahead.or_else(|| known[..cursor].iter().position(|(l, _)| &**l == trimmed))
            };
            if let Some(i) = found {
                cursor = i + 1;
            }
            pieces.push(Piece { start: at, origin: found.map_or(own, |i| known[i].1), text: false });
            at += line.len();
        }
        self.pieces.append(&mut pieces);
    }

    /// Takes the pieces of `out[start..]`, which is about to become a value, and remembers its lines' origins.
    pub(crate) fn capture(&mut self, out: &str, start: usize) {
        let origins = self.lines(out, start);
        let lines = out[start..].lines().map(|l| Box::from(l.trim())).zip(origins).collect();
        self.made.texts.push(Rc::new(Text { lines }));
        let first = self.pieces.partition_point(|p| p.start < start);
        self.pieces.truncate(first);
    }

    /// `toYaml` wrote a value: each line has its path.
    pub(crate) fn yaml(&mut self, value: &Val, text: &str) {
        let Ok(plain) = value.to_json() else { return };
        let traced = crate::yaml::to_string_with_paths(&plain);
        let mut lines = Vec::new();
        for (line, path) in text.lines().zip(&traced.lines) {
            let id = self.path_below(value, path);
            let mut paths = if id > TOP { vec![id] } else { Vec::new() };
            let origin = self.origin(self.place, &mut paths);
            lines.push((Box::from(line.trim()), origin));
        }
        self.made.texts.push(Rc::new(Text { lines }));
    }

    /// The number of a path below a value, which may be one that a template made around values of the data.
    fn path_below(&mut self, value: &Val, path: &[PathSegment]) -> u32 {
        let tag = Self::tag_of(value);
        if (TOP..MADE).contains(&tag) {
            return self.trace.paths.at(tag, path);
        }
        let Some((first, rest)) = path.split_first() else { return 0 };
        let next = match (value, first) {
            (Val::Map(m), PathSegment::Key(key)) => {
                let next = m.get(key);
                if tag >= MADE
                    && !matches!(next, Some(Val::Map(_) | Val::List(_)))
                    && let Some(made) = self.entries.get(&(tag, key.into()))
                {
                    return made.paths.first().copied().unwrap_or(0);
                }
                next
            }
            (Val::List(l), PathSegment::Index(i)) => l.items.get(*i).cloned(),
            _ => None,
        };
        next.map_or(0, |next| self.path_below(&next, rest))
    }

    /// The origins of the lines of `out[start..]`.
    fn lines(&mut self, out: &str, start: usize) -> Vec<u32> {
        let first = self.pieces.partition_point(|p| p.start < start);
        let pieces = self.pieces.split_off(first);
        let mut result = Vec::new();
        // The piece at the line's start, and the line breaks in it before.
        let (mut i, mut breaks) = (0, 0);
        let mut at = start;
        for line in out[start..].split_inclusive('\n') {
            let end = at + line.len();
            // The line belongs to the first piece that shows something in it.
            let (mut main, mut blank) = (None, None);
            let mut paths = Vec::new();
            while let Some(piece) = pieces.get(i).filter(|p| p.start < end) {
                let piece_end = pieces.get(i + 1).map_or(out.len(), |p| p.start);
                let content = out.get(piece.start.max(at)..piece_end.min(end)).unwrap_or("");
                if !content.is_empty() {
                    let shown = (piece.origin, if piece.text { breaks } else { 0 });
                    blank.get_or_insert(shown);
                    if !content.trim().is_empty() {
                        main.get_or_insert(shown);
                    }
                }
                // An empty value belongs to its line; a blank piece of a longer text does not.
                if content.is_empty() || !content.trim().is_empty() {
                    paths.extend_from_slice(&self.origins[piece.origin as usize].paths);
                }
                if piece_end > end {
                    breaks += u32::from(content.ends_with('\n'));
                    break;
                }
                i += 1;
                breaks = 0;
            }
            let (origin, offset) = main.or(blank).unwrap_or((u32::MAX, 0));
            let data = self.origins.get(origin as usize);
            let (file, line, chain) = data.map_or((0, 0, 0), |o| (o.file, o.line, o.chain));
            result.push(self.origin(Place { file, line: line + offset, chain }, &mut paths));
            at = end;
        }
        self.pieces.extend(pieces);
        result
    }

    /// Ends a rendering: notes where the lines of its output come from.
    ///
    /// `count` is their number once `<no value>` is gone: a last line of nothing else is none.
    pub(crate) fn finish(&mut self, template: &str, out: &str, count: usize) {
        let mut ids = self.lines(out, 0);
        ids.truncate(count);
        self.pieces.clear();
        let mut shown: HashMap<u32, Origin> = HashMap::new();
        let lines =
            ids.into_iter().map(|id| shown.entry(id).or_insert_with(|| self.show(id)).clone()).collect();
        self.trace.lines.insert(template.to_owned(), lines);
    }

    fn show(&mut self, id: u32) -> Origin {
        let data = self.origins[id as usize].clone();
        let mut chain = Vec::new();
        let mut at = data.chain;
        while let Some((parent, file, line)) = at.checked_sub(1).and_then(|i| self.chains.get(i as usize)) {
            chain.push(Call { template: self.trace.files.name(*file), line: *line as usize });
            at = *parent;
        }
        chain.reverse();
        let paths = data.paths.iter().map(|id| self.trace.paths.show(*id)).collect();
        Origin {
            template: self.trace.files.name(data.file),
            line: data.line as usize,
            chain: chain.into(),
            paths,
        }
    }
}
