//! Regular expressions of Go (RE2) on the `regex` crate: [`syntax`] translates, the functions here search and replace.

mod syntax;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use ::regex::{Captures, Regex, RegexBuilder};

use super::cast::utf8;
use super::{Args as _, Ctx, FuncDef, FuncError, Ty};
use crate::engine::format::quoted;
use crate::engine::value::{ElemKind, List, Str, Val};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("regexMatch", &[Ty::Str, Ty::Str], |_, a| {
        Ok(Val::Bool(compile(a.text(0)).is_ok_and(|regex| regex.is_match(a.text(1)))))
    }),
    FuncDef::new("mustRegexMatch", &[Ty::Str, Ty::Str], |_, a| Ok(Val::Bool(must(a)?.is_match(a.text(1))))),
    FuncDef::new("regexFind", &[Ty::Str, Ty::Str], |_, a| find(&*panicking(a)?, a)),
    FuncDef::new("mustRegexFind", &[Ty::Str, Ty::Str], |_, a| find(&*must(a)?, a)),
    FuncDef::new("regexFindAll", &[Ty::Str, Ty::Str, Ty::Int], |ctx, a| find_all(ctx, &*panicking(a)?, a)),
    FuncDef::new("mustRegexFindAll", &[Ty::Str, Ty::Str, Ty::Int], |ctx, a| find_all(ctx, &*must(a)?, a)),
    FuncDef::new("regexSplit", &[Ty::Str, Ty::Str, Ty::Int], |ctx, a| split(ctx, &*panicking(a)?, a)),
    FuncDef::new("mustRegexSplit", &[Ty::Str, Ty::Str, Ty::Int], |ctx, a| split(ctx, &*must(a)?, a)),
    FuncDef::new("regexReplaceAll", &[Ty::Str, Ty::Str, Ty::Str], |ctx, a| {
        replace(ctx, &*panicking(a)?, a, expand)
    }),
    FuncDef::new("mustRegexReplaceAll", &[Ty::Str, Ty::Str, Ty::Str], |ctx, a| {
        replace(ctx, &*must(a)?, a, expand)
    }),
    FuncDef::new("regexReplaceAllLiteral", &[Ty::Str, Ty::Str, Ty::Str], |ctx, a| {
        replace(ctx, &*panicking(a)?, a, literal)
    }),
    FuncDef::new("mustRegexReplaceAllLiteral", &[Ty::Str, Ty::Str, Ty::Str], |ctx, a| {
        replace(ctx, &*must(a)?, a, literal)
    }),
    FuncDef::new("regexQuoteMeta", &[Ty::Str], |_, a| Ok(Val::Str(quote_meta(a.bytes(0))))),
];

/// Bytes of memory that one compiled expression may take. Go stops at 1000 repetitions instead.
const PROGRAM_LIMIT: usize = 32 << 20;

/// Expressions kept compiled, by thread: charts use a few, over and over.
const CACHED: usize = 64;

/// An expression and the names of its groups.
struct Expression {
    regex: Regex,
    names: Vec<String>,
}

impl std::ops::Deref for Expression {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        &self.regex
    }
}

type Compiled = Result<Rc<Expression>, Rc<str>>;

fn compile(pattern: &str) -> Compiled {
    thread_local! {
        static CACHE: RefCell<HashMap<String, Compiled>> = RefCell::default();
    }
    CACHE.with_borrow_mut(|cache| {
        if let Some(compiled) = cache.get(pattern) {
            return compiled.clone();
        }
        let compiled: Compiled =
            syntax::translate(pattern).map_err(Rc::from).and_then(|(translated, names)| {
                let built = RegexBuilder::new(&translated).size_limit(PROGRAM_LIMIT).build();
                built.map(|regex| Rc::new(Expression { regex, names })).map_err(|error| {
                    let why = match error {
                        ::regex::Error::CompiledTooBig(_) => "expression too large",
                        _ => "expression nests too deeply",
                    };
                    Rc::from(syntax::error(why, pattern))
                })
            });
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(pattern.to_owned(), compiled.clone());
        compiled
    })
}

/// For the functions that return Go's error.
fn must(args: &[Val]) -> Result<Rc<Expression>, FuncError> {
    compile(args.text(0)).map_err(|error| FuncError::new(&*error))
}

/// For the functions that panic in Go (`regexp.MustCompile`).
fn panicking(args: &[Val]) -> Result<Rc<Expression>, FuncError> {
    let pattern = args.text(0);
    compile(pattern).map_err(|error| {
        // Back quotes where Go's own can hold the text.
        let awkward = |c: char| c == '`' || c == '\u{feff}' || c != '\t' && c < ' ' || c == '\x7f';
        let quoted = if pattern.contains(awkward) { quoted(pattern) } else { format!("`{pattern}`") };
        FuncError::new(format!("regexp: Compile({quoted}): {error}"))
    })
}

