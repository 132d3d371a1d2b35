//! Go's `fmt`: how values print, and `printf`.

use std::fmt::Write as _;

use super::value::{IntKind, MAX_VALUE_DEPTH, Object, UintKind, Val};

/// Shortest digits that read back as the same float, and the decimal exponent: `0.d1d2d3… × 10^exp`.
fn shortest(f: f64) -> (String, i32) {
    let text = format!("{:e}", f.abs());
    let (mantissa, exp) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    (digits, exp.parse::<i32>().unwrap_or(0) + 1)
}

fn float_special(out: &mut String, f: f64) -> bool {
    if f.is_nan() {
        out.push_str("NaN");
    } else if f.is_infinite() {
        out.push_str(if f > 0.0 { "+Inf" } else { "-Inf" });
    } else {
        return false;
    }
    true
}

/// Writes a float as `%v` and `strconv.FormatFloat(f, 'g', -1, 64)` do: shortest digits, with an exponent when it is below -4 or
/// from 6 on.
pub(crate) fn float_v(out: &mut String, f: f64) {
    if float_special(out, f) {
        return;
    }
    if f.is_sign_negative() {
        out.push('-');
    }
    if f == 0.0 {
        out.push('0');
        return;
    }
    let (digits, point) = shortest(f);
    let exp = point - 1;
    if !(-4..6).contains(&exp) {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let _ = write!(out, "e{}{:02}", if exp < 0 { '-' } else { '+' }, exp.abs());
    } else {
        fixed(out, &digits, point);
    }
}

fn fixed(out: &mut String, digits: &str, point: i32) {
    if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-point) as usize));
        out.push_str(digits);
    } else if let Some((whole, fraction)) = digits.split_at_checked(point as usize) {
        out.push_str(whole);
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
        }
    } else {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', point as usize - digits.len()));
    }
}

/// Writes a value as `%v` does. False when it is too deep or too long for that, and was cut.
pub(crate) fn print_v(out: &mut String, v: &Val) -> bool {
    print_within(out, v, MAX_TEXT)
}

/// [`print_v`], as long as all of `out` is not longer than `limit` bytes.
pub(crate) fn print_within(out: &mut String, v: &Val, limit: usize) -> bool {
    match v {
        Val::Str(s) => out.push_str(s),
        Val::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Val::Int(IntKind::Int | IntKind::Int64, n) => {
            let _ = write!(out, "{n}");
        }
        Val::Float(f) => float_v(out, *f),
        _ => {
            let mut printer = Printer { limit, ..Printer::new(out, Flags::default()) };
            printer.value(v, 'v', 0);
            return !printer.cut;
        }
    }
    true
}

/// Writes values as `print` does: a space between two of which neither is a string. False when something was cut.
pub(crate) fn sprint(out: &mut String, args: &[Val], limit: usize) -> bool {
    let mut text_before = true;
    let mut whole = true;
    for (i, v) in args.iter().enumerate() {
        let text = matches!(v, Val::Str(_));
        if i > 0 && !text && !text_before {
            out.push(' ');
        }
        whole &= print_within(out, v, limit);
        text_before = text;
    }
    whole
}

/// A Go string constant for the text (`strconv.Quote`).
pub(crate) fn quoted(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    quote(&mut out, s.as_bytes(), false);
    out
}

/// Writes a Go string constant for the bytes; `ascii` as `%+q` does.
pub(crate) fn quote(out: &mut String, bytes: &[u8], ascii: bool) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape(out, c, '"', ascii);
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push('"');
}

fn escape(out: &mut String, c: char, quote: char, ascii: bool) {
    match c {
        '\\' => out.push_str("\\\\"),
        c if c == quote => {
            out.push('\\');
            out.push(c);
        }
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        ' '..='~' => out.push(c),
        c if !ascii && is_print(c) => out.push(c),
        c if (c as u32) < 0x80 => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        c if (c as u32) < 0x1_0000 => {
            let _ = write!(out, "\\u{:04x}", c as u32);
        }
        c => {
            let _ = write!(out, "\\U{:08x}", c as u32);
        }
    }
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub(crate) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    // Rust's `Debug` draws the same line, but escapes a combining mark at the start.
    let mut text = String::from("a");
    text.push(c);
    text.escape_debug().eq(text.chars())
}

