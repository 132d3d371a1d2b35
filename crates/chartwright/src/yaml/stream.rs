//! From a text to its documents: the text is cut at the document markers, and each document is read by the quick reader
//! or, where that is not certain, by the general path.

use serde_json::Value;

use super::YamlError;
use super::decode::{self, Mode};
use super::fast;
use super::tree::{self, Limits, MAX_DEPTH};

/// What [`super::from_str`] and [`super::documents`] accept: far above what a cluster takes, low enough to end.
fn limits() -> Limits {
    Limits { depth: MAX_DEPTH, nodes: 20_000_000, bytes: 256 << 20, alias_nodes: 400_000 }
}

/// The first document; null if there is none.
pub(super) fn first(text: &str, mode: Mode) -> Result<Value, YamlError> {
    check_length(text)?;
    match Cutter::new(text) {
        Some(mut cutter) => cutter.next().map_or(Ok(Value::Null), |part| read(text, &part, mode)),
        None => general_first(text, mode),
    }
}

/// All documents, empty ones too.
pub(super) fn all(text: &str, mode: Mode) -> Result<Vec<Value>, YamlError> {
    check_length(text)?;
    match Cutter::new(text) {
        Some(cutter) => cutter.map(|part| read(text, &part, mode)).collect(),
        None => tree::parse(text, &limits())?
            .iter()
            .map(|node| {
                decode::decode(node, mode).map_err(|(offset, message)| YamlError::at(text, offset, message))
            })
            .collect(),
    }
}

fn check_length(text: &str) -> Result<(), YamlError> {
    let most = limits().bytes;
    if text.len() > most {
        return Err(YamlError::at(text, most, format!("the text is longer than {most} bytes")));
    }
    Ok(())
}

/// The first document by the general path.
pub(super) fn general_first(text: &str, mode: Mode) -> Result<Value, YamlError> {
    let Some(node) = tree::parse_first(text, &limits())? else { return Ok(Value::Null) };
    decode::decode(&node, mode).map_err(|(offset, message)| YamlError::at(text, offset, message))
}

fn read(text: &str, part: &Part, mode: Mode) -> Result<Value, YamlError> {
    if let Some(content) = part.content
        && let Some(value) = fast::read(&text[content..part.end], mode == Mode::Strict)
    {
        return Ok(value);
    }
    general_first(&text[part.start..part.end], mode)
        .map_err(|error| YamlError::at(text, part.start + error.offset, error.message))
}

/// One document in the text.
struct Part {
    /// With its marker.
    start: usize,
    /// Behind the line of the marker; `None` if something else than a comment stands on that line.
    content: Option<usize>,
    end: usize,
}

/// Cuts a text at the lines that begin with `---`.
struct Cutter<'a> {
    text: &'a str,
    /// Where the next document, or what is before its marker, begins.
    at: usize,
    done: bool,
}

impl<'a> Cutter<'a> {
    /// `None` for texts with directives or explicit ends of documents.
    fn new(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let odd = |bytes: &[u8]| {
            bytes.starts_with(b"%") || bytes.starts_with(b"...") || bytes.starts_with(b"\xef\xbb")
        };
        if odd(bytes)
            || memchr::memmem::find(bytes, b"\n%").is_some()
            || memchr::memmem::find(bytes, b"\n...").is_some()
        {
            return None;
        }
        Some(Cutter { text, at: 0, done: false })
    }

    fn is_marker(&self, at: usize) -> bool {
        let rest = &self.text.as_bytes()[at..];
        rest.starts_with(b"---") && matches!(rest.get(3), None | Some(b' ' | b'\t' | b'\r' | b'\n'))
    }

    /// The start of the next line that is a marker.
    fn next_marker(&self, from: usize) -> usize {
        memchr::memmem::find_iter(&self.text.as_bytes()[from..], b"\n---")
            .map(|at| from + at + 1)
            .find(|at| self.is_marker(*at))
            .unwrap_or(self.text.len())
    }
}

impl Iterator for Cutter<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        loop {
            let start = self.at;
            if self.done {
                return None;
            }
            let marked = self.is_marker(start);
            let end = self.next_marker(start);
            (self.at, self.done) = (end, end == self.text.len());
            let content = if !marked {
                if is_blank(&self.text[start..end]) {
                    // Before the first marker, comments are no document.
                    continue;
                }
                Some(start)
            } else {
                let line_end = self.text[start..end].find('\n').map_or(end, |length| start + length + 1);
                is_blank(&self.text[start + 3..line_end]).then_some(line_end)
            };
            return Some(Part { start, content, end });
        }
    }
}

/// Are there only spaces, line breaks and comments?
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start_matches(' ');
        line.is_empty() || line.starts_with('#')
    })
}
