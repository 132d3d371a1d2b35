//! Go types and kinds: `typeOf`, `kindIs`, `deepEqual`.

use super::{Args as _, FuncDef, Reads, Ty};
use crate::engine::value::Val;

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("typeOf", &[Ty::Any], |_, a| Ok(Val::str(a.any(0).type_name()))).reads(Reads::Nothing),
    FuncDef::new("typeIs", &[Ty::Str, Ty::Any], |_, a| Ok(Val::Bool(a.any(1).type_name() == a.text(0))))
        .reads(Reads::Nothing),
    FuncDef::new("typeIsLike", &[Ty::Str, Ty::Any], |_, a| {
        let name = a.any(1).type_name();
        Ok(Val::Bool(name.strip_prefix('*').unwrap_or(&name) == a.text(0) || name == a.text(0)))
    })
    .reads(Reads::Nothing),
    FuncDef::new("kindOf", &[Ty::Any], |_, a| Ok(Val::str(a.any(0).kind_name()))).reads(Reads::Nothing),
    FuncDef::new("kindIs", &[Ty::Str, Ty::Any], |_, a| Ok(Val::Bool(a.any(1).kind_name() == a.text(0))))
        .reads(Reads::Nothing),
    FuncDef::new("deepEqual", &[Ty::Any, Ty::Any], |ctx, a| {
        super::cast::weigh(ctx, a.any(0))?;
        Ok(Val::Bool(a.any(0).deep_eq(a.any(1))))
    }),
];
