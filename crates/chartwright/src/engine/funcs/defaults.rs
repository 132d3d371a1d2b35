//! Defaults and truth: `default`, `empty`, `coalesce`, `ternary`, and Helm's `lookup` without a cluster.

use super::{Args as _, Ctx, FuncDef, FuncError, Reads, Ty};
use crate::engine::value::Val;

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::variadic("default", &[Ty::Any], Ty::Any, default).reads(Reads::Nothing),
    FuncDef::new("empty", &[Ty::Any], |_, a| Ok(Val::Bool(!a.any(0).truth()))).reads(Reads::Nothing),
    FuncDef::variadic("coalesce", &[], Ty::Any, coalesce).reads(Reads::Nothing),
    FuncDef::variadic("all", &[], Ty::Any, |_, a| Ok(Val::Bool(a.iter().all(Val::truth))))
        .reads(Reads::Nothing),
    FuncDef::variadic("any", &[], Ty::Any, |_, a| Ok(Val::Bool(a.iter().any(Val::truth))))
        .reads(Reads::Nothing),
    FuncDef::new("ternary", &[Ty::Any, Ty::Any, Ty::Bool], ternary).reads(Reads::Nothing),
    FuncDef::new("deepCopy", &[Ty::Any], deep_copy),
    FuncDef::new("mustDeepCopy", &[Ty::Any], deep_copy),
    FuncDef::new("hello", &[], |_, _| Ok(Val::str("Hello!"))),
    // There is no cluster to look into.
    FuncDef::new("lookup", &[Ty::Str, Ty::Str, Ty::Str, Ty::Str], |_, _| Ok(Val::map([])))
        .reads(Reads::Nothing),
    // Helm asks no name server unless it is told to.
    FuncDef::new("getHostByName", &[Ty::Str], |_, _| Ok(Val::str(""))),
];

fn default(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let given = args.any(1);
    Ok(if given.truth() { given } else { args.any(0) }.clone())
}

fn deep_copy(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    if args.any(0).is_nil() {
        return Err(super::cast::NIL_TYPE.into());
    }
    super::cast::weigh(ctx, args.any(0))?;
    args.any(0).deep_copy()
}

fn coalesce(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(args.iter().find(|v| v.truth()).cloned().unwrap_or_default())
}

fn ternary(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(args.any(usize::from(!args.bool(2))).clone())
}
