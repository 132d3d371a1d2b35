//! Defaults and truth: `default`, `empty`, `coalesce`, `ternary`, and Helm's `required`, `fail`, `lookup`.

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
    FuncDef::new("deepCopy", &[Ty::Any], |_, a| a.any(0).deep_copy()),
    FuncDef::new("mustDeepCopy", &[Ty::Any], |_, a| a.any(0).deep_copy()),
    FuncDef::new("hello", &[], |_, _| Ok(Val::str("Hello!"))),
    // Helm asks no name server unless it is told to.
    FuncDef::new("getHostByName", &[Ty::Str], |_, _| Ok(Val::str(""))),
];

fn default(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let given = args.any(1);
    Ok(if given.truth() { given } else { args.any(0) }.clone())
}

fn coalesce(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(args.iter().find(|v| v.truth()).cloned().unwrap_or_default())
}

fn ternary(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(args.any(usize::from(!args.bool(2))).clone())
}
