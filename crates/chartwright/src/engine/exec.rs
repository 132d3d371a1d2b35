//! The executor. Follows Go's `text/template/exec.go` in what it evaluates, in which order, and in what it says when it fails.

use std::{collections::HashMap, rc::Rc, sync::Arc};

use smol_str::SmolStr;

use crate::yaml::PathSegment;

use super::{
    MissingKey, RenderOptions, TemplateSet,
    ast::{At, Branch, Expr, ExprKind, Function, Literal, Node, Pipe, Source, Stopped, Template, UNDEFINED},
    error::{ErrorKind, TemplateError, nearest},
    format,
    funcs::{Ctx, FuncDef, FuncError, Reads, Sig, Ty, assignable, elements, reads_clock},
    parse,
    trace::{Made, Trace, Tracer},
    value::{Dict, ElemKind, Map, MapKind, Str, UintKind, Val},
    with_stack,
};

/// Helm's bound on nested `include`s of one name.
const MAX_INCLUDES: usize = 1000;

/// The name Helm gives the set, and so every text given to `tpl`.
const SET_NAME: &str = "gotpl";

type Result<T, E = TemplateError> = std::result::Result<T, E>;

/// A value with what Go's reflection knows of where it came from: an element of `interface {}` type keeps that type in messages,
/// and a nil one fails on field access where an untyped nil does not.
#[derive(Clone, Default)]
pub(crate) struct Slot {
    val: Val,
    iface: bool,
    /// When tracing: what it was made from.
    made: Option<Rc<Made>>,
}

impl Slot {
    fn new(val: Val, iface: bool) -> Self {
        Slot { val, iface, made: None }
    }
}

impl From<Val> for Slot {
    fn from(val: Val) -> Self {
        Slot::new(val, false)
    }
}

enum Flow {
    Next,
    Break,
    Continue,
}

/// One template in execution.
struct Frame<'t> {
    template: &'t Template,
    /// Where its variables start.
    base: usize,
}

/// The templates in sight: those of the set, and over them those that `tpl` texts around define.
struct View {
    templates: HashMap<Arc<str>, Arc<Template>>,
    below: Option<Rc<View>>,
}

/// Renders templates of a set, one after the other, on shared data: a chart's files see what earlier ones `set`.
pub struct Session<'s> {
    set: &'s TemplateSet,
    ctx: Ctx,
    out: String,
    vars: Vec<Slot>,
    args: Vec<Val>,
    steps: u64,
    depth: usize,
    /// The last `and` or `or` that did not evaluate all its operands, for the places of errors.
    stopped: Stopped,
    /// Nested includes by name.
    included: HashMap<SmolStr, usize>,
    view: Option<Rc<View>>,
    /// Texts of `tpl` already parsed.
    parsed: HashMap<Str, Rc<[Arc<Template>]>>,
    /// When it is off, that costs a comparison here and there.
    tracer: Option<Box<Tracer<'s>>>,
}

impl<'s> Session<'s> {
    /// Starts rendering with a set; with a trace when one is given (see [`tag`](Self::tag)).
    pub fn new(set: &'s TemplateSet, options: &RenderOptions, trace: Option<&'s mut Trace>) -> Self {
        Session {
            tracer: trace.map(|trace| Box::new(Tracer::new(trace))),
            set,
            ctx: Ctx::new(options),
            out: String::new(),
            vars: Vec::new(),
            args: Vec::new(),
            steps: options.limits.steps,
            depth: 0,
            stopped: (u32::MAX, 0),
            included: HashMap::new(),
            view: None,
            parsed: HashMap::new(),
        }
    }

    /// For tracing: says that a value is at this path of the data. Reads of it, and of all maps and lists in it, are noted from now
    /// on. What has a path already keeps it. The empty path is the top of the data. Without a trace nothing happens.
    pub fn tag(&mut self, value: &Val, path: &[PathSegment]) {
        if let Some(tracer) = &mut self.tracer {
            tracer.tag(value, path);
        }
    }

    /// Renders one template on the data. As Helm does, the text `<no value>` is removed from the output.
    ///
    /// # Errors
    /// When there is no such template, or its execution fails.
    pub fn render(&mut self, name: &str, data: &Val) -> Result<String> {
        let Some(template) = self.set.templates.get(name) else {
            return Err(self.no_template(name));
        };
        // After an error there may be rests.
        self.out.clear();
        self.vars.clear();
        self.args.clear();
        self.included.clear();
        self.view = None;
        self.depth = 0;
        if let Some(tracer) = &mut self.tracer {
            tracer.start();
        }
        with_stack(|| self.run(template, data.clone().into()))?;
        let capacity = self.out.len();
        let raw = std::mem::replace(&mut self.out, String::with_capacity(capacity));
        let Some(tracer) = &mut self.tracer else {
            return Ok(strip_no_value(raw));
        };
        let out = strip_no_value(raw.clone());
        tracer.finish(name, &raw, out.lines().count());
        Ok(out)
    }

    fn no_template(&self, name: &str) -> TemplateError {
        let names = self.set.templates.keys().map(|n| &**n);
        let message = format!(
            "template: no template {} associated with template {}",
            format::quoted(name),
            format::quoted(SET_NAME)
        );
        TemplateError::plain(ErrorKind::Execute, message)
            .with_hint(nearest(name, names).map(|near| format!("there is a template \"{near}\"")))
    }

    fn lookup(&self, name: &str) -> Option<Arc<Template>> {
        let mut view = self.view.as_ref();
        while let Some(v) = view {
            if let Some(t) = v.templates.get(name) {
                return Some(t.clone());
            }
            view = v.below.as_ref();
        }
        self.set.templates.get(name).cloned()
    }

