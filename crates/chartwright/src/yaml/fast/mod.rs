//! A quick reader for the YAML that rendered manifests are made of: block maps and sequences, plain and quoted scalars on
//! one line, block scalars, comments, flow collections on one line.
//!
//! It reads line by line straight into values. Whenever it is not certain (a tab, an anchor, a scalar over two lines,
//! anything wrong) it gives up with `None`, and the text is read again by the general path, which decides what it means
//! or what the error is. So this file may refuse anything, but what it gives must equal the general path and go-yaml.

mod block_scalar;
mod flow;
mod scalar;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use scalar::{Plain, plain_value};

/// Deeper nesting is left to the general path with its limits.
const MAX_DEPTH: usize = 100;
/// go-yaml allows 1024 characters for a key on one line; longer ones are left to the general path.
const MAX_KEY: usize = 1000;

/// Reads `text`, one document without its markers; with `unique` a repeated key is refused.
pub(super) fn read(text: &str, unique: bool) -> Option<Value> {
    if !has_plain_bytes(text) {
        return None;
    }
    let mut reader =
        Reader { text, bytes: text.as_bytes(), line: 0, at: 0, column: 0, ended: false, depth: 0, unique };
    reader.begin_line(0)?;
    if reader.ended {
        return Some(Value::Null);
    }
    let value = reader.node(-1)?;
    reader.ended.then_some(value)
}

/// Has the text only bytes that mean the same everywhere? Not carriage returns, control characters, and the line breaks
/// and marks outside ASCII.
fn has_plain_bytes(text: &str) -> bool {
    let odd = |byte: u8| (byte < 0x20) & (byte != b'\n') & (byte != b'\t') | (byte == 0x7f);
    for chunk in text.as_bytes().chunks(256) {
        // Without a branch per byte, so that the compiler can use vectors.
        if chunk.iter().fold(false, |found, byte| found | odd(*byte)) {
            return false;
        }
    }
    if text.is_ascii() {
        return true;
    }
    let bytes = text.as_bytes();
    memchr::memchr3_iter(0xc2, 0xe2, 0xef, bytes).all(|at| {
        !matches!(
            bytes[at..],
            [0xc2, 0x80..=0x9f, ..]
                | [0xe2, 0x80, 0xa8 | 0xa9, ..]
                | [0xef, 0xbb, 0xbf, ..]
                | [0xef, 0xbf, 0xbe | 0xbf, ..]
        )
    })
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Where the current line begins.
    line: usize,
    /// Where its content begins.
    at: usize,
    /// Its indentation.
    column: usize,
    /// No line is left.
    ended: bool,
    depth: usize,
    unique: bool,
}

