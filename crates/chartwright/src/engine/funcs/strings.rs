//! Text. Go counts bytes where a person would count letters (`trunc`, `substr`, `abbrev`); so do these.

use std::sync::LazyLock;

use ::regex::Regex;

use super::cast::{self, strval, utf8, weigh};
use super::{Args as _, Ctx, FuncDef, FuncError, Ty};
use crate::engine::format;
use crate::engine::value::{Str, Val};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::variadic("quote", &[], Ty::Any, quote),
    FuncDef::variadic("squote", &[], Ty::Any, squote),
    FuncDef::new("toString", &[Ty::Any], |ctx, a| {
        weigh(ctx, a.any(0))?;
        Ok(Val::Str(strval(a.any(0))))
    }),
    FuncDef::variadic("cat", &[], Ty::Any, cat),
    FuncDef::new("indent", &[Ty::Int, Ty::Str], |ctx, a| Ok(Val::Str(indent(ctx, a, false)?))),
    FuncDef::new("nindent", &[Ty::Int, Ty::Str], |ctx, a| Ok(Val::Str(indent(ctx, a, true)?))),
    FuncDef::new("replace", &[Ty::Str, Ty::Str, Ty::Str], replace),
    FuncDef::new("plural", &[Ty::Str, Ty::Str, Ty::Int], |_, a| {
        Ok(a.any(usize::from(a.int(2) != 1)).clone())
    }),
    FuncDef::new("trim", &[Ty::Str], |_, a| Ok(Val::str(a.text(0).trim_matches(char::is_whitespace)))),
    FuncDef::new("trimAll", &[Ty::Str, Ty::Str], trim_all),
    FuncDef::new("trimall", &[Ty::Str, Ty::Str], trim_all),
    FuncDef::new("trimSuffix", &[Ty::Str, Ty::Str], |_, a| match a.bytes(1).strip_suffix(a.bytes(0)) {
        Some(rest) if !a.bytes(0).is_empty() => Ok(Val::Str(Str::from_bytes(rest))),
        _ => Ok(a.any(1).clone()),
    }),
    FuncDef::new("trimPrefix", &[Ty::Str, Ty::Str], |_, a| match a.bytes(1).strip_prefix(a.bytes(0)) {
        Some(rest) if !a.bytes(0).is_empty() => Ok(Val::Str(Str::from_bytes(rest))),
        _ => Ok(a.any(1).clone()),
    }),
    FuncDef::new("upper", &[Ty::Str], |_, a| Ok(map_chars(a.text(0), upper))),
    FuncDef::new("lower", &[Ty::Str], |_, a| Ok(map_chars(a.text(0), lower))),
    FuncDef::new("title", &[Ty::Str], title),
    FuncDef::new("untitle", &[Ty::Str], untitle),
    FuncDef::new("swapcase", &[Ty::Str], swapcase),
    FuncDef::new("substr", &[Ty::Int, Ty::Int, Ty::Str], substr),
    FuncDef::new("trunc", &[Ty::Int, Ty::Str], trunc),
    FuncDef::new("abbrev", &[Ty::Int, Ty::Str], |_, a| {
        Ok(Val::Str(Str::from_bytes(&abbreviate(a.bytes(1), 0, a.int(0)))))
    }),
    FuncDef::new("abbrevboth", &[Ty::Int, Ty::Int, Ty::Str], |_, a| {
        let (left, right) = (a.int(0), a.int(1));
        let short = right < 4 || left > 0 && right < 7;
        Ok(Val::Str(if short { a.string(2) } else { Str::from_bytes(&abbreviate(a.bytes(2), left, right)) }))
    }),
    FuncDef::new("repeat", &[Ty::Int, Ty::Str], |ctx, a| {
        Ok(Val::Str(Str::from_bytes(&repeat(ctx, a.bytes(1), a.int(0))?)))
    }),
    FuncDef::new("nospace", &[Ty::Str], nospace),
    FuncDef::new("initials", &[Ty::Str], initials),
    FuncDef::new("snakecase", &[Ty::Str], |_, a| Ok(Val::str(words_to_lower(a.text(0), '_')))),
    FuncDef::new("kebabcase", &[Ty::Str], |_, a| Ok(Val::str(words_to_lower(a.text(0), '-')))),
    FuncDef::new("camelcase", &[Ty::Str], |_, a| Ok(Val::str(pascal_case(a.text(0))))),
    FuncDef::new("shuffle", &[Ty::Str], shuffle).impure(),
    FuncDef::new("wrap", &[Ty::Int, Ty::Str], |ctx, a| wrap(ctx, a.bytes(1), a.int(0), b"", false)),
    FuncDef::new("wrapWith", &[Ty::Int, Ty::Str, Ty::Str], |ctx, a| {
        wrap(ctx, a.bytes(2), a.int(0), a.bytes(1), true)
    }),
    FuncDef::new("contains", &[Ty::Str, Ty::Str], |_, a| Ok(Val::Bool(contains(a)))),
    FuncDef::new("hasPrefix", &[Ty::Str, Ty::Str], |_, a| Ok(Val::Bool(a.bytes(1).starts_with(a.bytes(0))))),
    FuncDef::new("hasSuffix", &[Ty::Str, Ty::Str], |_, a| Ok(Val::Bool(a.bytes(1).ends_with(a.bytes(0))))),
    FuncDef::new("split", &[Ty::Str, Ty::Str], |ctx, a| numbered(ctx, &a.string(0), &a.string(1), -1)),
    FuncDef::new("splitn", &[Ty::Str, Ty::Int, Ty::Str], |ctx, a| {
        numbered(ctx, &a.string(0), &a.string(2), a.int(1))
    }),
    FuncDef::new("splitList", &[Ty::Str, Ty::Str], |ctx, a| {
        Ok(Val::strings(split(ctx, &a.string(0), &a.string(1), -1)?))
    }),
];

