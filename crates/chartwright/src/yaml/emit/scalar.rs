//! How one text is written: which style, and where it is folded.

use super::Emitter;
use crate::yaml::resolve::{Resolved, has_hint, is_base60, resolve};

/// The styles that the writer uses; folded blocks are never written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// Which styles can express a text.
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
}

/// The style of `text`; a simple key stays on one line.
pub(super) fn style(text: &str, simple_key: bool) -> Style {
    let bytes = text.as_bytes();
    let Some(&first) = bytes.first() else { return Style::DoubleQuoted };
    if first.is_ascii_alphanumeric() | (first == b'/')
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'_' | b'-'))
    {
        let plain = !has_hint(first) || resolve(text) == Resolved::Text;
        return if plain { Style::Plain } else { Style::DoubleQuoted };
    }
    let allowed = analyze(text);
    if bytes.contains(&b'\n') {
        let literal = allowed.block && !simple_key;
        return if literal { Style::Literal } else { Style::DoubleQuoted };
    }
    if simple_key && has_break(text) || resolve(text) != Resolved::Text || is_base60(text) {
        return Style::DoubleQuoted;
    }
    match allowed {
        Allowed { plain: true, .. } => Style::Plain,
        Allowed { single: true, .. } => Style::SingleQuoted,
        _ => Style::DoubleQuoted,
    }
}

/// Has the text a line break of YAML 1.1?
pub(super) fn has_break(text: &str) -> bool {
    text.contains(is_break)
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(c: char) -> bool {
    // go-yaml's bytewise test lets everything of two and three bytes from U+00A0 on pass but surrogates, the byte order
    // mark, U+FFFE and U+FFFF, and nothing of four bytes.
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// go-yaml's `yaml_emitter_analyze_scalar`, for block context.
fn analyze(text: &str) -> Allowed {
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut breaks, mut special) = (false, false);
    let (mut space_break, mut break_space) = (false, false);
    let (mut previous_space, mut previous_break) = (false, false);
    let mut after_blank = true;
    let mut chars = text.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let before_blank = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
        indicators |= match c {
            '#' => after_blank,
            ':' => before_blank,
            '?' | '-' => first && before_blank,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => first,
            _ => false,
        };
        special |= !is_printable(c);
        let is_break = is_break(c);
        breaks |= is_break;
        break_space |= c == ' ' && previous_break;
        space_break |= is_break && previous_space;
        previous_space = c == ' ';
        previous_break = is_break;
        after_blank = is_break || matches!(c, ' ' | '\t' | '\0');
        first = false;
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c == ' ' || is_break(c));
    let edges = edge(text.chars().next()) || edge(text.chars().next_back());
    let bad = space_break || special;
    Allowed {
        plain: !(edges || break_space || bad || breaks || indicators),
        single: !(break_space || bad),
        block: !(text.ends_with(' ') || bad),
    }
}

/// What becomes of U+0085 inside a double quoted text: it is a line break there and is folded to a space.
pub(super) fn fold_next_line(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut parts = text.split('\u{85}');
    let Some(first) = parts.next() else { return folded };
    // Blanks before a break and behind it are dropped; of several breaks all but the first are kept.
    let mut pending = first;
    let mut lines = 0;
    folded.push_str(pending.trim_end_matches(' '));
    for part in parts {
        let part_body = part.trim_start_matches(' ');
        lines += 1;
        if part_body.is_empty() {
            pending = part;
            continue;
        }
        push_breaks(&mut folded, lines);
        lines = 0;
        pending = part_body;
        folded.push_str(pending.trim_end_matches(' '));
    }
    if lines > 0 {
        push_breaks(&mut folded, lines);
    } else {
        let kept = pending.trim_end_matches(' ').len();
        folded.push_str(&pending[kept..]);
    }
    folded
}

fn push_breaks(out: &mut String, lines: usize) {
    if lines == 1 {
        out.push(' ');
    } else {
        (1..lines).for_each(|_| out.push('\n'));
    }
}

