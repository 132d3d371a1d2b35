//! The compiled form of a template: what the parser makes and the executor walks. Functions are found, variables have slots.

use std::{fmt, ops::Range, sync::Arc};

use smol_str::SmolStr;

use super::{format, funcs::FuncDef};

/// A parsed source text.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Source {
    /// Line (1-based) and byte column (0-based, as Go gives it) of an offset.
    pub(crate) fn line_column(&self, pos: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..pos.min(self.text.len())];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        let column = match before.iter().rposition(|b| *b == b'\n') {
            Some(newline) => pos - newline - 1,
            None => pos,
        };
        (line, column)
    }

    /// The text of a line (1-based).
    pub(crate) fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line - 1).unwrap_or("")
    }
}

/// One named template: a whole file, or a `define`.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: Arc<str>,
    pub(crate) source: Arc<Source>,
    pub(crate) body: Block,
    /// Number of variable slots, `$` included.
    pub(crate) slots: u32,
}

pub(crate) type Block = Box<[Node]>;

#[derive(Debug)]
pub(crate) enum Node {
    /// Source bytes to write, and the line they start on.
    Text {
        span: Range<u32>,
        line: u32,
    },
    /// Prints, unless the pipe declares.
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    /// `{{template "name" pipe}}`
    Template {
        pos: u32,
        name: SmolStr,
        pipe: Option<Pipe>,
    },
    Break,
    Continue,
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Block,
    pub(crate) otherwise: Option<Block>,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) pos: u32,
    pub(crate) line: u32,
    pub(crate) declare: Box<[Declare]>,
    pub(crate) assign: bool,
    pub(crate) commands: Box<[Command]>,
}

/// A variable that a pipe declares or assigns.
#[derive(Debug)]
pub(crate) struct Declare {
    pub(crate) name: SmolStr,
    /// [`UNDEFINED`] when nothing of this name is declared: an error at run time, as in Go.
    pub(crate) slot: u32,
}

/// The slot of a variable that the parser lets pass, but that has no value.
pub(crate) const UNDEFINED: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) pos: u32,
    /// At least one; the first may be a function.
    pub(crate) args: Box<[Expr]>,
}

#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) pos: u32,
    pub(crate) kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Box<Number>),
    Str(Box<Literal>),
    /// `.a.b`
    Field(Box<[SmolStr]>),
    /// `$x.a.b`
    Variable {
        name: SmolStr,
        slot: u32,
        fields: Box<[SmolStr]>,
    },
    Function(Function),
    /// `(pipe)`
    Pipe(Box<Pipe>),
    /// `(pipe).a.b`, `function.a.b`
    Chain {
        inner: Box<Expr>,
        fields: Box<[SmolStr]>,
    },
}

/// A string constant.
#[derive(Debug)]
pub(crate) struct Literal {
    /// As written, quotes and all.
    pub(crate) quoted: SmolStr,
    pub(crate) text: SmolStr,
    /// The exact bytes, where they are not UTF-8.
    pub(crate) raw: Option<Box<[u8]>>,
}

/// A number constant; it takes the type its place asks for.
#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) text: SmolStr,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
}

