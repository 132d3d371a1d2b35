//! A tree of YAML documents that knows where everything stands in the text.
//!
//! Made for files that people write (specs, values): nothing is resolved (a scalar is its text and its style), nothing
//! is lost (duplicate keys are kept, in order), every node has its span. Aliases are expanded within [`Limits`].

mod build;

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::{PathSegment, YamlError, decode};
use build::Builder;

/// The deepest nesting that any [`Limits`] can allow: deeper trees could overflow a thread's stack when dropped.
pub const MAX_DEPTH: usize = 500;

/// What [`Node::walk`] calls: the path, the key's node in mappings, the node.
pub type Visit<'v, 'a> = dyn FnMut(&[PathSegment], Option<&'a Node>, &'a Node) + 'v;

/// How much a text may contain, so that hostile or broken input ends with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of collections; never more than [`MAX_DEPTH`].
    pub depth: usize,
    /// Nodes of all documents together, expanded aliases included.
    pub nodes: usize,
    /// Bytes of text.
    pub bytes: usize,
    /// Nodes that come from expanding aliases.
    pub alias_nodes: usize,
}

impl Default for Limits {
    /// Depth 100, a million nodes, 5 MiB (what Helm allows for a file), 100,000 nodes from aliases.
    fn default() -> Self {
        Limits { depth: 100, nodes: 1_000_000, bytes: 5 << 20, alias_nodes: 100_000 }
    }
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing is written: `a:` and the end of the line. An explicit `null` or `~` is a plain scalar.
    Null,
    /// A scalar, its text with escapes and folding undone.
    Scalar {
        /// The text.
        text: String,
        /// How it is written.
        style: Style,
        /// An explicit tag in its short form (`!!str`, `!custom`); `!` alone is kept as it is.
        tag: Option<String>,
    },
    /// Items in order.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the text; keys may repeat.
    Mapping(Vec<(Node, Node)>),
}

/// A node of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where its text is, in bytes, with anchor and tag, without the comment and the line break after it. For what an
    /// alias stands for it is the place of the anchored original.
    pub span: Range<usize>,
    /// Where the alias (`*name`) is that this node was expanded from.
    pub alias: Option<Range<usize>>,
}

/// Parses all documents of `text`; an empty document is a [`Kind::Null`] node.
///
/// # Errors
/// The first place that is not YAML, or where one of the limits is exceeded.
pub fn parse(text: &str, limits: &Limits) -> Result<Vec<Node>, YamlError> {
    let mut builder = Builder::new(text, limits)?;
    let mut documents = Vec::new();
    while let Some(document) = builder.document()? {
        documents.push(document);
    }
    Ok(documents)
}

/// Parses the first document and does not look behind it; `None` when there is none.
pub(crate) fn parse_first(text: &str, limits: &Limits) -> Result<Option<Node>, YamlError> {
    Builder::new(text, limits)?.document()
}

impl Node {
    /// The text of a scalar.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The items of a sequence.
    #[must_use]
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The keys and values of a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// Is this nothing, `null` or `~`?
    #[must_use]
    pub fn is_null(&self) -> bool {
        match &self.kind {
            Kind::Null => true,
            Kind::Scalar { text, style: Style::Plain, tag: None } => {
                matches!(text.as_str(), "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// The entry of a mapping that counts for `key`: the last one written, else the one that a merge key (`<<`) brings.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        let entries = self.entries()?;
        if let Some((name, value)) = entries.iter().rev().find(|(name, _)| name.as_str() == Some(key)) {
            return Some((name, value));
        }
        entries.iter().rev().filter(|(name, _)| decode::is_merge(name)).find_map(|(_, merged)| match &merged
            .kind
        {
            Kind::Sequence(items) => items.iter().find_map(|item| item.entry(key)),
            _ => merged.entry(key),
        })
    }

    /// The value of `key` in a mapping, as [`Node::entry`] finds it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The node at `path`; the empty path is the node itself.
    #[must_use]
    pub fn at(&self, path: &[PathSegment]) -> Option<&Node> {
        path.iter().try_fold(self, |node, segment| match segment {
            PathSegment::Key(key) => node.get(key),
            PathSegment::Index(index) => node.items()?.get(*index),
        })
    }

    /// Where the key of the last segment of `path` is written; `None` for items, the root, and what does not exist.
    #[must_use]
    pub fn key_span(&self, path: &[PathSegment]) -> Option<Range<usize>> {
        let (last, parent) = path.split_last()?;
        match last {
            PathSegment::Key(key) => self.at(parent)?.entry(key).map(|(name, _)| name.span.clone()),
            PathSegment::Index(_) => None,
        }
    }

    /// The span of the nearest existing node on `path`: its value, else its parent's, and so on. For messages on
    /// something that is missing.
    #[must_use]
    pub fn nearest_span(&self, path: &[PathSegment]) -> Range<usize> {
        (0..=path.len())
            .rev()
            .find_map(|length| self.at(&path[..length]))
            .map_or(0..0, |node| node.span.clone())
    }

    /// Keys that are written more than once in this mapping: the first and each later one. Keys are compared by text.
    #[must_use]
    pub fn duplicate_keys(&self) -> Vec<(&Node, &Node)> {
        let mut first = HashMap::new();
        let mut repeated = Vec::new();
        for (key, _) in self.entries().unwrap_or_default() {
            let Some(text) = key.as_str() else { continue };
            match first.get(text) {
                Some(original) => repeated.push((*original, key)),
                None => {
                    first.insert(text, key);
                }
            }
        }
        repeated
    }

    /// Visits this node and everything below it in the order of the text, with its path and, in mappings, its key.
    /// Keys that are not scalars, and what is below them, are left out.
    pub fn walk<'a>(&'a self, visit: &mut Visit<'_, 'a>) {
        fn below<'a>(node: &'a Node, path: &mut Vec<PathSegment>, visit: &mut Visit<'_, 'a>) {
            match &node.kind {
                Kind::Null | Kind::Scalar { .. } => {}
                Kind::Sequence(items) => {
                    for (index, item) in items.iter().enumerate() {
                        path.push(PathSegment::Index(index));
                        visit(path, None, item);
                        below(item, path, visit);
                        path.pop();
                    }
                }
                Kind::Mapping(entries) => {
                    for (key, value) in entries {
                        let Some(text) = key.as_str() else { continue };
                        path.push(PathSegment::Key(text.to_owned()));
                        visit(path, Some(key), value);
                        below(value, path, visit);
                        path.pop();
                    }
                }
            }
        }
        visit(&[], None, self);
        below(self, &mut Vec::new(), visit);
    }

    /// The plain value, scalars resolved as Go does (`yes` is true, `0644` is 420, the last duplicate key wins, `<<`
    /// merges). What JSON cannot express or a tag forbids is its text; a key that cannot be one is left out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        decode::lenient(self)
    }
}