fn quote(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    args.iter().try_for_each(|v| weigh(ctx, v))?;
    let mut out = String::new();
    for (i, v) in args.iter().filter(|v| !v.is_nil()).enumerate() {
        if i > 0 {
            out.push(' ');
        }
        go_quote(&mut out, &strval(v));
    }
    ctx.charge(out.len())?;
    Ok(Val::str(out))
}

/// `strconv.Quote`; most texts have nothing to escape.
fn go_quote(out: &mut String, text: &Str) {
    let simple = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
    if text.as_bytes().iter().all(simple) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        format::quote(out, text.as_bytes(), false);
    }
}

fn squote(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    args.iter().try_for_each(|v| weigh(ctx, v))?;
    let mut out = Vec::new();
    for (i, v) in args.iter().filter(|v| !v.is_nil()).enumerate() {
        out.extend_from_slice(if i > 0 { b" '" } else { b"'" });
        out.extend_from_slice(printed(v).as_bytes());
        out.push(b'\'');
    }
    ctx.charge(out.len())?;
    Ok(Val::Str(Str::from_bytes(&out)))
}

/// As `%v` prints it; `[]byte` as numbers.
fn printed(v: &Val) -> Str {
    match v {
        Val::Str(s) => s.clone(),
        _ => {
            let mut text = String::new();
            format::print_v(&mut text, v);
            text.into()
        }
    }
}

fn cat(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    args.iter().try_for_each(|v| weigh(ctx, v))?;
    let parts: Vec<Str> = args.iter().filter(|v| !v.is_nil()).map(printed).collect();
    ctx.charge(parts.iter().map(|part| part.len() + 1).sum())?;
    let parts: Vec<&[u8]> = parts.iter().map(Str::as_bytes).collect();
    Ok(Val::Str(Str::from_bytes(&parts.join(&b' '))))
}