fn find(regex: &Expression, args: &[Val]) -> Result<Val, FuncError> {
    Ok(Val::str(regex.find(args.text(1)).map_or("", |found| found.as_str())))
}

/// At most this many; a negative number means all.
fn limit(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn find_all(ctx: &mut Ctx, regex: &Expression, args: &[Val]) -> Result<Val, FuncError> {
    let mut found = Vec::new();
    for part in regex.find_iter(args.text(1)).take(limit(args.int(2))) {
        ctx.charge(size_of::<Val>() + part.len())?;
        found.push(Val::str(part.as_str()));
    }
    Ok(Val::List(if found.is_empty() { List::nil(ElemKind::Str) } else { List::of(ElemKind::Str, found) }))
}

fn split(ctx: &mut Ctx, regex: &Expression, args: &[Val]) -> Result<Val, FuncError> {
    let text = args.text(1);
    let most = limit(args.int(2));
    if most == 0 {
        return Ok(Val::List(List::nil(ElemKind::Str)));
    }
    if !regex.as_str().is_empty() && text.is_empty() {
        return Ok(Val::strings([""]));
    }
    let mut parts = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for separator in regex.find_iter(text).take(most) {
        if parts.len() + 1 == most {
            break;
        }
        end = separator.start();
        // An empty match at the very start separates nothing.
        if separator.end() != 0 {
            ctx.charge(size_of::<Val>() + end - begin)?;
            parts.push(&text[begin..end]);
        }
        begin = separator.end();
    }
    if end != text.len() {
        parts.push(&text[begin..]);
    }
    Ok(Val::strings(parts))
}

type Substitute = fn(&Expression, &Captures<'_>, &str, &mut Vec<u8>);

fn replace(
    ctx: &mut Ctx,
    regex: &Expression,
    args: &[Val],
    substitute: Substitute,
) -> Result<Val, FuncError> {
    let source = args.string(1);
    // Text that is not UTF-8 is searched with U+FFFD in place of each wrong byte.
    let (text, template) = (utf8(&source).unwrap_or(args.text(1)), args.text(2));
    let mut out = Vec::new();
    let mut last = 0;
    for captures in regex.captures_iter(text) {
        let Some(found) = captures.get(0) else { continue };
        let before = out.len();
        out.extend_from_slice(&text.as_bytes()[last..found.start()]);
        substitute(regex, &captures, template, &mut out);
        last = found.end();
        ctx.charge(out.len() - before)?;
    }
    if out.is_empty() && last == 0 {
        return Ok(Val::Str(source));
    }
    out.extend_from_slice(&text.as_bytes()[last..]);
    Ok(Val::Str(Str::from_bytes(&out)))
}

fn literal(_: &Expression, _: &Captures<'_>, template: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(template.as_bytes());
}

/// Go's `Regexp.Expand`: `$name`, `${name}` (a number names a group), `$$`; what does not fit that is text.
fn expand(regex: &Expression, captures: &Captures<'_>, template: &str, out: &mut Vec<u8>) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.extend_from_slice(before.as_bytes());
        if let Some(after) = after.strip_prefix('$') {
            out.push(b'$');
            rest = after;
            continue;
        }
        let Some((name, after)) = reference(after) else {
            out.push(b'$');
            rest = after;
            continue;
        };
        rest = after;
        let plain_number =
            name.bytes().all(|b| b.is_ascii_digit()) && (name.len() == 1 || !name.starts_with('0'));
        let group = if plain_number {
            name.parse::<usize>().ok().and_then(|n| captures.get(n))
        } else {
            let mut groups = regex.names.iter().enumerate().filter(|(_, group)| *group == name);
            groups.find_map(|(i, _)| captures.get(i))
        };
        out.extend_from_slice(group.map_or("", |group| group.as_str()).as_bytes());
    }
    out.extend_from_slice(rest.as_bytes());
}

/// The name after a `$` and what follows it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (text, brace) = text.strip_prefix('{').map_or((text, false), |text| (text, true));
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let end = text.find(|c| !word(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    Some((name, if brace { rest.strip_prefix('}')? } else { rest }))
}

fn quote_meta(text: &[u8]) -> Str {
    let mut out = Vec::with_capacity(text.len());
    for &b in text {
        if b"\\.+*?()|[]{}^$".contains(&b) {
            out.push(b'\\');
        }
        out.push(b);
    }
    Str::from_bytes(&out)
}
