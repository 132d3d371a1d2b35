//! Dates and durations. The clock is the one of the options, the local zone is UTC: a rendering never depends on when and
//! where it runs.

use std::any::Any;
use std::rc::Rc;

use super::cast::{IntError, parse_int};
use super::time::{SECOND, Time, Zone, parse_duration};
use super::{Args as _, Ctx, FuncDef, FuncError, Reads, Sig, Ty};
use crate::engine::format;
use crate::engine::value::{IntKind, Object, Val};

const TYPE: &str = "time.Time";

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("now", &[], |ctx, _| Ok(object(now(ctx)))).impure(),
    FuncDef::new("ago", &[Ty::Any], ago).impure(),
    FuncDef::new("date", &[Ty::Str, Ty::Any], |ctx, a| Ok(in_zone(ctx, a.text(0), a.any(1), "Local")))
        .reads(Reads::Nothing),
    FuncDef::new("dateInZone", &[Ty::Str, Ty::Any, Ty::Str], date_in_zone),
    FuncDef::new("date_in_zone", &[Ty::Str, Ty::Any, Ty::Str], date_in_zone),
    FuncDef::new("htmlDate", &[Ty::Any], |ctx, a| Ok(in_zone(ctx, "2006-01-02", a.any(0), "Local"))),
    FuncDef::new("htmlDateInZone", &[Ty::Any, Ty::Str], |ctx, a| {
        Ok(in_zone(ctx, "2006-01-02", a.any(0), a.text(1)))
    }),
    FuncDef::new("dateModify", &[Ty::Str, Ty::Object(TYPE)], date_modify),
    FuncDef::new("date_modify", &[Ty::Str, Ty::Object(TYPE)], date_modify),
    FuncDef::new("mustDateModify", &[Ty::Str, Ty::Object(TYPE)], must_date_modify),
    FuncDef::new("must_date_modify", &[Ty::Str, Ty::Object(TYPE)], must_date_modify),
    FuncDef::new("toDate", &[Ty::Str, Ty::Str], |_, a| {
        Ok(object(Time::parse(a.text(0), a.text(1)).unwrap_or_else(|_| Time::zero())))
    }),
    FuncDef::new("mustToDate", &[Ty::Str, Ty::Str], |_, a| Ok(object(Time::parse(a.text(0), a.text(1))?))),
    FuncDef::new("unixEpoch", &[Ty::Object(TYPE)], |_, a| Ok(Val::str(time(a.any(0))?.unix.to_string()))),
    FuncDef::new("duration", &[Ty::Any], duration),
    FuncDef::new("durationRound", &[Ty::Any], duration_round),
    // Of the Helm that comes after 4.2.
    FuncDef::new("mustToDuration", &[Ty::Any], |_, a| {
        Ok(Val::Int(IntKind::Duration, nanoseconds(a.any(0))?))
    }),
    FuncDef::new("durationSeconds", &[Ty::Any], |_, a| Ok(Val::Float(units(a.any(0), SECOND)))),
    FuncDef::new("durationMinutes", &[Ty::Any], |_, a| Ok(Val::Float(units(a.any(0), 60 * SECOND)))),
    FuncDef::new("durationHours", &[Ty::Any], |_, a| Ok(Val::Float(units(a.any(0), HOUR)))),
    FuncDef::new("durationDays", &[Ty::Any], |_, a| Ok(Val::Float(units(a.any(0), HOUR) / 24.0))),
    FuncDef::new("durationWeeks", &[Ty::Any], |_, a| Ok(Val::Float(units(a.any(0), HOUR) / 24.0 / 7.0))),
    FuncDef::new("durationMilliseconds", &[Ty::Any], |_, a| Ok(Val::int64(or_zero(a.any(0)) / 1_000_000))),
    FuncDef::new("durationMicroseconds", &[Ty::Any], |_, a| Ok(Val::int64(or_zero(a.any(0)) / 1_000))),
    FuncDef::new("durationNanoseconds", &[Ty::Any], |_, a| Ok(Val::int64(or_zero(a.any(0))))),
    FuncDef::new("durationRoundTo", &[Ty::Any, Ty::Any], |_, a| Ok(to_multiple(a, true))),
    FuncDef::new("durationTruncateTo", &[Ty::Any, Ty::Any], |_, a| Ok(to_multiple(a, false))),
];

