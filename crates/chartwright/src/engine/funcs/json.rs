//! Reading JSON as Go's `encoding/json` does into `interface{}`: numbers are `float64`, the last of equal keys wins, and
//! errors have Go's words, since `fromJson` hands them to the template.

use crate::engine::format::quoted;
use crate::engine::value::{Str, Val};

/// How deep JSON may nest; Go allows 10000, values here less.
const MAX_DEPTH: usize = crate::engine::value::MAX_VALUE_DEPTH - 1;

const END: &str = "unexpected end of JSON input";

/// Reads one JSON value that fills the whole text.
pub(crate) fn parse(text: &[u8]) -> Result<Val, String> {
    let mut reader = Reader { text, at: 0, wrong_number: None };
    reader.blank();
    let value = reader.value(0)?;
    reader.blank();
    if reader.at < text.len() {
        return reader.wrong("after top-level value");
    }
    match reader.wrong_number {
        // Go finds syntax errors anywhere before it converts numbers.
        Some(number) => Err(format!("json: cannot unmarshal number {number} into Go value of type float64")),
        None => Ok(value),
    }
}

/// What Go calls a value's type in `json: cannot unmarshal … into`.
pub(crate) fn type_name(value: &Val) -> &'static str {
    match value {
        Val::Map(_) => "object",
        Val::List(_) => "array",
        Val::Str(_) => "string",
        Val::Bool(_) => "bool",
        _ => "number",
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    wrong_number: Option<String>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// An error at this byte; Go reads the text by bytes, so non-ASCII shows as Latin-1.
    fn wrong<T>(&self, context: &str) -> Result<T, String> {
        let Some(b) = self.peek() else { return Err(END.to_owned()) };
        let shown = match b {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            b => format!("'{}'", quoted(&char::from(b).to_string()).trim_matches('"')),
        };
        Err(format!("invalid character {shown} {context}"))
    }

    fn value(&mut self, depth: usize) -> Result<Val, String> {
        if depth > MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Val::Str),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true", Val::Bool(true)),
            Some(b'f') => self.literal("false", Val::Bool(false)),
            Some(b'n') => self.literal("null", Val::Nil),
            _ => self.wrong("looking for beginning of value"),
        }
    }

    fn literal(&mut self, word: &str, value: Val) -> Result<Val, String> {
        for expected in word.bytes() {
            if self.peek() != Some(expected) {
                return self.wrong(&format!("in literal {word} (expecting '{}')", char::from(expected)));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), String> {
        if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
            return self.wrong(context);
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Val, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Val::Float(number)),
            _ => {
                self.wrong_number.get_or_insert_with(|| text.into_owned());
                Ok(Val::Nil)
            }
        }
    }

    fn string(&mut self) -> Result<Str, String> {
        self.at += 1;
        let start = self.at;
        while self.peek().is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..0x20)) {
            self.at += 1;
        }
        let mut out = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = self.escape()?;
                    out.push(c);
                }
                Some(0..0x20) | None => return self.wrong("in string literal"),
                Some(_) => {
                    let start = self.at;
                    while self.peek().is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..0x20)) {
                        self.at += 1;
                    }
                    out.push_str(&String::from_utf8_lossy(&self.text[start..self.at]));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let c = match self.peek() {
            Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with(b"\\u") {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = back;
                }
                // Half a pair is no character.
                return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return self.wrong("in string escape code"),
        };
        self.at += 1;
        Ok(c)
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..4 {
            match self.peek().and_then(|b| char::from(b).to_digit(16)) {
                Some(digit) => value = value * 16 + digit,
                None => return self.wrong("in \\u hexadecimal character escape"),
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Val, String> {
        self.at += 1;
        self.blank();
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Val::list(items));
        }
        loop {
            self.blank();
            items.push(self.value(depth + 1)?);
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Val::list(items));
                }
                _ => return self.wrong("after array element"),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Val, String> {
        self.at += 1;
        self.blank();
        let mut entries = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Val::map(entries));
        }
        loop {
            self.blank();
            if self.peek() != Some(b'"') {
                return self.wrong("looking for beginning of object key string");
            }
            let key = self.string()?;
            self.blank();
            if self.peek() != Some(b':') {
                return self.wrong("after object key");
            }
            self.at += 1;
            self.blank();
            entries.push((key, self.value(depth + 1)?));
            self.blank();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Val::map(entries));
                }
                _ => return self.wrong("after object key:value pair"),
            }
        }
    }
}
