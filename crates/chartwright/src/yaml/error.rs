//! The error of reading YAML.

use thiserror::Error;

/// Why a text is not the YAML it should be, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct YamlError {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// The line of `offset`; the first is 1.
    pub line: usize,
    /// The column of `offset` in characters; the first is 1.
    pub column: usize,
}

impl YamlError {
    /// An error at byte `offset` of `text`; an offset outside the text or inside a character is moved to the nearest
    /// place before it.
    #[must_use]
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> YamlError {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        YamlError {
            message: message.into(),
            offset,
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }
}
