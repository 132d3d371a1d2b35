//! From the text to tokens.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use super::Problem;
use super::chars::{Cursor, control_character, is_word};
use crate::yaml::tree::Style;

#[derive(Debug)]
pub(super) enum Token<'a> {
    StreamEnd,
    VersionDirective { supported: bool },
    TagDirective { handle: &'a str, prefix: String },
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    Tag { handle: &'a str, suffix: String },
    Scalar { text: Cow<'a, str>, style: Style },
}

/// A token that may turn out to be a key when a colon follows on its line.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// Nothing else than a key may stand there.
    required: bool,
    /// Counted from the first token of the text.
    number: usize,
    at: usize,
    line: usize,
    column: usize,
}

/// A key's colon may be so many characters behind the key's start.
const KEY_LENGTH: usize = 1024;

pub(super) struct Scanner<'a> {
    pub(super) cursor: Cursor<'a>,
    tokens: VecDeque<(Token<'a>, Range<usize>)>,
    /// Tokens already taken.
    taken: usize,
    /// The first token may go: it is not the start of a key.
    available: bool,
    /// The column of the current block collection, -1 outside.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) flow_level: usize,
    /// One for the block context and one for each open flow collection, their numbers never falling.
    simple_keys: Vec<SimpleKey>,
    pub(super) simple_key_allowed: bool,
    started: bool,
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, depth: usize) -> Self {
        Scanner {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            available: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_keys: vec![SimpleKey::default()],
            simple_key_allowed: true,
            started: false,
            depth,
        }
    }

    /// The place of the end of the text.
    pub(super) fn end(&self) -> Range<usize> {
        self.cursor.bytes.len()..self.cursor.bytes.len()
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Result<(&Token<'a>, Range<usize>), Problem> {
        if !self.available {
            self.fetch_more()?;
            self.available = true;
        }
        match self.tokens.front() {
            Some((token, span)) => Ok((token, span.clone())),
            None => Ok((&Token::StreamEnd, self.end())),
        }
    }

    pub(super) fn skip(&mut self) {
        // The end of the stream stays.
        if !matches!(self.tokens.front(), None | Some((Token::StreamEnd, _))) {
            self.tokens.pop_front();
            self.taken += 1;
            self.available = false;
        }
    }

    /// Takes the next token if it is a scalar.
    pub(super) fn take_scalar(&mut self) -> Option<(Cow<'a, str>, Style)> {
        match self.tokens.pop_front()? {
            (Token::Scalar { text, style }, _) => {
                self.taken += 1;
                self.available = false;
                Some((text, style))
            }
            other => {
                self.tokens.push_front(other);
                None
            }
        }
    }

    pub(super) fn error<T>(&self, message: &str) -> Result<T, Problem> {
        Err((self.cursor.at, message.to_owned()))
    }

    fn fetch_more(&mut self) -> Result<(), Problem> {
        loop {
            if !self.tokens.is_empty() {
                // The first token must wait while it may still be a key.
                let taken = self.taken;
                let first = self.simple_keys.partition_point(|key| key.number < taken);
                let candidate = self.simple_keys[first..]
                    .iter()
                    .take_while(|key| key.number == taken)
                    .position(|key| key.possible);
                match candidate {
                    Some(index) if self.is_valid_key(first + index)? => {}
                    _ => return Ok(()),
                }
            }
            self.fetch()?;
        }
    }

    /// Can a colon at the cursor still make a key of this token?
    fn is_valid_key(&mut self, index: usize) -> Result<bool, Problem> {
        let key = self.simple_keys[index];
        if !key.possible {
            return Ok(false);
        }
        let distance = self.cursor.at - key.at;
        let too_long = distance > KEY_LENGTH
            && (distance > 4 * KEY_LENGTH
                || self.cursor.text[key.at..self.cursor.at].chars().count() > KEY_LENGTH);
        if key.line < self.cursor.line || too_long {
            if key.required {
                return self.error("could not find expected ':'");
            }
            self.simple_keys[index].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn last_key(&mut self) -> Option<&mut SimpleKey> {
        self.simple_keys.last_mut()
    }

    fn next_number(&self) -> usize {
        self.taken + self.tokens.len()
    }

    fn save_simple_key(&mut self) -> Result<(), Problem> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let column = self.cursor.column();
        let key = SimpleKey {
            possible: true,
            required: self.flow_level == 0 && self.indent == column as isize,
            number: self.next_number(),
            at: self.cursor.at,
            line: self.cursor.line,
            column,
        };
        self.remove_simple_key()?;
        if let Some(last) = self.last_key() {
            *last = key;
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Result<(), Problem> {
        let Some(key) = self.last_key() else { return Ok(()) };
        if key.possible && key.required {
            return self.error("could not find expected ':'");
        }
        key.possible = false;
        Ok(())
    }

    fn push(&mut self, token: Token<'a>, span: Range<usize>) {
        self.tokens.push_back((token, span));
    }

    /// Begins a block collection if the column is deeper than the current one; its token goes before the token `number`.
    fn roll_indent(
        &mut self,
        column: usize,
        number: usize,
        token: Token<'a>,
        at: usize,
    ) -> Result<(), Problem> {
        if self.flow_level > 0 || self.indent >= column as isize {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column as isize;
        if self.indents.len() > self.depth {
            return self.error(&format!("exceeded max depth of {}", self.depth));
        }
        let position = number.saturating_sub(self.taken).min(self.tokens.len());
        self.tokens.insert(position, (token, at..at));
        Ok(())
    }

    /// Ends the block collections that are deeper than `column`.
    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        let at = self.cursor.at;
        while self.indent > column {
            self.push(Token::BlockEnd, at..at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch(&mut self) -> Result<(), Problem> {
        if !self.started {
            self.started = true;
            if let Some(at) = control_character(self.cursor.text) {
                return Err((at, "control characters are not allowed".to_owned()));
            }
        }
        self.skip_to_token();
        let column = self.cursor.column();
        self.unroll_indent(column as isize);
        if self.cursor.is_end() {
            return self.fetch_stream_end();
        }
        let byte = self.cursor.peek(0);
        if column == 0 && byte == b'%' {
            return self.fetch_directive();
        }
        if column == 0 && self.cursor.is_document_marker() {
            let token = if byte == b'-' { Token::DocumentStart } else { Token::DocumentEnd };
            return self.fetch_document_marker(token);
        }
        let in_flow = self.flow_level > 0;
        let spaced = self.cursor.is_blankz(1);
        match byte {
            b'[' => self.fetch_flow_start(Token::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Token::FlowMappingStart),
            b']' => self.fetch_flow_end(Token::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Token::FlowMappingEnd),
            b',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.indicator(Token::FlowEntry);
                Ok(())
            }
            b'-' if spaced => self.fetch_block_entry(column),
            b'?' if in_flow || spaced => self.fetch_key(column),
            b':' if in_flow || spaced => self.fetch_value(column),
            b'*' | b'&' => self.fetch_anchor(byte == b'*'),
            b'!' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let start = self.cursor.at;
                let token = self.scan_tag()?;
                self.push(token, start..self.cursor.at);
                Ok(())
            }
            b'|' | b'>' if !in_flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.scalar(|scanner| scanner.scan_block_scalar(byte == b'|'))
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                self.scalar(|scanner| scanner.scan_quoted(byte == b'\''))
            }
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                self.error("found character that cannot start any token")
            }
            _ => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                self.scalar(Self::scan_plain)
            }
        }
    }

    fn scalar(
        &mut self,
        scan: impl FnOnce(&mut Self) -> Result<(Cow<'a, str>, Style, usize), Problem>,
    ) -> Result<(), Problem> {
        let start = self.cursor.at;
        let (text, style, end) = scan(self)?;
        self.push(Token::Scalar { text, style }, start..end);
        Ok(())
    }

    /// Moves over blanks, comments and line breaks.
    fn skip_to_token(&mut self) {
        loop {
            while self.cursor.peek(0) == b' '
                || ((self.flow_level > 0 || !self.simple_key_allowed) && self.cursor.peek(0) == b'\t')
            {
                self.cursor.at += 1;
            }
            if self.cursor.peek(0) == b'#' {
                self.cursor.skip_to_break();
            }
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.take_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// A token of one character.
    fn indicator(&mut self, token: Token<'a>) {
        let start = self.cursor.at;
        self.cursor.at += 1;
        self.push(token, start..start + 1);
    }

    fn fetch_stream_end(&mut self) -> Result<(), Problem> {
        // The end counts as a new line, so that nothing before it can be a key any more.
        if self.cursor.column() > 0 {
            self.cursor.begin_line();
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let end = self.end();
        self.push(Token::StreamEnd, end);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), Problem> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.at;
        let token = self.scan_directive()?;
        self.push(token, start..self.cursor.at);
        Ok(())
    }

    fn fetch_document_marker(&mut self, token: Token<'a>) -> Result<(), Problem> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.at;
        self.cursor.at += 3;
        self.push(token, start..start + 3);
        Ok(())
    }

    fn fetch_flow_start(&mut self, token: Token<'a>) -> Result<(), Problem> {
        self.save_simple_key()?;
        let number = self.next_number();
        self.simple_keys.push(SimpleKey { number, ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > self.depth {
            return self.error(&format!("exceeded max depth of {}", self.depth));
        }
        self.simple_key_allowed = true;
        self.indicator(token);
        Ok(())
    }

    fn fetch_flow_end(&mut self, token: Token<'a>) -> Result<(), Problem> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.simple_keys.pop();
        }
        self.simple_key_allowed = false;
        self.indicator(token);
        Ok(())
    }

    fn fetch_block_entry(&mut self, column: usize) -> Result<(), Problem> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.error("block sequence entries are not allowed in this context");
            }
            self.roll_indent(column, usize::MAX, Token::BlockSequenceStart, self.cursor.at)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.indicator(Token::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self, column: usize) -> Result<(), Problem> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.error("mapping keys are not allowed in this context");
            }
            self.roll_indent(column, usize::MAX, Token::BlockMappingStart, self.cursor.at)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.indicator(Token::Key);
        Ok(())
    }

    fn fetch_value(&mut self, column: usize) -> Result<(), Problem> {
        let last = self.simple_keys.len() - 1;
        if self.is_valid_key(last)? {
            let key = self.simple_keys[last];
            let position = key.number.saturating_sub(self.taken).min(self.tokens.len());
            self.tokens.insert(position, (Token::Key, key.at..key.at));
            self.roll_indent(key.column, key.number, Token::BlockMappingStart, key.at)?;
            self.simple_keys[last].possible = false;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.error("mapping values are not allowed in this context");
                }
                self.roll_indent(column, usize::MAX, Token::BlockMappingStart, self.cursor.at)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.indicator(Token::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self, alias: bool) -> Result<(), Problem> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.cursor.at;
        self.cursor.at += 1;
        while is_word(self.cursor.peek(0)) {
            self.cursor.at += 1;
        }
        let name = &self.cursor.text[start + 1..self.cursor.at];
        let followed = self.cursor.is_blankz(0)
            || matches!(self.cursor.peek(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !followed {
            return self.error("did not find expected alphabetic or numeric character");
        }
        let token = if alias { Token::Alias(name) } else { Token::Anchor(name) };
        self.push(token, start..self.cursor.at);
        Ok(())
    }
}
