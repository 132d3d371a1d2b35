//! The functions that `text/template` itself brings (but for those the executor runs itself: `and`, `or`, `len`, `call`), Helm's
//! `required` and `fail`, and the methods of Helm's type of `.Values`.

use std::rc::Rc;

use super::{Args as _, Ctx, FuncDef, FuncError, Reads, Ty};
use crate::engine::{
    format,
    value::{Map, MapKind, Str, UintKind, Val},
};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("not", &[Ty::Any], not).reads(Reads::Nothing),
    FuncDef::variadic("eq", &[Ty::Any], Ty::Any, eq).reads(Reads::Nothing),
    FuncDef::new("ne", &[Ty::Any, Ty::Any], ne).reads(Reads::Nothing),
    FuncDef::new("lt", &[Ty::Any, Ty::Any], lt).reads(Reads::Nothing),
    FuncDef::new("le", &[Ty::Any, Ty::Any], le).reads(Reads::Nothing),
    FuncDef::new("gt", &[Ty::Any, Ty::Any], gt).reads(Reads::Nothing),
    FuncDef::new("ge", &[Ty::Any, Ty::Any], ge).reads(Reads::Nothing),
    FuncDef::variadic("index", &[Ty::Any], Ty::Any, index).reads(Reads::Key),
    FuncDef::variadic("print", &[], Ty::Any, print),
    FuncDef::variadic("println", &[], Ty::Any, println),
    FuncDef::variadic("printf", &[Ty::Str], Ty::Any, printf),
    FuncDef::variadic("html", &[], Ty::Any, html),
    FuncDef::variadic("js", &[], Ty::Any, js),
    FuncDef::variadic("urlquery", &[], Ty::Any, urlquery),
    FuncDef::new("required", &[Ty::Str, Ty::Any], required).reads(Reads::Nothing),
    FuncDef::new("fail", &[Ty::Str], fail),
];

/// Methods of `chartutil.Values`, the receiver first in the arguments.
pub(super) static VALUES_METHODS: &[FuncDef] = &[
    FuncDef::new("AsMap", &[], values_as_map).reads(Reads::Nothing),
    FuncDef::new("Table", &[Ty::Str], values_table).reads(Reads::Nothing),
    FuncDef::new("PathValue", &[Ty::Str], values_path_value).reads(Reads::Nothing),
];

type R = Result<Val, FuncError>;

fn not(_: &mut Ctx, args: &[Val]) -> R {
    Ok(Val::Bool(!args.any(0).truth()))
}

// Comparison.

/// What two values are compared as.
#[derive(PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'v Str),
    None,
}

fn basic(v: &Val) -> Basic<'_> {
    match v {
        Val::Bool(b) => Basic::Bool(*b),
        Val::Int(_, n) => Basic::Int(*n),
        Val::Uint(_, n) => Basic::Uint(*n),
        Val::Float(f) => Basic::Float(*f),
        Val::Str(s) => Basic::Str(s),
        _ => Basic::None,
    }
}

fn incompatible(a: &Val, b: &Val) -> FuncError {
    FuncError::new(format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name()))
}

fn equal(a: &Val, b: &Val) -> Result<bool, FuncError> {
    Ok(match (basic(a), basic(b)) {
        (Basic::Bool(x), Basic::Bool(y)) => x == y,
        (Basic::Int(x), Basic::Int(y)) => x == y,
        (Basic::Uint(x), Basic::Uint(y)) => x == y,
        (Basic::Float(x), Basic::Float(y)) => x == y,
        (Basic::Str(x), Basic::Str(y)) => x == y,
        (Basic::Int(x), Basic::Uint(y)) | (Basic::Uint(y), Basic::Int(x)) => u64::try_from(x) == Ok(y),
        (Basic::None, Basic::None) => match (a, b) {
            (Val::Nil, Val::Nil) => true,
            // A nil map or slice equals nil; this engine has only nil slices.
            (Val::Nil, other) | (other, Val::Nil) => matches!(other, Val::List(l) if l.nil),
            // Go shows the values here with `%s`, which suits few.
            _ if a.kind_name() != b.kind_name() => {
                let mut shown = String::new();
                format::print_v(&mut shown, b);
                let (x, y) = (a.type_name(), b.type_name());
                return Err(FuncError::new(format!(
                    "non-comparable types {}: {x}, {y}: {shown}",
                    format::print_s(a)
                )));
            }
            (Val::Object(x), Val::Object(y)) => Rc::ptr_eq(x, y),
            _ => {
                let message = format!("non-comparable type {}: {}", format::print_s(b), b.type_name());
                return Err(FuncError::new(message));
            }
        },
        _ if a.is_nil() || b.is_nil() => false,
        _ => return Err(incompatible(a, b)),
    })
}

