//! YAML, JSON and TOML. Helm's forms never fail: writing gives the empty text, reading a map with the key `Error` (or a
//! list of the error's text). The `must…` forms fail.

use super::cast::weigh;
use super::{Args as _, Ctx, FuncDef, FuncError, Ty, json as go_json, toml};
use crate::engine::value::{ElemKind, List, Val};
use crate::json::{self, Style};
use crate::yaml;

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("toYaml", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        let text = a.any(0).to_json().ok().and_then(|value| yaml::marshal(&value).ok());
        let mut text = text.unwrap_or_default();
        if text.ends_with('\n') {
            text.pop();
        }
        made(ctx, text)
    }),
    // Helm 4 has the two that fail.
    FuncDef::new("mustToYaml", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        let value = a.any(0).to_json()?;
        let mut text = yaml::marshal(&value).map_err(|error| FuncError::new(error.message))?;
        if text.ends_with('\n') {
            text.pop();
        }
        made(ctx, text)
    }),
    FuncDef::new("mustToToml", &[Ty::Any], |ctx, a| {
        if a.any(0).is_nil() {
            return Err(super::cast::NIL_TYPE.into());
        }
        weigh(ctx, a.any(0))?;
        let text = toml::write(a.any(0))?;
        made(ctx, text)
    }),
    FuncDef::new("toYamlPretty", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        let text = super::yaml3::write(a.any(0)).unwrap_or_default();
        made(ctx, text)
    }),
    FuncDef::new("fromYaml", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len())?;
        Ok(match from_yaml(a.text(0)).and_then(|v| typed(v, false, DECODING)) {
            Ok(map) => map,
            Err(error) => error_map(error),
        })
    }),
    FuncDef::new("fromYamlArray", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len())?;
        Ok(match from_yaml(a.text(0)).and_then(|v| typed(v, true, DECODING)) {
            Ok(list) => list,
            Err(error) => Val::list(vec![error.into()]),
        })
    }),
    FuncDef::new("toJson", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        let text = a.any(0).to_json().map(|value| json::to_string(&value)).unwrap_or_default();
        made(ctx, text)
    }),
    FuncDef::new("mustToJson", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        let text = json::to_string(&a.any(0).to_json()?);
        made(ctx, text)
    }),
    FuncDef::new("toPrettyJson", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        let text = a.any(0).to_json().map(|value| json::to_string_indent(&value, "  ")).unwrap_or_default();
        made(ctx, text)
    }),
    FuncDef::new("mustToPrettyJson", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        let text = json::to_string_indent(&a.any(0).to_json()?, "  ");
        made(ctx, text)
    }),
    FuncDef::new("toRawJson", &[Ty::Any], to_raw_json),
    FuncDef::new("mustToRawJson", &[Ty::Any], to_raw_json),
    FuncDef::new("fromJson", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len())?;
        Ok(match go_json::parse(a.bytes(0)).and_then(|v| typed(v, false, "")) {
            Ok(map) => map,
            Err(error) => error_map(error),
        })
    }),
    FuncDef::new("fromJsonArray", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len())?;
        Ok(match go_json::parse(a.bytes(0)).and_then(|v| typed(v, true, "")) {
            Ok(list) => list,
            Err(error) => Val::list(vec![error.into()]),
        })
    }),
    FuncDef::new("mustFromJson", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len())?;
        go_json::parse(a.bytes(0)).map_err(FuncError::from)
    }),
    FuncDef::new("toToml", &[Ty::Any], |ctx, a| {
        if a.any(0).is_nil() {
            return Err(super::cast::NIL_TYPE.into());
        }
        weigh(ctx, a.any(0))?;
        let text = toml::write(a.any(0)).unwrap_or_else(|error| error);
        made(ctx, text)
    }),
    FuncDef::new("fromToml", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len())?;
        Ok(toml::read(a.text(0)).unwrap_or_else(error_map))
    }),
];

/// Counts a text that was just made. Shared parts are written as often as they are referred to, so a small value can
/// give a large text.
fn made(ctx: &mut Ctx, text: String) -> Result<Val, FuncError> {
    ctx.charge(text.len())?;
    Ok(Val::str(text))
}

fn to_raw_json(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    weigh(ctx, args.any(0))?;
    let text = json::to_string_with(&args.any(0).to_json()?, Style { escape_html: false, indent: None });
    made(ctx, text)
}

fn error_map(error: String) -> Val {
    Val::map([("Error".into(), error.into())])
}

/// What Go puts before the error of the second step of reading YAML.
const DECODING: &str = "error unmarshaling JSON: while decoding JSON: ";

fn from_yaml(text: &str) -> Result<Val, String> {
    match yaml::from_str(text) {
        Ok(value) => Ok(Val::from_json(&yaml::numbers_to_f64(value))),
        Err(error) => {
            Err(format!("error converting YAML to JSON: yaml: line {}: {}", error.line, error.message))
        }
    }
}

/// The value when it is a map (or a list); null is an empty one.
fn typed(value: Val, list: bool, before: &str) -> Result<Val, String> {
    match (value, list) {
        // JSON's null makes a nil slice, YAML's leaves the empty one.
        (Val::Nil, true) if before.is_empty() => Ok(Val::List(List::nil(ElemKind::Any))),
        (Val::Nil, true) => Ok(Val::list(Vec::new())),
        (Val::Nil, false) => Ok(Val::map([])),
        (map @ Val::Map(_), false) => Ok(map),
        (list @ Val::List(_), true) => Ok(list),
        (other, _) => {
            let wanted = if list { "[]interface {}" } else { "map[string]interface {}" };
            Err(format!(
                "{before}json: cannot unmarshal {} into Go value of type {wanted}",
                go_json::type_name(&other)
            ))
        }
    }
}