/// A function, by how it is called.
#[derive(Clone, Copy)]
pub(crate) enum Function {
    /// Arguments evaluated, then called.
    Table(&'static FuncDef),
    And,
    Or,
    Len,
    Call,
    Include,
    Tpl,
}

impl Function {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Function::Table(def) => def.name,
            Function::And => "and",
            Function::Or => "or",
            Function::Len => "len",
            Function::Call => "call",
            Function::Include => "include",
            Function::Tpl => "tpl",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Function> {
        Some(match name {
            "and" => Function::And,
            "or" => Function::Or,
            "len" => Function::Len,
            "call" => Function::Call,
            "include" => Function::Include,
            "tpl" => Function::Tpl,
            _ => Function::Table(super::funcs::lookup(name)?),
        })
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// How Go's parser prints its nodes: this is what stands in `at <…>`.

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, d) in self.declare.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, d.name)?;
        }
        if !self.declare.is_empty() {
            f.write_str(if self.assign { " = " } else { " := " })?;
        }
        for (i, c) in self.commands.iter().enumerate() {
            write!(f, "{}{c}", if i == 0 { "" } else { " | " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arg) in self.args.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            arg.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = |f: &mut fmt::Formatter<'_>, fields: &[SmolStr]| {
            fields.iter().try_for_each(|s| write!(f, ".{s}"))
        };
        match &self.kind {
            ExprKind::Dot => f.write_str("."),
            ExprKind::Nil => f.write_str("nil"),
            ExprKind::Bool(b) => write!(f, "{b}"),
            ExprKind::Number(n) => f.write_str(&n.text),
            ExprKind::Str(s) => f.write_str(&s.quoted),
            ExprKind::Field(fields) => chain(f, fields),
            ExprKind::Variable { name, fields, .. } => {
                f.write_str(name)?;
                chain(f, fields)
            }
            ExprKind::Function(function) => f.write_str(function.name()),
            ExprKind::Pipe(pipe) => write!(f, "({pipe})"),
            ExprKind::Chain { inner, fields } => {
                inner.fmt(f)?;
                chain(f, fields)
            }
        }
    }
}

/// Where an error is.
#[derive(Clone, Copy)]
pub(crate) enum At<'t> {
    Expr(&'t Expr),
    Command(&'t Command),
    Pipe(&'t Pipe),
    Action(&'t Pipe),
    Template { pos: u32, name: &'t str, pipe: Option<&'t Pipe> },
}

impl At<'_> {
    pub(crate) fn pos(&self) -> usize {
        (match self {
            At::Expr(e) => e.pos,
            At::Command(c) => c.pos,
            At::Pipe(p) | At::Action(p) => p.pos,
            At::Template { pos, .. } => *pos,
        }) as usize
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A parenthesized pipe prints without its parentheses when it is itself the place.
            At::Expr(Expr { kind: ExprKind::Pipe(p), .. }) => p.fmt(f),
            At::Expr(e) => e.fmt(f),
            At::Command(c) => c.fmt(f),
            At::Pipe(p) => p.fmt(f),
            At::Action(p) => write!(f, "{{{{{p}}}}}"),
            At::Template { name, pipe, .. } => {
                write!(f, "{{{{template {}", format::quoted(name))?;
                if let Some(p) = pipe {
                    write!(f, " {p}")?;
                }
                f.write_str("}}")
            }
        }
    }
}

/// Where an `and` or `or` stopped: its position, and the operand it stopped at.
pub(crate) type Stopped = (u32, usize);

impl<'t> At<'t> {
    /// The node that Go's executor has as its current one after it has evaluated this expression: errors found later, such as a
    /// wrong type of the piped argument, are reported there.
    pub(crate) fn after(expr: &'t Expr, stopped: Stopped) -> At<'t> {
        match &expr.kind {
            ExprKind::Pipe(p) => At::after_pipe(p, stopped),
            ExprKind::Chain { inner, .. } => At::after(inner, stopped),
            _ => At::Expr(expr),
        }
    }

    /// The node that Go has as its current one while it looks up the fields of this expression.
    pub(crate) fn current(expr: &'t Expr, stopped: Stopped) -> At<'t> {
        match &expr.kind {
            ExprKind::Chain { inner, .. } => At::after(inner, stopped),
            _ => At::Expr(expr),
        }
    }

    pub(crate) fn after_pipe(pipe: &'t Pipe, stopped: Stopped) -> At<'t> {
        let Some(command) = pipe.commands.last() else { return At::Pipe(pipe) };
        let short = matches!(command.args[0].kind, ExprKind::Function(Function::And | Function::Or))
            && command.args[0].pos == stopped.0;
        let last = if short { command.args.get(1 + stopped.1) } else { command.args.last() };
        last.map_or(At::Pipe(pipe), |last| At::after(last, stopped))
    }
}
