//! Floats in the forms of Go's `strconv`: the fewest digits that read back as the same number.

/// The shortest decimal form of a finite float: `d.ddd` times ten to `exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// At least one; no zeros at the end, none at the start but for zero itself.
    digits: String,
    pub(crate) exponent: i32,
}

impl Decimal {
    /// The shortest form of an `f64` or `f32`; ties between two shortest forms go to the even digit, as in Go. (Rust's
    /// own formatting rounds them up.)
    pub(crate) fn of<F: zmij::Float>(value: F) -> Decimal {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format(value);
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Decimal { negative, digits: "0".to_owned(), exponent: 0 };
        }
        let exponent = exponent + whole.len() as i32 - 1 - leading as i32;
        Decimal { negative, digits: digits.to_owned(), exponent }
    }

    /// `-1234.5`
    pub(crate) fn write_plain(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        let whole = self.exponent + 1;
        match usize::try_from(whole) {
            Ok(whole) if whole >= self.digits.len() => {
                out.push_str(&self.digits);
                out.extend(std::iter::repeat_n('0', whole - self.digits.len()));
            }
            Ok(whole) if whole > 0 => {
                out.push_str(&self.digits[..whole]);
                out.push('.');
                out.push_str(&self.digits[whole..]);
            }
            _ => {
                out.push_str("0.");
                out.extend(std::iter::repeat_n('0', usize::try_from(-whole).unwrap_or(0)));
                out.push_str(&self.digits);
            }
        }
    }

    /// `-1.2345e+03`, the exponent with at least `width` digits.
    pub(crate) fn write_exponent(&self, out: &mut String, width: usize) {
        use std::fmt::Write;
        if self.negative {
            out.push('-');
        }
        out.push_str(&self.digits[..1]);
        if self.digits.len() > 1 {
            out.push('.');
            out.push_str(&self.digits[1..]);
        }
        let sign = if self.exponent < 0 { '-' } else { '+' };
        let written = write!(out, "e{sign}{:0width$}", self.exponent.abs());
        debug_assert!(written.is_ok());
    }

    /// Go's `%g` of shortest digits: an exponent below 1e-4, and from ten to `above` on: 6 in `strconv`, 21 for `%v`.
    pub(crate) fn write_general(&self, out: &mut String, above: i32) {
        if (-4..above).contains(&self.exponent) {
            self.write_plain(out);
        } else {
            self.write_exponent(out, 2);
        }
    }
}

/// `strconv.FormatFloat(x, 'g', -1, bits)` of a finite float.
pub(crate) fn format_g<F: zmij::Float>(value: F) -> String {
    let mut out = String::new();
    Decimal::of(value).write_general(&mut out, 6);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Value, json};

    /// The middle column is `strconv`, the right one `encoding/json`; both made with Go 1.26.
    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, general, as_json) in [
            (0.0, "0", "0"),
            (-0.0, "-0", "-0"),
            (1.5, "1.5", "1.5"),
            (100_000.5, "100000.5", "100000.5"),
            (1_234_567.5, "1.2345675e+06", "1234567.5"),
            (1e6, "1e+06", "1000000"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1e-05", "0.00001"),
            (1e-6, "1e-06", "0.000001"),
            (1e-7, "1e-07", "1e-7"),
            (1.25e-10, "1.25e-10", "1.25e-10"),
            (157_311_490_926_241.62, "1.5731149092624162e+14", "157311490926241.62"),
            (5e-324, "5e-324", "5e-324"),
            (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
        ] {
            assert_eq!(format_g(value), general);
            assert_eq!(json::to_string(&Value::from(value)), as_json);
        }
        assert_eq!(format_g(1.1_f32), "1.1");
        assert_eq!(format_g(16_777_216_f32), "1.6777216e+07");
    }
}
