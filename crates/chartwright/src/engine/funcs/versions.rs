//! `semver` and `semverCompare`.

use std::any::Any;

use super::{Args as _, Ctx, FuncDef, FuncError, Reads, Sig, Ty};
use crate::engine::value::{Object, UintKind, Val};
use crate::semver::{Constraints, Version};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("semver", &[Ty::Str], semver).reads(Reads::Nothing),
    FuncDef::new("semverCompare", &[Ty::Str, Ty::Str], semver_compare),
];

fn version(text: &str) -> Result<Version, FuncError> {
    Version::parse(text).map_err(|error| FuncError::new(error.to_string()))
}

fn semver(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(object(version(args.text(0))?))
}

fn semver_compare(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let range = Constraints::parse(args.text(0)).map_err(|error| FuncError::new(error.to_string()))?;
    Ok(Val::Bool(range.check(&version(args.text(1))?)))
}

fn object(version: Version) -> Val {
    Val::Object(std::rc::Rc::new(SemVer(version)))
}

/// A `*semver.Version` with its methods.
struct SemVer(Version);

const TYPE: &str = "*semver.Version";

impl Object for SemVer {
    fn type_name(&self) -> &str {
        TYPE
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn field(&self, _: &str) -> Option<Val> {
        None
    }

    fn method(&self, name: &str) -> Option<&'static Sig> {
        static NONE: Sig = Sig::fixed(&[]);
        static OTHER: Sig = Sig::fixed(&[Ty::Object(TYPE)]);
        static TEXT: Sig = Sig::fixed(&[Ty::Str]);
        match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "Original" | "String" | "IncMajor"
            | "IncMinor" | "IncPatch" => Some(&NONE),
            "Compare" | "Equal" | "LessThan" | "GreaterThan" | "LessThanEqual" | "GreaterThanEqual" => {
                Some(&OTHER)
            }
            "SetPrerelease" | "SetMetadata" => Some(&TEXT),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Val], _: &mut Ctx) -> Result<Val, FuncError> {
        let v = &self.0;
        let number = |n| Val::Uint(UintKind::Uint64, n);
        let with = |pre: &str, metadata: &str| {
            let prefix = if v.original().starts_with('v') { "v" } else { "" };
            let part = |sign: char, text: &str| {
                if text.is_empty() { String::new() } else { format!("{sign}{text}") }
            };
            let numbers = format!("{}.{}.{}", v.major, v.minor, v.patch);
            version(&format!("{prefix}{numbers}{}{}", part('-', pre), part('+', metadata))).map(object)
        };
        let order = match args.first() {
            Some(Val::Object(other)) => {
                other.as_any().downcast_ref::<SemVer>().map(|other| v.precedence(&other.0))
            }
            _ => None,
        };
        let ordered = || order.ok_or_else(|| FuncError::new(super::cast::NIL_POINTER));
        Ok(match name {
            "Major" => number(v.major),
            "Minor" => number(v.minor),
            "Patch" => number(v.patch),
            "Prerelease" => Val::str(&v.pre),
            "Metadata" => Val::str(&v.metadata),
            "Original" => Val::str(v.original()),
            "String" => Val::str(v.to_string()),
            "IncMajor" => object(v.inc_major()),
            "IncMinor" => object(v.inc_minor()),
            "IncPatch" => object(v.inc_patch()),
            "Compare" => Val::int(ordered()? as i64),
            "Equal" => Val::Bool(ordered()?.is_eq()),
            "LessThan" => Val::Bool(ordered()?.is_lt()),
            "GreaterThan" => Val::Bool(ordered()?.is_gt()),
            "LessThanEqual" => Val::Bool(ordered()?.is_le()),
            "GreaterThanEqual" => Val::Bool(ordered()?.is_ge()),
            "SetPrerelease" => with(args.text(0), &v.metadata)?,
            "SetMetadata" => with(&v.pre, args.text(0))?,
            _ => return Err(format!("no method {name}").into()),
        })
    }

    fn print(&self) -> String {
        self.0.to_string()
    }

    fn is_stringer(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
