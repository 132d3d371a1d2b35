//! The parser: tokens to the compiled form, with the rules and messages of Go's `text/template/parse`.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{
    ast::{
        Block, Branch, Command, Declare, Expr, ExprKind, Function, Literal, Node, Number, Pipe, Source,
        Template, UNDEFINED,
    },
    error::TemplateError,
    format::quoted,
    lex::{Item, Lexer, Tok},
};

/// How deep blocks and parentheses may nest.
const MAX_NESTING: usize = 1000;

/// Parses one source: the template of its name first, then what it defines.
pub(crate) fn parse(source: &Arc<Source>) -> Result<Vec<Template>, TemplateError> {
    let mut parser = Parser {
        source,
        text: &source.text,
        lexer: Lexer::new(&source.text),
        token: [eof(), eof(), eof()],
        peeked: 0,
        templates: Vec::new(),
        scope: Scope::new(),
        pending: Vec::new(),
        action_line: 0,
        nesting: 0,
    };
    parser.parse()?;
    Ok(parser.templates)
}

fn eof() -> Item {
    Item { tok: Tok::Eof, pos: 0, end: 0, line: 1, message: String::new() }
}

/// Variables of the template being parsed.
struct Scope {
    /// Names and slots, innermost last.
    vars: Vec<(SmolStr, u32)>,
    next: u32,
    slots: u32,
    ranges: usize,
}

impl Scope {
    fn new() -> Self {
        Scope { vars: vec![(SmolStr::new_static("$"), 0)], next: 1, slots: 1, ranges: 0 }
    }
}

struct Parser<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    lexer: Lexer<'a>,
    token: [Item; 3],
    peeked: usize,
    templates: Vec<Template>,
    scope: Scope,
    /// Names being declared by the pipes around: Go's parser knows them already, though they have no value yet.
    pending: Vec<SmolStr>,
    action_line: usize,
    nesting: usize,
}

/// What ends a list of nodes.
enum End {
    End,
    Else { inline: bool },
}

/// A node, or what ends the list.
enum Parsed {
    Node(Node),
    End(End),
}

type Result<T, E = TemplateError> = std::result::Result<T, E>;

impl<'a> Parser<'a> {
    fn next(&mut self) -> Item {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.token[0] = self.lexer.next_item();
        }
        self.token[self.peeked].clone()
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    fn peek(&mut self) -> Item {
        if self.peeked > 0 {
            return self.token[self.peeked - 1].clone();
        }
        self.peeked = 1;
        self.token[0] = self.lexer.next_item();
        self.token[0].clone()
    }

    fn next_non_space(&mut self) -> Item {
        loop {
            let item = self.next();
            if item.tok != Tok::Space {
                return item;
            }
        }
    }

    fn peek_non_space(&mut self) -> Item {
        let item = self.next_non_space();
        self.backup();
        item
    }

