//! Plain and block scalars.

use std::borrow::Cow;

use super::Problem;
use super::scanner::Scanner;
use crate::yaml::tree::Style;

/// A scalar as it is read: its text, its style, and the byte behind it.
type Scanned<'a> = Result<(Cow<'a, str>, Style, usize), Problem>;

/// Text that stays a slice of the source until it has a fold or an escape.
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'a> Text<'a> {
    pub(super) fn push(&mut self, part: &'a str) {
        if self.0.is_empty() {
            self.0 = Cow::Borrowed(part);
        } else {
            self.0.to_mut().push_str(part);
        }
    }
}

/// White space between the words of a scalar: blanks, or line breaks with what is around them.
#[derive(Default)]
pub(super) struct Gap<'a> {
    /// Blanks on one line.
    pub(super) blanks: &'a str,
    /// Was there a line break?
    pub(super) broken: bool,
    first_break: &'a str,
    more_breaks: String,
}

impl<'a> Gap<'a> {
    pub(super) fn push_break(&mut self, line_break: &'a str) {
        if self.broken {
            self.more_breaks.push_str(line_break);
        } else {
            (self.broken, self.blanks, self.first_break) = (true, "", line_break);
        }
    }

    /// Writes what the gap stands for: blanks as they are, one line break as a space, several as all but the first.
    pub(super) fn join(self, text: &mut Text<'a>) {
        if !self.broken {
            if !self.blanks.is_empty() {
                text.0.to_mut().push_str(self.blanks);
            }
        } else if self.first_break == "\n" {
            text.0.to_mut().push_str(if self.more_breaks.is_empty() { " " } else { &self.more_breaks });
        } else {
            let text = text.0.to_mut();
            text.push_str(self.first_break);
            text.push_str(&self.more_breaks);
        }
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn scan_plain(&mut self) -> Scanned<'a> {
        let indent = self.indent + 1;
        let start = self.cursor.at;
        let mut text = Text(Cow::Borrowed(""));
        let mut gap = Gap::default();
        let mut end = start;
        // While there is one word on one line the text is a slice, blanks inside included.
        let mut whole = true;
        loop {
            if self.cursor.is_document_marker() || self.cursor.peek(0) == b'#' {
                break;
            }
            let word = self.cursor.at;
            while !self.cursor.is_blankz(0) {
                match self.cursor.peek(0) {
                    b':' if self.cursor.is_blankz(1) => break,
                    b',' | b'?' | b'[' | b']' | b'{' | b'}' if self.flow_level > 0 => break,
                    _ => self.cursor.at += 1,
                }
            }
            if self.cursor.at > word {
                if gap.broken && whole {
                    whole = false;
                    text.push(&self.cursor.text[start..end]);
                }
                let gap = std::mem::take(&mut gap);
                if !whole {
                    gap.join(&mut text);
                    text.push(&self.cursor.text[word..self.cursor.at]);
                }
                end = self.cursor.at;
            }
            if !(self.cursor.is_blank(0) || self.cursor.is_break(0)) {
                break;
            }
            let blanks = self.cursor.at;
            loop {
                if self.cursor.is_blank(0) {
                    if gap.broken && self.cursor.peek(0) == b'\t' && (self.cursor.column() as isize) < indent
                    {
                        return self.error("found a tab character that violates indentation");
                    }
                    self.cursor.at += 1;
                    if !gap.broken {
                        gap.blanks = &self.cursor.text[blanks..self.cursor.at];
                    }
                } else if self.cursor.is_break(0) {
                    gap.push_break(self.cursor.take_break());
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && (self.cursor.column() as isize) < indent {
                break;
            }
        }
        if gap.broken {
            self.simple_key_allowed = true;
        }
        if whole {
            text.push(&self.cursor.text[start..end]);
        }
        Ok((text.0, Style::Plain, end))
    }

    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scanned<'a> {
        self.cursor.at += 1;
        let (chomping, increment) = self.scan_block_header()?;
        let mut end = self.cursor.at;
        self.skip_blanks();
        if self.cursor.peek(0) == b'#' {
            self.cursor.skip_to_break();
        }
        if !self.cursor.is_breakz(0) {
            return self.error("did not find expected comment or line break");
        }
        if self.cursor.is_break(0) {
            self.cursor.take_break();
        }
        let mut indent = match increment {
            0 => 0,
            increment => usize::try_from(self.indent).unwrap_or(0) + increment,
        };
        let mut text = String::new();
        let mut breaks = String::new();
        let mut line_break = "";
        let mut began_blank = false;
        self.scan_block_breaks(&mut indent, &mut breaks)?;
        while self.cursor.column() == indent && !self.cursor.is_end() {
            let begins_blank = self.cursor.is_blank(0);
            if !literal && line_break == "\n" && !began_blank && !begins_blank {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(line_break);
            }
            text.push_str(&breaks);
            breaks.clear();
            began_blank = begins_blank;
            let start = self.cursor.at;
            self.cursor.skip_to_break();
            text.push_str(&self.cursor.text[start..self.cursor.at]);
            end = self.cursor.at;
            line_break = if self.cursor.is_break(0) { self.cursor.take_break() } else { "" };
            self.scan_block_breaks(&mut indent, &mut breaks)?;
        }
        if chomping != Some(b'-') {
            text.push_str(line_break);
        }
        if chomping == Some(b'+') {
            text.push_str(&breaks);
        }
        let style = if literal { Style::Literal } else { Style::Folded };
        Ok((text.into(), style, end))
    }

    /// Chomping (`+`, `-`) and indentation of the header, in either order.
    fn scan_block_header(&mut self) -> Result<(Option<u8>, usize), Problem> {
        let (mut chomping, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.cursor.peek(0) {
                sign @ (b'+' | b'-') if chomping.is_none() => chomping = Some(sign),
                b'0' if increment == 0 => return self.error("found an indentation indicator equal to 0"),
                digit @ b'1'..=b'9' if increment == 0 => increment = usize::from(digit - b'0'),
                _ => break,
            }
            self.cursor.at += 1;
        }
        Ok((chomping, increment))
    }

    /// Moves over indentation and empty lines; finds the indentation if it is 0.
    fn scan_block_breaks(&mut self, indent: &mut usize, breaks: &mut String) -> Result<(), Problem> {
        let mut deepest = 0;
        loop {
            let mut column = self.cursor.column();
            while (*indent == 0 || column < *indent) && self.cursor.peek(0) == b' ' {
                self.cursor.at += 1;
                column += 1;
            }
            deepest = deepest.max(column);
            if (*indent == 0 || column < *indent) && self.cursor.peek(0) == b'\t' {
                return self.error("found a tab character where an indentation space is expected");
            }
            if !self.cursor.is_break(0) {
                break;
            }
            breaks.push_str(self.cursor.take_break());
        }
        if *indent == 0 {
            *indent = deepest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(())
    }
}
