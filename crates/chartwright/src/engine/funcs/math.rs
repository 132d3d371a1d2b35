//! Arithmetic. Whole numbers are `int64` and wrap; `addf` and friends count in decimals, so that 0.1 + 0.2 is 0.3.

use num_bigint::BigInt;

use super::cast::{atoi, int_list, parse_int, strval, to_float, to_int};
use super::{Args as _, Ctx, FuncDef, FuncError, Ty};
use crate::engine::value::Val;

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("int", &[Ty::Any], |_, a| Ok(Val::int(to_int(a.any(0))))),
    FuncDef::new("int64", &[Ty::Any], |_, a| Ok(Val::int64(to_int(a.any(0))))),
    FuncDef::new("float64", &[Ty::Any], |_, a| Ok(Val::Float(to_float(a.any(0))))),
    FuncDef::new("atoi", &[Ty::Str], |_, a| Ok(Val::int(atoi(a.text(0))))),
    FuncDef::new("toDecimal", &[Ty::Any], to_decimal),
    FuncDef::new("add1", &[Ty::Any], |_, a| Ok(Val::int64(to_int(a.any(0)).wrapping_add(1)))),
    FuncDef::variadic("add", &[], Ty::Any, |_, a| {
        Ok(Val::int64(a.iter().map(to_int).fold(0, i64::wrapping_add)))
    }),
    FuncDef::new("sub", &[Ty::Any, Ty::Any], |_, a| {
        Ok(Val::int64(to_int(a.any(0)).wrapping_sub(to_int(a.any(1)))))
    }),
    FuncDef::new("div", &[Ty::Any, Ty::Any], |_, a| {
        divide(to_int(a.any(0)), to_int(a.any(1)), i64::wrapping_div)
    }),
    FuncDef::new("mod", &[Ty::Any, Ty::Any], |_, a| {
        divide(to_int(a.any(0)), to_int(a.any(1)), i64::wrapping_rem)
    }),
    FuncDef::variadic("mul", &[Ty::Any], Ty::Any, |_, a| {
        Ok(Val::int64(a.iter().map(to_int).fold(1, i64::wrapping_mul)))
    }),
    FuncDef::variadic("max", &[Ty::Any], Ty::Any, |_, a| {
        Ok(Val::int64(a.iter().map(to_int).max().unwrap_or(0)))
    }),
    FuncDef::variadic("biggest", &[Ty::Any], Ty::Any, |_, a| {
        Ok(Val::int64(a.iter().map(to_int).max().unwrap_or(0)))
    }),
    FuncDef::variadic("min", &[Ty::Any], Ty::Any, |_, a| {
        Ok(Val::int64(a.iter().map(to_int).min().unwrap_or(0)))
    }),
    FuncDef::variadic("maxf", &[Ty::Any], Ty::Any, |_, a| Ok(Val::Float(extreme(a, f64::INFINITY)))),
    FuncDef::variadic("minf", &[Ty::Any], Ty::Any, |_, a| Ok(Val::Float(extreme(a, f64::NEG_INFINITY)))),
    FuncDef::new("floor", &[Ty::Any], |_, a| Ok(Val::Float(to_float(a.any(0)).floor()))),
    FuncDef::new("ceil", &[Ty::Any], |_, a| Ok(Val::Float(to_float(a.any(0)).ceil()))),
    FuncDef::variadic("round", &[Ty::Any, Ty::Int], Ty::Float, round),
    FuncDef::new("add1f", &[Ty::Any], |_, a| fold(&[a.any(0).clone(), Val::Float(1.0)], Decimal::add)),
    FuncDef::variadic("addf", &[], Ty::Any, addf),
    FuncDef::variadic("subf", &[Ty::Any], Ty::Any, |_, a| fold(a, Decimal::sub)),
    FuncDef::variadic("mulf", &[Ty::Any], Ty::Any, |_, a| fold(a, Decimal::mul)),
    FuncDef::variadic("divf", &[Ty::Any], Ty::Any, |_, a| fold(a, Decimal::div)),
    FuncDef::new("until", &[Ty::Int], until),
    FuncDef::new("untilStep", &[Ty::Int, Ty::Int, Ty::Int], until_step),
    FuncDef::variadic("seq", &[], Ty::Int, seq),
    FuncDef::new("randInt", &[Ty::Int, Ty::Int], rand_int).impure(),
];

