//! From the parser's events to the tree, without recursion.

use std::collections::HashMap;
use std::ops::Range;

use super::{Kind, Limits, MAX_DEPTH, Node};
use crate::yaml::YamlError;
use crate::yaml::parse::{Event, Parser, Properties};

/// A collection that is not complete yet.
struct Frame<'a> {
    children: Vec<Node>,
    mapping: bool,
    start: usize,
    anchor: Option<&'a str>,
    size: usize,
    height: usize,
}

/// What an alias stands for, with the number of its nodes and the depth below it.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

/// Makes one document after another.
pub(super) struct Builder<'a> {
    text: &'a str,
    parser: Parser<'a>,
    limits: Limits,
    depth: usize,
    /// `None` while the anchored node is not complete.
    anchors: HashMap<&'a str, Option<Anchored>>,
    nodes: usize,
    alias_nodes: usize,
    /// Where the last node or bracket ended.
    end: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str, limits: &Limits) -> Result<Self, YamlError> {
        if text.len() > limits.bytes {
            let message = format!("the text is longer than {} bytes", limits.bytes);
            return Err(YamlError::at(text, limits.bytes, message));
        }
        let depth = limits.depth.min(MAX_DEPTH);
        Ok(Builder {
            text,
            parser: Parser::new(text, depth),
            limits: limits.clone(),
            depth,
            anchors: HashMap::new(),
            nodes: 0,
            alias_nodes: 0,
            end: 0,
        })
    }

    fn error(&self, offset: usize, message: impl Into<String>) -> YamlError {
        YamlError::at(self.text, offset, message)
    }

    fn next(&mut self) -> Result<(Event<'a>, Range<usize>), YamlError> {
        self.parser.next().map_err(|(offset, message)| YamlError::at(self.text, offset, message))
    }

    /// The next document, `None` at the end of the text.
    pub(super) fn document(&mut self) -> Result<Option<Node>, YamlError> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(None),
                (Event::DocumentStart, span) => {
                    self.anchors.clear();
                    self.end = span.end;
                    return self.root().map(Some);
                }
                _ => {}
            }
        }
    }

    fn root(&mut self) -> Result<Node, YamlError> {
        let mut stack: Vec<Frame<'a>> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let (node, size, height) = match event {
                Event::Start { mapping, properties } => {
                    if stack.len() >= self.depth {
                        return Err(self.too_deep(span.start));
                    }
                    self.count(1, span.start)?;
                    self.end = self.end.max(span.start);
                    if let Some(anchor) = properties.anchor {
                        self.anchors.insert(anchor, None);
                    }
                    stack.push(Frame {
                        children: Vec::new(),
                        mapping,
                        start: span.start,
                        anchor: properties.anchor,
                        size: 1,
                        height: 1,
                    });
                    continue;
                }
                Event::Scalar { text, style, properties } => {
                    self.end = span.end;
                    let kind = Kind::Scalar { text: text.into_owned(), style, tag: properties.tag };
                    self.leaf(kind, span, properties.anchor)?
                }
                Event::Empty(properties) => self.empty(span, properties)?,
                Event::Alias(anchor) => self.alias(anchor, span, stack.len())?,
                Event::End { flow } => {
                    let Some(frame) = stack.pop() else {
                        return Err(self.error(span.start, "a collection ends that has not begun"));
                    };
                    if flow {
                        self.end = span.end;
                    }
                    let (size, height, anchor) = (frame.size, frame.height, frame.anchor);
                    let node = self.collection(frame);
                    // An anchor belongs to the node that began last: one inside may have taken the name.
                    let anchor = anchor.filter(|name| matches!(self.anchors.get(name), Some(None)));
                    self.anchor(anchor, &node, size, height)?;
                    (node, size, height)
                }
                Event::DocumentStart | Event::DocumentEnd | Event::StreamEnd => {
                    return Err(self.error(span.start, "the document ends before its content"));
                }
            };
            let Some(parent) = stack.last_mut() else {
                // The end of the document as well: what follows on its last line is its error.
                self.next()?;
                return Ok(node);
            };
            parent.size += size;
            parent.height = parent.height.max(height + 1);
            parent.children.push(node);
        }
    }

    fn too_deep(&self, offset: usize) -> YamlError {
        self.error(offset, format!("exceeded max depth of {}", self.depth))
    }

    fn count(&mut self, nodes: usize, offset: usize) -> Result<(), YamlError> {
        self.nodes += nodes;
        if self.nodes > self.limits.nodes {
            return Err(self.error(offset, format!("more than {} nodes", self.limits.nodes)));
        }
        Ok(())
    }

    fn leaf(
        &mut self,
        kind: Kind,
        span: Range<usize>,
        anchor: Option<&'a str>,
    ) -> Result<(Node, usize, usize), YamlError> {
        self.count(1, span.start)?;
        let node = Node { kind, span, alias: None };
        self.anchor(anchor, &node, 1, 0)?;
        Ok((node, 1, 0))
    }

    fn empty(
        &mut self,
        span: Range<usize>,
        properties: Properties<'a>,
    ) -> Result<(Node, usize, usize), YamlError> {
        if let Some(tag) = properties.tag {
            self.end = span.end;
            let kind = Kind::Scalar { text: String::new(), style: super::Style::Plain, tag: Some(tag) };
            return self.leaf(kind, span, properties.anchor);
        }
        if properties.anchor.is_some() {
            self.end = span.end;
            return self.leaf(Kind::Null, span, properties.anchor);
        }
        // Where it could have been written: behind its indicator. Without one the parser points at what follows.
        let before = span.start.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
        if span.start > self.end && matches!(before, Some(b':' | b'-' | b'?')) {
            self.end = span.start;
        }
        self.leaf(Kind::Null, self.end..self.end, None)
    }

    fn collection(&mut self, frame: Frame<'a>) -> Node {
        // The parser notices the end of a block collection at the next token, perhaps lines later.
        let span = frame.start..self.end.max(frame.start);
        let kind = if frame.mapping {
            let mut entries = Vec::with_capacity(frame.children.len() / 2);
            let mut children = frame.children.into_iter();
            while let (Some(key), Some(value)) = (children.next(), children.next()) {
                entries.push((key, value));
            }
            Kind::Mapping(entries)
        } else {
            Kind::Sequence(frame.children)
        };
        Node { kind, span, alias: None }
    }

    fn anchor(
        &mut self,
        anchor: Option<&'a str>,
        node: &Node,
        size: usize,
        height: usize,
    ) -> Result<(), YamlError> {
        if let Some(anchor) = anchor {
            self.count(size, node.span.start)?;
            self.anchors.insert(anchor, Some(Anchored { node: node.clone(), size, height }));
        }
        Ok(())
    }

    fn alias(
        &mut self,
        name: &'a str,
        span: Range<usize>,
        depth: usize,
    ) -> Result<(Node, usize, usize), YamlError> {
        let anchored = match self.anchors.get(name) {
            Some(Some(anchored)) => anchored,
            Some(None) => {
                return Err(self.error(span.start, format!("anchor '{name}' value contains itself")));
            }
            None => return Err(self.error(span.start, format!("unknown anchor '{name}' referenced"))),
        };
        let (size, height) = (anchored.size, anchored.height);
        self.alias_nodes += size;
        if self.alias_nodes > self.limits.alias_nodes {
            return Err(self.error(span.start, "document contains excessive aliasing"));
        }
        if depth + height > self.depth {
            return Err(self.too_deep(span.start));
        }
        let mut node = anchored.node.clone();
        self.count(size, span.start)?;
        self.end = span.end;
        node.alias = Some(span);
        Ok((node, size, height))
    }
}