impl<'a> Reader<'a> {
    fn byte(&self, at: usize) -> u8 {
        // The end of the text acts as the end of a line.
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    fn skip_spaces(&self, mut at: usize) -> usize {
        while self.bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        at
    }

    /// Where the line of `at` ends: its line break or the end of the text.
    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length)
    }

    /// Moves to the first line with content from the one that begins at `start` on.
    fn begin_line(&mut self, mut start: usize) -> Option<()> {
        loop {
            let at = self.skip_spaces(start);
            match self.bytes.get(at) {
                None => {
                    self.ended = true;
                    return Some(());
                }
                Some(b'\n') => start = at + 1,
                Some(b'#') => start = self.line_end(at) + 1,
                Some(b'\t') => return None,
                Some(_) => {
                    (self.line, self.at, self.column) = (start, at, at - start);
                    return Some(());
                }
            }
            if start > self.bytes.len() {
                self.ended = true;
                return Some(());
            }
        }
    }

    /// Only a comment may follow on the line; moves to the next line.
    fn finish_line(&mut self, at: usize) -> Option<()> {
        let rest = self.skip_spaces(at);
        match self.byte(rest) {
            b'\n' => self.begin_line(rest + 1),
            b'#' if rest > at => self.begin_line(self.line_end(rest) + 1),
            _ => None,
        }
    }

    fn is_dash(&self, at: usize) -> bool {
        self.byte(at) == b'-' && matches!(self.byte(at + 1), b' ' | b'\n')
    }

    /// Is the next line part of something in column `parent`, and not of what contains it?
    fn is_deeper(&self, parent: isize) -> bool {
        !self.ended && self.column as isize > parent
    }

    /// The node that begins at the cursor; what contains it stands in column `parent`.
    fn node(&mut self, parent: isize) -> Option<Value> {
        if self.is_dash(self.at) {
            return self.sequence();
        }
        let at = self.at;
        if let Some((key, after)) = self.key(at)? {
            return self.mapping(key, after);
        }
        self.scalar(at, parent)
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// A mapping whose first key is read; the cursor is at that key, `after` behind its colon.
    fn mapping(&mut self, mut key: String, mut after: usize) -> Option<Value> {
        self.enter()?;
        let column = self.column;
        let mut map = Map::new();
        loop {
            let value = self.mapping_value(after, column)?;
            if map.insert(key, value).is_some() && self.unique {
                return None;
            }
            if self.ended || self.column < column {
                break;
            }
            if self.column > column || self.is_dash(self.at) {
                return None;
            }
            (key, after) = self.key(self.at)??;
        }
        self.depth -= 1;
        Some(Value::Object(map))
    }

    fn mapping_value(&mut self, after: usize, column: usize) -> Option<Value> {
        let at = self.skip_spaces(after);
        match self.byte(at) {
            b'\n' => {}
            b'#' => {
                self.begin_line(self.line_end(at) + 1)?;
                return self.nested(column, true);
            }
            _ => return self.scalar(at, column as isize),
        }
        self.begin_line(at + 1)?;
        self.nested(column, true)
    }

    /// The cursor is at the cursor of the first dash.
    fn sequence(&mut self) -> Option<Value> {
        self.enter()?;
        let column = self.column;
        let mut items = Vec::new();
        loop {
            items.push(self.item(column)?);
            if self.ended || self.column < column {
                break;
            }
            if self.column > column {
                return None;
            }
            if !self.is_dash(self.at) {
                // The next key of the mapping in the same column; if there is none, the caller refuses.
                break;
            }
        }
        self.depth -= 1;
        Some(Value::Array(items))
    }

    fn item(&mut self, column: usize) -> Option<Value> {
        let at = self.skip_spaces(self.at + 1);
        match self.byte(at) {
            b'\n' => self.begin_line(at + 1)?,
            b'#' => self.begin_line(self.line_end(at) + 1)?,
            _ => {
                (self.at, self.column) = (at, at - self.line);
                return self.node(column as isize);
            }
        }
        self.nested(column, false)
    }

    /// The value on the lines below a key or a dash in `column`, if there is one.
    fn nested(&mut self, column: usize, in_mapping: bool) -> Option<Value> {
        if self.is_deeper(column as isize) {
            self.node(column as isize)
        } else if in_mapping && !self.ended && self.column == column && self.is_dash(self.at) {
            self.sequence()
        } else {
            Some(Value::Null)
        }
    }

    /// A scalar or a flow collection; the cursor moves to the next line.
    fn scalar(&mut self, at: usize, parent: isize) -> Option<Value> {
        let value = match self.byte(at) {
            b'"' | b'\'' => {
                let (text, end) = self.quoted(at)?;
                self.finish_line(end)?;
                Value::String(text.into_owned())
            }
            b'[' | b'{' => {
                let (value, end) = self.flow(at)?;
                self.finish_line(end)?;
                value
            }
            b'|' | b'>' => return self.block_scalar(at, parent),
            _ => match self.plain(at)? {
                Plain::Key(_) => return None,
                Plain::Text { text, end } => {
                    let value = plain_value(text)?;
                    self.begin_line(self.line_end(end) + 1)?;
                    value
                }
            },
        };
        // A deeper line would continue the scalar.
        (!self.is_deeper(parent)).then_some(value)
    }

    /// The key at `at` and where its value may begin; `Some(None)` if there is no key.
    #[allow(clippy::option_option)]
    fn key(&self, at: usize) -> Option<Option<(String, usize)>> {
        let (key, colon) = match self.byte(at) {
            b'"' | b'\'' => {
                let (text, end) = self.quoted(at)?;
                let colon = self.skip_spaces(end);
                if self.byte(colon) != b':' {
                    return Some(None);
                }
                (text.into_owned(), colon)
            }
            b'[' | b'{' | b'|' | b'>' => return Some(None),
            _ => match self.plain(at)? {
                Plain::Text { .. } => return Some(None),
                Plain::Key(colon) => {
                    let text = self.text[at..colon].trim_end_matches(' ');
                    (scalar::plain_key(text)?, colon)
                }
            },
        };
        let separated = matches!(self.byte(colon + 1), b' ' | b'\n');
        (separated && colon - at <= MAX_KEY).then_some(Some((key, colon + 1)))
    }
}