fn indent(ctx: &mut Ctx, args: &[Val], newline: bool) -> Result<Str, FuncError> {
    let spaces = usize::try_from(args.int(0)).map_err(|_| negative_repeat())?;
    let text = args.bytes(1);
    let lines = 1 + text.iter().filter(|b| **b == b'\n').count();
    let length = lines.saturating_mul(spaces).saturating_add(text.len()).saturating_add(1);
    ctx.charge(length)?;
    let pad = vec![b' '; spaces];
    let mut out = Vec::with_capacity(length);
    if newline {
        out.push(b'\n');
    }
    for (i, line) in text.split(|b| *b == b'\n').enumerate() {
        if i > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(&pad);
        out.extend_from_slice(line);
    }
    Ok(owned(out))
}

/// Bytes that are mostly UTF-8 already.
fn owned(bytes: Vec<u8>) -> Str {
    match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => Str::from_bytes(error.as_bytes()),
    }
}

fn negative_repeat() -> FuncError {
    FuncError::new("strings: negative Repeat count")
}

fn repeat(ctx: &mut Ctx, text: &[u8], count: i64) -> Result<Vec<u8>, FuncError> {
    let count = usize::try_from(count).map_err(|_| negative_repeat())?;
    ctx.charge(text.len().saturating_mul(count))?;
    // `repeat` looks at the product before it allocates; the charge above has bounded it.
    Ok(if text.is_empty() { Vec::new() } else { text.repeat(count) })
}

fn replace(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let (old, new, source) = (args.string(0), args.string(1), args.string(2));
    let parts = if old.is_empty() {
        // An empty text stands before every character and at the end.
        let mut parts = split(ctx, &old, &source, -1)?;
        parts.insert(0, "".into());
        if parts.len() > 1 {
            parts.push("".into());
        } else {
            parts = vec!["".into(), "".into()];
        }
        parts
    } else {
        split(ctx, &old, &source, -1)?
    };
    if parts.len() == 1 {
        return Ok(Val::Str(source));
    }
    ctx.charge(source.len().saturating_add(new.len().saturating_mul(parts.len() - 1)))?;
    let parts: Vec<&[u8]> = parts.iter().map(Str::as_bytes).collect();
    Ok(Val::Str(owned(parts.join(new.as_bytes()))))
}

/// `strings.SplitN`: at most `n` parts, all of them when `n` is negative. An empty separator splits into characters.
fn split(ctx: &mut Ctx, separator: &Str, text: &Str, n: i64) -> Result<Vec<Str>, FuncError> {
    let most = match n {
        0 => return Ok(Vec::new()),
        n => usize::try_from(n).unwrap_or(usize::MAX),
    };
    if separator.is_empty() {
        ctx.charge(text.len().min(most).saturating_mul(size_of::<Val>()))?;
        let mut rest = text.as_bytes();
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let length = if parts.len() + 1 == most { rest.len() } else { char_length(rest) };
            let (part, after) = rest.split_at(length);
            parts.push(Str::from_bytes(part));
            rest = after;
        }
        return Ok(parts);
    }
    if let (Some(separator), Some(text)) = (utf8(separator), utf8(text)) {
        let count = text.matches(separator).count().saturating_add(1).min(most);
        ctx.charge(count.saturating_mul(size_of::<Val>()))?;
        return Ok(text.splitn(most, separator).map(Str::from).collect());
    }
    let (separator, mut rest) = (separator.as_bytes(), text.as_bytes());
    ctx.charge(rest.len().saturating_mul(size_of::<Val>()))?;
    let mut parts = Vec::new();
    while parts.len() + 1 < most
        && let Some(at) = rest.windows(separator.len()).position(|window| window == separator)
    {
        parts.push(Str::from_bytes(&rest[..at]));
        rest = &rest[at + separator.len()..];
    }
    parts.push(Str::from_bytes(rest));
    Ok(parts)
}