/// Nanoseconds of an hour.
const HOUR: i64 = 3600 * SECOND;

fn now(ctx: &Ctx) -> Time {
    Time::from_unix(ctx.options().now)
}

fn object(time: Time) -> Val {
    Val::Object(Rc::new(time))
}

fn as_time(v: &Val) -> Option<&Time> {
    match v {
        Val::Object(object) => object.as_any().downcast_ref::<Time>(),
        _ => None,
    }
}

fn time(v: &Val) -> Result<&Time, FuncError> {
    as_time(v).ok_or_else(|| FuncError::new(format!("expected {TYPE}; found {}", v.type_name())))
}

/// A time, or seconds since 1970 as any signed integer; anything else (also a float) is now.
fn moment(ctx: &Ctx, v: &Val) -> Time {
    match v {
        Val::Int(IntKind::Int | IntKind::Int64 | IntKind::Int32, n) => Time::from_unix(*n),
        _ => as_time(v).cloned().unwrap_or_else(|| now(ctx)),
    }
}

/// Whether a call of a date function looks at the clock though it need not: given what is no date, it takes now.
pub(crate) fn reads_clock(function: &str, args: &[Val]) -> bool {
    let date = match function {
        "date" | "dateInZone" | "date_in_zone" => args.any(1),
        "htmlDate" | "htmlDateInZone" => args.any(0),
        "durationRound" => return as_time(args.any(0)).is_some(),
        _ => return false,
    };
    let whole = matches!(date, Val::Int(IntKind::Int | IntKind::Int64 | IntKind::Int32, _));
    !whole && as_time(date).is_none()
}

fn in_zone(ctx: &Ctx, layout: &str, v: &Val, zone: &str) -> Val {
    let zone = Zone::load(zone).unwrap_or(Zone::Utc);
    Val::str(moment(ctx, v).within(zone).format(layout))
}

fn date_in_zone(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(in_zone(ctx, args.text(0), args.any(1), args.text(2)))
}

fn date_modify(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(match parse_duration(args.text(0)) {
        Ok(nanos) => object(time(args.any(1))?.plus(nanos)),
        Err(_) => args.any(1).clone(),
    })
}

fn must_date_modify(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    Ok(object(time(args.any(1))?.plus(parse_duration(args.text(0))?)))
}

fn ago(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let then = match args.any(0) {
        Val::Int(IntKind::Int32, _) => now(ctx),
        v => moment(ctx, v),
    };
    let nanos = now(ctx).since(&then);
    // To whole seconds, half of one away from zero.
    let rest = nanos % SECOND;
    let up = if rest.abs() * 2 >= SECOND { rest.signum() * SECOND } else { 0 };
    let rounded = (nanos - rest).saturating_add(up);
    Ok(duration_text(rounded))
}

fn duration_text(nanos: i64) -> Val {
    let mut text = String::new();
    format::duration(&mut text, nanos);
    Val::str(text)
}

fn duration(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let seconds = match args.any(0) {
        Val::Str(text) => match parse_int(text, 10) {
            Ok(n) | Err(IntError::Range(n)) => n,
            Err(IntError::Syntax) => 0,
        },
        Val::Int(IntKind::Int64, n) => *n,
        _ => 0,
    };
    Ok(duration_text(seconds.wrapping_mul(SECOND)))
}

