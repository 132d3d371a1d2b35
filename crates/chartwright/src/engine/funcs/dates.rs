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
];

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
    let rounded = nanos - rest + if rest.abs() * 2 >= SECOND { rest.signum() * SECOND } else { 0 };
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
    const HOUR: u64 = 3600 * SECOND.unsigned_abs();
    let nanos = nanos.unsigned_abs();
    let units = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (HOUR / 60, "m"),
        (HOUR / 3600, "s"),
    ];
    let text =
        units.iter().find(|(unit, _)| nanos > *unit).map(|(unit, name)| format!("{}{name}", nanos / unit));
    Ok(Val::str(text.unwrap_or_else(|| "0s".to_owned())))
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