/// Formats as `printf` does; `None` when the result would be larger than `limit` bytes.
pub(crate) fn sprintf(format: &str, args: &[Val], limit: usize) -> Option<String> {
    let mut out = String::with_capacity(format.len() + 16 * args.len());
    let bytes = format.as_bytes();
    let end = bytes.len();
    let (mut i, mut arg) = (0, 0);
    let mut reordered = false;
    let mut cut = false;
    while i < end {
        let start = i;
        while i < end && bytes[i] != b'%' {
            i += 1;
        }
        out.push_str(&format[start..i]);
        if i >= end {
            break;
        }
        i += 1;
        let mut flags = Flags::default();
        let mut good = true;
        while i < end {
            match bytes[i] {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            i += 1;
        }
        let mut index = |arg: &mut usize, i: &mut usize, good: &mut bool| -> bool {
            if bytes.get(*i) != Some(&b'[') {
                return false;
            }
            reordered = true;
            let (number, width, ok) = arg_number(&format[*i..]);
            *i += width;
            match number {
                Some(n) if ok && n < args.len() => {
                    *arg = n;
                    true
                }
                _ => {
                    *good = false;
                    ok
                }
            }
        };
        let mut after_index = index(&mut arg, &mut i, &mut good);
        if bytes.get(i) == Some(&b'*') {
            i += 1;
            match int_arg(args, &mut arg) {
                Some(n) => {
                    if n < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                    flags.width = Some(n.unsigned_abs() as usize);
                }
                None => out.push_str("%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            flags.width = number(bytes, &mut i);
            if after_index && flags.width.is_some() {
                good = false;
            }
        }
        if i + 1 < end && bytes[i] == b'.' {
            i += 1;
            if after_index {
                good = false;
            }
            after_index = index(&mut arg, &mut i, &mut good);
            if bytes.get(i) == Some(&b'*') {
                i += 1;
                match int_arg(args, &mut arg) {
                    Some(n) if n >= 0 => flags.precision = Some(n as usize),
                    _ => out.push_str("%!(BADPREC)"),
                }
                after_index = false;
            } else {
                flags.precision = Some(number(bytes, &mut i).unwrap_or(0));
            }
        }
        if !after_index {
            index(&mut arg, &mut i, &mut good);
        }
        // Indexes and flags are ASCII: here is a character boundary.
        let Some(verb) = format.get(i..).and_then(|rest| rest.chars().next()) else {
            out.push_str("%!(NOVERB)");
            break;
        };
        i += verb.len_utf8();
        match args.get(arg) {
            _ if verb == '%' => out.push('%'),
            _ if !good => {
                let _ = write!(out, "%!{verb}(BADINDEX)");
            }
            None => {
                let _ = write!(out, "%!{verb}(MISSING)");
            }
            Some(v) => {
                if matches!(verb, 'v' | 'w') {
                    flags.sharp_v = std::mem::take(&mut flags.sharp);
                    flags.plus_v = std::mem::take(&mut flags.plus);
                }
                let mut printer = Printer { limit, ..Printer::new(&mut out, flags) };
                printer.arg(v, verb);
                cut |= printer.cut;
                arg += 1;
            }
        }
        if cut || out.len() > limit {
            return None;
        }
    }
    if !reordered && arg < args.len() {
        out.push_str("%!(EXTRA ");
        for (n, v) in args[arg..].iter().enumerate() {
            if n > 0 {
                out.push_str(", ");
            }
            if v.is_nil() {
                out.push_str("<nil>");
            } else {
                let _ = write!(out, "{}=", v.type_name());
                cut |= !print_within(&mut out, v, limit);
            }
        }
        out.push(')');
    }
    (!cut).then_some(out)
}

/// Values are not printed on when the text is this long.
const MAX_TEXT: usize = 1 << 26;

/// The largest width or precision Go takes.
const MAX_WIDTH: usize = 1_000_000;

fn number(bytes: &[u8], i: &mut usize) -> Option<usize> {
    let mut n = None;
    while let Some(digit @ b'0'..=b'9') = bytes.get(*i) {
        let so_far = n.unwrap_or(0);
        if so_far > MAX_WIDTH {
            *i = bytes.len();
            return None;
        }
        n = Some(so_far * 10 + usize::from(digit - b'0'));
        *i += 1;
    }
    n
}

/// `[3]`: the index from zero, the bytes it takes, and whether it is well-formed.
fn arg_number(format: &str) -> (Option<usize>, usize, bool) {
    match format.find(']') {
        Some(close) if format.len() >= 3 => {
            let mut i = 1;
            let n = number(&format.as_bytes()[..close], &mut i);
            match n {
                Some(n) if i == close => (n.checked_sub(1), close + 1, true),
                _ => (None, close + 1, false),
            }
        }
        _ => (None, 1, false),
    }
}

fn int_arg(args: &[Val], arg: &mut usize) -> Option<i64> {
    let v = args.get(*arg)?;
    *arg += 1;
    let n = match v {
        Val::Int(_, n) => *n,
        Val::Uint(_, n) => i64::try_from(*n).ok()?,
        _ => return None,
    };
    (n.unsigned_abs() <= MAX_WIDTH as u64).then_some(n)
}

#[derive(Clone, Copy, Default)]
struct Flags {
    sharp: bool,
    zero: bool,
    plus: bool,
    minus: bool,
    space: bool,
    sharp_v: bool,
    plus_v: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Printer<'o> {
    out: &'o mut String,
    flags: Flags,
    /// How long `out` may become.
    limit: usize,
    /// Something was too deep or too long.
    cut: bool,
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut String, flags: Flags) -> Self {
        Printer { out, flags, limit: MAX_TEXT, cut: false }
    }

    fn padding(&mut self, n: usize) {
        let c = if self.flags.zero && !self.flags.minus { '0' } else { ' ' };
        self.out.extend(std::iter::repeat_n(c, n));
    }

    fn pad(&mut self, s: &str) {
        let Some(width) = self.flags.width else {
            self.out.push_str(s);
            return;
        };
        let missing = width.saturating_sub(s.chars().count());
        if self.flags.minus {
            self.out.push_str(s);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.out.push_str(s);
        }
    }

    fn bad_verb(&mut self, v: &Val, verb: char) {
        let _ = write!(self.out, "%!{verb}(");
        if v.is_nil() {
            self.out.push_str("<nil>");
        } else {
            let _ = write!(self.out, "{}=", v.type_name());
            self.value(v, 'v', 0);
        }
        self.out.push(')');
    }

    fn arg(&mut self, v: &Val, verb: char) {
        match (v, verb) {
            (Val::Nil, 'T' | 'v') => self.pad("<nil>"),
            (v, 'T') => {
                let name = v.type_name().into_owned();
                self.text(name.as_bytes(), 's', v);
            }
            // Addresses would differ from run to run.
            (v, 'p') => self.bad_verb(v, verb),
            _ => self.value(v, verb, 0),
        }
    }

    fn value(&mut self, v: &Val, verb: char, depth: usize) {
        if depth > MAX_VALUE_DEPTH || self.out.len() > self.limit {
            self.cut = true;
            return;
        }
        let sharp_v = self.flags.sharp_v;
        match v {
            Val::Nil if sharp_v && depth > 0 => self.out.push_str("interface {}(nil)"),
            // In a list or map, Go writes it so whatever the verb.
            Val::Nil if verb == 'v' || depth > 0 => self.out.push_str("<nil>"),
            Val::Nil => self.bad_verb(v, verb),
            Val::Bool(b) => match verb {
                't' | 'v' => self.pad(if *b { "true" } else { "false" }),
                _ => self.bad_verb(v, verb),
            },
            Val::Int(kind @ (IntKind::Duration | IntKind::Month), n)
                if matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !sharp_v =>
            {
                let mut text = String::new();
                print_named_int(&mut text, *kind, *n);
                self.text(text.as_bytes(), verb, v);
            }
            Val::Int(_, n) => self.integer(n.unsigned_abs(), *n < 0, true, verb, v),
            Val::Uint(_, n) => self.integer(*n, false, false, verb, v),
            Val::Float(f) => self.float(*f, verb, v),
            Val::Str(s) => self.text(s.as_bytes(), verb, v),
            Val::Bytes(b) => match verb {
                'v' | 'd' if sharp_v => {
                    self.out.push_str("[]byte{");
                    for (i, b) in b.iter().enumerate() {
                        let _ = write!(self.out, "{}{b:#x}", if i > 0 { ", " } else { "" });
                    }
                    self.out.push('}');
                }
                's' | 'x' | 'X' | 'q' => self.text(b, verb, v),
                _ => {
                    self.out.push('[');
                    for (i, b) in b.iter().enumerate() {
                        if i > 0 {
                            self.out.push(' ');
                        }
                        self.value(&Val::Uint(UintKind::Uint8, u64::from(*b)), verb, depth + 1);
                    }
                    self.out.push(']');
                }
            },
            // For `fmt.Errorf` alone.
            Val::List(_) | Val::Map(_) | Val::Object(_) if verb == 'w' => self.bad_verb(v, verb),
            Val::List(l) => {
                let (open, comma, close) = if sharp_v { ("{", ", ", '}') } else { ("[", " ", ']') };
                if sharp_v {
                    self.out.push_str(&v.type_name());
                    if l.nil {
                        self.out.push_str("(nil)");
                        return;
                    }
                }
                self.out.push_str(open);
                for (i, v) in l.items.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(comma);
                    }
                    self.value(v, verb, depth + 1);
                }
                self.out.push(close);
            }
            Val::Map(m) => {
                let (comma, close) = if sharp_v { (", ", '}') } else { (" ", ']') };
                if sharp_v {
                    self.out.push_str(&v.type_name());
                    self.out.push('{');
                } else {
                    self.out.push_str("map[");
                }
                for (i, (k, v)) in m.entries().iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(comma);
                    }
                    self.text(k.as_bytes(), verb, &Val::Str(k.clone()));
                    self.out.push(':');
                    self.value(v, verb, depth + 1);
                }
                self.out.push(close);
            }
            Val::Object(o) => self.object(&**o, verb, v),
        }
    }

    fn object(&mut self, o: &dyn Object, verb: char, v: &Val) {
        let text = o.print();
        if o.is_stringer() && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            self.text(text.as_bytes(), verb, v);
        } else {
            self.out.push_str(&text);
        }
    }

    fn text(&mut self, bytes: &[u8], verb: char, v: &Val) {
        let cut = |bytes: &[u8]| -> String {
            let text = String::from_utf8_lossy(bytes);
            match self.flags.precision {
                Some(n) => text.chars().take(n).collect(),
                None => text.into_owned(),
            }
        };
        match verb {
            'v' if self.flags.sharp_v => {
                let mut out = String::new();
                quote(&mut out, bytes, false);
                self.pad(&out);
            }
            'v' | 's' => {
                let text = cut(bytes);
                self.pad(&text);
            }
            'x' | 'X' => self.hex(bytes, verb == 'X'),
            'q' => {
                let mut out = String::new();
                let text = cut(bytes);
                let backquotable =
                    !text.chars().any(|c| (c.is_control() && c != '\t') || c == '`' || c == '\u{feff}');
                if self.flags.sharp && backquotable {
                    let _ = write!(out, "`{text}`");
                } else if self.flags.precision.is_some() {
                    quote(&mut out, text.as_bytes(), self.flags.plus);
                } else {
                    quote(&mut out, bytes, self.flags.plus);
                }
                self.pad(&out);
            }
            _ => self.bad_verb(v, verb),
        }
    }

    fn hex(&mut self, bytes: &[u8], upper: bool) {
        let bytes = &bytes[..self.flags.precision.unwrap_or(usize::MAX).min(bytes.len())];
        let prefix = match (self.flags.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut text = String::with_capacity(bytes.len() * 2);
        for (i, b) in bytes.iter().enumerate() {
            if self.flags.space && i > 0 {
                text.push(' ');
            }
            if i == 0 || self.flags.space {
                text.push_str(prefix);
            }
            let _ = if upper { write!(text, "{b:02X}") } else { write!(text, "{b:02x}") };
        }
        self.pad(&text);
    }

    fn integer(&mut self, n: u64, negative: bool, signed: bool, verb: char, v: &Val) {
        match verb {
            'v' if self.flags.sharp_v && !signed => {
                self.flags.sharp = true;
                self.digits(n, negative, 16, verb, false);
                self.flags.sharp = false;
            }
            'v' | 'd' => self.digits(n, negative, 10, verb, false),
            'b' => self.digits(n, negative, 2, verb, false),
            'o' | 'O' => self.digits(n, negative, 8, verb, false),
            'x' => self.digits(n, negative, 16, verb, false),
            'X' => self.digits(n, negative, 16, verb, true),
            'c' => {
                let c = rune(n, negative);
                self.pad(c.encode_utf8(&mut [0; 4]));
            }
            'q' => {
                let mut text = String::from("'");
                escape(&mut text, rune(n, negative), '\'', self.flags.plus);
                text.push('\'');
                self.pad(&text);
            }
            'U' => {
                let n = if negative { n.wrapping_neg() } else { n };
                let width = self.flags.precision.unwrap_or(4).max(4);
                let digits = format!("{n:X}");
                let mut text = String::from("U+");
                text.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
                text.push_str(&digits);
                if self.flags.sharp
                    && let Some(c) = u32::try_from(n).ok().and_then(char::from_u32)
                    && is_print(c)
                {
                    let _ = write!(text, " '{c}'");
                }
                self.pad_spaces(&text);
            }
            _ => self.bad_verb(v, verb),
        }
    }

    fn pad_spaces(&mut self, text: &str) {
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(text);
        self.flags.zero = zero;
    }

    fn digits(&mut self, n: u64, negative: bool, base: u32, verb: char, upper: bool) {
        let signed = negative || self.flags.plus || self.flags.space;
        let precision = match (self.flags.precision, self.flags.width) {
            (Some(0), _) if n == 0 => {
                let width = self.flags.width.unwrap_or(0);
                self.out.extend(std::iter::repeat_n(' ', width));
                return;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if self.flags.zero && !self.flags.minus => {
                width - usize::from(signed && width > 0)
            }
            _ => 0,
        };
        let digits = match base {
            2 => format!("{n:b}"),
            8 => format!("{n:o}"),
            16 if upper => format!("{n:X}"),
            16 => format!("{n:x}"),
            _ => n.to_string(),
        };
        let mut number = String::new();
        number.extend(std::iter::repeat_n('0', precision.saturating_sub(digits.len())));
        number.push_str(&digits);
        let mut text = String::new();
        if negative {
            text.push('-');
        } else if self.flags.plus {
            text.push('+');
        } else if self.flags.space {
            text.push(' ');
        }
        if verb == 'O' {
            text.push_str("0o");
        }
        if self.flags.sharp {
            match base {
                2 => text.push_str("0b"),
                8 if !number.starts_with('0') => text.push('0'),
                16 => text.push_str(if upper { "0X" } else { "0x" }),
                _ => {}
            }
        }
        text.push_str(&number);
        self.pad_spaces(&text);
    }

    fn float(&mut self, f: f64, verb: char, v: &Val) {
        let precision = self.flags.precision;
        let mut text = String::new();
        match verb {
            'v' | 'g' | 'G' => float_g(&mut text, f, precision),
            'e' | 'E' => float_e(&mut text, f, precision.unwrap_or(6)),
            'f' | 'F' => float_f(&mut text, f, precision.unwrap_or(6)),
            'x' | 'X' => float_x(&mut text, f, precision),
            'b' => float_b(&mut text, f),
            _ => return self.bad_verb(v, verb),
        }
        if matches!(verb, 'E' | 'G' | 'X') && f.is_finite() {
            text.make_ascii_uppercase();
        }
        let special = !f.is_finite();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => ('-', rest),
            None => ('+', text.strip_prefix('+').unwrap_or(&text)),
        };
        let mut digits = digits.to_owned();
        let sign = if self.flags.space && sign == '+' && !self.flags.plus { ' ' } else { sign };
        if special {
            let number = if f.is_nan() && !self.flags.space && !self.flags.plus {
                digits
            } else if sign == '+' && !self.flags.plus && f.is_infinite() {
                // Infinities keep their sign.
                format!("+{digits}")
            } else {
                format!("{sign}{digits}")
            };
            self.pad_spaces(&number);
            return;
        }
        if self.flags.sharp && verb != 'b' {
            let count =
                if matches!(verb, 'v' | 'g' | 'G' | 'x') { Some(precision.unwrap_or(6)) } else { None };
            digits = keep_point(&digits, count);
        }
        if self.flags.plus || sign != '+' {
            if self.flags.zero
                && !self.flags.minus
                && let Some(width) = self.flags.width
                && width > digits.len() + 1
            {
                self.out.push(sign);
                self.padding(width - digits.len() - 1);
                self.out.push_str(&digits);
                return;
            }
            self.pad(&format!("{sign}{digits}"));
            return;
        }
        self.pad(&digits);
    }
}