fn duration_round(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let nanos = match args.any(0) {
        Val::Str(text) => parse_duration(text).unwrap_or(0),
        Val::Int(IntKind::Int64, n) => *n,
        v => as_time(v).map_or(0, |then| now(ctx).since(then)),
    };
    let nanos = nanos.unsigned_abs();
    let hour = HOUR.unsigned_abs();
    let units = [
        (hour * 24 * 365, "y"),
        (hour * 24 * 30, "mo"),
        (hour * 24, "d"),
        (hour, "h"),
        (hour / 60, "m"),
        (hour / 3600, "s"),
    ];
    let text =
        units.iter().find(|(unit, _)| nanos > *unit).map(|(unit, name)| format!("{}{name}", nanos / unit));
    Ok(Val::str(text.unwrap_or_else(|| "0s".to_owned())))
}

/// A duration, a text of one (`1h30m`) or of seconds (`90`), or a number of seconds.
fn nanoseconds(v: &Val) -> Result<i64, FuncError> {
    let overflow = |what: &str| FuncError::new(format!("duration seconds overflow: {what}"));
    let of_float = |seconds: f64| {
        let mut text = String::new();
        format::print_v(&mut text, &Val::Float(seconds));
        if !seconds.is_finite() {
            return Err(FuncError::new(format!("invalid duration seconds: {text}")));
        }
        let nanos = seconds * SECOND as f64;
        // 2^63, the first that does not fit.
        if nanos.abs() >= 9_223_372_036_854_775_808.0 { Err(overflow(&text)) } else { Ok(nanos as i64) }
    };
    match v {
        Val::Int(IntKind::Duration, nanos) => Ok(*nanos),
        Val::Int(_, n) => n.checked_mul(SECOND).ok_or_else(|| overflow(&n.to_string())),
        Val::Uint(_, n) => {
            let nanos = i64::try_from(*n).ok().and_then(|n| n.checked_mul(SECOND));
            nanos.ok_or_else(|| overflow(&n.to_string()))
        }
        Val::Float(seconds) => of_float(*seconds),
        Val::Str(text) => {
            let trimmed = text.trim();
            if trimmed.is_empty() {
                return Err("empty duration".into());
            }
            if let Ok(nanos) = parse_duration(trimmed) {
                return Ok(nanos);
            }
            match super::cast::parse_float(trimmed) {
                Some(seconds) => of_float(seconds),
                None => Err(FuncError::new(format!("could not parse duration {}", format::quoted(text)))),
            }
        }
        Val::Nil => Err("invalid duration".into()),
        other => Err(FuncError::new(format!("unsupported duration type {}", other.type_name()))),
    }
}

fn or_zero(v: &Val) -> i64 {
    nanoseconds(v).unwrap_or(0)
}