    fn run(&mut self, template: &Template, dot: Slot) -> Result<()> {
        let base = self.vars.len();
        self.vars.resize_with(base + template.slots as usize, Slot::default);
        self.vars[base] = dot.clone();
        let frame = Frame { template, base };
        let caller = self.tracer.as_mut().map(|t| {
            let place = t.place();
            t.enter(&template.source.name, self.depth > 0);
            place
        });
        self.depth += 1;
        self.walk(&frame, &dot, &template.body)?;
        self.depth -= 1;
        if let (Some(tracer), Some(caller)) = (&mut self.tracer, caller) {
            tracer.set_place(caller);
        }
        self.vars.truncate(base);
        Ok(())
    }

    fn fail<T>(&self, f: &Frame<'_>, at: At<'_>, message: impl Into<String>) -> Result<T> {
        Err(TemplateError::execute(f.template, at, message.into()))
    }

    fn walk(&mut self, f: &Frame<'_>, dot: &Slot, nodes: &[Node]) -> Result<Flow> {
        for node in nodes {
            self.steps = self.steps.wrapping_sub(1);
            if self.steps == u64::MAX {
                return self.out_of_steps(f, node);
            }
            match node {
                Node::Text { span, line } => {
                    if let Some(tracer) = &mut self.tracer {
                        tracer.text(self.out.len(), *line);
                    }
                    self.out.push_str(&f.template.source.text[span.start as usize..span.end as usize]);
                }
                Node::Action(pipe) => {
                    if self.tracer.is_some() {
                        self.action_traced(f, dot, pipe)?;
                    } else if !self.include_in_place(f, dot, pipe)? {
                        let value = self.pipe(f, dot, pipe)?;
                        if pipe.declare.is_empty() {
                            self.print(f, pipe, &value)?;
                        }
                    }
                    if self.out.len() > self.ctx.options.limits.output_bytes {
                        return self.too_much_output(f, pipe);
                    }
                }
                Node::If(branch) | Node::With(branch) => {
                    let value = self.branch_value(f, dot, branch)?;
                    let flow = if value.val.truth() {
                        if matches!(node, Node::With(_)) {
                            self.nested(f, &value, &branch.body)?
                        } else {
                            self.nested(f, dot, &branch.body)?
                        }
                    } else if let Some(otherwise) = &branch.otherwise {
                        self.nested(f, dot, otherwise)?
                    } else {
                        Flow::Next
                    };
                    if !matches!(flow, Flow::Next) {
                        return Ok(flow);
                    }
                }
                Node::Range(branch) => {
                    let flow = self.range(f, dot, branch)?;
                    if !matches!(flow, Flow::Next) {
                        return Ok(flow);
                    }
                }
                Node::Template { pos, name, pipe } => {
                    if let (Some(tracer), Some(pipe)) = (&mut self.tracer, pipe) {
                        tracer.at_line(pipe.line);
                    }
                    self.template(f, dot, *pos, name, pipe.as_ref())?;
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Next)
    }

    /// An action, with what it prints traced back to what it read.
    fn action_traced(&mut self, f: &Frame<'_>, dot: &Slot, pipe: &Pipe) -> Result<()> {
        let mut outer = Made::default();
        if let Some(tracer) = &mut self.tracer {
            tracer.at_line(pipe.line);
            outer = std::mem::take(&mut tracer.made);
        }
        // Written in place, the lines of an included template have their origins already.
        if !self.include_in_place(f, dot, pipe)? {
            let value = self.pipe(f, dot, pipe)?;
            if pipe.declare.is_empty() {
                let start = self.out.len();
                self.print(f, pipe, &value)?;
                if let Some(tracer) = &mut self.tracer {
                    tracer.deep(&value);
                    tracer.printed(&self.out, start);
                }
            }
        }
        if let Some(tracer) = &mut self.tracer {
            let inner = std::mem::replace(&mut tracer.made, outer);
            // What this action read belongs to the text around it, if that becomes a value; declarations only where they are used.
            if self.depth > 1 && pipe.declare.is_empty() {
                tracer.made.add_paths(&inner);
            }
        }
        Ok(())
    }

    /// The value of an `if` or `with`, which looks no deeper than at its truth.
    fn branch_value(&mut self, f: &Frame<'_>, dot: &Slot, branch: &Branch) -> Result<Slot> {
        if self.tracer.is_none() {
            return Ok(self.pipe(f, dot, &branch.pipe)?.into());
        }
        let mut outer = Made::default();
        if let Some(tracer) = &mut self.tracer {
            tracer.at_line(branch.pipe.line);
            outer = std::mem::take(&mut tracer.made);
        }
        let mut value: Slot = self.pipe(f, dot, &branch.pipe)?.into();
        if let Some(tracer) = &mut self.tracer {
            tracer.touch(&value.val);
            let made = std::mem::replace(&mut tracer.made, outer);
            if self.depth > 1 {
                tracer.made.add_paths(&made);
            }
            value.made = Some(Rc::new(made));
        }
        Ok(value)
    }

    #[cold]
    fn too_much_output<T>(&self, f: &Frame<'_>, pipe: &Pipe) -> Result<T> {
        let message =
            format!("output larger than the limit of {} bytes", self.ctx.options.limits.output_bytes);
        self.fail(f, At::Action(pipe), message).map_err(|e| e.with_kind(ErrorKind::Limit))
    }

    fn nested(&mut self, f: &Frame<'_>, dot: &Slot, nodes: &[Node]) -> Result<Flow> {
        with_stack(|| self.walk(f, dot, nodes))
    }

    #[cold]
    fn out_of_steps<T>(&self, f: &Frame<'_>, node: &Node) -> Result<T> {
        let message = format!("more than the limit of {} steps", self.ctx.options.limits.steps);
        let error = match node {
            Node::Action(p) => TemplateError::execute(f.template, At::Action(p), message),
            Node::If(b) | Node::With(b) | Node::Range(b) => {
                TemplateError::execute(f.template, At::Pipe(&b.pipe), message)
            }
            Node::Template { pos, name, pipe } => {
                let at = At::Template { pos: *pos, name, pipe: pipe.as_ref() };
                TemplateError::execute(f.template, at, message)
            }
            Node::Text { .. } | Node::Break | Node::Continue => {
                TemplateError::plain(ErrorKind::Limit, format!("template: {}: {message}", f.template.name))
            }
        };
        Err(error.with_kind(ErrorKind::Limit))
    }

    fn print(&mut self, f: &Frame<'_>, pipe: &Pipe, value: &Val) -> Result<()> {
        match value {
            Val::Nil => self.out.push_str("<no value>"),
            Val::Str(s) => self.out.push_str(s),
            other => {
                if !format::print_within(&mut self.out, other, self.ctx.options.limits.output_bytes) {
                    return self
                        .fail(f, At::Action(pipe), "the value is too deep or too long to be printed")
                        .map_err(|e| e.with_kind(ErrorKind::Limit));
                }
            }
        }
        Ok(())
    }

    /// `{{ include "x" . }}` alone writes where it stands, without a string in between.
    fn include_in_place(&mut self, f: &Frame<'_>, dot: &Slot, pipe: &Pipe) -> Result<bool> {
        let [command] = &*pipe.commands else { return Ok(false) };
        let [Expr { kind: ExprKind::Function(Function::Include), .. }, name, data] = &*command.args else {
            return Ok(false);
        };
        if !pipe.declare.is_empty() {
            return Ok(false);
        }
        let name = self.arg(f, dot, Ty::Str, name)?;
        let data = self.arg(f, dot, Ty::Any, data)?;
        let Val::Str(name) = name else { return Ok(false) };
        self.include(&name, data)
            .map_err(|e| TemplateError::call(f.template, At::Command(command), "include", e))?;
        Ok(true)
    }

    fn range(&mut self, f: &Frame<'_>, dot: &Slot, branch: &Branch) -> Result<Flow> {
        let mut header = Made::default();
        if let Some(tracer) = &mut self.tracer {
            tracer.at_line(branch.pipe.line);
            header = std::mem::take(&mut tracer.made);
        }
        let value = self.range_pipe(f, dot, &branch.pipe)?;
        if let Some(tracer) = &mut self.tracer {
            tracer.touch(&value);
            let made = std::mem::replace(&mut tracer.made, header);
            if self.depth > 1 {
                tracer.made.add_paths(&made);
            }
        }
        let one = |s: &mut Self, index: Option<Val>, elem: Slot| -> Result<bool> {
            s.steps = s.steps.wrapping_sub(1);
            if s.steps == u64::MAX {
                let message = format!("more than the limit of {} steps", s.ctx.options.limits.steps);
                return s.fail(f, At::Pipe(&branch.pipe), message).map_err(|e| e.with_kind(ErrorKind::Limit));
            }
            match &*branch.pipe.declare {
                [] => {}
                [only] => s.set(f, &branch.pipe, only.slot, &only.name, elem.clone())?,
                [first, second, ..] => {
                    s.set(f, &branch.pipe, first.slot, &first.name, index.unwrap_or_default().into())?;
                    s.set(f, &branch.pipe, second.slot, &second.name, elem.clone())?;
                }
            }
            Ok(matches!(s.nested(f, &elem, &branch.body)?, Flow::Break))
        };
        let mut any = false;
        // A named slice type with methods is ranged over like the slice it is.
        let value = match &value {
            Val::Object(o) if o.kind() == "slice" => elements(&value).map_or(value, Val::List),
            _ => value,
        };
        match &value {
            Val::Int(_, _) | Val::Uint(_, _) => {
                if branch.pipe.declare.len() > 1 {
                    let mut text = String::from("can't use ");
                    format::print_v(&mut text, &value);
                    text.push_str(" to iterate over more than one variable");
                    return self.fail(f, At::after_pipe(&branch.pipe, self.stopped), text);
                }
                let (count, make): (u64, Box<dyn Fn(u64) -> Val>) = match value {
                    Val::Int(kind, n) => {
                        (u64::try_from(n).unwrap_or(0), Box::new(move |i| Val::Int(kind, i as i64)))
                    }
                    Val::Uint(kind, n) => (n, Box::new(move |i| Val::Uint(kind, i))),
                    _ => (0, Box::new(|_| Val::Nil)),
                };
                for i in 0..count {
                    any = true;
                    if one(self, None, make(i).into())? {
                        break;
                    }
                }
            }
            Val::List(list) => {
                let iface = list.elem == ElemKind::Any;
                for (i, v) in list.items.iter().enumerate() {
                    any = true;
                    let made = self.element(&branch.pipe, &value, None, i, v);
                    if one(self, Some(Val::int(i as i64)), Slot { val: v.clone(), iface, made })? {
                        break;
                    }
                }
            }
            Val::Bytes(bytes) => {
                for (i, b) in bytes.iter().enumerate() {
                    any = true;
                    if one(self, Some(Val::int(i as i64)), Val::Uint(UintKind::Uint8, u64::from(*b)).into())?
                    {
                        break;
                    }
                }
            }
            Val::Map(_) | Val::Object(_) => {
                let (entries, iface): (Option<Rc<Dict>>, bool) = match &value {
                    Val::Map(m) => (Some(m.entries()), m.kind() != MapKind::Str),
                    Val::Object(o) => (o.entries(), false),
                    _ => (None, false),
                };
                let Some(entries) = entries else { return self.cannot_range(f, branch, &value) };
                for (i, (k, v)) in entries.iter().enumerate() {
                    any = true;
                    let made = self.element(&branch.pipe, &value, Some(k), i, v);
                    if one(self, Some(Val::Str(k.clone())), Slot { val: v.clone(), iface, made })? {
                        break;
                    }
                }
            }
            Val::Nil => {}
            Val::Bool(_) | Val::Float(_) | Val::Str(_) => return self.cannot_range(f, branch, &value),
        }
        match &branch.otherwise {
            Some(otherwise) if !any => self.nested(f, dot, otherwise),
            _ => Ok(Flow::Next),
        }
    }

    /// When tracing: what an element of a loop was made from.
    fn element(
        &mut self,
        pipe: &Pipe,
        of: &Val,
        key: Option<&Str>,
        index: usize,
        v: &Val,
    ) -> Option<Rc<Made>> {
        let tracer = self.tracer.as_mut()?;
        tracer.at_line(pipe.line);
        tracer.element(of, key, index, v)
    }

    fn cannot_range<T>(&self, f: &Frame<'_>, branch: &Branch, value: &Val) -> Result<T> {
        let mut text = String::from("range can't iterate over ");
        format::print_v(&mut text, value);
        let hint = match value {
            Val::Float(_) => Some("numbers of values files are floats: `range until (int …)`".to_owned()),
            _ => None,
        };
        self.fail(f, At::after_pipe(&branch.pipe, self.stopped), text)
            .map_err(|e| e.with_value(value).with_hint(hint))
    }

    fn template(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        pos: u32,
        name: &str,
        pipe: Option<&Pipe>,
    ) -> Result<()> {
        let at = At::Template { pos, name, pipe };
        let Some(template) = self.lookup(name) else {
            let near = nearest(name, self.set.templates.keys().map(|n| &**n));
            return self
                .fail(f, at, format!("template {} not defined", format::quoted(name)))
                .map_err(|e| e.with_hint(near.map(|near| format!("there is a template \"{near}\""))));
        };
        if self.depth >= self.ctx.options.limits.depth {
            let message = format!("exceeded maximum template depth ({})", self.ctx.options.limits.depth);
            return self.fail(f, at, message).map_err(|e| e.with_kind(ErrorKind::Limit));
        }
        let data = match pipe {
            Some(pipe) => self.pipe(f, dot, pipe)?,
            None => Val::Nil,
        };
        with_stack(|| self.run(&template, data.into())).map_err(|e| e.called_from_template(f.template, at))
    }

    /// Runs an included template; its output is appended.
    fn include(&mut self, name: &Str, data: Val) -> Result<(), FuncError> {
        let count = self.included.entry(SmolStr::new(name.as_str())).or_insert(0);
        if *count > MAX_INCLUDES {
            return Err(FuncError::limit(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *count += 1;
        let Some(template) = self.lookup(name) else {
            return Err(FuncError::template(self.no_template(name)));
        };
        if self.depth >= self.ctx.options.limits.depth {
            return Err(FuncError::limit(format!(
                "exceeded maximum template depth ({})",
                self.ctx.options.limits.depth
            )));
        }
        with_stack(|| self.run(&template, data.into())).map_err(FuncError::template)?;
        if let Some(count) = self.included.get_mut(name.as_str()) {
            *count -= 1;
        }
        Ok(())
    }

    fn tpl(&mut self, text: &Str, data: Val) -> Result<Val, FuncError> {
        let before = |what: &str| format!("{what} {}: ", format::quoted(text));
        let templates = match self.parsed.get(text) {
            Some(templates) => templates.clone(),
            None => {
                let source = Arc::new(Source { name: SET_NAME.into(), text: text.as_str().into() });
                let templates = parse::parse(&source)
                    .map_err(|e| FuncError::nested(before("cannot parse template"), e))?
                    .into_iter()
                    .map(Arc::new)
                    .collect::<Rc<[_]>>();
                self.parsed.insert(text.clone(), templates.clone());
                templates
            }
        };
        let Some(main) = templates.iter().find(|t| &*t.name == SET_NAME).cloned() else {
            return Ok(Val::str(""));
        };
        if self.depth >= self.ctx.options.limits.depth {
            return Err(FuncError::limit(format!(
                "exceeded maximum template depth ({})",
                self.ctx.options.limits.depth
            )));
        }
        let outer = self.view.clone();
        if templates.len() > 1 {
            let templates = templates
                .iter()
                .filter(|t| !(parse::is_blank(t) && self.lookup(&t.name).is_some()))
                .map(|t| (t.name.clone(), t.clone()))
                .collect();
            self.view = Some(Rc::new(View { templates, below: outer.clone() }));
        }
        let mark = self.out.len();
        let result = with_stack(|| self.run(&main, data.into()));
        self.view = outer;
        result.map_err(|e| FuncError::nested(before("error during tpl function execution for"), e))?;
        if let Some(tracer) = &mut self.tracer {
            tracer.capture(&self.out, mark);
        }
        let text = match self.out[mark..].contains("<no value>") {
            true => Str::from(self.out[mark..].replace("<no value>", "")),
            false => Str::from(&self.out[mark..]),
        };
        self.out.truncate(mark);
        Ok(Val::Str(text))
    }

    // Evaluation.

    /// A dot or variable is used as a value: when tracing, with what it was made from.
    fn used(&mut self, slot: &Slot) -> Slot {
        if let (Some(tracer), Some(made)) = (&mut self.tracer, &slot.made) {
            tracer.made.add(made);
        }
        Slot::new(slot.val.clone(), slot.iface)
    }

    fn set(&mut self, f: &Frame<'_>, pipe: &Pipe, slot: u32, name: &str, value: Slot) -> Result<()> {
        if slot == UNDEFINED {
            return self.fail(f, At::after_pipe(pipe, self.stopped), format!("undefined variable: {name}"));
        }
        self.vars[f.base + slot as usize] = value;
        Ok(())
    }

    fn pipe(&mut self, f: &Frame<'_>, dot: &Slot, pipe: &Pipe) -> Result<Val> {
        let value = self.range_pipe(f, dot, pipe)?;
        for d in &pipe.declare {
            let made = self.tracer.as_ref().map(|t| Rc::new(t.made.clone()));
            self.set(f, pipe, d.slot, &d.name, Slot { val: value.clone(), iface: false, made })?;
        }
        Ok(value)
    }

    /// The value of a pipe, without its declarations.
    fn range_pipe(&mut self, f: &Frame<'_>, dot: &Slot, pipe: &Pipe) -> Result<Val> {
        let mut value = None;
        for i in 0..pipe.commands.len() {
            value = Some(self.command(f, dot, pipe, i, value)?.val);
        }
        Ok(value.unwrap_or_default())
    }

    fn not_a_function(&self, f: &Frame<'_>, at: At<'_>, args: &[Expr], last: &Option<Val>) -> Result<()> {
        if args.len() > 1 || last.is_some() {
            let first = args.first().map(|e| At::Expr(e).to_string()).unwrap_or_default();
            return self.fail(f, at, format!("can't give argument to non-function {first}"));
        }
        Ok(())
    }

    fn command(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        outer: &Pipe,
        index: usize,
        last: Option<Val>,
    ) -> Result<Slot> {
        let command = &outer.commands[index];
        let args = &*command.args;
        let first = &args[0];
        match &first.kind {
            ExprKind::Field(fields) => self.fields(f, dot, dot.clone(), first, fields, args, last),
            ExprKind::Variable { .. } => self.variable(f, dot, first, args, last),
            ExprKind::Chain { .. } => self.chain(f, dot, first, args, last),
            ExprKind::Function(function) => {
                self.function(f, dot, *function, first, At::Command(command), args, last)
            }
            ExprKind::Pipe(pipe) => {
                // Go's current node is still the one before.
                let before = outer.commands[..index].last().and_then(|c| c.args.last());
                self.not_a_function(
                    f,
                    before.map_or(At::Pipe(outer), |e| At::after(e, self.stopped)),
                    args,
                    &last,
                )?;
                Ok(with_stack(|| self.pipe(f, dot, pipe))?.into())
            }
            _ => {
                self.not_a_function(f, At::Expr(first), args, &last)?;
                match &first.kind {
                    ExprKind::Bool(b) => Ok(Val::Bool(*b).into()),
                    ExprKind::Dot => Ok(self.used(dot)),
                    ExprKind::Number(_) => Ok(self.constant(f, first)?.into()),
                    ExprKind::Str(s) => Ok(literal(s).into()),
                    _ => self.fail(f, At::Expr(first), "nil is not a command"),
                }
            }
        }
    }

    /// A number where nothing says its type.
    fn constant(&self, f: &Frame<'_>, expr: &Expr) -> Result<Val> {
        let ExprKind::Number(n) = &expr.kind else { return Ok(Val::Nil) };
        let hex = n.text.len() > 2
            && n.text.starts_with("0x") | n.text.starts_with("0X")
            && !n.text.contains(['p', 'P']);
        if let Some(float) = n.float
            && !hex
            && !n.text.starts_with('\'')
            && n.text.contains(['.', 'e', 'E', 'p', 'P'])
        {
            return Ok(Val::Float(float));
        }
        match n.int {
            Some(i) => Ok(Val::int(i)),
            None => self.fail(f, At::Expr(expr), format!("{} overflows int", n.text)),
        }
    }

    fn variable(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        expr: &Expr,
        args: &[Expr],
        last: Option<Val>,
    ) -> Result<Slot> {
        let ExprKind::Variable { name, slot, fields } = &expr.kind else { return Ok(Slot::default()) };
        if *slot == UNDEFINED {
            return self.fail(f, At::Expr(expr), format!("undefined variable: {name}"));
        }
        let value = self.vars[f.base + *slot as usize].clone();
        if fields.is_empty() {
            self.not_a_function(f, At::Expr(expr), args, &last)?;
            return Ok(self.used(&value));
        }
        self.fields(f, dot, value, expr, fields, args, last)
    }

    fn chain(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        expr: &Expr,
        args: &[Expr],
        last: Option<Val>,
    ) -> Result<Slot> {
        let ExprKind::Chain { inner, fields } = &expr.kind else { return Ok(Slot::default()) };
        let value = match &inner.kind {
            ExprKind::Pipe(pipe) => with_stack(|| self.pipe(f, dot, pipe))?.into(),
            ExprKind::Function(function) => {
                self.function(f, dot, *function, inner, At::Expr(inner), &[], None)?
            }
            _ => Slot::default(),
        };
        self.fields(f, dot, value, expr, fields, args, last)
    }

    #[allow(clippy::too_many_arguments)] // the state of one call
    fn fields(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        receiver: Slot,
        expr: &Expr,
        fields: &[SmolStr],
        args: &[Expr],
        last: Option<Val>,
    ) -> Result<Slot> {
        let mut value = receiver;
        let Some((final_field, before)) = fields.split_last() else { return Ok(value) };
        for field in before {
            value = self.field(f, dot, value, field, expr, &[], None)?;
        }
        self.field(f, dot, value, final_field, expr, args, last)
    }

    #[allow(clippy::too_many_arguments)] // the state of one call
    fn field(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        receiver: Slot,
        name: &SmolStr,
        expr: &Expr,
        args: &[Expr],
        last: Option<Val>,
    ) -> Result<Slot> {
        let at = At::current(expr, self.stopped);
        let has_args = args.len() > 1 || last.is_some();
        match &receiver.val {
            Val::Map(map) => {
                if let MapKind::Named(_) = map.kind()
                    && let Some(method) = super::funcs::values_method(name)
                {
                    let mark = self.args.len();
                    self.args.push(receiver.val.clone());
                    self.gather(f, dot, name, method.sig, expr, args, last)?;
                    return self.invoke(f, At::Expr(expr), name, mark, method);
                }
                if has_args {
                    return self.fail(f, at, format!("{name} is not a method but has arguments"));
                }
                let iface = map.kind() != MapKind::Str;
                let found = map.get(name);
                if self.tracer.is_some() {
                    self.looked_up(f, map, name, found.as_ref(), expr);
                }
                match found {
                    Some(val) => Ok(Slot::new(val, iface)),
                    None => match self.ctx.options.missing_key {
                        MissingKey::Zero if iface => Ok(Slot::new(Val::Nil, iface)),
                        MissingKey::Zero => Ok(Val::str("").into()),
                        MissingKey::Error => {
                            let entries = map.entries();
                            let near = nearest(name, entries.iter().map(|(k, _)| k.as_str()));
                            let hint = match near {
                                Some(near) => Some(format!("there is a key {}", format::quoted(near))),
                                None if entries.len() <= 20 => {
                                    let keys: Vec<&str> = entries.iter().map(|(k, _)| k.as_str()).collect();
                                    Some(format!("its keys are: {}", keys.join(", ")))
                                }
                                None => None,
                            };
                            self.fail(f, at, format!("map has no entry for key {}", format::quoted(name)))
                                .map_err(|e| e.with_hint(hint))
                        }
                    },
                }
            }
            Val::Nil if receiver.iface => {
                self.fail(f, at, format!("nil pointer evaluating interface {{}}.{name}")).map_err(|e| {
                    let hint = format!(
                        "what is before `.{name}` is not set; guard it with `if`, or write `((…).{name})`"
                    );
                    e.with_hint(Some(hint))
                })
            }
            Val::Nil => match self.ctx.options.missing_key {
                MissingKey::Error => {
                    self.fail(f, at, format!("nil data; no entry for key {}", format::quoted(name)))
                }
                MissingKey::Zero => Ok(Slot::default()),
            },
            Val::Object(object) => {
                let object = object.clone();
                if let Some(sig) = object.method(name) {
                    let mark = self.args.len();
                    self.gather(f, dot, name, *sig, expr, args, last)?;
                    let result = object.call(name, &self.args[mark..], &mut self.ctx);
                    self.args.truncate(mark);
                    return match result {
                        Ok(val) => Ok(val.into()),
                        Err(e) => Err(TemplateError::call(f.template, At::Expr(expr), name, e)),
                    };
                }
                let is_map = object.kind() == "map";
                match object.field(name) {
                    Some(_) if has_args && is_map => {
                        self.fail(f, at, format!("{name} is not a method but has arguments"))
                    }
                    Some(_) if has_args => {
                        self.fail(f, at, format!("{name} has arguments but cannot be invoked as function"))
                    }
                    Some(val) => Ok(val.into()),
                    None if is_map => match self.ctx.options.missing_key {
                        MissingKey::Zero => Ok(Slot::default()),
                        MissingKey::Error => {
                            self.fail(f, at, format!("map has no entry for key {}", format::quoted(name)))
                        }
                    },
                    None => {
                        let ty = if receiver.iface { "interface {}" } else { object.type_name() };
                        self.fail(f, at, format!("can't evaluate field {name} in type {ty}"))
                    }
                }
            }
            other => {
                let ty = if receiver.iface { "interface {}".into() } else { other.type_name() };
                self.fail(f, at, format!("can't evaluate field {name} in type {ty}"))
                    .map_err(|e| e.with_value(other))
            }
        }
    }

    #[cold]
    fn looked_up(&mut self, f: &Frame<'_>, map: &Map, name: &SmolStr, found: Option<&Val>, expr: &Expr) {
        if let Some(tracer) = &mut self.tracer {
            tracer.at_line(f.template.source.line_column(expr.pos as usize).0 as u32);
            tracer.lookup(map, &Str::from(name.clone()), found);
        }
    }

    #[allow(clippy::too_many_arguments)] // the state of one call
    fn function(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        function: Function,
        expr: &Expr,
        call: At<'_>,
        args: &[Expr],
        last: Option<Val>,
    ) -> Result<Slot> {
        const ONE: Sig = Sig::fixed(&[Ty::Any]);
        const ONE_OR_MORE: Sig = Sig::variadic(&[Ty::Any], Ty::Any);
        const NAME_AND_DATA: Sig = Sig::fixed(&[Ty::Str, Ty::Any]);
        let operands = args.get(1..).unwrap_or(&[]);
        match function {
            Function::Table(def) if def.name == "dict" && self.tracer.is_some() && last.is_none() => {
                self.dict_traced(f, dot, def, expr, call, operands)
            }
            Function::Table(def) => {
                let mark = self.args.len();
                self.gather(f, dot, def.name, def.sig, expr, args, last)?;
                self.invoke(f, call, def.name, mark, def)
            }
            Function::And | Function::Or => {
                self.check_count(f, function.name(), ONE_OR_MORE, expr, operands.len(), last.is_some())?;
                let stop = matches!(function, Function::Or);
                let mut value = Slot::default();
                for (i, arg) in operands.iter().enumerate() {
                    value = self.arg_slot(f, dot, arg)?;
                    if let Some(tracer) = &mut self.tracer {
                        tracer.touch(&value.val);
                    }
                    if value.val.truth() == stop {
                        self.stopped = (expr.pos, i);
                        return Ok(value);
                    }
                }
                Ok(last.map_or(value, Slot::from))
            }
            Function::Len => {
                self.check_count(f, "len", ONE, expr, operands.len(), last.is_some())?;
                let value = match (operands.first(), last) {
                    (Some(arg), _) => self.arg_slot(f, dot, arg)?,
                    (None, last) => last.unwrap_or_default().into(),
                };
                if let Some(tracer) = &mut self.tracer {
                    tracer.touch(&value.val);
                }
                match length(&value) {
                    Ok(n) => Ok(Val::int(n as i64).into()),
                    Err(e) => Err(TemplateError::call(f.template, call, "len", e)),
                }
            }
            Function::Call => {
                self.check_count(f, "call", ONE_OR_MORE, expr, operands.len(), last.is_some())?;
                let callee = match operands.first() {
                    Some(arg) => self.arg_slot(f, dot, arg)?.val,
                    None => last.unwrap_or_default(),
                };
                // No value of this engine is a Go function.
                let message = match (&callee, operands.first()) {
                    (Val::Nil, _) => "call of nil".to_owned(),
                    (v, Some(arg)) => format!("non-function {} of type {}", At::Expr(arg), v.type_name()),
                    (Val::Str(s), None) => format!("non-function {s} of type string"),
                    (v, None) => format!("non-function <{0} Value> of type {0}", v.type_name()),
                };
                Err(TemplateError::call(f.template, call, "call", FuncError::new(message)))
            }
            Function::Include | Function::Tpl => {
                let mark = self.args.len();
                self.gather(f, dot, function.name(), NAME_AND_DATA, expr, args, last)?;
                let data = self.args.pop().unwrap_or_default();
                let name = match self.args.pop() {
                    Some(Val::Str(s)) => s,
                    _ => "".into(),
                };
                debug_assert_eq!(self.args.len(), mark);
                let result = if matches!(function, Function::Tpl) {
                    self.tpl(&name, data)
                } else {
                    let mark = self.out.len();
                    self.include(&name, data).map(|()| {
                        if let Some(tracer) = &mut self.tracer {
                            tracer.capture(&self.out, mark);
                        }
                        let text = Str::from(&self.out[mark..]);
                        self.out.truncate(mark);
                        Val::Str(text)
                    })
                };
                match result {
                    Ok(val) => Ok(val.into()),
                    Err(e) => Err(TemplateError::call(f.template, call, function.name(), e)),
                }
            }
        }
    }

    /// `dict`, whose entries remember what they were made from.
    fn dict_traced(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        def: &FuncDef,
        expr: &Expr,
        call: At<'_>,
        operands: &[Expr],
    ) -> Result<Slot> {
        self.check_count(f, def.name, def.sig, expr, operands.len(), false)?;
        let mark = self.args.len();
        let mut sources = Vec::with_capacity(operands.len());
        for operand in operands {
            let outer = self.tracer.as_mut().map(|t| std::mem::take(&mut t.made)).unwrap_or_default();
            let value = self.arg(f, dot, Ty::Any, operand)?;
            self.args.push(value);
            if let Some(tracer) = &mut self.tracer {
                let made = std::mem::replace(&mut tracer.made, outer);
                tracer.made.add(&made);
                sources.push(made);
            }
        }
        let values = self.args[mark..].to_vec();
        let result = self.invoke(f, call, def.name, mark, def)?;
        if let (Some(tracer), Val::Map(map)) = (&mut self.tracer, &result.val) {
            tracer.made_dict(map, &values, sources);
        }
        Ok(result)
    }

    /// Calls a function on the arguments gathered since `mark`.
    fn invoke(&mut self, f: &Frame<'_>, at: At<'_>, name: &str, mark: usize, def: &FuncDef) -> Result<Slot> {
        if let Some(tracer) = &mut self.tracer {
            note_reads(tracer, def, &self.args[mark..]);
        }
        let result = (def.call)(&mut self.ctx, &self.args[mark..]);
        if let (Some(tracer), Ok(Val::Str(text))) = (&mut self.tracer, &result)
            && def.name == "toYaml"
        {
            tracer.yaml(self.args.get(mark).unwrap_or(&Val::Nil), text);
        }
        self.args.truncate(mark);
        match result {
            Ok(val) => Ok(val.into()),
            Err(e) => Err(TemplateError::call(f.template, at, name, e)),
        }
    }

    fn check_count(
        &self,
        f: &Frame<'_>,
        name: &str,
        sig: Sig,
        expr: &Expr,
        args: usize,
        piped: bool,
    ) -> Result<()> {
        let given = args + usize::from(piped);
        let want = sig.params.len();
        if sig.variadic.is_some() {
            if given < want {
                let message = format!("wrong number of args for {name}: want at least {want} got {args}");
                return self.fail(f, At::current(expr, self.stopped), message);
            }
        } else if given != want {
            let message = format!("wrong number of args for {name}: want {want} got {given}");
            return self.fail(f, At::current(expr, self.stopped), message);
        }
        Ok(())
    }

    /// Evaluates the arguments of a call onto the argument stack.
    #[allow(clippy::too_many_arguments)] // the state of one call
    fn gather(
        &mut self,
        f: &Frame<'_>,
        dot: &Slot,
        name: &str,
        sig: Sig,
        expr: &Expr,
        args: &[Expr],
        last: Option<Val>,
    ) -> Result<()> {
        let operands = args.get(1..).unwrap_or(&[]);
        self.check_count(f, name, sig, expr, operands.len(), last.is_some())?;
        let ty = |i: usize| sig.params.get(i).copied().or(sig.variadic).unwrap_or(Ty::Any);
        for (i, operand) in operands.iter().enumerate() {
            let value = self.arg(f, dot, ty(i), operand)?;
            self.args.push(value);
        }
        if let Some(last) = last {
            let at = operands.last().map_or(At::current(expr, self.stopped), |e| At::after(e, self.stopped));
            let value = self.validate(f, at, last.into(), ty(operands.len()))?;
            self.args.push(value);
        }
        Ok(())
    }

    fn validate(&self, f: &Frame<'_>, at: At<'_>, value: Slot, ty: Ty) -> Result<Val> {
        if value.val.is_nil() {
            return match (value.iface, ty) {
                (_, Ty::Any) => Ok(Val::Nil),
                (true, _) => {
                    let message = format!("wrong type for value; expected {}; got interface {{}}", ty.name());
                    self.fail(f, at, message)
                        .map_err(|e| e.with_hint(Some("the value is not set".to_owned())))
                }
                (false, _) if ty.nilable() => Ok(Val::Nil),
                (false, _) => self.fail(f, at, format!("invalid value; expected {}", ty.name())),
            };
        }
        if assignable(&value.val, ty) {
            return Ok(value.val);
        }
        let message = format!("wrong type for value; expected {}; got {}", ty.name(), value.val.type_name());
        let hint = match (ty, &value.val) {
            (Ty::Int | Ty::Int64, Val::Float(_) | Val::Int(..)) => {
                Some(format!("convert it: `({} …)`", ty.name()))
            }
            (Ty::Str, Val::Float(_) | Val::Int(..) | Val::Bool(_)) => {
                Some("convert it: `(toString …)`".to_owned())
            }
            _ => None,
        };
        self.fail(f, at, message).map_err(|e| e.with_value(&value.val).with_hint(hint))
    }

    /// An argument of any type, with what is known of its static type.
    fn arg_slot(&mut self, f: &Frame<'_>, dot: &Slot, expr: &Expr) -> Result<Slot> {
        match &expr.kind {
            ExprKind::Dot => Ok(self.used(dot)),
            ExprKind::Field(fields) => self.fields(f, dot, dot.clone(), expr, fields, &[], None),
            ExprKind::Variable { .. } => self.variable(f, dot, expr, &[], None),
            ExprKind::Pipe(pipe) => Ok(with_stack(|| self.pipe(f, dot, pipe))?.into()),
            ExprKind::Function(function) => self.function(f, dot, *function, expr, At::Expr(expr), &[], None),
            ExprKind::Chain { .. } => self.chain(f, dot, expr, &[], None),
            ExprKind::Nil => Ok(Slot::default()),
            ExprKind::Bool(b) => Ok(Val::Bool(*b).into()),
            ExprKind::Number(_) => Ok(self.constant(f, expr)?.into()),
            ExprKind::Str(s) => Ok(literal(s).into()),
        }
    }

    fn arg(&mut self, f: &Frame<'_>, dot: &Slot, ty: Ty, expr: &Expr) -> Result<Val> {
        let at = At::Expr(expr);
        let constant = |s: &Self, found: Option<Val>, what: &str| match found {
            Some(val) => Ok(val),
            None => s.fail(f, at, format!("expected {what}; found {expr}")),
        };
        match (&expr.kind, ty) {
            (ExprKind::Nil, _) if ty.nilable() => Ok(Val::Nil),
            (ExprKind::Nil, _) => self.fail(f, at, format!("cannot assign nil to {}", ty.name())),
            (ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Str(_), Ty::Any) => {
                Ok(self.arg_slot(f, dot, expr)?.val)
            }
            (kind @ (ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Str(_)), ty) => match (ty, kind) {
                (Ty::Bool, ExprKind::Bool(b)) => Ok(Val::Bool(*b)),
                (Ty::Bool, _) => constant(self, None, "bool"),
                (Ty::Str, ExprKind::Str(s)) => Ok(literal(s)),
                (Ty::Str, _) => constant(self, None, "string"),
                (Ty::Int, ExprKind::Number(n)) => constant(self, n.int.map(Val::int), "integer"),
                (Ty::Int64, ExprKind::Number(n)) => constant(self, n.int.map(Val::int64), "integer"),
                (Ty::Int | Ty::Int64, _) => constant(self, None, "integer"),
                (Ty::Uint32, ExprKind::Number(n)) => {
                    let value = n.uint.map(|u| Val::Uint(UintKind::Uint32, u & u64::from(u32::MAX)));
                    constant(self, value, "unsigned integer")
                }
                (Ty::Uint32, _) => constant(self, None, "unsigned integer"),
                (Ty::Float, ExprKind::Number(n)) => constant(self, n.float.map(Val::Float), "float"),
                (Ty::Float, _) => constant(self, None, "float"),
                _ => self.fail(f, at, format!("can't handle {expr} for arg of type {}", ty.name())),
            },
            _ => {
                let value = self.arg_slot(f, dot, expr)?;
                self.validate(f, At::after(expr, self.stopped), value, ty)
            }
        }
    }
}

/// What a function reads of the maps and lists it is given.
fn note_reads(tracer: &mut Tracer<'_>, def: &FuncDef, args: &[Val]) {
    if def.impure || reads_clock(def.name, args) {
        tracer.impure(def.name);
    }
    match (def.reads, def.name, args) {
        (_, "index" | "get" | "hasKey", [first, keys @ ..]) => tracer.keys(first, keys),
        // The keys, the default, the map.
        (_, "dig", [keys @ .., _, last]) => tracer.keys(last, keys),
        (_, "keys", _) => args.iter().for_each(|v| tracer.touch(v)),
        (_, "deepCopy" | "mustDeepCopy", _) | (Reads::Nothing, "dict" | "list" | "tuple", _) => {}
        (Reads::Nothing | Reads::Key, _, _) => args.iter().for_each(|v| tracer.touch(v)),
        (Reads::Deep, _, _) => args.iter().for_each(|v| tracer.deep(v)),
    }
}

fn literal(s: &Literal) -> Val {
    match &s.raw {
        None => Val::Str(s.text.clone().into()),
        Some(bytes) => Val::Str(Str::from_bytes(bytes)),
    }
}

fn length(value: &Slot) -> Result<usize, FuncError> {
    match &value.val {
        Val::Str(s) => Ok(s.len()),
        Val::Bytes(b) => Ok(b.len()),
        Val::List(l) => Ok(l.items.len()),
        Val::Map(m) => Ok(m.len()),
        Val::Object(o) => match o.entries() {
            Some(entries) => Ok(entries.len()),
            None => Err(FuncError::new(format!("len of type {}", o.type_name()))),
        },
        Val::Nil if value.iface => Err(FuncError::new("len of nil pointer")),
        Val::Nil => Err(FuncError::new("reflect: call of reflect.Value.Type on zero Value")),
        other => Err(FuncError::new(format!("len of type {}", other.type_name()))),
    }
}

fn strip_no_value(out: String) -> String {
    if out.contains("<no value>") { out.replace("<no value>", "") } else { out }
}
