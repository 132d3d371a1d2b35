//! From the parser's events to the tree, without recursion.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::{Kind, Limits, MAX_DEPTH, Node, Style};
use crate::yaml::YamlError;

/// A collection that is not complete yet.
struct Frame {
    children: Vec<Node>,
    mapping: bool,
    span: Range<usize>,
    /// The end of the start event: what stands before it tells flow from block.
    opened: usize,
    anchor: usize,
    /// Nodes and depth below, for the expansion of an anchor.
    size: usize,
    height: usize,
}

/// What an alias stands for.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

pub(super) struct Builder<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    offsets: Offsets<'a>,
    limits: Limits,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    alias_nodes: usize,
    /// Where the last node or mark ended.
    end: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str, limits: &Limits) -> Result<Self, YamlError> {
        if text.len() > limits.bytes {
            let message = format!("the text is longer than {} bytes", limits.bytes);
            return Err(YamlError::at(text, limits.bytes, message));
        }
        Ok(Builder {
            text,
            parser: Parser::new_from_str(text),
            offsets: Offsets::new(text),
            limits: limits.clone(),
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
        match self.parser.next_event() {
            None => Ok((Event::StreamEnd, self.text.len()..self.text.len())),
            Some(Ok((event, span))) => Ok((event, self.bytes(span))),
            Some(Err(error)) => {
                let offset = self.offsets.byte(error.marker().index());
                Err(self.error(offset, error.info()))
            }
        }
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        let start = self.offsets.byte(span.start.index());
        let end = if span.is_empty() { start } else { self.offsets.byte(span.end.index()) };
        start..end.max(start)
    }

    /// The next document, `None` at the end of the text.
    pub(super) fn document(&mut self) -> Result<Option<Node>, YamlError> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(None),
                (Event::DocumentStart(explicit), span) => {
                    self.anchors.clear();
                    self.end = if explicit { span.end } else { span.start };
                    return self.root().map(Some);
                }
                _ => {}
            }
        }
    }

    fn root(&mut self) -> Result<Node, YamlError> {
        let mut stack: Vec<Frame> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let (node, size, height) = match event {
                Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                    if stack.len() >= self.limits.depth.min(MAX_DEPTH) {
                        let message = format!("nested deeper than {} levels", stack.len());
                        return Err(self.error(span.start, message));
                    }
                    self.count(1, span.start)?;
                    let mapping = matches!(event, Event::MappingStart(..));
                    let opened = span.end;
                    let mut span = span;
                    if !mapping && span.is_empty() && stack.last().is_some_and(|parent| parent.mapping) {
                        // A sequence that is not indented in its mapping is reported behind its first dash.
                        span.start = self.seek(span.start, b"-").unwrap_or(span.start);
                    }
                    self.end = self.end.max(span.start);
                    stack.push(Frame {
                        children: Vec::new(),
                        mapping,
                        span,
                        opened,
                        anchor,
                        size: 1,
                        height: 1,
                    });
                    continue;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.count(1, span.start)?;
                    let tag = tag.map(|tag| short_tag(&tag.handle, &tag.suffix));
                    let decorated = anchor > 0 || tag.is_some();
                    let node = self.scalar(text.into_owned(), style, tag, span, decorated);
                    self.anchor(anchor, &node, 1, 0)?;
                    (node, 1, 0)
                }
                Event::Alias(anchor) => self.alias(anchor, span, stack.len())?,
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(frame) = stack.pop() else {
                        return Err(self.error(span.start, "a collection ends that has not begun"));
                    };
                    let (size, height, anchor) = (frame.size, frame.height, frame.anchor);
                    let node = self.collection(frame, span);
                    self.anchor(anchor, &node, size, height)?;
                    (node, size, height)
                }
                Event::StreamEnd | Event::DocumentEnd => {
                    return Err(self.error(span.start, "the document ends before its content"));
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => continue,
            };
            let Some(parent) = stack.last_mut() else {
                self.document_end()?;
                return Ok(node);
            };
            parent.size += size;
            parent.height = parent.height.max(height + 1);
            parent.children.push(node);
        }
    }

    /// Reads the event behind the root, so that what follows a document on its last line is an error of that document.
    fn document_end(&mut self) -> Result<(), YamlError> {
        match self.next()? {
            (Event::DocumentEnd, _) => Ok(()),
            (_, span) => Err(self.error(span.start, "the document does not end behind its content")),
        }
    }

    fn count(&mut self, nodes: usize, offset: usize) -> Result<(), YamlError> {
        self.nodes += nodes;
        if self.nodes > self.limits.nodes {
            return Err(self.error(offset, format!("more than {} nodes", self.limits.nodes)));
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: String,
        style: ScalarStyle,
        tag: Option<String>,
        span: Range<usize>,
        decorated: bool,
    ) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        if style == Style::Plain && tag.is_none() && text.is_empty() {
            // The parser points at what follows; a null is where it could have been written: behind the indicator.
            if let Some(indicator) = self.seek(span.start + 1, b":-?") {
                self.end = indicator + 1;
            }
            return Node { kind: Kind::Null, span: self.end..self.end, alias: None };
        }
        let mut span = span;
        if matches!(style, Style::Literal | Style::Folded) {
            span.end = span.start + self.text[span.clone()].trim_end().len();
            // A block scalar is reported from its first content, unless an anchor or a tag is before it.
            if !decorated {
                span.start = self.seek(span.start, b"|>").unwrap_or(span.start);
            }
        }
        self.end = span.end;
        Node { kind: Kind::Scalar { text, style, tag }, span, alias: None }
    }

    /// The first of the `wanted` indicators between the last node and `to`, comments left out.
    fn seek(&self, to: usize, wanted: &[u8]) -> Option<usize> {
        let source = self.text.as_bytes().get(self.end..to.min(self.text.len()))?;
        let mut comment = false;
        let found = source.iter().position(|byte| {
            comment = if comment { *byte != b'\n' } else { *byte == b'#' };
            !comment && wanted.contains(byte)
        })?;
        Some(self.end + found)
    }

    fn collection(&mut self, frame: Frame, end: Range<usize>) -> Node {
        let source = self.text.as_bytes();
        let opening = frame.opened.checked_sub(1).and_then(|at| source.get(at));
        let closing = source.get(end.start);
        let brackets: (u8, u8) = if frame.mapping { (b'{', b'}') } else { (b'[', b']') };
        // The parser notices the end of a block collection at the next token, perhaps lines later.
        if (opening, closing) == (Some(&brackets.0), Some(&brackets.1)) {
            self.end = end.start + 1;
        }
        let span = frame.span.start..self.end.max(frame.span.start);
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

    fn anchor(&mut self, anchor: usize, node: &Node, size: usize, height: usize) -> Result<(), YamlError> {
        if anchor > 0 {
            self.count(size, node.span.start)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
        Ok(())
    }

    fn alias(
        &mut self,
        anchor: usize,
        span: Range<usize>,
        depth: usize,
    ) -> Result<(Node, usize, usize), YamlError> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let name = self.text[span.clone()].to_owned();
            return Err(self.error(span.start, format!("{name} has no anchor before it in this document")));
        };
        let (size, height) = (anchored.size, anchored.height);
        self.alias_nodes += size;
        if self.alias_nodes > self.limits.alias_nodes {
            let message = format!("aliases expand to more than {} nodes", self.limits.alias_nodes);
            return Err(self.error(span.start, message));
        }
        if depth + height > self.limits.depth.min(MAX_DEPTH) {
            let message = format!("nested deeper than {} levels", self.limits.depth.min(MAX_DEPTH));
            return Err(self.error(span.start, message));
        }
        let mut node = anchored.node.clone();
        self.count(size, span.start)?;
        self.end = span.end;
        node.alias = Some(span);
        Ok((node, size, height))
    }
}

