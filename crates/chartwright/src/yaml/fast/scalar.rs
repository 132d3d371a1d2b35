//! Plain and quoted scalars on one line.

use std::borrow::Cow;

use serde_json::Value;

use super::Reader;
use crate::yaml::resolve::{has_hint, resolve};

/// What begins with a plain character.
pub(super) enum Plain<'a> {
    /// A key; the place of its colon.
    Key(usize),
    /// Text up to the end of the line or a comment, and where it ends.
    Text { text: &'a str, end: usize },
}

/// Can a plain scalar begin with this byte, whatever follows?
const fn begins_plain(byte: u8) -> bool {
    !matches!(
        byte,
        0..=b' '
            | 0x7f
            | b'-'
            | b'?'
            | b':'
            | b','
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'#'
            | b'&'
            | b'*'
            | b'!'
            | b'|'
            | b'>'
            | b'\''
            | b'"'
            | b'%'
            | b'@'
            | b'`'
    )
}

/// Bytes at which a plain scalar may end.
const STOPS: [bool; 256] = {
    let mut table = [false; 256];
    table[b'\n' as usize] = true;
    table[b'\t' as usize] = true;
    table[b':' as usize] = true;
    table[b'#' as usize] = true;
    table
};

/// The value of a plain scalar; `None` for numbers that JSON does not have.
pub(super) fn plain_value(text: &str) -> Option<Value> {
    match text.as_bytes().first() {
        Some(first) if !has_hint(*first) => Some(Value::String(text.to_owned())),
        _ => resolve(text).to_value(text),
    }
}

/// The text of a plain key; `None` for merge keys and what cannot be a key.
pub(super) fn plain_key(text: &str) -> Option<String> {
    match text.as_bytes().first()? {
        b'<' if text == "<<" => None,
        first if !has_hint(*first) => Some(text.to_owned()),
        _ => resolve(text).to_key(text),
    }
}

impl<'a> Reader<'a> {
    pub(super) fn plain(&self, at: usize) -> Option<Plain<'a>> {
        let first = self.byte(at);
        let dashed = first == b'-' && !matches!(self.byte(at + 1), b' ' | b'\n' | b'\t');
        if !(dashed || begins_plain(first)) {
            return None;
        }
        let mut end = at;
        loop {
            while self.bytes.get(end).is_some_and(|byte| !STOPS[*byte as usize]) {
                end += 1;
            }
            match self.byte(end) {
                b'\n' => break,
                b'\t' => return None,
                b':' if matches!(self.byte(end + 1), b' ' | b'\n') => return Some(Plain::Key(end)),
                b':' if self.byte(end + 1) == b'\t' => return None,
                b'#' if self.byte(end - 1) == b' ' => break,
                _ => end += 1,
            }
        }
        Some(Plain::Text { text: self.text[at..end].trim_end_matches(' '), end })
    }

    /// A quoted scalar that ends on its line, and the place behind it.
    pub(super) fn quoted(&self, at: usize) -> Option<(Cow<'a, str>, usize)> {
        let start = at + 1;
        if self.byte(at) == b'"' { self.double_quoted(start) } else { self.single_quoted(start) }
    }

    fn single_quoted(&self, start: usize) -> Option<(Cow<'a, str>, usize)> {
        let mut end = start;
        let mut doubled = false;
        loop {
            end += memchr::memchr2(b'\'', b'\n', &self.bytes[end..])?;
            match (self.byte(end), self.byte(end + 1)) {
                (b'\'', b'\'') => {
                    doubled = true;
                    end += 2;
                }
                (b'\'', _) => break,
                _ => return None,
            }
        }
        let text = &self.text[start..end];
        Some((if doubled { text.replace("''", "'").into() } else { text.into() }, end + 1))
    }

    fn double_quoted(&self, start: usize) -> Option<(Cow<'a, str>, usize)> {
        let mut end = start + memchr::memchr3(b'"', b'\\', b'\n', &self.bytes[start..])?;
        if self.byte(end) == b'"' {
            return Some((self.text[start..end].into(), end + 1));
        }
        let mut text = self.text[start..end].to_owned();
        loop {
            match self.byte(end) {
                b'"' => return Some((text.into(), end + 1)),
                b'\\' => end = self.escape(end + 1, &mut text)?,
                _ => return None,
            }
            let next = end + memchr::memchr3(b'"', b'\\', b'\n', &self.bytes[end..])?;
            text.push_str(&self.text[end..next]);
            end = next;
        }
    }

    /// Undoes the escape whose letter is at `at`; gives the place behind it.
    fn escape(&self, at: usize, text: &mut String) -> Option<usize> {
        let digits = match self.byte(at) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            letter => {
                text.push(match letter {
                    b'0' => '\0',
                    b'a' => '\u{7}',
                    b'b' => '\u{8}',
                    b't' => '\t',
                    b'n' => '\n',
                    b'v' => '\u{b}',
                    b'f' => '\u{c}',
                    b'r' => '\r',
                    b'e' => '\u{1b}',
                    b' ' => ' ',
                    b'"' => '"',
                    b'\'' => '\'',
                    b'\\' => '\\',
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return None,
                });
                return Some(at + 1);
            }
        };
        let end = at + 1 + digits;
        let code =
            self.text.get(at + 1..end).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        Some(end)
    }
}