    fn value(&self, item: &Item) -> &'a str {
        &self.text[item.pos..item.end]
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(TemplateError::parse(self.source, self.token[0].line, self.token[0].pos, message.into()))
    }

    fn show(&self, item: &Item) -> String {
        let value = self.value(item);
        match item.tok {
            Tok::Eof => "EOF".to_owned(),
            Tok::Error => item.message.clone(),
            tok if tok.is_keyword() => format!("<{value}>"),
            _ => match value.char_indices().nth(10) {
                Some((cut, _)) if value.len() > 10 => format!("{}...", quoted(&value[..cut])),
                _ if value.len() > 10 => format!("{}...", quoted(value)),
                _ => quoted(value),
            },
        }
    }

    fn unexpected<T>(&self, item: &Item, context: &str) -> Result<T> {
        if item.tok != Tok::Error {
            return self.error(format!("unexpected {} in {context}", self.show(item)));
        }
        let mut message = item.message.clone();
        if self.action_line != 0 && self.action_line != item.line {
            let word = if message.ends_with(" action") { "" } else { " in action" };
            message += &format!("{word} started at {}:{}", self.source.name, self.action_line);
        }
        self.error(message)
    }

    fn expect(&mut self, tok: Tok, context: &str) -> Result<Item> {
        let item = self.next_non_space();
        if item.tok == tok { Ok(item) } else { self.unexpected(&item, context) }
    }

    /// Runs a nested parser within the bounds of depth and stack.
    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_NESTING {
            return self.error("max expression depth exceeded");
        }
        self.nesting += 1;
        let result = super::with_stack(|| f(self));
        self.nesting -= 1;
        result
    }

    fn add(&mut self, name: &str, body: Vec<Node>, slots: u32) -> Result<()> {
        let template = Template { name: name.into(), source: self.source.clone(), body: body.into(), slots };
        match self.templates.iter().position(|t| &*t.name == name) {
            None => self.templates.push(template),
            Some(i) if is_empty(&self.templates[i].body, self.text) => self.templates[i] = template,
            Some(_) if !is_empty(&template.body, self.text) => {
                return self.error(format!("template: multiple definition of template {}", quoted(name)));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn parse(&mut self) -> Result<(), TemplateError> {
        self.parse_file()
    }

    fn parse_file(&mut self) -> Result<()> {
        let mut nodes = Vec::new();
        loop {
            match self.peek().tok {
                Tok::Eof => break,
                Tok::LeftDelim => {
                    let delim = self.next();
                    if self.next_non_space().tok == Tok::Define {
                        self.definition()?;
                        continue;
                    }
                    self.token[1] = delim;
                    self.peeked = 2;
                }
                _ => {}
            }
            match self.text_or_action()? {
                Parsed::Node(node) => nodes.push(node),
                Parsed::End(End::End) => return self.error("unexpected {{end}}"),
                Parsed::End(End::Else { .. }) => return self.error("unexpected {{else}}"),
            }
        }
        let slots = self.scope.slots;
        let name = self.source.name.clone();
        self.add(&name, nodes, slots)
    }

    fn definition(&mut self) -> Result<()> {
        let context = "define clause";
        let item = self.next_non_space();
        if !matches!(item.tok, Tok::String | Tok::RawString) {
            return self.unexpected(&item, context);
        }
        let name = self.unquote(&item)?;
        self.expect(Tok::RightDelim, context)?;
        self.define(&name.text, context)
    }

    /// The body of a `define` or `block`, with variables of its own.
    fn define(&mut self, name: &str, context: &str) -> Result<()> {
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let (nodes, end) = self.nested(Self::list)?;
        let scope = std::mem::replace(&mut self.scope, outer);
        if let End::Else { .. } = end {
            return self.error(format!("unexpected {{{{else}}}} in {context}"));
        }
        self.add(name, nodes, scope.slots)
    }

    fn list(&mut self) -> Result<(Vec<Node>, End)> {
        let mut nodes = Vec::new();
        while self.peek_non_space().tok != Tok::Eof {
            match self.text_or_action()? {
                Parsed::Node(node) => nodes.push(node),
                Parsed::End(end) => return Ok((nodes, end)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Parsed> {
        let item = self.next_non_space();
        match item.tok {
            Tok::Text => Ok(Parsed::Node(Node::Text {
                span: item.pos as u32..item.end as u32,
                line: item.line as u32,
            })),
            Tok::LeftDelim => {
                self.action_line = item.line;
                let parsed = self.action();
                self.action_line = 0;
                parsed
            }
            _ => self.unexpected(&item, "input"),
        }
    }

    fn action(&mut self) -> Result<Parsed> {
        let item = self.next_non_space();
        let node = match item.tok {
            Tok::Block => self.block()?,
            Tok::Break | Tok::Continue => {
                let word = self.value(&item);
                let close = self.next_non_space();
                if close.tok != Tok::RightDelim {
                    return self.unexpected(&close, &format!("{{{{{word}}}}}"));
                }
                if self.scope.ranges == 0 {
                    return self.error(format!("{{{{{word}}}}} outside {{{{range}}}}"));
                }
                if item.tok == Tok::Break { Node::Break } else { Node::Continue }
            }
            Tok::Else => {
                let peek = self.peek_non_space();
                if matches!(peek.tok, Tok::If | Tok::With) {
                    return Ok(Parsed::End(End::Else { inline: true }));
                }
                self.expect(Tok::RightDelim, "else")?;
                return Ok(Parsed::End(End::Else { inline: false }));
            }
            Tok::End => {
                self.expect(Tok::RightDelim, "end")?;
                return Ok(Parsed::End(End::End));
            }
            Tok::If => Node::If(self.control("if")?),
            Tok::Range => Node::Range(self.control("range")?),
            Tok::With => Node::With(self.control("with")?),
            Tok::Template => self.template()?,
            _ => {
                self.backup();
                Node::Action(self.pipeline("command", Tok::RightDelim)?)
            }
        };
        Ok(Parsed::Node(node))
    }

    fn control(&mut self, context: &'static str) -> Result<Branch> {
        self.nested(|p| {
            let (vars, next) = (p.scope.vars.len(), p.scope.next);
            let branch = p.control_in_scope(context)?;
            p.scope.vars.truncate(vars);
            p.scope.next = next;
            Ok(branch)
        })
    }

    fn control_in_scope(&mut self, context: &'static str) -> Result<Branch> {
        let pipe = self.pipeline(context, Tok::RightDelim)?;
        let ranging = usize::from(context == "range");
        self.scope.ranges += ranging;
        let (body, end) = self.list()?;
        self.scope.ranges -= ranging;
        let otherwise = match end {
            End::End => None,
            End::Else { inline } => {
                let next = self.peek().tok;
                if inline && context == "if" && next == Tok::If {
                    self.next();
                    Some(Box::new([Node::If(self.control("if")?)]) as Block)
                } else if inline && context == "with" && next == Tok::With {
                    self.next();
                    Some(Box::new([Node::With(self.control("with")?)]) as Block)
                } else {
                    let (nodes, end) = self.list()?;
                    if let End::Else { .. } = end {
                        return self.error("expected end; found {{else}}");
                    }
                    Some(nodes.into())
                }
            }
        };
        Ok(Branch { pipe, body: body.into(), otherwise })
    }

    fn block(&mut self) -> Result<Node> {
        let context = "block clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, context)?;
        let pipe = self.pipeline(context, Tok::RightDelim)?;
        self.define(&name, context)?;
        Ok(Node::Template { pos: item.pos as u32, name, pipe: Some(pipe) })
    }

    fn template(&mut self) -> Result<Node> {
        let context = "template clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, context)?;
        let pipe = if self.next_non_space().tok == Tok::RightDelim {
            None
        } else {
            self.backup();
            Some(self.pipeline(context, Tok::RightDelim)?)
        };
        Ok(Node::Template { pos: item.pos as u32, name, pipe })
    }

    fn template_name(&mut self, item: &Item, context: &str) -> Result<SmolStr> {
        match item.tok {
            Tok::String | Tok::RawString => Ok(self.unquote(item)?.text),
            _ => self.unexpected(item, context),
        }
    }

    fn pipeline(&mut self, context: &str, end: Tok) -> Result<Pipe> {
        let first = self.peek_non_space();
        let mut names: Vec<SmolStr> = Vec::new();
        let mut assign = false;
        let outer_pending = self.pending.len();
        loop {
            let v = self.peek_non_space();
            if v.tok != Tok::Variable {
                break;
            }
            self.next();
            // Space is a token: in "$x foo" the variable is an argument, and what follows must be put back.
            let after = self.peek();
            let next = self.peek_non_space();
            if matches!(next.tok, Tok::Assign | Tok::Declare) {
                assign = next.tok == Tok::Assign;
                self.next_non_space();
                names.push(self.value(&v).into());
                self.pending.push(self.value(&v).into());
            } else if next.tok == Tok::Char && self.value(&next) == "," {
                self.next_non_space();
                names.push(self.value(&v).into());
                self.pending.push(self.value(&v).into());
                if context == "range" && names.len() < 2 {
                    match self.peek_non_space().tok {
                        Tok::Variable | Tok::RightDelim | Tok::RightParen => continue,
                        _ => return self.error("range can only initialize variables"),
                    }
                }
                return self.error(format!("too many declarations in {context}"));
            } else if after.tok == Tok::Space {
                self.token[1] = after;
                self.token[2] = v;
                self.peeked = 3;
            } else {
                self.token[1] = v;
                self.peeked = 2;
            }
            break;
        }
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let item = self.next_non_space();
            match item.tok {
                tok if tok == end => break,
                Tok::Bool
                | Tok::CharConstant
                | Tok::Complex
                | Tok::Dot
                | Tok::Field
                | Tok::Identifier
                | Tok::Number
                | Tok::Nil
                | Tok::RawString
                | Tok::String
                | Tok::Variable
                | Tok::LeftParen => {
                    self.backup();
                    commands.push(self.command()?);
                }
                _ => return self.unexpected(&item, context),
            }
        }
        if commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (i, c) in commands.iter().enumerate().skip(1) {
            if let ExprKind::Bool(_)
            | ExprKind::Dot
            | ExprKind::Nil
            | ExprKind::Number(_)
            | ExprKind::Str(_) = c.args[0].kind
            {
                return self.error(format!("non executable command in pipeline stage {}", i + 1));
            }
        }
        self.pending.truncate(outer_pending);
        let declare = names.into_iter().map(|name| self.declare(name, assign)).collect();
        Ok(Pipe {
            pos: first.pos as u32,
            line: first.line as u32,
            declare,
            assign,
            commands: commands.into(),
        })
    }

    fn declare(&mut self, name: SmolStr, assign: bool) -> Declare {
        let slot = if assign {
            self.scope.vars.iter().rev().find(|(n, _)| *n == name).map_or(UNDEFINED, |(_, slot)| *slot)
        } else {
            let slot = self.scope.next;
            self.scope.next += 1;
            self.scope.slots = self.scope.slots.max(self.scope.next);
            slot
        };
        self.scope.vars.push((name.clone(), slot));
        Declare { name, slot }
    }

    fn command(&mut self) -> Result<Command> {
        let pos = self.peek_non_space().pos;
        let mut args = Vec::new();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                args.push(operand);
            }
            let item = self.next();
            match item.tok {
                Tok::Space => continue,
                Tok::RightDelim | Tok::RightParen => self.backup(),
                Tok::Pipe => {}
                _ => return self.unexpected(&item, "operand"),
            }
            break;
        }
        if args.is_empty() {
            return self.error("empty command");
        }
        Ok(Command { pos: pos as u32, args: args.into() })
    }

    fn operand(&mut self) -> Result<Option<Expr>> {
        let Some(mut term) = self.term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.tok != Tok::Field {
            return Ok(Some(term));
        }
        let mut fields: Vec<SmolStr> = Vec::new();
        while self.peek().tok == Tok::Field {
            let item = self.next();
            fields.push(self.value(&item)[1..].into());
        }
        // Go places a chain at its second field.
        let pos = first.pos as u32;
        match &mut term.kind {
            ExprKind::Field(start) | ExprKind::Variable { fields: start, .. } => {
                let mut all = std::mem::take(start).into_vec();
                all.append(&mut fields);
                *start = all.into();
                term.pos = pos;
                Ok(Some(term))
            }
            ExprKind::Bool(_) | ExprKind::Str(_) | ExprKind::Number(_) | ExprKind::Nil | ExprKind::Dot => {
                self.error(format!("unexpected . after term {}", quoted(&term.to_string())))
            }
            _ => {
                Ok(Some(Expr { pos, kind: ExprKind::Chain { inner: Box::new(term), fields: fields.into() } }))
            }
        }
    }

    fn term(&mut self) -> Result<Option<Expr>> {
        let item = self.next_non_space();
        let value = self.value(&item);
        let kind = match item.tok {
            Tok::Identifier => match Function::find(value) {
                Some(function) => ExprKind::Function(function),
                None => {
                    return Err(TemplateError::undefined_function(
                        self.source,
                        self.token[0].line,
                        item.pos,
                        value,
                    ));
                }
            },
            Tok::Dot => ExprKind::Dot,
            Tok::Nil => ExprKind::Nil,
            Tok::Variable => {
                let found = self.scope.vars.iter().rev().find(|(name, _)| name == value);
                let slot = match found {
                    Some((_, slot)) => *slot,
                    None if self.pending.iter().any(|p| p == value) => UNDEFINED,
                    None => return self.error(format!("undefined variable {}", quoted(value))),
                };
                ExprKind::Variable { name: value.into(), slot, fields: Box::default() }
            }
            Tok::Field => ExprKind::Field([SmolStr::from(&value[1..])].into()),
            Tok::Bool => ExprKind::Bool(value == "true"),
            Tok::CharConstant | Tok::Complex | Tok::Number => {
                ExprKind::Number(Box::new(number(value, item.tok).or_else(|e| self.error(e))?))
            }
            Tok::LeftParen => {
                let pipe = self.nested(|p| p.pipeline("parenthesized pipeline", Tok::RightParen))?;
                return Ok(Some(Expr { pos: pipe.pos, kind: ExprKind::Pipe(Box::new(pipe)) }));
            }
            Tok::String | Tok::RawString => ExprKind::Str(Box::new(self.unquote(&item)?)),
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Expr { pos: item.pos as u32, kind }))
    }

    fn unquote(&mut self, item: &Item) -> Result<Literal> {
        let quoted = self.value(item);
        let inner = quoted.get(1..quoted.len() - 1).unwrap_or("");
        if item.tok == Tok::RawString {
            // Go drops carriage returns from raw strings.
            let text = if inner.contains('\r') { inner.replace('\r', "").into() } else { inner.into() };
            return Ok(Literal { quoted: quoted.into(), text, raw: None });
        }
        if !inner.contains('\\') {
            return Ok(Literal { quoted: quoted.into(), text: inner.into(), raw: None });
        }
        match unescape(inner, '"') {
            Some(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Literal { quoted: quoted.into(), text: text.into(), raw: None }),
                Err(e) => {
                    let text = String::from_utf8_lossy(e.as_bytes()).into();
                    Ok(Literal { quoted: quoted.into(), text, raw: Some(e.into_bytes().into()) })
                }
            },
            None => self.error("invalid syntax"),
        }
    }
}

fn is_empty(body: &[Node], text: &str) -> bool {
    body.iter().all(|n| match n {
        Node::Text { span, .. } => text[span.start as usize..span.end as usize].trim().is_empty(),
        _ => false,
    })
}

/// Whether a template has nothing but space: it then does not replace an earlier one of its name.
pub(crate) fn is_blank(template: &Template) -> bool {
    is_empty(&template.body, &template.source.text)
}

/// Resolves the escapes of a Go string or character constant.
fn unescape(s: &str, quote: char) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(s.len());
    let mut chars = s.chars();
    let hex = |chars: &mut std::str::Chars<'_>, digits: usize| {
        let mut n = 0u32;
        for _ in 0..digits {
            n = n.checked_mul(16)?.checked_add(chars.next()?.to_digit(16)?)?;
        }
        Some(n)
    };
    while let Some(c) = chars.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match chars.next()? {
            'a' => out.push(7),
            'b' => out.push(8),
            'f' => out.push(12),
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            't' => out.push(b'\t'),
            'v' => out.push(11),
            '\\' => out.push(b'\\'),
            c if c == quote => out.push(c as u8),
            'x' => out.push(hex(&mut chars, 2)? as u8),
            c @ ('u' | 'U') => {
                let n = hex(&mut chars, if c == 'u' { 4 } else { 8 })?;
                out.extend_from_slice(char::from_u32(n)?.encode_utf8(&mut [0; 4]).as_bytes());
            }
            c @ '0'..='7' => {
                let mut n = c.to_digit(8)?;
                for _ in 0..2 {
                    n = n * 8 + chars.next()?.to_digit(8)?;
                }
                out.push(u8::try_from(n).ok()?);
            }
            _ => return None,
        }
    }
    Some(out)
}