fn less(a: &Val, b: &Val) -> Result<bool, FuncError> {
    const BAD: &str = "invalid type for comparison";
    let (x, y) = (basic(a), basic(b));
    if x == Basic::None || y == Basic::None {
        return Err(BAD.into());
    }
    Ok(match (x, y) {
        (Basic::Int(x), Basic::Int(y)) => x < y,
        (Basic::Uint(x), Basic::Uint(y)) => x < y,
        (Basic::Float(x), Basic::Float(y)) => x < y,
        (Basic::Str(x), Basic::Str(y)) => x < y,
        (Basic::Int(x), Basic::Uint(y)) => x < 0 || (x as u64) < y,
        (Basic::Uint(x), Basic::Int(y)) => y >= 0 && x < y as u64,
        (Basic::Bool(_), Basic::Bool(_)) => return Err(BAD.into()),
        _ => return Err(incompatible(a, b)),
    })
}

fn eq(_: &mut Ctx, args: &[Val]) -> R {
    if args.len() < 2 {
        return Err("missing argument for comparison".into());
    }
    for other in args.rest(1) {
        if equal(args.any(0), other)? {
            return Ok(Val::Bool(true));
        }
    }
    Ok(Val::Bool(false))
}

fn ne(_: &mut Ctx, args: &[Val]) -> R {
    Ok(Val::Bool(!equal(args.any(0), args.any(1))?))
}

fn lt(_: &mut Ctx, args: &[Val]) -> R {
    Ok(Val::Bool(less(args.any(0), args.any(1))?))
}

fn at_most(args: &[Val]) -> Result<bool, FuncError> {
    Ok(less(args.any(0), args.any(1))? || equal(args.any(0), args.any(1))?)
}

fn le(_: &mut Ctx, args: &[Val]) -> R {
    Ok(Val::Bool(at_most(args)?))
}

fn gt(_: &mut Ctx, args: &[Val]) -> R {
    Ok(Val::Bool(!at_most(args)?))
}

fn ge(_: &mut Ctx, args: &[Val]) -> R {
    Ok(Val::Bool(!less(args.any(0), args.any(1))?))
}

// Indexing.

fn index_number(index: &Val, len: usize, what: &str) -> Result<usize, FuncError> {
    let n = match index {
        Val::Int(_, n) => *n,
        Val::Uint(_, n) => *n as i64,
        Val::Nil => return Err("cannot index slice/array with nil".into()),
        other => {
            return Err(FuncError::new(format!("cannot index slice/array with type {}", other.type_name())));
        }
    };
    match usize::try_from(n) {
        Ok(i) if i < len => Ok(i),
        // Go lets the length itself pass the check, and then panics.
        Ok(i) if i == len => Err(FuncError::new(format!("reflect: {what} index out of range"))),
        _ => Err(FuncError::new(format!("index out of range: {n}"))),
    }
}

fn index_key(index: &Val) -> Result<&Str, FuncError> {
    match index {
        Val::Str(s) => Ok(s),
        Val::Nil => Err("value is nil; should be of type string".into()),
        other => Err(FuncError::new(format!("value has type {}; should be string", other.type_name()))),
    }
}

fn index(_: &mut Ctx, args: &[Val]) -> R {
    let mut item = args.any(0).clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for index in args.rest(1) {
        item = match &item {
            Val::Nil => return Err("index of nil pointer".into()),
            Val::Str(s) => {
                let byte = s.as_bytes()[index_number(index, s.len(), "string")?];
                Val::Uint(UintKind::Uint8, u64::from(byte))
            }
            Val::Bytes(b) => Val::Uint(UintKind::Uint8, u64::from(b[index_number(index, b.len(), "slice")?])),
            Val::List(l) => l.items[index_number(index, l.items.len(), "slice")?].clone(),
            Val::Map(m) => match m.get(index_key(index)?) {
                Some(v) => v,
                None if m.kind() == MapKind::Str => Val::str(""),
                None => Val::Nil,
            },
            Val::Object(o) if o.kind() == "slice" => {
                let list = super::elements(&item).unwrap_or_else(|| crate::engine::List::any(Vec::new()));
                list.items[index_number(index, list.items.len(), "slice")?].clone()
            }
            Val::Object(o) => match o.entries() {
                Some(entries) => entries.get(index_key(index)?).cloned().unwrap_or_default(),
                None => return Err(FuncError::new(format!("can't index item of type {}", o.type_name()))),
            },
            other => return Err(FuncError::new(format!("can't index item of type {}", other.type_name()))),
        };
    }
    Ok(item)
}

