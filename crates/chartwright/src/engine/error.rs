//! Template errors: Go's wording, and around it what Go does not say (excerpt, call chain, the value at hand, a remedy).

use std::fmt;

use super::{
    ast::{At, Source, Template},
    funcs::{FuncError, FuncErrorKind},
    value::Val,
};

/// What went wrong, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The source is not a template.
    Parse,
    /// Execution failed.
    Execute,
    /// The template itself gave up, by `fail` or `required`; the message is the chart author's.
    Refused,
    /// A bound of [`Limits`](super::Limits) was reached.
    Limit,
}

/// A call on the way to an error: `include`, `tpl` or `template`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The file of the call; `gotpl` for text given to `tpl`.
    pub template: String,
    /// The template (a `define`, or the file) whose body has the call.
    pub executing: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// The call as written.
    pub call: String,
}

/// Everything known about a template error. [`TemplateError`] derefs to it.
#[derive(Clone, Debug)]
pub struct ErrorDetails {
    /// The kind.
    pub kind: ErrorKind,
    /// The file; `gotpl` for text given to `tpl`.
    pub template: String,
    /// The template being executed: the file itself, or a `define` in it. Empty for parse errors.
    pub executing: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// The source line.
    pub excerpt: String,
    /// The expression, as Go prints it. Empty for parse errors.
    pub expression: String,
    /// What is wrong, in Go's words.
    pub message: String,
    /// The value at hand and its type, where one matters.
    pub value: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The calls that led here, outermost first.
    pub chain: Vec<Frame>,
    go: String,
}

/// Why a template could not be parsed or executed.
#[derive(Clone, Debug)]
pub struct TemplateError(Box<ErrorDetails>);

impl std::ops::Deref for TemplateError {
    type Target = ErrorDetails;
    fn deref(&self) -> &ErrorDetails {
        &self.0
    }
}

fn column(excerpt: &str, bytes: usize) -> usize {
    1 + excerpt.char_indices().take_while(|(i, _)| *i < bytes).count()
}

impl TemplateError {
    pub(crate) fn parse(source: &Source, line: usize, pos: usize, message: String) -> Self {
        let excerpt = source.line(line).to_owned();
        let (pos_line, bytes) = source.line_column(pos);
        TemplateError(Box::new(ErrorDetails {
            kind: ErrorKind::Parse,
            go: format!("template: {}:{line}: {message}", source.name),
            template: source.name.to_string(),
            executing: String::new(),
            line,
            column: if pos_line == line { column(&excerpt, bytes) } else { 1 },
            excerpt,
            expression: String::new(),
            message,
            value: None,
            hint: None,
            chain: Vec::new(),
        }))
    }

    pub(crate) fn undefined_function(source: &Source, line: usize, pos: usize, name: &str) -> Self {
        let mut error =
            Self::parse(source, line, pos, format!("function {} not defined", super::format::quoted(name)));
        error.0.hint = nearest(name, super::funcs::names()).map(|near| format!("did you mean `{near}`?"));
        error
    }

    pub(crate) fn execute(template: &Template, at: At<'_>, message: String) -> Self {
        let (line, bytes) = template.source.line_column(at.pos());
        let excerpt = template.source.line(line).to_owned();
        let expression = at.to_string();
        TemplateError(Box::new(ErrorDetails {
            kind: ErrorKind::Execute,
            go: format!(
                "template: {}:{line}:{bytes}: executing {} at <{expression}>: {message}",
                template.source.name,
                super::format::quoted(&template.name),
            ),
            template: template.source.name.to_string(),
            executing: template.name.to_string(),
            line,
            column: column(&excerpt, bytes),
            excerpt,
            expression,
            message,
            value: None,
            hint: None,
            chain: Vec::new(),
        }))
    }

    /// An error that has no place in a source, such as a template that does not exist.
    pub(crate) fn plain(kind: ErrorKind, message: String) -> Self {
        TemplateError(Box::new(ErrorDetails {
            kind,
            go: message.clone(),
            template: String::new(),
            executing: String::new(),
            line: 0,
            column: 0,
            excerpt: String::new(),
            expression: String::new(),
            message,
            value: None,
            hint: None,
            chain: Vec::new(),
        }))
    }