fn number(text: &str, tok: Tok) -> Result<Number, String> {
    let mut n = Number { text: text.into(), int: None, uint: None, float: None };
    if tok == Tok::CharConstant {
        let c = char_constant(text)?;
        n.int = Some(c);
        n.uint = u64::try_from(c).ok();
        n.float = Some(c as f64);
        return Ok(n);
    }
    if tok == Tok::Complex || text.ends_with('i') {
        return Err(format!("complex constants are not supported: {text}"));
    }
    n.uint = parse_uint(text);
    n.int = parse_int(text);
    if n.int == Some(0) {
        n.uint = Some(0);
    }
    if let Some(i) = n.int {
        n.float = Some(i as f64);
    } else if let Some(u) = n.uint {
        n.float = Some(u as f64);
    } else if let Some(f) = parse_float(text) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!("integer overflow: {}", quoted(text)));
        }
        n.float = Some(f);
        if f == f.trunc() && (-9.3e18..9.2e18).contains(&f) {
            n.int = Some(f as i64);
        }
        if f == f.trunc() && (0.0..1.8e19).contains(&f) {
            n.uint = Some(f as u64);
        }
    }
    if n.int.is_none() && n.uint.is_none() && n.float.is_none() {
        return Err(format!("illegal number syntax: {}", quoted(text)));
    }
    Ok(n)
}

