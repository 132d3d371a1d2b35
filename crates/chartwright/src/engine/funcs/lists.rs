//! Lists. Every function makes a new list; the one it was given is never changed.

use std::rc::Rc;

use super::cast::{NIL_POINTER, float_to_int, strings, to_int, weigh};
use super::{Args as _, Ctx, FuncDef, FuncError, Reads, Ty, elements};
use crate::engine::value::{ElemKind, List, Str, Val};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::variadic("list", &[], Ty::Any, |_, a| Ok(Val::list(a.to_vec()))).reads(Reads::Nothing),
    FuncDef::variadic("tuple", &[], Ty::Any, |_, a| Ok(Val::list(a.to_vec()))).reads(Reads::Nothing),
    FuncDef::new("append", &[Ty::Any, Ty::Any], push),
    FuncDef::new("push", &[Ty::Any, Ty::Any], push),
    FuncDef::new("mustAppend", &[Ty::Any, Ty::Any], push),
    FuncDef::new("mustPush", &[Ty::Any, Ty::Any], push),
    FuncDef::new("prepend", &[Ty::Any, Ty::Any], prepend),
    FuncDef::new("mustPrepend", &[Ty::Any, Ty::Any], prepend),
    FuncDef::new("first", &[Ty::Any], first),
    FuncDef::new("mustFirst", &[Ty::Any], first),
    FuncDef::new("last", &[Ty::Any], last),
    FuncDef::new("mustLast", &[Ty::Any], last),
    FuncDef::new("rest", &[Ty::Any], rest),
    FuncDef::new("mustRest", &[Ty::Any], rest),
    FuncDef::new("initial", &[Ty::Any], initial),
    FuncDef::new("mustInitial", &[Ty::Any], initial),
    FuncDef::new("reverse", &[Ty::Any], reverse),
    FuncDef::new("mustReverse", &[Ty::Any], reverse),
    FuncDef::new("compact", &[Ty::Any], compact),
    FuncDef::new("mustCompact", &[Ty::Any], compact),
    FuncDef::new("uniq", &[Ty::Any], uniq),
    FuncDef::new("mustUniq", &[Ty::Any], uniq),
    FuncDef::variadic("without", &[Ty::Any], Ty::Any, without),
    FuncDef::variadic("mustWithout", &[Ty::Any], Ty::Any, without),
    FuncDef::new("has", &[Ty::Any, Ty::Any], has),
    FuncDef::new("mustHas", &[Ty::Any, Ty::Any], has),
    FuncDef::variadic("slice", &[Ty::Any], Ty::Any, slice),
    FuncDef::variadic("mustSlice", &[Ty::Any], Ty::Any, slice),
    FuncDef::variadic("concat", &[], Ty::Any, concat),
    FuncDef::new("chunk", &[Ty::Int, Ty::Any], chunk),
    FuncDef::new("mustChunk", &[Ty::Int, Ty::Any], chunk),
    FuncDef::new("sortAlpha", &[Ty::Any], sort_alpha),
    FuncDef::new("join", &[Ty::Str, Ty::Any], join),
    FuncDef::new("toStrings", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        Ok(Val::strings(strings(a.any(0))))
    }),
];

/// The elements; for what is no list, `Cannot <verb> type <kind>`.
fn items(v: &Val, verb: &str) -> Result<Rc<List>, FuncError> {
    elements(v).ok_or_else(|| {
        if v.is_nil() {
            FuncError::new(NIL_POINTER)
        } else {
            FuncError::new(format!("Cannot {verb} type {}", v.kind_name()))
        }
    })
}

/// Counts the memory of a new list before it is made.
fn charge(ctx: &mut Ctx, length: usize) -> Result<(), FuncError> {
    ctx.charge(length.saturating_mul(size_of::<Val>()))
}

fn push(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let list = items(args.any(0), "push on")?;
    charge(ctx, list.items.len() + 1)?;
    let added = std::iter::once(args.any(1));
    Ok(Val::list(list.items.iter().chain(added).cloned().collect()))
}

fn prepend(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let list = items(args.any(0), "prepend on")?;
    charge(ctx, list.items.len() + 1)?;
    let added = std::iter::once(args.any(1));
    Ok(Val::list(added.chain(&list.items).cloned().collect()))
}

fn first(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(items(args.any(0), "find first on")?.items.first().cloned().unwrap_or_default())
}

fn last(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(items(args.any(0), "find last on")?.items.last().cloned().unwrap_or_default())
}

fn rest(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let list = items(args.any(0), "find rest on")?;
    charge(ctx, list.items.len())?;
    Ok(match list.items.split_first() {
        Some((_, rest)) => Val::list(rest.to_vec()),
        None => Val::List(List::nil(ElemKind::Any)),
    })
}

