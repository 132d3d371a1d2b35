//! Quoted scalars.

use std::borrow::Cow;

use super::Problem;
use super::scalars::{Gap, Text};
use super::scanner::Scanner;
use crate::yaml::tree::Style;

impl<'a> Scanner<'a> {
    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<(Cow<'a, str>, Style, usize), Problem> {
        let quote = if single { b'\'' } else { b'"' };
        self.cursor.at += 1;
        let mut text = Text(Cow::Borrowed(""));
        loop {
            if self.cursor.is_document_marker() {
                return self.error("found unexpected document indicator");
            }
            if self.cursor.is_end() {
                return self.error("found unexpected end of stream");
            }
            let mut gap = Gap::default();
            let mut escaped_break = false;
            let mut word = self.cursor.at;
            while !self.cursor.is_blankz(0) {
                let byte = self.cursor.peek(0);
                if single && byte == quote && self.cursor.peek(1) == quote {
                    text.push(&self.cursor.text[word..=self.cursor.at]);
                    self.cursor.at += 2;
                    word = self.cursor.at;
                } else if byte == quote {
                    break;
                } else if !single && byte == b'\\' {
                    text.push(&self.cursor.text[word..self.cursor.at]);
                    if self.cursor.is_break(1) {
                        self.cursor.at += 1;
                        self.cursor.take_break();
                        word = self.cursor.at;
                        escaped_break = true;
                        break;
                    }
                    self.scan_escape(&mut text)?;
                    word = self.cursor.at;
                } else {
                    self.cursor.at += 1;
                }
            }
            text.push(&self.cursor.text[word..self.cursor.at]);
            if self.cursor.peek(0) == quote {
                break;
            }
            let blanks = self.cursor.at;
            loop {
                if self.cursor.is_blank(0) {
                    self.cursor.at += 1;
                    if !gap.broken && !escaped_break {
                        gap.blanks = &self.cursor.text[blanks..self.cursor.at];
                    }
                } else if self.cursor.is_break(0) {
                    let line_break = self.cursor.take_break();
                    if escaped_break {
                        text.0.to_mut().push_str(line_break);
                    } else {
                        gap.push_break(line_break);
                    }
                } else {
                    break;
                }
            }
            gap.join(&mut text);
        }
        self.cursor.at += 1;
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        Ok((text.0, style, self.cursor.at))
    }

    fn scan_escape(&mut self, text: &mut Text<'a>) -> Result<(), Problem> {
        let digits = match self.cursor.peek(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            letter => {
                let c = match letter {
                    b'0' if self.cursor.at + 1 < self.cursor.bytes.len() => '\0',
                    b'a' => '\u{7}',
                    b'b' => '\u{8}',
                    b't' | b'\t' => '\t',
                    b'n' => '\n',
                    b'v' => '\u{b}',
                    b'f' => '\u{c}',
                    b'r' => '\r',
                    b'e' => '\u{1b}',
                    b' ' | b'"' | b'\'' | b'\\' => char::from(letter),
                    b'N' => '\u{85}',
                    b'_' => '\u{a0}',
                    b'L' => '\u{2028}',
                    b'P' => '\u{2029}',
                    _ => return self.error("found unknown escape character"),
                };
                text.0.to_mut().push(c);
                self.cursor.at += 2;
                return Ok(());
            }
        };
        let start = self.cursor.at + 2;
        let code = self.cursor.bytes.get(start..start + digits).unwrap_or_default();
        let mut value: u32 = 0;
        for digit in code {
            match char::from(*digit).to_digit(16) {
                Some(digit) => value = value << 4 | digit,
                None => return self.error("did not find expected hexdecimal number"),
            }
        }
        if code.len() < digits {
            return self.error("did not find expected hexdecimal number");
        }
        match char::from_u32(value) {
            Some(c) => text.0.to_mut().push(c),
            None => return self.error("found invalid Unicode character escape code"),
        }
        self.cursor.at = start + digits;
        Ok(())
    }
}