fn divide(a: i64, b: i64, operation: fn(i64, i64) -> i64) -> Result<Val, FuncError> {
    if b == 0 { Err("runtime error: integer divide by zero".into()) } else { Ok(Val::int64(operation(a, b))) }
}

fn to_decimal(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(Val::int64(parse_int(&strval(args.any(0)), 8).unwrap_or_default()))
}

/// Go's `math.Max` (towards `end` = +Inf) and `math.Min`: that infinity wins over NaN, NaN over all else.
fn extreme(args: &[Val], end: f64) -> f64 {
    let mut numbers = args.iter().map(to_float);
    let first = numbers.next().unwrap_or(0.0);
    numbers.fold(first, |a, b| {
        if a == end || b == end {
            end
        } else if a.is_nan() || b.is_nan() {
            f64::NAN
        } else if a == 0.0 && b == 0.0 {
            // Of the zeros, the positive one is larger.
            if a.is_sign_negative() == (end < 0.0) { a } else { b }
        } else if (a > b) == (end > 0.0) {
            a
        } else {
            b
        }
    })
}

fn round(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let up_from = if args.len() > 2 { args.float(2) } else { 0.5 };
    let scale = 10f64.powf(args.int(1) as f64);
    let digits = scale * to_float(args.any(0));
    let rounded = if digits.fract() >= up_from { digits.ceil() } else { digits.floor() };
    Ok(Val::Float(rounded / scale))
}

/// What `untilStep` counts: from, up to (not included), by.
#[derive(Clone, Copy)]
struct Steps(i64, i64, i64);

impl Steps {
    fn count(self) -> usize {
        let Steps(start, stop, step) = self;
        let (distance, step) = if stop < start {
            (i128::from(start) - i128::from(stop), -i128::from(step))
        } else {
            (i128::from(stop) - i128::from(start), i128::from(step))
        };
        if step <= 0 { 0 } else { usize::try_from((distance + step - 1) / step).unwrap_or(usize::MAX) }
    }

    fn numbers(self, ctx: &mut Ctx, bytes_each: usize) -> Result<impl Iterator<Item = i64>, FuncError> {
        let count = self.count();
        ctx.charge(count.saturating_mul(bytes_each))?;
        let Steps(start, _, step) = self;
        Ok((0..count).scan(start, move |n, _| {
            let now = *n;
            *n = n.wrapping_add(step);
            Some(now)
        }))
    }
}

fn until(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let count = args.int(0);
    let step = if count < 0 { -1 } else { 1 };
    Ok(int_list(Steps(0, count, step).numbers(ctx, size_of::<Val>())?))
}

fn until_step(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let steps = Steps(args.int(0), args.int(1), args.int(2));
    Ok(int_list(steps.numbers(ctx, size_of::<Val>())?))
}

fn seq(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let towards = |start: i64, end: i64| if end < start { -1 } else { 1 };
    let steps = match args.len() {
        1 => {
            let step = towards(1, args.int(0));
            Steps(1, args.int(0).wrapping_add(step), step)
        }
        2 => {
            let step = towards(args.int(0), args.int(1));
            Steps(args.int(0), args.int(1).wrapping_add(step), step)
        }
        3 => {
            let (start, step, end) = (args.int(0), args.int(1), args.int(2));
            if end < start && step > 0 {
                return Ok(Val::str(""));
            }
            Steps(start, end.wrapping_add(towards(start, end)), step)
        }
        _ => return Ok(Val::str("")),
    };
    let numbers: Vec<String> = steps.numbers(ctx, 40)?.map(|n| n.to_string()).collect();
    Ok(Val::str(numbers.join(" ")))
}