fn char_constant(text: &str) -> Result<i64, String> {
    let malformed = || format!("malformed character constant: {text}");
    let invalid = || "invalid syntax".to_owned();
    let inner = text.get(1..text.len() - 1).unwrap_or("");
    let Some(first) = inner.chars().next() else { return Err(invalid()) };
    if first != '\\' {
        return if inner.len() == first.len_utf8() { Ok(i64::from(first as u32)) } else { Err(malformed()) };
    }
    let bytes = unescape(inner, '\'').ok_or_else(invalid)?;
    // `\x` and octal escapes give the byte's value.
    if let [b] = bytes[..] {
        return Ok(i64::from(b));
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Ok(i64::from(c as u32)),
        _ => Err(malformed()),
    }
}

/// The digits and radix of an integer constant, underscores checked and dropped.
fn integer_digits(text: &str) -> Option<(String, u32)> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    if digits.ends_with('_') || digits.contains("__") || radix == 10 && digits.starts_with('_') {
        return None;
    }
    let digits = digits.replace('_', "");
    (!digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))).then_some((digits, radix))
}

fn parse_uint(text: &str) -> Option<u64> {
    let (digits, radix) = integer_digits(text)?;
    u64::from_str_radix(&digits, radix).ok()
}

fn parse_int(text: &str) -> Option<i64> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (digits, radix) = integer_digits(rest)?;
    let magnitude = u64::from_str_radix(&digits, radix).ok()?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

fn parse_float(text: &str) -> Option<f64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let lower = rest.to_ascii_lowercase().replace('_', "");
    let Some(hex) = lower.strip_prefix("0x") else {
        return lower.parse::<f64>().ok().filter(|f| f.is_finite()).map(|f| sign * f);
    };
    let (mantissa, exponent) = hex.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0f64;
    for c in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(c.to_digit(16)?);
    }
    let exponent = exponent.parse::<i32>().ok()?.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    Some(sign * value * 2f64.powi(exponent)).filter(|f| f.is_finite())
}
