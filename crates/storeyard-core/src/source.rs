//! Source files by number, so that every stage can point into the text it came from.
//!
//! Spans are byte ranges; line and column are computed only when something is printed.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Number of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// Who wrote a file, and so who can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// The user's spec.
    Spec,
    /// The component library: Storeyard's own or a folder of the user's.
    Library,
    /// A file of the tree that Storeyard writes.
    Tree,
}

/// One text with its path as the user would type it.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the spec's directory, the library or the tree, with `/`.
    pub path: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// Who wrote it.
    pub provenance: Provenance,
}

/// A byte range of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Bytes of its text; always inside the text and on character boundaries.
    pub span: Range<usize>,
}

/// All texts that a run has read or written.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    files: Vec<SourceFile>,
    by_path: HashMap<Arc<str>, FileId>,
}

impl Sources {
    /// Adds a file, or replaces the text of the one with the same path.
    pub fn add(&mut self, path: &str, text: impl Into<Arc<str>>, provenance: Provenance) -> FileId {
        let text = text.into();
        if let Some(&id) = self.by_path.get(path) {
            self.files[id.0 as usize].text = text;
            return id;
        }
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let path: Arc<str> = path.into();
        self.by_path.insert(Arc::clone(&path), id);
        self.files.push(SourceFile { path, text, provenance });
        id
    }

    /// The file with this number.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file at this path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// Line and column (both from 1, the column in characters) of a byte offset.
    pub fn line_column(&self, id: FileId, offset: usize) -> (usize, usize) {
        line_column(&self.file(id).text, offset)
    }

    /// `path:line:column` of a place.
    pub fn describe(&self, place: &Place) -> String {
        let (line, column) = self.line_column(place.file, place.span.start);
        format!("{}:{line}:{column}", self.file(place.file).path)
    }

    /// The place of a whole line (from 1) without its line break; the end of the text when there is no such line.
    pub fn line(&self, id: FileId, line: usize) -> Place {
        Place { file: id, span: line_span(&self.file(id).text, line) }
    }
}

/// Line and column (both from 1, the column in characters) of a byte offset in a text.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    (line, before[start..].chars().count() + 1)
}

/// Byte range of a line (from 1) without its line break; empty at the end of the text when there is no such line.
pub fn line_span(text: &str, line: usize) -> Range<usize> {
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            return start..start + content.trim_end_matches(['\n', '\r']).len();
        }
        start += content.len();
    }
    text.len()..text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_breaks() {
        let text = "a: é1\nb: 2\n";
        assert_eq!(line_column(text, 0), (1, 1));
        assert_eq!(line_column(text, text.find('1').unwrap()), (1, 5));
        assert_eq!(line_column(text, text.find('b').unwrap()), (2, 1));
        assert_eq!(line_column(text, 4), (1, 4), "inside a character counts as its start");
        assert_eq!(line_column(text, 10_000), (3, 1));
        assert_eq!(&text[line_span(text, 2)], "b: 2");
        assert!(line_span(text, 9).is_empty());
    }

    #[test]
    fn adding_a_path_again_replaces_its_text() {
        let mut sources = Sources::default();
        let first = sources.add("a.yaml", "one", Provenance::Spec);
        let again = sources.add("a.yaml", "two", Provenance::Spec);
        assert_eq!(first, again);
        assert_eq!(&*sources.file(first).text, "two");
    }
}
