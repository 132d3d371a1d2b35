//! Literal and folded block scalars.

use serde_json::Value;

use super::Reader;

#[derive(Clone, Copy, PartialEq)]
enum Chomping {
    Clip,
    Strip,
    Keep,
}

impl Reader<'_> {
    /// The block scalar whose indicator is at `at`, of a node in column `parent`.
    pub(super) fn block_scalar(&mut self, at: usize, parent: isize) -> Option<Value> {
        // At the root go-yaml takes a content that is not indented for empty; not worth being quick.
        let parent = usize::try_from(parent).ok()?;
        let folded = self.byte(at) == b'>';
        let (mut chomping, mut increment) = (Chomping::Clip, 0);
        let mut header = at + 1;
        loop {
            match self.byte(header) {
                b'-' if chomping == Chomping::Clip => chomping = Chomping::Strip,
                b'+' if chomping == Chomping::Clip => chomping = Chomping::Keep,
                digit @ b'1'..=b'9' if increment == 0 => increment = usize::from(digit - b'0'),
                _ => break,
            }
            header += 1;
        }
        let rest = self.skip_spaces(header);
        let first = match self.byte(rest) {
            b'\n' => rest + 1,
            b'#' if rest > header => self.line_end(rest) + 1,
            _ => return None,
        };
        let indent = match increment {
            0 => self.content_indent(first, parent, chomping)?,
            _ => Some(parent + increment),
        };
        let Some(indent) = indent else {
            self.begin_line(first)?;
            return (!self.is_deeper(parent as isize)).then(|| Value::String(String::new()));
        };
        let (text, next) = self.content(first, indent, folded, chomping)?;
        self.begin_line(next)?;
        (!self.is_deeper(parent as isize)).then_some(Value::String(text))
    }

    /// The indentation that the first line with content has; `Some(None)` if there is no content.
    #[allow(clippy::option_option)]
    fn content_indent(&self, mut start: usize, parent: usize, chomping: Chomping) -> Option<Option<usize>> {
        let mut blank = 0;
        loop {
            let at = self.skip_spaces(start);
            let indent = at - start.min(at);
            match self.bytes.get(at) {
                Some(b'\n') => {
                    blank = blank.max(indent);
                    start = at + 1;
                }
                Some(b'\t') => return None,
                Some(_) if indent > parent => return (blank <= indent).then_some(Some(indent)),
                // What is kept of blank lines alone is left to the general path.
                _ => return (chomping != Chomping::Keep).then_some(None),
            }
        }
    }

    /// The content from the line at `start` on, and where the first line behind it begins.
    fn content(
        &self,
        start: usize,
        indent: usize,
        folded: bool,
        chomping: Chomping,
    ) -> Option<(String, usize)> {
        let mut text = String::new();
        let mut line = start;
        let mut blanks = 0;
        // Whether there was content before, and whether its last line began with a blank or lacks a line break.
        let (mut broken, mut began_blank) = (false, false);
        while line < self.bytes.len() {
            let spaces = self.skip_spaces(line);
            let content = spaces.min(line + indent);
            match self.bytes.get(content) {
                None => {
                    // Spaces at the end of the text, no more than the indentation.
                    line = self.bytes.len();
                    break;
                }
                Some(b'\n') => {
                    blanks += 1;
                    line = content + 1;
                    continue;
                }
                Some(_) if content == line + indent => {}
                Some(b'\t') => return None,
                Some(_) => break,
            }
            let end = self.line_end(content);
            if spaces == self.bytes.len() {
                return None;
            }
            let begins_blank = matches!(self.bytes[content], b' ' | b'\t');
            if broken {
                if folded && !began_blank && !begins_blank {
                    if blanks == 0 {
                        text.push(' ');
                    }
                } else {
                    text.push('\n');
                }
            }
            text.extend(std::iter::repeat_n('\n', blanks));
            text.push_str(&self.text[content..end]);
            blanks = 0;
            began_blank = begins_blank;
            broken = end < self.bytes.len();
            line = end + 1;
        }
        if chomping != Chomping::Strip && broken {
            text.push('\n');
        }
        if chomping == Chomping::Keep {
            text.extend(std::iter::repeat_n('\n', blanks));
        }
        Some((text, line))
    }
}