/// `!!str` for `tag:yaml.org,2002:str`, other tags as they are.
fn short_tag(handle: &str, suffix: &str) -> String {
    let full = format!("{handle}{suffix}");
    match full.strip_prefix("tag:yaml.org,2002:") {
        Some(core) => format!("!!{core}"),
        None => full,
    }
}

/// From the parser's character indices to bytes.
struct Offsets<'a> {
    text: &'a str,
    /// The byte of every 64th character; empty for ASCII, where both are the same.
    checkpoints: Vec<usize>,
}

const CHECKPOINT: usize = 64;

impl<'a> Offsets<'a> {
    fn new(text: &'a str) -> Self {
        let checkpoints = match text.is_ascii() {
            true => Vec::new(),
            false => text.char_indices().map(|(byte, _)| byte).step_by(CHECKPOINT).collect(),
        };
        Offsets { text, checkpoints }
    }

    fn byte(&self, index: usize) -> usize {
        if self.checkpoints.is_empty() {
            return index.min(self.text.len());
        }
        let Some(&start) = self.checkpoints.get(index / CHECKPOINT) else { return self.text.len() };
        self.text[start..]
            .char_indices()
            .nth(index % CHECKPOINT)
            .map_or(self.text.len(), |(byte, _)| start + byte)
    }
}
