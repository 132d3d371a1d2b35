//! Flow collections on one line, JSON's included.

use serde_json::{Map, Value};

use super::scalar::{plain_key, plain_value};
use super::{MAX_KEY, Reader};

/// Bytes that a plain scalar in a flow collection may have anywhere. Others are left to the general path.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'_' | b'.' | b'/' | b'-' | b'+' | b'=' | b'$' | b'(' | b')')
}

impl Reader<'_> {
    /// The collection at `at`, and the place behind it.
    pub(super) fn flow(&mut self, at: usize) -> Option<(Value, usize)> {
        self.enter()?;
        let read =
            if self.byte(at) == b'[' { self.flow_sequence(at + 1) } else { self.flow_mapping(at + 1) }?;
        self.depth -= 1;
        Some(read)
    }

    fn flow_sequence(&mut self, start: usize) -> Option<(Value, usize)> {
        let mut items = Vec::new();
        let mut at = self.skip_spaces(start);
        if self.byte(at) == b']' {
            return Some((Value::Array(items), at + 1));
        }
        loop {
            let (item, end) = self.flow_value(at)?;
            items.push(item);
            let end = self.skip_spaces(end);
            match self.byte(end) {
                b']' => return Some((Value::Array(items), end + 1)),
                b',' => at = self.skip_spaces(end + 1),
                _ => return None,
            }
        }
    }

    fn flow_mapping(&mut self, start: usize) -> Option<(Value, usize)> {
        let mut map = Map::new();
        let mut at = self.skip_spaces(start);
        if self.byte(at) == b'}' {
            return Some((Value::Object(map), at + 1));
        }
        loop {
            let (key, end) = self.flow_key(at)?;
            let (value, end) = self.flow_value(self.skip_spaces(end))?;
            if map.insert(key, value).is_some() && self.unique {
                return None;
            }
            let end = self.skip_spaces(end);
            match self.byte(end) {
                b'}' => return Some((Value::Object(map), end + 1)),
                b',' => at = self.skip_spaces(end + 1),
                _ => return None,
            }
        }
    }

    /// A key and the place behind its colon.
    fn flow_key(&self, at: usize) -> Option<(String, usize)> {
        let (key, end) = match self.byte(at) {
            b'"' | b'\'' => {
                let (text, end) = self.quoted(at)?;
                (text.into_owned(), end)
            }
            _ => {
                let end = self.flow_plain(at)?;
                if self.byte(end + 1) != b' ' {
                    return None;
                }
                (plain_key(&self.text[at..end])?, end)
            }
        };
        (self.byte(end) == b':' && end - at <= MAX_KEY).then_some((key, end + 1))
    }

    fn flow_value(&mut self, at: usize) -> Option<(Value, usize)> {
        match self.byte(at) {
            b'"' | b'\'' => {
                let (text, end) = self.quoted(at)?;
                Some((Value::String(text.into_owned()), end))
            }
            b'[' | b'{' => self.flow(at),
            _ => {
                let end = self.flow_plain(at)?;
                Some((plain_value(&self.text[at..end])?, end))
            }
        }
    }

    /// The end of a plain scalar without spaces.
    fn flow_plain(&self, at: usize) -> Option<usize> {
        let first = self.byte(at);
        let dashed = first == b'-' && self.byte(at + 1).is_ascii_alphanumeric();
        if !(dashed || first.is_ascii_alphanumeric() || matches!(first, b'_' | b'.' | b'/')) {
            return None;
        }
        let mut end = at;
        loop {
            while is_plain(self.byte(end)) {
                end += 1;
            }
            match self.byte(end) {
                b':' if self.byte(end + 1).is_ascii_alphanumeric() || self.byte(end + 1) == b'/' => end += 1,
                b':' | b',' | b']' | b'}' | b' ' => return Some(end),
                _ => return None,
            }
        }
    }
}