    /// A function failed here.
    pub(crate) fn call(template: &Template, at: At<'_>, function: &str, error: FuncError) -> Self {
        match error.0 {
            FuncErrorKind::Message(m) => {
                Self::execute(template, at, format!("error calling {function}: {m}"))
            }
            FuncErrorKind::Refused(m) => {
                let mut e = Self::execute(template, at, format!("error calling {function}: {m}"));
                e.0.kind = ErrorKind::Refused;
                e.0.message = m;
                e
            }
            FuncErrorKind::Limit(m) => {
                let mut e = Self::execute(template, at, format!("error calling {function}: {m}"));
                e.0.kind = ErrorKind::Limit;
                e
            }
            FuncErrorKind::Template { before, error } => {
                let text = format!("error calling {function}: {before}{}", error.go);
                error.called_from(template, at, text)
            }
        }
    }

    /// Adds the call that led to this error.
    pub(crate) fn called_from(mut self, template: &Template, at: At<'_>, go_message: String) -> Self {
        let outer = Self::execute(template, at, go_message);
        if self.line == 0 {
            // An error without a place is one of the call itself.
            let mut outer = outer;
            outer.0.kind = self.kind;
            outer.0.message = std::mem::take(&mut self.0.message);
            outer.0.hint = self.0.hint.take();
            return outer;
        }
        let o = *outer.0;
        self.0.go = o.go;
        self.0.chain.insert(
            0,
            Frame {
                template: o.template,
                executing: o.executing,
                line: o.line,
                column: o.column,
                call: o.expression,
            },
        );
        self
    }

    /// Adds the `template` action that led to this error: Go's text does not mention it.
    pub(crate) fn called_from_template(mut self, template: &Template, at: At<'_>) -> Self {
        let go = std::mem::take(&mut self.0.go);
        let mut error = self.called_from(template, at, String::new());
        error.0.go = go;
        error
    }

    pub(crate) fn with_value(mut self, value: &Val) -> Self {
        let mut text = String::new();
        super::format::print_v(&mut text, value);
        if let Some((cut, _)) = text.char_indices().nth(120) {
            text.truncate(cut);
            text.push('…');
        }
        self.0.value = Some(format!("{text} ({})", value.type_name()));
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        if hint.is_some() {
            self.0.hint = hint;
        }
        self
    }

    /// The error as Helm 3 prints it: Go's text, but for parse errors and for `fail` and `required` the place and the message alone.
    pub fn helm_text(&self) -> String {
        let mut parts = self.0.go.splitn(3, ": ");
        let place = parts.nth(1).unwrap_or_default();
        match self.kind {
            ErrorKind::Parse if self.chain.is_empty() => {
                let last = self.0.go.rsplit(": ").next().unwrap_or_default();
                format!("parse error at ({place}): {last}")
            }
            ErrorKind::Refused => format!("execution error at ({place}): {}", self.message),
            _ => self.0.go.clone(),
        }
    }

    /// The error as Go's `text/template` words it, on one line (unless a message has more).
    pub fn go_text(&self) -> &str {
        &self.0.go
    }
}

/// The most similar of some names, if any is similar.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|n| (strsim::damerau_levenshtein(&name.to_lowercase(), &n.to_lowercase()), n))
        .filter(|(distance, n)| *distance <= 1 + n.len().min(name.len()) / 4)
        .min()
        .map(|(_, n)| n)
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if self.line == 0 {
            return Ok(());
        }
        let number = self.line.to_string();
        let pad = " ".repeat(number.len());
        write!(f, "\n{pad}--> {}:{}:{}", self.template, self.line, self.column)?;
        if !self.executing.is_empty() && self.executing != self.template {
            write!(f, " in \"{}\"", self.executing)?;
        }
        // Go places a chain at its second field: underline the whole expression where the line has it.
        let at = self.column - 1;
        let start = self
            .excerpt
            .match_indices(&self.expression)
            .map(|(i, m)| (self.excerpt[..i].chars().count(), m.chars().count()))
            .find(|(start, len)| !self.expression.is_empty() && *start <= at && at < start + len);
        let (start, len) = start.unwrap_or((at, 1));
        let shown: String = self.excerpt.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        write!(
            f,
            "\n{pad} |\n{number} | {}\n{pad} | {}{}",
            shown.trim_end(),
            " ".repeat(start),
            "^".repeat(len)
        )?;
        if let Some(value) = &self.value {
            write!(f, "\n{pad} = value: {value}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n{pad} = help: {hint}")?;
        }
        for frame in self.chain.iter().rev() {
            write!(
                f,
                "\n{pad} = called from {}:{}:{}: {}",
                frame.template, frame.line, frame.column, frame.call
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {}
