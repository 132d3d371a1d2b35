//! A parser with the grammar of go-yaml v2, that is YAML 1.1 as libyaml reads it, down to what it lets pass and how it
//! words its errors. YAML 1.2 parsers differ from it in what charts really contain: quoted text and flow collections that
//! continue in column 0, `[a:b]`, comments without a space before them, tabs.
//!
//! [`scanner`] makes tokens of the text, [`Parser`] events of the tokens. Both work without recursion, in time linear to
//! the text, and hold no more than the current path and one key's tokens. The behaviour is that of `scannerc.go` and
//! `parserc.go` of `go.yaml.in/yaml/v2` 2.4, with byte offsets.

mod chars;
mod quoted;
mod scalars;
mod scanner;
mod tags;

use std::borrow::Cow;
use std::ops::Range;

use super::tree::Style;
use scanner::{Scanner, Token};

/// What is wrong and at which byte.
pub(super) type Problem = (usize, String);

/// What the parser tells, in the order of the text.
#[derive(Debug, PartialEq)]
pub(super) enum Event<'a> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(&'a str),
    Scalar {
        text: Cow<'a, str>,
        style: Style,
        properties: Properties<'a>,
    },
    /// A node that is not written.
    Empty(Properties<'a>),
    Start {
        mapping: bool,
        properties: Properties<'a>,
    },
    /// The end of a collection; of a flow collection the span is its bracket.
    End {
        flow: bool,
    },
}

/// What may stand before a node.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Properties<'a> {
    pub(super) anchor: Option<&'a str>,
    /// In the short form: `!!str`, `!custom`, `!`.
    pub(super) tag: Option<String>,
}

#[derive(Clone, Copy)]
enum State {
    DocumentStart { implicit: bool },
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceEntry { first: bool },
    IndentlessSequenceEntry,
    BlockMappingKey { first: bool },
    BlockMappingValue,
    FlowSequenceEntry { first: bool },
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingKey { first: bool },
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Gives the events of a text one by one.
pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    /// What comes next.
    state: State,
    /// What comes when the current node is complete.
    states: Vec<State>,
    /// Handles and prefixes of `%TAG` directives of the current document.
    tags: Vec<(&'a str, String)>,
}

type Step<'a> = Result<(Event<'a>, Range<usize>), Problem>;

impl<'a> Parser<'a> {
    /// A parser that refuses nesting deeper than `depth`.
    pub(super) fn new(text: &'a str, depth: usize) -> Self {
        Parser {
            scanner: Scanner::new(text, depth),
            state: State::DocumentStart { implicit: true },
            states: Vec::new(),
            tags: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Step<'a> {
        match self.state {
            State::DocumentStart { implicit } => self.document_start(implicit),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceEntry { first } => self.block_sequence_entry(first),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey { first } => self.block_mapping_key(first),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceEntry { first } => self.flow_sequence_entry(first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.flow_pair_end(),
            State::FlowMappingKey { first } => self.flow_mapping_key(first),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => Ok((Event::StreamEnd, self.scanner.end())),
        }
    }

    fn peek(&mut self) -> Result<(&Token<'a>, Range<usize>), Problem> {
        self.scanner.peek()
    }

    fn skip(&mut self) {
        self.scanner.skip();
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    /// Goes on with a node, and then with `then`.
    fn node_then(&mut self, then: State, block: bool, indentless: bool) -> Step<'a> {
        self.states.push(then);
        self.node(block, indentless)
    }

    fn empty_then(&mut self, then: State, at: usize) -> Step<'a> {
        self.state = then;
        Ok((Event::Empty(Properties::default()), at..at))
    }

    /// The end of a collection whose last token is the current one.
    fn collection_end(&mut self, flow: bool, span: Range<usize>) -> Step<'a> {
        self.pop();
        self.skip();
        Ok((Event::End { flow }, span))
    }

