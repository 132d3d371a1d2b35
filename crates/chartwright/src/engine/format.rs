//! Go's `fmt`: how values print, and `printf`.

use std::fmt::Write as _;

use super::value::{IntKind, MAX_VALUE_DEPTH, Val};

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

/// Writes a value as `%v` does.
pub(crate) fn print_v(out: &mut String, v: &Val) {
    print_at(out, v, 0);
}

fn print_at(out: &mut String, v: &Val, depth: usize) {
    if depth > MAX_VALUE_DEPTH {
        out.push('…');
        return;
    }
    match v {
        Val::Nil => out.push_str("<nil>"),
        Val::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Val::Int(IntKind::Int | IntKind::Int64 | IntKind::Int32, n) => {
            let _ = write!(out, "{n}");
        }
        Val::Int(kind, n) => print_named_int(out, *kind, *n),
        Val::Uint(_, n) => {
            let _ = write!(out, "{n}");
        }
        Val::Float(f) => float_v(out, *f),
        Val::Str(s) => out.push_str(s),
        Val::Bytes(b) => {
            out.push('[');
            for (i, b) in b.iter().enumerate() {
                let _ = write!(out, "{}{b}", if i == 0 { "" } else { " " });
            }
            out.push(']');
        }
        Val::List(l) => {
            out.push('[');
            for (i, v) in l.items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                print_at(out, v, depth + 1);
            }
            out.push(']');
        }
        Val::Map(m) => {
            out.push_str("map[");
            for (i, (k, v)) in m.entries().iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out.push_str(k);
                out.push(':');
                print_at(out, v, depth + 1);
            }
            out.push(']');
        }
        Val::Object(o) => out.push_str(&o.print()),
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
