//! Maps: `dict`, `get`, `set`, `merge` and friends. `set`, `unset` and the merges change the map they are given.

use std::rc::Rc;

use super::cast::strval;
use super::{Args as _, Ctx, FuncDef, FuncError, Reads, Ty};
use crate::engine::value::{Dict, MAX_VALUE_DEPTH, Map, MapKind, Str, Val};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::variadic("dict", &[], Ty::Any, dict).reads(Reads::Nothing),
    FuncDef::new("get", &[Ty::Map, Ty::Str], get).reads(Reads::Key),
    FuncDef::new("set", &[Ty::Map, Ty::Str, Ty::Any], set).reads(Reads::Nothing),
    FuncDef::new("unset", &[Ty::Map, Ty::Str], unset).reads(Reads::Nothing),
    FuncDef::new("hasKey", &[Ty::Map, Ty::Str], |_, a| {
        Ok(Val::Bool(a.map(0).is_some_and(|m| m.contains_key(a.text(1)))))
    })
    .reads(Reads::Key),
    FuncDef::variadic("pluck", &[Ty::Str], Ty::Map, pluck),
    FuncDef::variadic("keys", &[], Ty::Map, keys),
    FuncDef::new("values", &[Ty::Map], values),
    FuncDef::variadic("pick", &[Ty::Map], Ty::Str, pick),
    FuncDef::variadic("omit", &[Ty::Map], Ty::Str, omit),
    FuncDef::variadic("merge", &[Ty::Map], Ty::Map, |ctx, a| merge_all(ctx, a, false)),
    FuncDef::variadic("mustMerge", &[Ty::Map], Ty::Map, |ctx, a| merge_all(ctx, a, false)),
    FuncDef::variadic("mergeOverwrite", &[Ty::Map], Ty::Map, |ctx, a| merge_all(ctx, a, true)),
    FuncDef::variadic("mustMergeOverwrite", &[Ty::Map], Ty::Map, |ctx, a| merge_all(ctx, a, true)),
    FuncDef::variadic("dig", &[], Ty::Any, dig),
];

fn dict(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let value = |pair: &[Val]| pair.get(1).cloned().unwrap_or_else(|| Val::str(""));
    Ok(Val::map(args.chunks(2).map(|pair| (strval(pair.any(0)), value(pair)))))
}

fn get(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(args.map(0).and_then(|m| m.get(args.text(1))).unwrap_or_else(|| Val::str("")))
}

fn set(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let Some(map) = args.map(0) else {
        return Err("assignment to entry in nil map".into());
    };
    map.insert(args.string(1), args.any(2).clone());
    Ok(Val::Map(map.clone()))
}

fn unset(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    if let Some(map) = args.map(0) {
        map.remove(args.text(1));
    }
    Ok(args.any(0).clone())
}

fn pluck(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let maps = (1..args.len()).filter_map(|i| args.map(i));
    Ok(Val::list(maps.filter_map(|m| m.get(args.text(0))).collect()))
}

/// Go's order is random; ours is that of the keys.
fn keys(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let mut keys: Vec<Str> = Vec::new();
    for map in (0..args.len()).filter_map(|i| args.map(i)) {
        keys.extend(map.entries().iter().map(|(k, _)| k.clone()));
    }
    Ok(Val::strings(keys))
}

fn values(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(Val::list(args.map(0).map_or_else(Vec::new, |m| m.entries().iter().map(|(_, v)| v.clone()).collect())))
}

fn pick(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let map = args.map(0);
    let wanted = (1..args.len()).map(|i| args.string(i));
    Ok(Val::map(wanted.filter_map(|key| Some((key.clone(), map?.get(&key)?)))))
}

fn omit(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let Some(map) = args.map(0) else { return Ok(Val::Map(Map::new())) };
    let unwanted = |key: &Str| (1..args.len()).any(|i| args.bytes(i) == key.as_bytes());
    let entries = map.entries();
    let kept: Dict = entries.iter().filter(|(key, _)| !unwanted(key)).cloned().collect();
    Ok(Val::Map(Map::from_dict(MapKind::Any, kept)))
}

