//! The functions that `text/template` itself brings.

use super::{Args as _, Ctx, FuncDef, FuncError, Reads, Ty};
use crate::engine::value::Val;

pub(super) static FUNCS: &[FuncDef] = &[FuncDef::new("not", &[Ty::Any], not).reads(Reads::Nothing)];

fn not(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(Val::Bool(!args.any(0).truth()))
}
