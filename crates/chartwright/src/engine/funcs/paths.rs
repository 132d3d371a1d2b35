//! Slash-separated paths: `base`, `dir`, `clean`, `ext`, `isAbs`. The `os…` forms are the same on Unix.

use super::{Args as _, FuncDef, Ty};
use crate::engine::value::{Str, Val};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("base", &[Ty::Str], |_, a| Ok(base(a.bytes(0)))),
    FuncDef::new("dir", &[Ty::Str], |_, a| Ok(dir(a.bytes(0)))),
    FuncDef::new("clean", &[Ty::Str], |_, a| Ok(Val::Str(Str::from_bytes(&clean(a.bytes(0)))))),
    FuncDef::new("ext", &[Ty::Str], |_, a| Ok(ext(a.bytes(0)))),
    FuncDef::new("isAbs", &[Ty::Str], |_, a| Ok(Val::Bool(a.bytes(0).starts_with(b"/")))),
    FuncDef::new("osBase", &[Ty::Str], |_, a| Ok(base(a.bytes(0)))),
    FuncDef::new("osDir", &[Ty::Str], |_, a| Ok(dir(a.bytes(0)))),
    FuncDef::new("osClean", &[Ty::Str], |_, a| Ok(Val::Str(Str::from_bytes(&clean(a.bytes(0)))))),
    FuncDef::new("osExt", &[Ty::Str], |_, a| Ok(ext(a.bytes(0)))),
    FuncDef::new("osIsAbs", &[Ty::Str], |_, a| Ok(Val::Bool(a.bytes(0).starts_with(b"/")))),
];

fn base(path: &[u8]) -> Val {
    if path.is_empty() {
        return Val::str(".");
    }
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |at| at + 1);
    let name = path[..end].rsplit(|b| *b == b'/').next().unwrap_or_default();
    Val::Str(if name.is_empty() { "/".into() } else { Str::from_bytes(name) })
}

fn dir(path: &[u8]) -> Val {
    let end = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    Val::Str(Str::from_bytes(&clean(&path[..end])))
}

fn ext(path: &[u8]) -> Val {
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let from = name.iter().rposition(|b| *b == b'.').unwrap_or(name.len());
    Val::Str(Str::from_bytes(&name[from..]))
}

/// `path.Clean`.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let path = parts.join(&b'/');
    match (rooted, path.is_empty()) {
        (true, _) => [b"/", &path[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => path,
    }
}