fn rand_int(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let (min, max) = (args.int(0), args.int(1));
    match u64::try_from(max.wrapping_sub(min)) {
        Ok(span) if span > 0 => Ok(Val::int(min.wrapping_add_unsigned(ctx.random() % span))),
        _ => Err("invalid argument to Intn".into()),
    }
}

fn addf(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let all: Vec<Val> = std::iter::once(Val::Float(0.0)).chain(args.iter().cloned()).collect();
    fold(&all, Decimal::add)
}

fn fold(
    args: &[Val],
    operation: fn(Decimal, Decimal) -> Result<Decimal, FuncError>,
) -> Result<Val, FuncError> {
    let mut numbers = args.iter().map(|v| Decimal::from_float(to_float(v)));
    let mut total = numbers.next().unwrap_or_else(|| Ok(Decimal::default()))?;
    for number in numbers {
        total = operation(total, number?)?;
    }
    Ok(Val::Float(total.to_float()))
}

/// `value × 10^exponent`, as `shopspring/decimal` has it.
#[derive(Default)]
struct Decimal {
    value: BigInt,
    exponent: i64,
}

/// Digits after the point of a quotient that does not come out even (`decimal.DivisionPrecision`).
const DIVISION_PRECISION: i64 = 16;

impl Decimal {
    /// The shortest digits that read back as this float.
    fn from_float(f: f64) -> Result<Self, FuncError> {
        if !f.is_finite() {
            let mut text = String::from("Cannot create a Decimal from ");
            crate::engine::format::float_v(&mut text, f);
            return Err(text.into());
        }
        let text = format!("{f:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let value = format!("{whole}{fraction}").parse().unwrap_or_default();
        let exponent = exponent.parse().unwrap_or(0) - i64::try_from(fraction.len()).unwrap_or(0);
        Ok(Self { value, exponent })
    }

    fn to_float(&self) -> f64 {
        format!("{}e{}", self.value, self.exponent).parse().unwrap_or(0.0)
    }

    /// Both values at the smaller exponent.
    fn aligned(a: Self, b: Self) -> (BigInt, BigInt, i64) {
        let exponent = a.exponent.min(b.exponent);
        let scale = |d: Self| d.value * power_of_ten(d.exponent - exponent);
        (scale(a), scale(b), exponent)
    }

    fn add(a: Self, b: Self) -> Result<Self, FuncError> {
        let (a, b, exponent) = Self::aligned(a, b);
        Ok(Self { value: a + b, exponent })
    }

    fn sub(a: Self, b: Self) -> Result<Self, FuncError> {
        let (a, b, exponent) = Self::aligned(a, b);
        Ok(Self { value: a - b, exponent })
    }

    fn mul(a: Self, b: Self) -> Result<Self, FuncError> {
        Ok(Self { value: a.value * b.value, exponent: a.exponent + b.exponent })
    }

    /// Rounded half away from zero.
    fn div(a: Self, b: Self) -> Result<Self, FuncError> {
        let zero = BigInt::ZERO;
        if b.value == zero {
            return Err("decimal division by 0".into());
        }
        let shift = a.exponent - b.exponent + DIVISION_PRECISION;
        let (dividend, divisor) = if shift < 0 {
            (a.value, b.value * power_of_ten(-shift))
        } else {
            (a.value * power_of_ten(shift), b.value)
        };
        let mut quotient = &dividend / &divisor;
        let twice: BigInt = (&dividend - &quotient * &divisor) * 2;
        if twice.magnitude() >= divisor.magnitude() {
            quotient += if (dividend < zero) == (divisor < zero) { 1 } else { -1 };
        }
        Ok(Self { value: quotient, exponent: -DIVISION_PRECISION })
    }
}

fn power_of_ten(n: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(n).unwrap_or(0))
}