/// Bytes of the first character; 1 when it is not UTF-8.
fn char_length(bytes: &[u8]) -> usize {
    let head = &bytes[..bytes.len().min(4)];
    head.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()).map_or(1, char::len_utf8)
}

fn numbered(ctx: &mut Ctx, separator: &Str, text: &Str, n: i64) -> Result<Val, FuncError> {
    let parts = split(ctx, separator, text, n)?;
    Ok(Val::string_map(parts.into_iter().enumerate().map(|(i, part)| (format!("_{i}").into(), part))))
}

fn trim_all(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let set: Vec<char> = args.text(0).chars().collect();
    Ok(Val::str(args.text(1).trim_matches(set.as_slice())))
}

fn contains(args: &[Val]) -> bool {
    let (needle, hay) = (args.string(0), args.string(1));
    match (utf8(&needle), utf8(&hay)) {
        (Some(needle), Some(hay)) => hay.contains(needle),
        _ => needle.is_empty() || hay.as_bytes().windows(needle.len()).any(|w| w == needle.as_bytes()),
    }
}

fn map_chars(text: &str, f: fn(char) -> char) -> Val {
    Val::str(text.chars().map(f).collect::<String>())
}

/// Go maps one character to one character; where Rust's full mapping has several, Go leaves it.
pub(crate) fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// See [`upper`].
pub(crate) fn lower(c: char) -> char {
    let mut mapped = c.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        // The one capital whose full mapping is longer than the simple one.
        _ if c == '\u{130}' => 'i',
        _ => c,
    }
}

/// `unicode.ToTitle`: as upper, but for the letters that are two in one (`ǆ`).
fn title_case(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        c => upper(c),
    }
}

/// `unicode.IsSpace`.
fn is_space(c: char) -> bool {
    c.is_whitespace()
}

fn title(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let separates = |c: char| {
        if c.is_ascii() {
            !(c.is_ascii_alphanumeric() || c == '_')
        } else {
            !c.is_alphanumeric() && is_space(c)
        }
    };
    let mut previous = ' ';
    let text = args.text(0).chars().map(|c| {
        let mapped = if separates(previous) { title_case(c) } else { c };
        previous = c;
        mapped
    });
    Ok(Val::str(text.collect::<String>()))
}

fn untitle(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let mut first = true;
    let text = args.text(0).chars().map(|c| {
        if is_space(c) {
            first = true;
            c
        } else if std::mem::take(&mut first) {
            lower(c)
        } else {
            c
        }
    });
    Ok(Val::str(text.collect::<String>()))
}

/// goutils' `SwapCase`: a small letter at the start of a word becomes title case.
fn swapcase(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let mut blank_before = true;
    let text = args.text(0).chars().map(|c| {
        // Letters of title case (ǅ) are neither upper nor lower in Rust's view; they become lower.
        let cased = c.is_uppercase() || c.is_lowercase() || lower(c) != c;
        let start = std::mem::replace(&mut blank_before, !cased && is_space(c));
        if !cased {
            c
        } else if !c.is_lowercase() {
            lower(c)
        } else if start {
            title_case(c)
        } else {
            upper(c)
        }
    });
    Ok(Val::str(text.collect::<String>()))
}

fn substr(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let (start, end, text) = (args.int(0), args.int(1), args.bytes(2));
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (from, to) = if start < 0 {
        if end < 0 {
            return Err(format!("runtime error: slice bounds out of range [:{end}]").into());
        }
        if end > length {
            return Err(
                format!("runtime error: slice bounds out of range [:{end}] with length {length}").into()
            );
        }
        (0, end)
    } else if end < 0 || end > length {
        (start, length)
    } else {
        (start, end)
    };
    if from > to {
        return Err(format!("runtime error: slice bounds out of range [{from}:{to}]").into());
    }
    Ok(Val::Str(Str::from_bytes(&text[cast::size(from)..cast::size(to)])))
}

