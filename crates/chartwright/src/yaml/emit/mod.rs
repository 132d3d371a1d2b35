//! Writing YAML as `sigs.k8s.io/yaml` does: through JSON, then with the encoder of go-yaml v2.
//!
//! The layout is a consequence of four variables that go-yaml keeps while it writes (column, indentation, and whether
//! only white space or only indicators were written since the line began); they are kept here as well, because folding
//! and the indentation of nested collections follow from them. Source: `emitterc.go`, `encode.go` of
//! `go.yaml.in/yaml/v2` 2.4.

mod scalar;
mod sort;

use serde_json::{Map, Number, Value};

use super::resolve::{Resolved, resolve};
use super::{PathSegment, YamlError};
use crate::json;
use crate::number::format_g;
use scalar::Style;

/// Lines are folded at the first space behind this column.
const BEST_WIDTH: usize = 80;
/// A key with more bytes, or more lines, is written behind `? `.
const SIMPLE_KEY: usize = 128;
/// Go reads its own JSON back as YAML, where a key's text may not be longer.
const JSON_KEY: usize = 1024;

/// Written YAML with the origin of each line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// What [`to_string`] gives.
    pub text: String,
    /// For each line of `text` the path of the value that begins or continues there; on a line with several (`- a: 1`)
    /// the innermost.
    pub lines: Vec<Vec<PathSegment>>,
}

/// Writes what `yaml.Marshal` of sigs.k8s.io/yaml writes, a line break at the end included.
///
/// Texts that Go refuses (see [`marshal`]) are written with escapes instead, so that nothing is lost.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut emitter = Emitter::new(None);
    emitter.document(value);
    emitter.out
}

/// Like [`to_string`], and tells for each line where it comes from.
#[must_use]
pub fn to_string_with_paths(value: &Value) -> Traced {
    let mut emitter = Emitter::new(Some(Paths::default()));
    emitter.document(value);
    let mut lines = emitter.paths.map(|paths| paths.lines).unwrap_or_default();
    lines.truncate(emitter.out.lines().count());
    Traced { text: emitter.out, lines }
}

/// Like [`to_string`], with the failures of Go: it refuses texts with the characters U+007F to U+009F (but U+0085),
/// U+FFFE and U+FFFF, and keys whose JSON form is longer than 1024 characters. (Helm's `toYaml` is empty then.)
///
/// # Errors
/// Names the character or the key. The place is the first line: there is no text it could be in.
pub fn marshal(value: &Value) -> Result<String, YamlError> {
    match refused(value) {
        Some(message) => Err(YamlError { message, offset: 0, line: 1, column: 1 }),
        None => Ok(to_string(value)),
    }
}

fn refused(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
        Value::String(text) => refused_text(text),
        Value::Array(items) => items.iter().find_map(refused),
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let long = key.len() > JSON_KEY / 6
                && json::to_string(&Value::String(key.clone())).chars().count() > JSON_KEY;
            if long || key.contains('\u{85}') {
                return Some(
                    "did not find expected ',' or '}' (a key is too long or has a line break)".to_owned(),
                );
            }
            refused_text(key).or_else(|| refused(value))
        }),
    }
}

fn refused_text(text: &str) -> Option<String> {
    if text.bytes().all(|byte| byte < 0x7f) {
        return None;
    }
    text.chars()
        .find(|c| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}'))
        .map(|c| format!("control characters are not allowed (U+{:04X})", u32::from(c)))
}

#[derive(Default)]
struct Paths {
    current: Vec<PathSegment>,
    lines: Vec<Vec<PathSegment>>,
}

struct Emitter {
    out: String,
    /// Characters in the current line.
    column: usize,
    /// Lines begun, less one.
    line: usize,
    /// The indentation of the current collection; `None` before the first.
    indent: Option<usize>,
    /// Is the last thing written white space (or the start)?
    whitespace: bool,
    /// Has the line only indentation and indicators (`-`, `?`, `:`) so far?
    indention: bool,
    paths: Option<Paths>,
}

impl Emitter {
    fn new(paths: Option<Paths>) -> Self {
        Emitter {
            out: String::new(),
            column: 0,
            line: 0,
            indent: None,
            whitespace: true,
            indention: true,
            paths,
        }
    }

    fn document(&mut self, value: &Value) {
        self.mark(self.line);
        self.node(value, false);
        self.write_indent();
    }

