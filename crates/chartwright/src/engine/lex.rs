//! The scanner: template source to tokens, with the rules and messages of Go's `text/template/parse`.
//!
//! Written here because the published crate (`gotmpl` 0.6.1) accepts what Go refuses (unclosed blocks, stray `{{end}}`, undefined
//! variables) and trims text after `{{- /* comment */}}`, which Go does not.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tok {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // Keywords, from here on.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Tok {
    pub(super) fn is_keyword(self) -> bool {
        self as u8 >= Tok::Block as u8
    }
}

/// A token: kind, byte offset, text, and the line it starts on.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) tok: Tok,
    pub(super) pos: usize,
    pub(super) end: usize,
    pub(super) line: usize,
    /// The message of an [`Tok::Error`].
    pub(super) message: String,
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

pub(super) struct Lexer<'a> {
    input: &'a str,
    pos: usize,
    start: usize,
    paren_depth: usize,
    line: usize,
    start_line: usize,
    inside: bool,
    failed: bool,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn left_trim_marker(s: &str) -> bool {
    let mut c = s.chars();
    c.next() == Some('-') && c.next().is_some_and(is_space)
}

fn right_trim_marker(s: &str) -> bool {
    let mut c = s.chars();
    c.next().is_some_and(is_space) && c.next() == Some('-')
}