fn merge_all(ctx: &mut Ctx, args: &[Val], overwrite: bool) -> Result<Val, FuncError> {
    let target = args.map(0).cloned();
    let into_nil = target.is_none();
    let target = target.unwrap_or_else(Map::new);
    let sources: Vec<_> = (1..args.len()).filter_map(|i| args.map(i)).collect();
    if into_nil && sources.is_empty() {
        return Ok(Val::Nil);
    }
    for source in sources {
        merge_into(ctx, &target, source, overwrite, 0)?;
    }
    Ok(Val::Map(target))
}

/// What mergo's `Merge` and `MergeWithOverwrite` do to maps of interfaces: changes `target` in place, maps inside it too.
/// Without `overwrite` a value of the target stays unless it is empty (`false`, `0`, `""`, `[]`).
fn merge_into(
    ctx: &mut Ctx,
    target: &Rc<Map>,
    source: &Rc<Map>,
    overwrite: bool,
    depth: usize,
) -> Result<(), FuncError> {
    if depth > MAX_VALUE_DEPTH {
        return Err(FuncError::too_deep());
    }
    let put = |key: &Str, value: Val| {
        if target.kind() == MapKind::Str && source.kind() != MapKind::Str {
            return Err(FuncError::new(
                "reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string",
            ));
        }
        target.insert(key.clone(), value);
        Ok(())
    };
    for (key, new) in source.entries().iter() {
        // Maps inside one another more than once are merged as often: the work is counted, so that it ends.
        ctx.charge(size_of::<Val>())?;
        if new.is_nil() {
            if overwrite {
                put(key, Val::Nil)?;
            }
            continue;
        }
        let old = target.get(key);
        if let (Some(Val::Map(old)), Val::Map(new)) = (&old, new) {
            merge_into(ctx, old, new, overwrite, depth + 1)?;
        }
        let is_list = matches!(new, Val::List(_) | Val::Bytes(_));
        if is_list && overwrite {
            put(key, new.clone())?;
        }
        // Asked after the merge above, which may have filled an empty map.
        let stays = old.as_ref().is_some_and(|old| !mergo_empty(old));
        let both_maps = matches!((&old, new), (Some(old), new) if is_map(old) && is_map(new));
        if stays && (is_list || both_maps) {
            continue;
        }
        if overwrite || !stays {
            put(key, new.clone())?;
        }
    }
    Ok(())
}

fn is_map(v: &Val) -> bool {
    v.kind_name() == "map"
}

/// mergo's idea of empty: as Go's truth, but a struct is never empty and a pointer is what it points to.
fn mergo_empty(v: &Val) -> bool {
    !v.truth()
}

fn dig(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let [path @ .., default, dict] = args else {
        return Err("dig needs at least three arguments".into());
    };
    if path.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut map = plain_map(dict)?.clone();
    for key in path {
        if !matches!(key, Val::Str(_)) {
            return Err(conversion(key, "string"));
        }
    }
    for (i, key) in path.iter().enumerate() {
        let Val::Str(key) = key else { continue };
        let Some(step) = map.get(key) else { return Ok(default.clone()) };
        if i + 1 == path.len() {
            return Ok(step);
        }
        map = plain_map(&step)?.clone();
    }
    Ok(default.clone())
}

/// A map of exactly this Go type; `.Values` itself is of another.
fn plain_map(v: &Val) -> Result<&Rc<Map>, FuncError> {
    match v {
        Val::Map(map) if map.kind() == MapKind::Any => Ok(map),
        _ => Err(conversion(v, "map[string]interface {}")),
    }
}

fn conversion(v: &Val, wanted: &str) -> FuncError {
    let is = if v.is_nil() { "nil".into() } else { v.type_name() };
    FuncError::new(format!("interface conversion: interface {{}} is {is}, not {wanted}"))
}