// Text.

/// The text of a function that prints, if it was not cut and is within the bounds.
fn printed(ctx: &mut Ctx, out: String, whole: bool) -> R {
    if !whole {
        return Err(too_large());
    }
    ctx.charge(out.len())?;
    Ok(Val::str(out))
}

fn too_large() -> FuncError {
    FuncError::limit("the value is too deep or too long to be printed")
}

fn print(ctx: &mut Ctx, args: &[Val]) -> R {
    let mut out = String::new();
    let whole = format::sprint(&mut out, args, ctx.options().limits.value_bytes);
    printed(ctx, out, whole)
}

fn println(ctx: &mut Ctx, args: &[Val]) -> R {
    let mut out = String::new();
    let mut whole = true;
    for (i, v) in args.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        whole &= format::print_within(&mut out, v, ctx.options().limits.value_bytes);
    }
    out.push('\n');
    printed(ctx, out, whole)
}

fn printf(ctx: &mut Ctx, args: &[Val]) -> R {
    let limit = ctx.options().limits.value_bytes;
    let out = format::sprintf(args.text(0), args.rest(1), limit).ok_or_else(too_large)?;
    printed(ctx, out, true)
}

/// What the escapers work on: one string as it is, anything else as `print` gives it.
fn joined(ctx: &mut Ctx, args: &[Val]) -> Result<String, FuncError> {
    let mut out = String::new();
    match args {
        [Val::Str(s)] => out.push_str(s),
        _ => {
            // Unlike `print`, nil shows as it does in an action.
            let shown: Vec<Val> =
                args.iter().map(|v| if v.is_nil() { Val::str("<no value>") } else { v.clone() }).collect();
            if !format::sprint(&mut out, &shown, ctx.options().limits.value_bytes) {
                return Err(too_large());
            }
        }
    }
    ctx.charge(out.len())?;
    Ok(out)
}

fn html(ctx: &mut Ctx, args: &[Val]) -> R {
    let text = joined(ctx, args)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    Ok(Val::str(out))
}

fn js(ctx: &mut Ctx, args: &[Val]) -> R {
    use std::fmt::Write as _;
    let text = joined(ctx, args)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..' ' => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c if (c as u32) < 0x80 || format::is_print(c) => out.push(c),
            c => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
        }
    }
    Ok(Val::str(out))
}

fn urlquery(ctx: &mut Ctx, args: &[Val]) -> R {
    use std::fmt::Write as _;
    let mut out = String::new();
    for b in joined(ctx, args)?.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            b' ' => out.push('+'),
            b => {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
    Ok(Val::str(out))
}

// Helm.

fn required(ctx: &mut Ctx, args: &[Val]) -> R {
    match args.any(1) {
        Val::Nil if ctx.options().lint => Ok(Val::str("")),
        Val::Nil => Err(FuncError::refused(args.text(0))),
        Val::Str(s) if s.is_empty() && !ctx.options().lint => Err(FuncError::refused(args.text(0))),
        value => Ok(value.clone()),
    }
}

fn fail(ctx: &mut Ctx, args: &[Val]) -> R {
    if ctx.options().lint { Ok(Val::str("")) } else { Err(FuncError::refused(args.text(0))) }
}

// Methods of `.Values`.

fn values_as_map(_: &mut Ctx, args: &[Val]) -> R {
    match args.any(0) {
        Val::Map(m) => Ok(Val::Map(m.as_kind(MapKind::Any))),
        other => Ok(other.clone()),
    }
}

fn values_table(_: &mut Ctx, args: &[Val]) -> R {
    let path = args.text(1);
    let mut value = args.any(0).clone();
    for key in path.split('.') {
        let next = value_map(&value).and_then(|m| m.get(key));
        match next {
            Some(v @ Val::Map(_)) => value = v,
            _ => return Err(FuncError::new(format!("{} is not a table", format::quoted(key)))),
        }
    }
    Ok(value)
}

fn values_path_value(_: &mut Ctx, args: &[Val]) -> R {
    let path = args.text(1);
    let mut value = args.any(0).clone();
    for key in path.split('.') {
        match value_map(&value).and_then(|m| m.get(key)) {
            Some(v) => value = v,
            None => return Err(FuncError::new(format!("{} is not a value", format::quoted(path)))),
        }
    }
    match value {
        Val::Map(_) => Err(FuncError::new(format!("{} is not a value", format::quoted(path)))),
        value => Ok(value),
    }
}

fn value_map(v: &Val) -> Option<&Rc<Map>> {
    match v {
        Val::Map(m) => Some(m),
        _ => None,
    }
}