/// Go's `Duration.Seconds` and its kin: the whole units and the fraction are divided apart.
fn units(v: &Val, unit: i64) -> f64 {
    let nanos = or_zero(v);
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

/// `Duration.Round` (half away from zero) and `Duration.Truncate`; a multiple of zero or less changes nothing.
fn to_multiple(args: &[Val], round: bool) -> Val {
    let result = |nanos| Val::Int(IntKind::Duration, nanos);
    let Ok(nanos) = nanoseconds(args.any(0)) else { return result(0) };
    let Some(multiple) = nanoseconds(args.any(1)).ok().filter(|multiple| *multiple > 0) else {
        return result(nanos);
    };
    let rest = nanos % multiple;
    let down = nanos - rest;
    if round && rest.unsigned_abs() >= multiple.unsigned_abs() - rest.unsigned_abs() {
        return result(down.saturating_add(multiple * rest.signum()));
    }
    result(down)
}

/// What templates may call on a time.
impl Object for Time {
    fn type_name(&self) -> &str {
        TYPE
    }

    fn field(&self, _: &str) -> Option<Val> {
        None
    }

    fn method(&self, name: &str) -> Option<&'static Sig> {
        static NONE: Sig = Sig::fixed(&[]);
        static LAYOUT: Sig = Sig::fixed(&[Ty::Str]);
        static OTHER: Sig = Sig::fixed(&[Ty::Object(TYPE)]);
        static DATE: Sig = Sig::fixed(&[Ty::Int, Ty::Int, Ty::Int]);
        match name {
            "Year" | "Month" | "Day" | "Hour" | "Minute" | "Second" | "Nanosecond" | "YearDay"
            | "Weekday" | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "UTC" | "Local" | "IsZero"
            | "String" => Some(&NONE),
            "Format" => Some(&LAYOUT),
            "Sub" | "Before" | "After" | "Equal" | "Compare" => Some(&OTHER),
            "AddDate" => Some(&DATE),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Val], _: &mut Ctx) -> Result<Val, FuncError> {
        let (hour, minute, second) = self.clock();
        let unix = |per_second: i64| {
            let nanos_each = SECOND / per_second;
            Val::int64(self.unix.wrapping_mul(per_second).wrapping_add(i64::from(self.nanos) / nanos_each))
        };
        let order = || time(args.any(0)).map(|other| (self.unix, self.nanos).cmp(&(other.unix, other.nanos)));
        Ok(match name {
            "Year" => Val::int(self.date().year),
            "Month" => Val::Int(IntKind::Month, i64::from(self.date().month)),
            "Day" => Val::int(i64::from(self.date().day)),
            "YearDay" => Val::int(i64::from(self.date().yday)),
            "Weekday" => Val::Object(Rc::new(Weekday(self.weekday()))),
            "Hour" => Val::int(i64::from(hour)),
            "Minute" => Val::int(i64::from(minute)),
            "Second" => Val::int(i64::from(second)),
            "Nanosecond" => Val::int(i64::from(self.nanos)),
            "Unix" => unix(1),
            "UnixMilli" => unix(1_000),
            "UnixMicro" => unix(1_000_000),
            "UnixNano" => unix(SECOND),
            "UTC" | "Local" => object(self.within(Zone::Utc)),
            "IsZero" => Val::Bool(self.unix == Time::zero().unix && self.nanos == 0),
            "String" => Val::str(self.to_string()),
            "Format" => Val::str(self.format(args.text(0))),
            "Sub" => Val::Int(IntKind::Duration, self.since(time(args.any(0))?)),
            "Before" => Val::Bool(order()?.is_lt()),
            "After" => Val::Bool(order()?.is_gt()),
            "Equal" => Val::Bool(order()?.is_eq()),
            "Compare" => Val::int(order()? as i64),
            "AddDate" => {
                // Bounded so that no sum overflows; Go's years end long before.
                let by = |i: usize| args.int(i).clamp(-1_000_000_000, 1_000_000_000);
                let date = self.date();
                let (month, day) = (i64::from(date.month) + by(1), i64::from(date.day) + by(2));
                let clock = (i64::from(hour), i64::from(minute), i64::from(second));
                let year = date.year.saturating_add(by(0));
                object(Time::from_civil((year, month, day), clock, self.nanos, self.zone.clone()))
            }
            _ => return Err(format!("no method {name}").into()),
        })
    }

    fn print(&self) -> String {
        self.to_string()
    }

    fn is_stringer(&self) -> bool {
        true
    }

    fn to_json(&self) -> serde_json::Value {
        self.format("2006-01-02T15:04:05.999999999Z07:00").into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A `time.Weekday`, Sunday is 0.
struct Weekday(u32);

impl Object for Weekday {
    fn type_name(&self) -> &str {
        "time.Weekday"
    }

    fn kind(&self) -> &'static str {
        "int"
    }

    fn field(&self, _: &str) -> Option<Val> {
        None
    }

    fn print(&self) -> String {
        super::time::day_name(self.0).to_owned()
    }

    fn is_stringer(&self) -> bool {
        true
    }

    fn to_json(&self) -> serde_json::Value {
        self.0.into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