    fn document_start(&mut self, implicit: bool) -> Step<'a> {
        if !implicit {
            while matches!(self.peek()?.0, Token::DocumentEnd) {
                self.skip();
            }
        }
        let (token, span) = self.peek()?;
        match token {
            Token::StreamEnd => {
                self.state = State::End;
                Ok((Event::StreamEnd, span))
            }
            Token::VersionDirective { .. } | Token::TagDirective { .. } | Token::DocumentStart => {
                self.explicit_document_start(span.start)
            }
            _ if implicit => {
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok((Event::DocumentStart, span.start..span.start))
            }
            _ => self.explicit_document_start(span.start),
        }
    }

    fn explicit_document_start(&mut self, start: usize) -> Step<'a> {
        let mut version = false;
        loop {
            let (token, span) = self.peek()?;
            match token {
                Token::VersionDirective { .. } if version => {
                    return Err((span.start, "found duplicate %YAML directive".to_owned()));
                }
                Token::VersionDirective { supported: false } => {
                    return Err((span.start, "found incompatible YAML document".to_owned()));
                }
                Token::VersionDirective { .. } => version = true,
                Token::TagDirective { handle, prefix } => {
                    let (handle, prefix) = (*handle, prefix.clone());
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err((span.start, "found duplicate %TAG directive".to_owned()));
                    }
                    self.tags.push((handle, prefix));
                }
                Token::DocumentStart => {
                    self.states.push(State::DocumentEnd);
                    self.state = State::DocumentContent;
                    self.skip();
                    return Ok((Event::DocumentStart, start..span.end));
                }
                _ => return Err((span.start, "did not find expected <document start>".to_owned())),
            }
            self.skip();
        }
    }

    fn document_content(&mut self) -> Step<'a> {
        let (token, span) = self.peek()?;
        match token {
            Token::VersionDirective { .. }
            | Token::TagDirective { .. }
            | Token::DocumentStart
            | Token::DocumentEnd
            | Token::StreamEnd => {
                self.pop();
                Ok((Event::Empty(Properties::default()), span.start..span.start))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Step<'a> {
        let (token, span) = self.peek()?;
        let explicit = matches!(token, Token::DocumentEnd);
        if explicit {
            self.skip();
        }
        self.tags.clear();
        self.state = State::DocumentStart { implicit: false };
        Ok((Event::DocumentEnd, if explicit { span } else { span.start..span.start }))
    }

    fn node(&mut self, block: bool, indentless: bool) -> Step<'a> {
        let (token, span) = self.peek()?;
        if let Token::Alias(name) = token {
            let name = *name;
            self.pop();
            self.skip();
            return Ok((Event::Alias(name), span));
        }
        let start = span.start;
        let mut end = start;
        let mut properties = Properties::default();
        loop {
            let (token, span) = self.peek()?;
            match token {
                Token::Anchor(name) if properties.anchor.is_none() => properties.anchor = Some(name),
                Token::Tag { handle, suffix } if properties.tag.is_none() => {
                    let (handle, suffix) = (*handle, suffix.clone());
                    properties.tag = Some(
                        self.tag(handle, &suffix)
                            .ok_or_else(|| (span.start, "found undefined tag handle".to_owned()))?,
                    );
                }
                _ => break,
            }
            end = span.end;
            self.skip();
        }
        let (token, span) = self.peek()?;
        let (state, mapping) = match token {
            Token::BlockEntry if indentless => (State::IndentlessSequenceEntry, false),
            Token::Scalar { .. } => {
                self.pop();
                return Ok(match self.scanner.take_scalar() {
                    Some((text, style)) => (Event::Scalar { text, style, properties }, start..span.end),
                    None => (Event::Empty(properties), start..end),
                });
            }
            Token::FlowSequenceStart => (State::FlowSequenceEntry { first: true }, false),
            Token::FlowMappingStart => (State::FlowMappingKey { first: true }, true),
            Token::BlockSequenceStart if block => (State::BlockSequenceEntry { first: true }, false),
            Token::BlockMappingStart if block => (State::BlockMappingKey { first: true }, true),
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                self.pop();
                return Ok((Event::Empty(properties), start..end));
            }
            _ => return Err((span.start, "did not find expected node content".to_owned())),
        };
        self.state = state;
        Ok((Event::Start { mapping, properties }, start..span.end))
    }

    fn tag(&self, handle: &str, suffix: &str) -> Option<String> {
        let full = match handle {
            "" => return Some(shorten(suffix.to_owned())),
            _ => match self.tags.iter().find(|(known, _)| *known == handle) {
                Some((_, prefix)) => format!("{prefix}{suffix}"),
                None if handle == "!" => format!("!{suffix}"),
                None if handle == "!!" => return Some(format!("!!{suffix}")),
                None => return None,
            },
        };
        Some(shorten(full))
    }

    fn block_sequence_entry(&mut self, first: bool) -> Step<'a> {
        if first {
            self.peek()?;
            self.skip();
        }
        let (token, span) = self.peek()?;
        match token {
            Token::BlockEntry => {
                self.skip();
                let then = State::BlockSequenceEntry { first: false };
                match self.peek()?.0 {
                    Token::BlockEntry | Token::BlockEnd => self.empty_then(then, span.end),
                    _ => self.node_then(then, true, false),
                }
            }
            Token::BlockEnd => self.collection_end(false, span),
            _ => Err((span.start, "did not find expected '-' indicator".to_owned())),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Step<'a> {
        let (token, span) = self.peek()?;
        if !matches!(token, Token::BlockEntry) {
            self.pop();
            return Ok((Event::End { flow: false }, span.start..span.start));
        }
        self.skip();
        match self.peek()?.0 {
            Token::BlockEntry | Token::Key | Token::Value | Token::BlockEnd => {
                self.empty_then(State::IndentlessSequenceEntry, span.end)
            }
            _ => self.node_then(State::IndentlessSequenceEntry, true, false),
        }
    }

    fn block_mapping_key(&mut self, first: bool) -> Step<'a> {
        if first {
            self.peek()?;
            self.skip();
        }
        let (token, span) = self.peek()?;
        match token {
            Token::Key => {
                self.skip();
                match self.peek()?.0 {
                    Token::Key | Token::Value | Token::BlockEnd => {
                        self.empty_then(State::BlockMappingValue, span.end)
                    }
                    _ => self.node_then(State::BlockMappingValue, true, true),
                }
            }
            Token::BlockEnd => self.collection_end(false, span),
            _ => Err((span.start, "did not find expected key".to_owned())),
        }
    }

    fn block_mapping_value(&mut self) -> Step<'a> {
        let then = State::BlockMappingKey { first: false };
        let (token, span) = self.peek()?;
        if !matches!(token, Token::Value) {
            return self.empty_then(then, span.start);
        }
        self.skip();
        match self.peek()?.0 {
            Token::Key | Token::Value | Token::BlockEnd => self.empty_then(then, span.end),
            _ => self.node_then(then, true, true),
        }
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Step<'a> {
        if first {
            self.peek()?;
            self.skip();
        } else {
            let (token, span) = self.peek()?;
            match token {
                Token::FlowSequenceEnd => {}
                Token::FlowEntry => self.skip(),
                _ => return Err((span.start, "did not find expected ',' or ']'".to_owned())),
            }
        }
        let (token, span) = self.peek()?;
        match token {
            Token::FlowSequenceEnd => self.collection_end(true, span),
            Token::Key => {
                self.state = State::FlowPairKey;
                self.skip();
                Ok((Event::Start { mapping: true, properties: Properties::default() }, span))
            }
            _ => self.node_then(State::FlowSequenceEntry { first: false }, false, false),
        }
    }

    fn flow_pair_key(&mut self) -> Step<'a> {
        let (token, span) = self.peek()?;
        match token {
            Token::Value | Token::FlowEntry | Token::FlowSequenceEnd => {
                // go-yaml drops this token, the colon as well.
                self.skip();
                self.empty_then(State::FlowPairValue, span.end)
            }
            _ => self.node_then(State::FlowPairValue, false, false),
        }
    }

    fn flow_pair_value(&mut self) -> Step<'a> {
        let (token, mut span) = self.peek()?;
        if matches!(token, Token::Value) {
            self.skip();
            let (token, next) = self.peek()?;
            if !matches!(token, Token::FlowEntry | Token::FlowSequenceEnd) {
                return self.node_then(State::FlowPairEnd, false, false);
            }
            span = next;
        }
        self.empty_then(State::FlowPairEnd, span.start)
    }

    fn flow_pair_end(&mut self) -> Step<'a> {
        let start = self.peek()?.1.start;
        self.state = State::FlowSequenceEntry { first: false };
        Ok((Event::End { flow: false }, start..start))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Step<'a> {
        if first {
            self.peek()?;
            self.skip();
        } else {
            let (token, span) = self.peek()?;
            match token {
                Token::FlowMappingEnd => {}
                Token::FlowEntry => self.skip(),
                _ => return Err((span.start, "did not find expected ',' or '}'".to_owned())),
            }
        }
        let (token, span) = self.peek()?;
        match token {
            Token::FlowMappingEnd => self.collection_end(true, span),
            Token::Key => {
                self.skip();
                let (token, span) = self.peek()?;
                match token {
                    Token::Value | Token::FlowEntry | Token::FlowMappingEnd => {
                        self.empty_then(State::FlowMappingValue, span.start)
                    }
                    _ => self.node_then(State::FlowMappingValue, false, false),
                }
            }
            _ => self.node_then(State::FlowMappingEmptyValue, false, false),
        }
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Step<'a> {
        let then = State::FlowMappingKey { first: false };
        let (token, mut span) = self.peek()?;
        if !empty && matches!(token, Token::Value) {
            self.skip();
            let (token, next) = self.peek()?;
            if !matches!(token, Token::FlowEntry | Token::FlowMappingEnd) {
                return self.node_then(then, false, false);
            }
            span = next;
        }
        self.empty_then(then, span.start)
    }
}

/// `!!str` for `tag:yaml.org,2002:str`.
fn shorten(tag: String) -> String {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(core) => format!("!!{core}"),
        None => tag,
    }
}
