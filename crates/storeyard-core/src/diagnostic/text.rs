//! Findings as a person reads them, with excerpts.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Label, Severity};
use crate::source::{Sources, line_column};

/// Whether escape codes are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bytes that any terminal and any file can hold.
    Plain,
    /// ANSI colours.
    Coloured,
}

/// Lines before and after a marked line that an excerpt may need; more of a large file is never copied.
const CONTEXT_LINES: usize = 6;

/// Renders findings one after another, a blank line between.
pub fn to_text(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let mut out = String::new();
    for diagnostic in diagnostics {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.0);
        let excerpts: Vec<Excerpt> = excerpts(diagnostic, sources);
        let mut group = title.elements(excerpts.iter().map(|excerpt| {
            Snippet::source(excerpt.text.as_str())
                .path(excerpt.path.as_str())
                .line_start(excerpt.first_line)
                .annotations(excerpt.marks.iter().map(|mark| {
                    let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                    let annotation = kind.span(mark.span.clone());
                    if mark.text.is_empty() { annotation } else { annotation.label(mark.text.as_str()) }
                }))
        }));
        for note in &diagnostic.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    out
}

struct Mark {
    span: std::ops::Range<usize>,
    text: String,
    primary: bool,
}

struct Excerpt {
    path: String,
    text: String,
    first_line: usize,
    marks: Vec<Mark>,
}

/// One excerpt for each label: the lines around it, cut out so that the size of the file does not matter.
fn excerpts(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Excerpt> {
    let labels = diagnostic.primary.iter().map(|l| (l, true));
    let mut all: Vec<Excerpt> = Vec::new();
    for (label, primary) in labels.chain(diagnostic.secondary.iter().map(|l| (l, false))) {
        let excerpt = excerpt(label, primary, sources);
        // Two marks in one stretch of one file are one picture.
        let joined = all
            .iter_mut()
            .find(|e| e.path == excerpt.path && e.first_line == excerpt.first_line && e.text == excerpt.text);
        match joined {
            Some(existing) => existing.marks.extend(excerpt.marks),
            None => all.push(excerpt),
        }
    }
    all
}

fn excerpt(label: &Label, primary: bool, sources: &Sources) -> Excerpt {
    let file = sources.file(label.place.file);
    let text = &file.text;
    let start = label.place.span.start.min(text.len());
    // A span over many lines is shown by its first line: the whole block would bury the point.
    let first_line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let end = label.place.span.end.clamp(start, first_line_end.max(start));
    let mut from = start;
    for _ in 0..=CONTEXT_LINES {
        match text[..from].rfind('\n') {
            Some(i) => from = i,
            None => {
                from = 0;
                break;
            }
        }
    }
    if from > 0 {
        from += 1;
    }
    let mut to = end;
    for _ in 0..=CONTEXT_LINES {
        match text[to..].find('\n') {
            Some(i) => to += i + 1,
            None => {
                to = text.len();
                break;
            }
        }
    }
    let (mut from, to) = if to - from > 4096 { (start, first_line_end.min(start + 512)) } else { (from, to) };
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = to;
    while !text.is_char_boundary(to) {
        to += 1;
    }
    let end = end.min(to);
    Excerpt {
        path: file.path.to_string(),
        text: text[from..to].to_owned(),
        first_line: line_column(text, from).0,
        marks: vec![Mark { span: start - from..end - from, text: label.text.clone(), primary }],
    }
}