fn rune(n: u64, negative: bool) -> char {
    if negative {
        return '\u{fffd}';
    }
    u32::try_from(n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

/// The `#` flag of floats: a decimal point always, and for `g` zeros up to the number of significant digits.
fn keep_point(digits: &str, significant: Option<usize>) -> String {
    let hex = digits.starts_with("0x") || digits.starts_with("0X");
    let (number, tail) = match digits.find(if hex { ['p', 'P'] } else { ['e', 'E'] }) {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let mut out = number.to_owned();
    // Go counts the `x` of a hexadecimal float too.
    let mut count = number.trim_start_matches('0').chars().filter(|c| *c != '.').count();
    if !hex && number.starts_with("0.") {
        count = number.trim_start_matches(['0', '.']).chars().count();
    }
    if !number.contains('.') {
        if number == "0" {
            count += 1;
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', significant.unwrap_or(0).saturating_sub(count)));
    out.push_str(tail);
    out
}

/// A value as `%s` shows it.
pub(crate) fn print_s(v: &Val) -> String {
    let mut out = String::new();
    Printer::new(&mut out, Flags::default()).value(v, 's', 0);
    out
}

/// The mantissa, with its implicit bit, and the exponent that goes with it as an integer.
fn parts(f: f64) -> (u64, i32) {
    let bits = f.to_bits();
    let (exp, mantissa) = (((bits >> 52) & 0x7ff) as i32, bits & ((1 << 52) - 1));
    if exp == 0 { (mantissa, -1074) } else { (mantissa | 1 << 52, exp - 1075) }
}

/// `strconv.FormatFloat(f, 'b', -1, 64)`: the mantissa and a power of two.
fn float_b(out: &mut String, f: f64) {
    if float_special(out, f) {
        return;
    }
    let (mantissa, exp) = parts(f);
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let _ = write!(out, "{sign}{mantissa}p{exp:+}");
}

/// `strconv.FormatFloat(f, 'x', precision, 64)`: hexadecimal digits and a power of two.
fn float_x(out: &mut String, f: f64, precision: Option<usize>) {
    if float_special(out, f) {
        return;
    }
    let (mut mantissa, mut exp) = parts(f);
    if mantissa == 0 {
        exp = 0;
    } else {
        exp += 52;
        while mantissa & (1 << 52) == 0 {
            mantissa <<= 1;
            exp -= 1;
        }
    }
    // One digit before the point, 13 after it.
    if let Some(precision) = precision
        && precision < 13
    {
        let shift = 4 * (13 - precision);
        let (rest, half) = (mantissa & ((1 << shift) - 1), 1 << (shift - 1));
        mantissa >>= shift;
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= shift;
        if mantissa & (1 << 53) != 0 {
            mantissa >>= 1;
            exp += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let fraction = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(n) => digits.chars().chain(std::iter::repeat('0')).take(n).collect(),
    };
    let sign = if f.is_sign_negative() { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    let _ = write!(out, "{sign}0x{}{point}{fraction}p", mantissa >> 52);
    let _ = write!(out, "{}{:02}", if exp < 0 { '-' } else { '+' }, exp.abs());
}

/// No `f64` has more digits than this after the point.
const MAX_FRACTION: usize = 1100;

/// `strconv.FormatFloat(f, 'f', precision, 64)`.
pub(crate) fn float_f(out: &mut String, f: f64, precision: usize) {
    if float_special(out, f) {
        return;
    }
    let _ = write!(out, "{f:.*}", precision.min(MAX_FRACTION));
    out.extend(std::iter::repeat_n('0', precision.saturating_sub(MAX_FRACTION)));
}

/// `strconv.FormatFloat(f, 'e', precision, 64)`.
pub(crate) fn float_e(out: &mut String, f: f64, precision: usize) {
    if float_special(out, f) {
        return;
    }
    let text = format!("{f:.*e}", precision.min(MAX_FRACTION));
    let (mantissa, exp) = text.split_once('e').unwrap_or((&text, "0"));
    out.push_str(mantissa);
    out.extend(std::iter::repeat_n('0', precision.saturating_sub(MAX_FRACTION)));
    exponent(out, exp.parse().unwrap_or(0));
}

fn exponent(out: &mut String, exp: i32) {
    let _ = write!(out, "e{}{:02}", if exp < 0 { '-' } else { '+' }, exp.abs());
}

/// `strconv.FormatFloat(f, 'g', precision, 64)`; no precision is the shortest text that reads back.
pub(crate) fn float_g(out: &mut String, f: f64, precision: Option<usize>) {
    let Some(precision) = precision else { return float_v(out, f) };
    if float_special(out, f) {
        return;
    }
    let precision = precision.max(1);
    if f.is_sign_negative() {
        out.push('-');
    }
    if f == 0.0 {
        out.push('0');
        return;
    }
    let text = format!("{:.*e}", (precision - 1).min(MAX_FRACTION), f.abs());
    let (mantissa, exp) = text.split_once('e').unwrap_or((&text, "0"));
    let exp: i32 = exp.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let point = exp + 1;
    let count = digits.len() as i32;
    let threshold = if precision as i32 > count && count >= point { count } else { precision as i32 };
    if exp < -4 || exp >= threshold {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        exponent(out, exp);
    } else {
        fixed(out, digits, point);
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn print_named_int(out: &mut String, kind: IntKind, n: i64) {
    match kind {
        IntKind::Duration => duration(out, n),
        IntKind::Month => match usize::try_from(n - 1).ok().and_then(|i| MONTHS.get(i)) {
            Some(name) => out.push_str(name),
            None => {
                let _ = write!(out, "%!Month({n})");
            }
        },
        _ => {
            let _ = write!(out, "{n}");
        }
    }
}

/// `time.Duration.String()`: `1h2m3.5s`, `1.5µs`, `0s`.
pub(crate) fn duration(out: &mut String, nanos: i64) {
    if nanos < 0 {
        out.push('-');
    }
    let n = nanos.unsigned_abs();
    let fraction = |out: &mut String, n: u64, unit: u64, suffix: &str| {
        let _ = write!(out, "{}", n / unit);
        let rest = n % unit;
        if rest != 0 {
            let width = unit.ilog10() as usize;
            let digits = format!("{rest:0width$}");
            let _ = write!(out, ".{}", digits.trim_end_matches('0'));
        }
        out.push_str(suffix);
    };
    match n {
        0 => out.push_str("0s"),
        1..1_000 => fraction(out, n, 1, "ns"),
        1_000..1_000_000 => fraction(out, n, 1_000, "µs"),
        1_000_000..1_000_000_000 => fraction(out, n, 1_000_000, "ms"),
        _ => {
            let (hours, minutes) = (n / 3_600_000_000_000, n / 60_000_000_000);
            if hours > 0 {
                let _ = write!(out, "{hours}h");
            }
            if minutes > 0 {
                let _ = write!(out, "{}m", minutes % 60);
            }
            fraction(out, n % 60_000_000_000, 1_000_000_000, "s");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_go_prints_them() {
        for (f, want) in [
            (1_000_000.0, "1e+06"),
            (3.0, "3"),
            (100_000.0, "100000"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1234.5, "1234.5"),
            (1_234_567.0, "1.234567e+06"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (f64::INFINITY, "+Inf"),
        ] {
            let mut out = String::new();
            float_v(&mut out, f);
            assert_eq!(out, want);
        }
    }

    #[test]
    fn durations_print_as_go_prints_them() {
        for (n, want) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (2_000_000, "2ms"),
            (3_600_000_000_000, "1h0m0s"),
            (-90_500_000_000, "-1m30.5s"),
        ] {
            let mut out = String::new();
            duration(&mut out, n);
            assert_eq!(out, want);
        }
    }
}