/// Go's `%#U`.
fn describe(c: Option<char>) -> String {
    match c {
        Some(c) if c.is_control() => format!("U+{:04X}", c as u32),
        Some(c) => format!("U+{:04X} '{c}'", c as u32),
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
    }
}

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a str) -> Self {
        Lexer {
            input,
            pos: 0,
            start: 0,
            paren_depth: 0,
            line: 1,
            start_line: 1,
            inside: false,
            failed: false,
        }
    }

    fn rest(&self) -> &'a str {
        &self.input[self.pos..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|c| valid.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn emit(&mut self, tok: Tok) -> Item {
        let item =
            Item { tok, pos: self.start, end: self.pos, line: self.start_line, message: String::new() };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    /// Skips pending text whose newlines have not been counted.
    fn ignore(&mut self) {
        self.line += count_lines(&self.input[self.start..self.pos]);
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Item {
        self.failed = true;
        Item {
            tok: Tok::Error,
            pos: self.start,
            end: self.start,
            line: self.start_line,
            message: message.into(),
        }
    }

    pub(super) fn next_item(&mut self) -> Item {
        if self.failed {
            return Item {
                tok: Tok::Eof,
                pos: self.start,
                end: self.start,
                line: self.start_line,
                message: String::new(),
            };
        }
        if self.inside { self.inside_action() } else { self.text() }
    }

    fn text(&mut self) -> Item {
        loop {
            let Some(x) = self.rest().find(LEFT) else {
                self.pos = self.input.len();
                if self.pos > self.start {
                    self.line += count_lines(&self.input[self.start..self.pos]);
                    return self.emit(Tok::Text);
                }
                return self.emit(Tok::Eof);
            };
            if x > 0 {
                self.pos += x;
                let pending = &self.input[self.start..self.pos];
                let trim = if left_trim_marker(&self.input[self.pos + LEFT.len()..]) {
                    pending.len() - pending.trim_end_matches(is_space).len()
                } else {
                    0
                };
                self.pos -= trim;
                self.line += count_lines(&self.input[self.start..self.pos]);
                let item = self.emit(Tok::Text);
                self.pos += trim;
                self.ignore();
                if item.end > item.pos {
                    return item;
                }
            }
            // At the left delimiter.
            self.pos += LEFT.len();
            let marker = if left_trim_marker(self.rest()) { 2 } else { 0 };
            if self.input[self.pos + marker..].starts_with("/*") {
                self.pos += marker;
                self.ignore();
                if let Some(error) = self.comment() {
                    return error;
                }
                continue;
            }
            let item = self.emit(Tok::LeftDelim);
            self.inside = true;
            self.pos += marker;
            self.ignore();
            self.paren_depth = 0;
            return item;
        }
    }

    fn comment(&mut self) -> Option<Item> {
        self.pos += 2;
        let Some(x) = self.rest().find("*/") else {
            return Some(self.error("unclosed comment"));
        };
        self.pos += x + 2;
        let Some(trim) = self.right_delim() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.after_delim(trim);
        None
    }

    /// At a right delimiter? With the trim marker?
    fn right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if right_trim_marker(rest) && rest[2..].starts_with(RIGHT) {
            Some(true)
        } else if rest.starts_with(RIGHT) {
            Some(false)
        } else {
            None
        }
    }

    fn after_delim(&mut self, trim: bool) {
        self.pos += RIGHT.len() + if trim { 2 } else { 0 };
        if trim {
            let rest = self.rest();
            self.pos += rest.len() - rest.trim_start_matches(is_space).len();
        }
        self.ignore();
    }

    fn close(&mut self) -> Item {
        let trim = self.right_delim() == Some(true);
        if trim {
            self.pos += 2;
            self.ignore();
        }
        self.pos += RIGHT.len();
        let item = self.emit(Tok::RightDelim);
        if trim {
            let rest = self.rest();
            self.pos += rest.len() - rest.trim_start_matches(is_space).len();
            self.ignore();
        }
        self.inside = false;
        item
    }

    fn inside_action(&mut self) -> Item {
        if self.right_delim().is_some() {
            if self.paren_depth == 0 {
                return self.close();
            }
            return self.error("unclosed left paren");
        }
        let Some(c) = self.peek() else {
            return self.error("unclosed action");
        };
        if is_space(c) {
            return self.space();
        }
        self.next();
        match c {
            '=' => self.emit(Tok::Assign),
            ':' => {
                if self.next() == Some('=') {
                    self.emit(Tok::Declare)
                } else {
                    self.error("expected :=")
                }
            }
            '|' => self.emit(Tok::Pipe),
            '"' => self.quote(),
            '`' => self.raw_quote(),
            '$' => self.field_or_variable(Tok::Variable),
            '\'' => self.char_constant(),
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) && self.pos < self.input.len() => {
                self.field_or_variable(Tok::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos -= 1;
                self.number()
            }
            c if is_alphanumeric(c) => {
                self.pos -= c.len_utf8();
                self.identifier()
            }
            '(' => {
                self.paren_depth += 1;
                self.emit(Tok::LeftParen)
            }
            ')' => match self.paren_depth.checked_sub(1) {
                Some(depth) => {
                    self.paren_depth = depth;
                    self.emit(Tok::RightParen)
                }
                None => self.error("unexpected right paren"),
            },
            ' '..='~' => self.emit(Tok::Char),
            c => self.error(format!("unrecognized character in action: {}", describe(Some(c)))),
        }
    }

    fn space(&mut self) -> Item {
        let mut spaces = 0;
        while self.peek().is_some_and(is_space) {
            self.next();
            spaces += 1;
        }
        // A closing delimiter with trim marker starts with a space. Spaces are one byte each.
        let back = &self.input[self.pos - 1..];
        if right_trim_marker(back) && back[2..].starts_with(RIGHT) {
            self.pos -= 1;
            if back.starts_with('\n') {
                self.line -= 1;
            }
            if spaces == 1 {
                return self.close();
            }
        }
        self.emit(Tok::Space)
    }

    fn identifier(&mut self) -> Item {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            let c = self.peek();
            return self.error(format!("bad character {}", describe(c)));
        }
        let tok = match &self.input[self.start..self.pos] {
            "block" => Tok::Block,
            "break" => Tok::Break,
            "continue" => Tok::Continue,
            "define" => Tok::Define,
            "else" => Tok::Else,
            "end" => Tok::End,
            "if" => Tok::If,
            "nil" => Tok::Nil,
            "range" => Tok::Range,
            "template" => Tok::Template,
            "with" => Tok::With,
            "true" | "false" => Tok::Bool,
            _ => Tok::Identifier,
        };
        self.emit(tok)
    }

    fn field_or_variable(&mut self, tok: Tok) -> Item {
        if self.at_terminator() {
            return self.emit(if tok == Tok::Variable { tok } else { Tok::Dot });
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if !self.at_terminator() {
            let c = self.peek();
            return self.error(format!("bad character {}", describe(c)));
        }
        self.emit(tok)
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => is_space(c) || self.rest().starts_with(RIGHT),
        }
    }

    fn char_constant(&mut self) -> Item {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.error("unterminated character constant");
                    }
                }
                None | Some('\n') => return self.error("unterminated character constant"),
                Some('\'') => return self.emit(Tok::CharConstant),
                _ => {}
            }
        }
    }

    fn quote(&mut self) -> Item {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.error("unterminated quoted string");
                    }
                }
                None | Some('\n') => return self.error("unterminated quoted string"),
                Some('"') => return self.emit(Tok::String),
                _ => {}
            }
        }
    }

    fn raw_quote(&mut self) -> Item {
        loop {
            match self.next() {
                None => return self.error("unterminated raw quoted string"),
                Some('`') => return self.emit(Tok::RawString),
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Item {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.input[..self.pos].ends_with('i') {
                return self.bad_number();
            }
            return self.emit(Tok::Complex);
        }
        self.emit(Tok::Number)
    }

    fn bad_number(&mut self) -> Item {
        let text = super::format::quoted(&self.input[self.start..self.pos]);
        self.error(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &str = "0123456789_";
        const HEX: &str = "0123456789abcdefABCDEF_";
        self.accept("+-");
        let mut digits = DECIMAL;
        if self.accept("0") {
            if self.accept("xX") {
                digits = HEX;
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if digits == DECIMAL && self.accept("eE") || digits == HEX && self.accept("pP") {
            self.accept("+-");
            self.accept_run(DECIMAL);
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn count_lines(s: &str) -> usize {
    s.bytes().filter(|b| *b == b'\n').count()
}