fn initial(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let list = items(args.any(0), "find initial on")?;
    charge(ctx, list.items.len())?;
    Ok(match list.items.split_last() {
        Some((_, initial)) => Val::list(initial.to_vec()),
        None => Val::List(List::nil(ElemKind::Any)),
    })
}

fn reverse(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(Val::list(items(args.any(0), "find reverse on")?.items.iter().rev().cloned().collect()))
}

fn compact(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let list = items(args.any(0), "compact on")?;
    Ok(Val::list(list.items.iter().filter(|v| v.truth()).cloned().collect()))
}

fn uniq(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    weigh(ctx, args.any(0))?;
    let mut kept: Vec<Val> = Vec::new();
    for item in &items(args.any(0), "find uniq on")?.items {
        // Each is compared with all before it: that work is counted like memory, so that it ends.
        ctx.charge(kept.len())?;
        if !kept.iter().any(|other| item.deep_eq(other)) {
            kept.push(item.clone());
        }
    }
    Ok(Val::list(kept))
}

fn without(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    weigh(ctx, args.any(0))?;
    let list = items(args.any(0), "find without on")?;
    let unwanted = args.rest(1);
    let kept = list.items.iter().filter(|item| !unwanted.iter().any(|other| item.deep_eq(other)));
    Ok(Val::list(kept.cloned().collect()))
}

fn has(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let (needle, haystack) = (args.any(0), args.any(1));
    weigh(ctx, needle)?;
    if haystack.is_nil() {
        return Ok(Val::Bool(false));
    }
    Ok(Val::Bool(items(haystack, "find has on")?.items.iter().any(|item| needle.deep_eq(item))))
}

fn slice(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let v = args.any(0);
    let Some(list) = elements(v) else {
        return Err(if v.is_nil() {
            NIL_POINTER.into()
        } else {
            format!("list should be type of slice or array but {}", v.kind_name()).into()
        });
    };
    let length = list.items.len();
    if length == 0 {
        return Ok(Val::Nil);
    }
    let bound = |i: usize, default: usize| match args.get(i) {
        Some(v) => usize::try_from(to_int(v)).ok(),
        None => Some(default),
    };
    let range = bound(1, 0).zip(bound(2, length)).and_then(|(start, end)| list.items.get(start..end));
    let Some(part) = range else {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    };
    Ok(match v {
        Val::Bytes(_) => Val::Bytes(part.iter().map(|b| to_int(b).to_le_bytes()[0]).collect()),
        _ => Val::List(List::of(list.elem, part.to_vec())),
    })
}

fn concat(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let mut all = Vec::new();
    for v in args {
        let Some(list) = elements(v) else {
            return Err(if v.is_nil() {
                NIL_POINTER.into()
            } else {
                format!("Cannot concat type {} as list", v.kind_name()).into()
            });
        };
        charge(ctx, list.items.len())?;
        all.extend_from_slice(&list.items);
    }
    Ok(Val::List(if all.is_empty() { List::nil(ElemKind::Any) } else { List::any(all) }))
}

fn chunk(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let list = items(args.any(1), "chunk")?;
    let size = args.int(0);
    // Go counts in floats; what comes out for sizes of zero and less follows from that.
    let chunks = float_to_int(((list.items.len() as f64 - 1.0) / size as f64).floor() + 1.0);
    let out_of_range = || FuncError::new("runtime error: makeslice: len out of range");
    let chunks = usize::try_from(chunks).map_err(|_| out_of_range())?;
    if size < 0 && list.items.is_empty() {
        return Err(out_of_range());
    }
    let inner = || ElemKind::Named("[]interface {}");
    if chunks == 0 {
        return Ok(Val::List(List::of(inner(), Vec::new())));
    }
    let step = usize::try_from(size).unwrap_or(list.items.len()).max(1);
    let parts = list.items.chunks(step).map(|part| Val::list(part.to_vec())).collect();
    Ok(Val::List(List::of(inner(), parts)))
}

fn sort_alpha(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let v = args.any(0);
    weigh(ctx, v)?;
    if elements(v).is_none() {
        return Ok(Val::strings([super::cast::strval(v)]));
    }
    let mut items = strings(v);
    items.sort();
    Ok(Val::strings(items))
}

fn join(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    weigh(ctx, args.any(1))?;
    let parts = strings(args.any(1));
    let separator = args.bytes(0);
    let length = parts.iter().map(|part| part.len() + separator.len()).sum();
    ctx.charge(length)?;
    let bytes: Vec<&[u8]> = parts.iter().map(Str::as_bytes).collect();
    Ok(Val::Str(Str::from_bytes(&bytes.join(separator))))
}
