//! Characters and columns.

/// A place in the text that moves forward, and knows its line and column.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) line: usize,
    /// Where the column was computed last, and what it was.
    measured: (usize, usize),
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // A byte order mark has no column.
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Cursor { text, bytes: text.as_bytes(), at, line: 0, measured: (at, 0) }
    }

    /// The column in characters, from 0.
    pub(super) fn column(&mut self) -> usize {
        let (from, column) = self.measured;
        let column = column + self.bytes[from..self.at].iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        self.measured = (self.at, column);
        column
    }

    /// The byte `ahead` of the cursor; 0 behind the end, which no text has inside.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t')
    }

    /// The length of the line break `ahead` of the cursor, 0 if there is none.
    pub(super) fn break_length(&self, ahead: usize) -> usize {
        match self.bytes.get(self.at + ahead..).unwrap_or_default() {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            [0xc2, 0x85, ..] => 2,
            [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
            _ => 0,
        }
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b'\n' | b'\r' | 0xc2 | 0xe2) && self.break_length(ahead) > 0
    }

    /// Blank, line break or end.
    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        self.at + ahead >= self.bytes.len() || self.is_blank(ahead) || self.is_break(ahead)
    }

    /// Line break or end.
    pub(super) fn is_breakz(&self, ahead: usize) -> bool {
        self.at + ahead >= self.bytes.len() || self.is_break(ahead)
    }

    /// Moves behind the line break at the cursor and gives what it stands for in a scalar.
    pub(super) fn take_break(&mut self) -> &'a str {
        let length = self.break_length(0);
        let kept = if length == 3 { &self.text[self.at..self.at + 3] } else { "\n" };
        self.at += length;
        self.begin_line();
        kept
    }

    /// Makes the place of the cursor the start of a line.
    pub(super) fn begin_line(&mut self) {
        self.line += 1;
        self.measured = (self.at, 0);
    }

    /// Moves to the end of the line, in front of its break.
    pub(super) fn skip_to_break(&mut self) {
        while !self.is_breakz(0) {
            self.at += 1;
        }
    }

    /// Is a document marker (`---` or `...`) at the cursor?
    pub(super) fn is_document_marker(&mut self) -> bool {
        matches!(self.peek(0), b'-' | b'.')
            && self.peek(1) == self.peek(0)
            && self.peek(2) == self.peek(0)
            && self.is_blankz(3)
            && self.column() == 0
    }
}

/// The characters of anchors and tag handles.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The first character that go-yaml's reader refuses.
pub(super) fn control_character(text: &str) -> Option<usize> {
    let odd = |byte: u8| (byte < 0x20) & (byte != b'\n') & (byte != b'\t') & (byte != b'\r') | (byte >= 0x7f);
    if !text.bytes().fold(false, |found, byte| found | odd(byte)) {
        return None;
    }
    text.char_indices()
        .find(|(_, c)| {
            !matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
        })
        .map(|(at, _)| at)
}