fn trunc(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let (count, text) = (args.int(0), args.bytes(1));
    let n = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if n >= text.len() {
        return Ok(args.any(1).clone());
    }
    let part = if count < 0 { &text[text.len() - n..] } else { &text[..n] };
    Ok(Val::Str(Str::from_bytes(part)))
}

/// goutils' `AbbreviateFull`: at most `width` bytes, dots for what is left out; a text with a mistake in it is empty.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    if width < 4 {
        // `abbrev` gives the text itself for such widths.
        return text.to_vec();
    }
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if length <= width {
        return text.to_vec();
    }
    let mut offset = offset.clamp(0, length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return [&text[..cast::size(width - 3)], b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + width - 3 < length {
        return [b"...", &abbreviate(&text[cast::size(offset)..], 0, width - 3)[..]].concat();
    }
    [b"...", &text[cast::size(length - (width - 3))..]].concat()
}

/// goutils reads bytes as characters: in a text with blanks, non-ASCII letters come out as Latin-1.
fn nospace(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let blank = |b: &u8| is_space(char::from(*b));
    if !args.bytes(0).iter().any(blank) {
        return Ok(args.any(0).clone());
    }
    let kept = args.bytes(0).iter().filter(|b| !blank(b)).map(|b| char::from(*b));
    Ok(Val::str(kept.collect::<String>()))
}

/// See [`nospace`] for the bytes.
fn initials(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let mut gap = true;
    let letters = args.bytes(0).iter().map(|b| char::from(*b)).filter(|c| {
        let first = gap && !is_space(*c);
        gap = is_space(*c);
        first
    });
    Ok(Val::str(letters.collect::<String>()))
}

fn shuffle(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let mut chars: Vec<char> = args.text(0).chars().collect();
    for i in (1..chars.len()).rev() {
        let j = usize::try_from(ctx.random() % (i as u64 + 1)).unwrap_or(0);
        chars.swap(i, j);
    }
    Ok(Val::str(chars.into_iter().collect::<String>()))
}

/// goutils' `WrapCustom`: breaks at blanks, at `width` bytes; long words are cut only when asked for.
fn wrap(ctx: &mut Ctx, text: &[u8], width: i64, newline: &[u8], cut: bool) -> Result<Val, FuncError> {
    let newline = if newline.is_empty() { b"\n" } else { newline };
    let width = usize::try_from(width).unwrap_or(0).max(1);
    ctx.charge(text.len().saturating_add((text.len() / width + text.len()).saturating_mul(newline.len())))?;
    let mut out = Vec::new();
    let mut offset = 0;
    while text.len() - offset > width {
        if text[offset] == b' ' {
            offset += 1;
            continue;
        }
        let blank = text[offset..=offset + width].iter().rposition(|b| *b == b' ');
        let (end, next) = match blank {
            Some(at) => (offset + at, offset + at + 1),
            None if cut => (offset + width, offset + width),
            None => match text[offset + width..].iter().position(|b| *b == b' ') {
                Some(at) => (offset + width + at, offset + width + at + 1),
                None => break,
            },
        };
        out.extend_from_slice(&text[offset..end]);
        out.extend_from_slice(newline);
        offset = next;
    }
    out.extend_from_slice(&text[offset..]);
    Ok(Val::Str(owned(out)))
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || is_space(c)
}

/// xstrings' `ToPascalCase`, which sprig calls `camelcase`.
fn pascal_case(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    let mut upper_run = false;
    let mut current = None;
    for c in chars.by_ref() {
        if is_connector(c) {
            out.push(c);
        } else {
            upper_run = c.is_uppercase();
            current = Some(upper(c));
            break;
        }
    }
    let Some(mut current) = current else {
        // The last of only connectors is written twice: the original forgets that it has written it.
        out.extend(text.chars().next_back());
        return out;
    };
    for c in chars {
        let before = std::mem::replace(&mut current, c);
        if is_connector(c) && is_connector(before) {
            out.push(before);
        } else if is_connector(before) {
            upper_run = c.is_uppercase();
            current = upper(c);
        } else {
            if upper_run {
                if c.is_uppercase() {
                    current = lower(c);
                } else {
                    upper_run = false;
                }
            }
            out.push(before);
        }
    }
    out.push(current);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    None,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// xstrings' `isAlphabet`: letters; what has no case counts too.
fn is_letter(c: char) -> bool {
    c.is_alphabetic()
}

/// `unicode.IsPunct`.
fn is_punctuation(c: char) -> bool {
    static PUNCTUATION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{P}$").ok());
    if c.is_ascii() {
        return c.is_ascii_punctuation() && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    PUNCTUATION.as_ref().is_some_and(|regex| regex.is_match(c.encode_utf8(&mut [0; 4])))
}

/// The next word of xstrings' case conversion: its kind, itself, what follows.
fn next_word(text: &str) -> (Word, &str, &str) {
    let Some(first) = text.chars().next() else { return (Word::None, "", "") };
    let run = |from: usize, accept: &dyn Fn(char) -> bool| {
        let more: usize = text[from..].chars().take_while(|c| accept(*c)).map(char::len_utf8).sum();
        from + more
    };
    let small = |c: char| is_letter(c) && !c.is_uppercase();
    let start = first.len_utf8();
    let (kind, end) = if is_connector(first) {
        (Word::Connector, run(start, &is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(start, &is_punctuation))
    } else if first.is_uppercase() {
        let second = text[start..].chars().next();
        let end = match second {
            Some(c) if c.is_uppercase() => {
                let end = run(start, &char::is_uppercase);
                // In HTTPStatus the S belongs to the next word.
                match text[end..].chars().next() {
                    Some(c) if is_letter(c) => {
                        end - text[..end].chars().next_back().map_or(0, char::len_utf8)
                    }
                    _ => end,
                }
            }
            Some(c) if is_letter(c) => run(start, &small),
            _ => start,
        };
        (Word::Upper, end)
    } else if is_letter(first) {
        (Word::Alphabet, run(start, &small))
    } else if first.is_numeric() {
        (Word::Number, run(start, &char::is_numeric))
    } else {
        let other = |c: char| !(is_connector(c) || is_letter(c) || c.is_numeric() || is_punctuation(c));
        (Word::Other, run(start, &other))
    };
    (kind, &text[..end], &text[end..])
}

fn write_lower(out: &mut String, kind: Word, word: &str, connector: char) {
    if kind != Word::Upper && kind != Word::Connector {
        out.push_str(word);
        return;
    }
    for c in word.chars() {
        out.push(if is_connector(c) {
            connector
        } else if c.is_uppercase() {
            lower(c)
        } else {
            c
        });
    }
}

/// xstrings' `ToSnakeCase` and `ToKebabCase`.
fn words_to_lower(text: &str, connector: char) -> String {
    let mut out = String::new();
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            write_lower(&mut out, kind, word, connector);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        let joins = |kind: Word| !matches!(kind, Word::Connector | Word::Punctuation);
        match previous {
            Word::Number => {
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write_lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if kind != Word::None && joins(kind) {
                    out.push(connector);
                }
            }
            Word::Connector => write_lower(&mut out, previous, last, connector),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if joins(kind) {
                    out.push(connector);
                }
            }
            _ => {
                if rest.is_empty() {
                    break;
                }
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind != Word::Alphabet {
                    // Bld4Floor: the number ends its word.
                    write_lower(&mut out, Word::Number, number, connector);
                    if joins(kind) {
                        out.push(connector);
                    }
                    continue;
                }
                // HTTP2xx: the number begins the next.
                out.push(connector);
                write_lower(&mut out, Word::Number, number, connector);
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write_lower(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if kind != Word::None && joins(kind) {
                    out.push(connector);
                }
            }
        }
    }
    write_lower(&mut out, kind, word, connector);
    out
}