    fn node(&mut self, value: &Value, in_mapping: bool) {
        let line = self.line;
        match value {
            Value::Null => self.word("null"),
            Value::Bool(true) => self.word("true"),
            Value::Bool(false) => self.word("false"),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.text(text, false),
            Value::Array(items) if items.is_empty() => self.word("[]"),
            Value::Object(map) if map.is_empty() => self.word("{}"),
            Value::Array(items) => return self.sequence(items, in_mapping),
            Value::Object(map) => return self.mapping(map),
        }
        self.mark(line);
    }

    fn sequence(&mut self, items: &[Value], in_mapping: bool) {
        let outer = self.indent;
        // A sequence that is a value of a mapping stands in the column of its key.
        let indentless = in_mapping && !self.indention;
        self.indent = Some(outer.map_or(0, |indent| if indentless { indent } else { indent + 2 }));
        for (index, item) in items.iter().enumerate() {
            self.write_indent();
            self.indicator("-", true, true);
            self.enter(|| PathSegment::Index(index));
            self.mark(self.line);
            self.node(item, false);
            self.leave();
        }
        self.indent = outer;
    }

    fn mapping(&mut self, map: &Map<String, Value>) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(0, |indent| indent + 2));
        for (key, value) in sort::natural(map) {
            self.write_indent();
            self.enter(|| PathSegment::Key(key.clone()));
            let line = self.line;
            if key.len() <= SIMPLE_KEY && !scalar::has_break(key) {
                self.text(key, true);
                self.mark(line);
                self.indicator(":", false, false);
            } else {
                self.indicator("?", true, true);
                self.text(key, false);
                self.mark(line);
                self.write_indent();
                self.indicator(":", true, true);
                self.mark(self.line);
            }
            self.node(value, true);
            self.leave();
        }
        self.indent = outer;
    }

    fn number(&mut self, number: &Number) {
        use std::fmt::Write;
        let start = self.begin_plain();
        let written = if let Some(value) = number.as_i64() {
            write!(self.out, "{value}")
        } else if let Some(value) = number.as_u64() {
            write!(self.out, "{value}")
        } else {
            let value = number.as_f64().unwrap_or_default();
            // go-yaml reads the JSON form back, where a whole float is an integer.
            let mut text = String::new();
            json::write_number(&mut text, number);
            match resolve(&text) {
                Resolved::Int(value) => write!(self.out, "{value}"),
                Resolved::Uint(value) => write!(self.out, "{value}"),
                _ => write!(self.out, "{}", format_g(value)),
            }
        };
        debug_assert!(written.is_ok());
        self.end_plain(start);
    }

    /// A scalar that needs no thought.
    fn word(&mut self, word: &str) {
        let start = self.begin_plain();
        self.out.push_str(word);
        self.end_plain(start);
    }

    fn begin_plain(&mut self) -> usize {
        if !self.whitespace {
            self.out.push(' ');
            self.column += 1;
        }
        self.out.len()
    }

    /// What was written since `start` is ASCII without line breaks.
    fn end_plain(&mut self, start: usize) {
        self.column += self.out.len() - start;
        self.whitespace = false;
        self.indention = false;
    }

    fn text(&mut self, text: &str, simple_key: bool) {
        // What stands inside double quotes in Go's JSON is folded when it is read back.
        let folded;
        let text = if text.contains('\u{85}') && !simple_key {
            folded = scalar::fold_next_line(text);
            folded.as_str()
        } else {
            text
        };
        let outer = self.indent;
        self.indent = Some(outer.map_or(2, |indent| indent + 2));
        let width = if simple_key { usize::MAX } else { BEST_WIDTH };
        match scalar::style(text, simple_key) {
            Style::Plain => self.plain(text, width),
            Style::SingleQuoted => self.single_quoted(text, width),
            Style::DoubleQuoted => self.double_quoted(text, width),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.line += 1;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// Writes an ASCII indicator; `keeps_indention` if what follows may still stand in the indentation.
    fn indicator(&mut self, indicator: &str, need_whitespace: bool, keeps_indention: bool) {
        if need_whitespace && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(indicator);
        self.column += indicator.len();
        self.whitespace = false;
        self.indention = self.indention && keeps_indention;
    }

    fn enter(&mut self, segment: impl FnOnce() -> PathSegment) {
        if let Some(paths) = &mut self.paths {
            paths.current.push(segment());
        }
    }

    fn leave(&mut self) {
        if let Some(paths) = &mut self.paths {
            paths.current.pop();
        }
    }

    /// The lines from `first` to the current one belong to the current path.
    fn mark(&mut self, first: usize) {
        let last = self.line;
        if let Some(paths) = &mut self.paths {
            if paths.lines.len() <= last {
                paths.lines.resize(last + 1, Vec::new());
            }
            for line in &mut paths.lines[first..=last] {
                line.clone_from(&paths.current);
            }
        }
    }
}