impl Emitter {
    /// Writes a character of a scalar; a break that is not `\n` is copied and begins a line as well.
    fn copy(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn copy_break(&mut self, c: char) {
        if c == '\n' {
            self.put_break();
        } else {
            self.out.push(c);
            self.column = 0;
        }
    }

    /// Appends ASCII text that cannot reach the folding column; false if it might.
    fn append_short(&mut self, text: &str, width: usize) -> bool {
        let fits = text.is_ascii() && (self.column + text.len() <= width || !text.contains(' '));
        if fits {
            self.out.push_str(text);
            self.column += text.len();
        }
        fits
    }

    pub(super) fn plain(&mut self, text: &str, width: usize) {
        if !self.whitespace {
            self.put(' ');
        }
        if !self.append_short(text, width) {
            let mut spaces = false;
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                if c == ' ' {
                    if !spaces && self.column > width && chars.peek() != Some(&' ') {
                        self.write_indent();
                    } else {
                        self.copy(c);
                    }
                    spaces = true;
                } else {
                    self.copy(c);
                    self.indention = false;
                    spaces = false;
                }
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn single_quoted(&mut self, text: &str, width: usize) {
        self.indicator("'", true, false);
        if text.contains('\'') || !self.append_short(text, width) {
            let (mut spaces, mut breaks, mut first) = (false, false, true);
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                if c == ' ' {
                    let foldable = !spaces && self.column > width && !first;
                    if foldable && chars.peek().is_some_and(|next| *next != ' ') {
                        self.write_indent();
                    } else {
                        self.copy(c);
                    }
                    spaces = true;
                } else if is_break(c) {
                    if !breaks && c == '\n' {
                        self.put_break();
                    }
                    self.copy_break(c);
                    self.indention = true;
                    breaks = true;
                } else {
                    if breaks {
                        self.write_indent();
                    }
                    if c == '\'' {
                        self.put('\'');
                    }
                    self.copy(c);
                    self.indention = false;
                    (spaces, breaks) = (false, false);
                }
                first = false;
            }
        }
        self.indicator("'", false, false);
    }

    pub(super) fn double_quoted(&mut self, text: &str, width: usize) {
        self.indicator("\"", true, false);
        // go-yaml looks for a byte order mark at the start of the text, whatever the place it is at.
        let escape_all = text.starts_with('\u{feff}');
        let (mut spaces, mut first) = (false, true);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if escape_all || !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                if !spaces && self.column > width && !first && chars.peek().is_some() {
                    self.write_indent();
                    if chars.peek() == Some(&' ') {
                        self.put('\\');
                    }
                } else {
                    self.copy(c);
                }
                spaces = true;
            } else {
                self.copy(c);
                spaces = false;
            }
            first = false;
        }
        self.indicator("\"", false, false);
    }

    fn escape(&mut self, c: char) {
        self.put('\\');
        let letter = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let digits = match code {
                    0..=0xff => format!("x{code:02X}"),
                    0x100..=0xffff => format!("u{code:04X}"),
                    _ => format!("U{code:08X}"),
                };
                self.out.push_str(&digits);
                self.column += digits.len();
                return;
            }
        };
        self.put(letter);
    }

    pub(super) fn literal(&mut self, text: &str) {
        self.indicator("|", true, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false);
        }
        let mut back = text.chars().rev();
        match (back.next().is_some_and(is_break), back.next()) {
            (false, _) => self.indicator("-", false, false),
            (true, None) => self.indicator("+", false, false),
            (true, Some(before)) if is_break(before) => self.indicator("+", false, false),
            (true, Some(_)) => {}
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        if text.is_ascii() || !text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
            self.literal_lines(text);
            return;
        }
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.copy_break(c);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.copy(c);
                self.indention = false;
                breaks = false;
            }
        }
    }

    fn literal_lines(&mut self, text: &str) {
        for line in text.split_inclusive('\n') {
            let body = line.strip_suffix('\n').unwrap_or(line);
            if !body.is_empty() {
                self.write_indent();
                self.out.push_str(body);
                self.column += body.chars().count();
                self.indention = false;
            }
            if body.len() < line.len() {
                self.put_break();
                self.indention = true;
            }
        }
    }
}
