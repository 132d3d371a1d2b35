//! Go's `time` package as far as templates see it: instants, zones, layouts (`2006-01-02`), durations (`1h30m`).
//!
//! The local zone is UTC on every machine, so that output does not depend on where it was rendered.

use jiff::{Timestamp, tz::TimeZone};

/// Nanoseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// A `time.Location`.
#[derive(Debug, Clone)]
pub(crate) enum Zone {
    /// UTC, also the local zone.
    Utc,
    /// A zone of the tz database.
    Named(Box<TimeZone>),
    /// A fixed offset in seconds, with the abbreviation of the text it was read from (may be empty).
    Fixed(String, i32),
}

impl Zone {
    /// `time.LoadLocation`; nothing when there is no zone of that name.
    pub(crate) fn load(name: &str) -> Option<Self> {
        if matches!(name, "" | "UTC" | "Local") {
            return Some(Zone::Utc);
        }
        let zone = TimeZone::get(name).ok()?;
        // Go looks up files, so the case counts.
        (zone.iana_name() == Some(name)).then(|| Zone::Named(Box::new(zone)))
    }

    /// Abbreviation and offset in seconds at a moment.
    fn at(&self, unix: i64) -> (String, i64) {
        match self {
            Zone::Utc => ("UTC".to_owned(), 0),
            Zone::Fixed(name, offset) => (name.clone(), i64::from(*offset)),
            Zone::Named(zone) => match Timestamp::from_second(unix) {
                Ok(moment) => {
                    let info = zone.to_offset_info(moment);
                    (info.abbreviation().to_owned(), i64::from(info.offset().seconds()))
                }
                Err(_) => ("UTC".to_owned(), 0),
            },
        }
    }
}

/// A `time.Time`.
#[derive(Debug, Clone)]
pub(crate) struct Time {
    /// Seconds since 1970 in UTC.
    pub(crate) unix: i64,
    /// Nanoseconds in the second.
    pub(crate) nanos: u32,
    /// Where it is shown.
    pub(crate) zone: Zone,
}

/// Year, month, day, and day of the year (from 1).
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) yday: u32,
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
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The name of a day of the week; Sunday is 0.
pub(crate) fn day_name(day: u32) -> &'static str {
    DAYS.get(day as usize).copied().unwrap_or("")
}

/// The name of a month, 1 to 12.
fn month_name(month: u32) -> &'static str {
    MONTHS.get((month as usize).wrapping_sub(1)).copied().unwrap_or("")
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar; months outside 1..=12 carry over.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year.saturating_add((month - 1).div_euclid(12));
    let month = (month - 1).rem_euclid(12) + 1;
    // Years that start in March put the leap day last.
    let y = if month <= 2 { year.saturating_sub(1) } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era.saturating_mul(146_097).saturating_add(day_of_era - 719_468).saturating_add(day - 1)
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Time {
    /// The zero time: year 1, January 1st, UTC.
    pub(crate) fn zero() -> Self {
        Self { unix: days_from_civil(1, 1, 1) * DAY, nanos: 0, zone: Zone::Utc }
    }

    /// Seconds since 1970, shown in the local zone.
    pub(crate) fn from_unix(unix: i64) -> Self {
        Self { unix, nanos: 0, zone: Zone::Utc }
    }

    /// From fields in a zone (`time.Date`); months and days outside their range carry over.
    pub(crate) fn from_civil(date: (i64, i64, i64), clock: (i64, i64, i64), nanos: u32, zone: Zone) -> Self {
        let days = days_from_civil(date.0, date.1, date.2);
        let seconds = clock.0.saturating_mul(3600).saturating_add(clock.1 * 60).saturating_add(clock.2);
        let unix = days.saturating_mul(DAY).saturating_add(seconds);
        // The offset at the moment read as UTC is right but near a change of it: try once more from there.
        let offset = zone.at(unix).1;
        let offset = if offset == 0 {
            0
        } else {
            let guess = unix.saturating_sub(offset);
            let there = zone.at(guess).1;
            if there == offset {
                offset
            } else if zone.at(unix.saturating_sub(there)).1 == there {
                there
            } else {
                offset
            }
        };
        Self { unix: unix.saturating_sub(offset), nanos, zone }
    }

    /// The same moment in another zone.
    pub(crate) fn within(&self, zone: Zone) -> Self {
        Self { zone, ..*self }
    }

    /// Later by some nanoseconds.
    pub(crate) fn plus(&self, nanos: i64) -> Self {
        let total = i64::from(self.nanos) + nanos.rem_euclid(SECOND);
        let unix = self.unix.saturating_add(nanos.div_euclid(SECOND)).saturating_add(total / SECOND);
        Self { unix, nanos: u32::try_from(total % SECOND).unwrap_or(0), zone: self.zone.clone() }
    }

    /// Nanoseconds from `earlier` to this moment, as many as a duration holds.
    pub(crate) fn since(&self, earlier: &Self) -> i64 {
        let nanos = (i128::from(self.unix) - i128::from(earlier.unix)) * i128::from(SECOND)
            + i128::from(self.nanos)
            - i128::from(earlier.nanos);
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// Seconds since 1970 as the clock on the wall shows them.
    fn local(&self) -> i64 {
        self.unix.saturating_add(self.zone.at(self.unix).1)
    }

    /// The calendar day in its zone.
    pub(crate) fn date(&self) -> Date {
        let days = self.local().div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let doe = days.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let shifted = (5 * doy + 2) / 153;
        let day = doy - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let yday = days - 719_468 - days_from_civil(year, 1, 1) + 1;
        let small = |n: i64| u32::try_from(n).unwrap_or(0);
        Date { year, month: small(month), day: small(day), yday: small(yday) }
    }

    /// Hour, minute and second in its zone.
    pub(crate) fn clock(&self) -> (u32, u32, u32) {
        let of_day = u32::try_from(self.local().rem_euclid(DAY)).unwrap_or(0);
        (of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// Day of the week; Sunday is 0.
    pub(crate) fn weekday(&self) -> u32 {
        // 1970-01-01 was a Thursday.
        u32::try_from((self.local().div_euclid(DAY) + 4).rem_euclid(7)).unwrap_or(0)
    }

    /// `Time.Format`.
    pub(crate) fn format(&self, layout: &str) -> String {
        let (name, offset) = self.zone.at(self.unix);
        let date = self.date();
        let (hour, minute, second) = self.clock();
        let mut out = String::new();
        let mut rest = layout;
        while let Some(chunk) = Chunk::next(rest) {
            out.push_str(chunk.prefix);
            rest = chunk.rest;
            let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
            let text = match chunk.field {
                Field::Year => format!("{:02}", date.year.unsigned_abs() % 100),
                Field::LongYear if date.year < 0 => format!("-{:04}", date.year.unsigned_abs()),
                Field::LongYear => format!("{:04}", date.year),
                Field::Month => month_name(date.month).get(..3).unwrap_or_default().to_owned(),
                Field::LongMonth => month_name(date.month).to_owned(),
                Field::NumMonth => date.month.to_string(),
                Field::ZeroMonth => format!("{:02}", date.month),
                Field::WeekDay => day_name(self.weekday()).get(..3).unwrap_or_default().to_owned(),
                Field::LongWeekDay => day_name(self.weekday()).to_owned(),
                Field::Day => date.day.to_string(),
                Field::UnderDay => format!("{:2}", date.day),
                Field::ZeroDay => format!("{:02}", date.day),
                Field::UnderYearDay => format!("{:3}", date.yday),
                Field::ZeroYearDay => format!("{:03}", date.yday),
                Field::Hour => format!("{hour:02}"),
                Field::Hour12 => hour12.to_string(),
                Field::ZeroHour12 => format!("{hour12:02}"),
                Field::Minute => minute.to_string(),
                Field::ZeroMinute => format!("{minute:02}"),
                Field::Second => second.to_string(),
                Field::ZeroSecond => format!("{second:02}"),
                Field::Pm { upper } => match (hour >= 12, upper) {
                    (true, true) => "PM",
                    (true, false) => "pm",
                    (false, true) => "AM",
                    (false, false) => "am",
                }
                .to_owned(),
                Field::Offset { z: true, .. } if offset == 0 => "Z".to_owned(),
                Field::Offset { colon, parts, .. } => {
                    // Go rounds to minutes before it takes the sign.
                    let (zone, sign) = (offset / 60, if offset / 60 < 0 { '-' } else { '+' });
                    let seconds = if sign == '-' { -offset } else { offset };
                    let colon = if colon { ":" } else { "" };
                    let mut text = format!("{sign}{:02}", zone.abs() / 60);
                    if parts > 1 {
                        text.push_str(&format!("{colon}{:02}", zone.abs() % 60));
                    }
                    if parts > 2 {
                        text.push_str(&format!("{colon}{:02}", seconds % 60));
                    }
                    text
                }
                Field::ZoneName if !name.is_empty() => name.clone(),
                Field::ZoneName => {
                    let zone = offset / 60;
                    let sign = if zone < 0 { '-' } else { '+' };
                    format!("{sign}{:02}{:02}", zone.abs() / 60, zone.abs() % 60)
                }
                Field::Fraction { digits, keep_zeros, mark } => {
                    let all = format!("{:09}", self.nanos);
                    let padded = format!("{all:0<digits$}");
                    let text = padded.get(..digits).unwrap_or_default();
                    let text = if keep_zeros { text } else { text.trim_end_matches('0') };
                    if text.is_empty() { String::new() } else { format!("{mark}{text}") }
                }
            };
            out.push_str(&text);
        }
        out + rest
    }

    /// `time.ParseInLocation` in the local zone.
    pub(crate) fn parse(layout: &str, value: &str) -> Result<Self, String> {
        Parser::new(layout, value).run()
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

/// A placeholder of a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    Pm {
        upper: bool,
    },
    ZoneName,
    /// `Z07:00`, `-0700`, …: `z` writes `Z` for UTC; `parts` is hours (1), minutes (2), seconds (3).
    Offset {
        z: bool,
        colon: bool,
        parts: u8,
    },
    Fraction {
        digits: usize,
        keep_zeros: bool,
        mark: char,
    },
}

/// The next placeholder of a layout with the literal text before it.
struct Chunk<'a> {
    prefix: &'a str,
    field: Field,
    text: &'a str,
    rest: &'a str,
}

impl<'a> Chunk<'a> {
    /// Nothing when only literal text is left.
    fn next(layout: &'a str) -> Option<Self> {
        let bytes = layout.as_bytes();
        // All placeholders are ASCII, so the cuts below fall on character borders.
        for i in 0..bytes.len() {
            let at = &bytes[i..];
            let lower_after = |n: usize| at.get(n).is_some_and(u8::is_ascii_lowercase);
            let offset = |z, colon, parts| Field::Offset { z, colon, parts };
            let (skip, field, length) = match at {
                [b'J', b'a', b'n', b'u', b'a', b'r', b'y', ..] => (0, Field::LongMonth, 7),
                [b'J', b'a', b'n', ..] if !lower_after(3) => (0, Field::Month, 3),
                [b'M', b'o', b'n', b'd', b'a', b'y', ..] => (0, Field::LongWeekDay, 6),
                [b'M', b'o', b'n', ..] if !lower_after(3) => (0, Field::WeekDay, 3),
                [b'M', b'S', b'T', ..] => (0, Field::ZoneName, 3),
                [b'0', b'1', ..] => (0, Field::ZeroMonth, 2),
                [b'0', b'2', ..] => (0, Field::ZeroDay, 2),
                [b'0', b'3', ..] => (0, Field::ZeroHour12, 2),
                [b'0', b'4', ..] => (0, Field::ZeroMinute, 2),
                [b'0', b'5', ..] => (0, Field::ZeroSecond, 2),
                [b'0', b'6', ..] => (0, Field::Year, 2),
                [b'0', b'0', b'2', ..] => (0, Field::ZeroYearDay, 3),
                [b'1', b'5', ..] => (0, Field::Hour, 2),
                [b'1', ..] => (0, Field::NumMonth, 1),
                [b'2', b'0', b'0', b'6', ..] => (0, Field::LongYear, 4),
                [b'2', ..] => (0, Field::Day, 1),
                [b'_', b'2', b'0', b'0', b'6', ..] => (1, Field::LongYear, 4),
                [b'_', b'2', ..] => (0, Field::UnderDay, 2),
                [b'_', b'_', b'2', ..] => (0, Field::UnderYearDay, 3),
                [b'3', ..] => (0, Field::Hour12, 1),
                [b'4', ..] => (0, Field::Minute, 1),
                [b'5', ..] => (0, Field::Second, 1),
                [b'P', b'M', ..] => (0, Field::Pm { upper: true }, 2),
                [b'p', b'm', ..] => (0, Field::Pm { upper: false }, 2),
                [sign @ (b'-' | b'Z'), zone @ ..] => {
                    let z = *sign == b'Z';
                    match zone {
                        [b'0', b'7', b'0', b'0', b'0', b'0', ..] => (0, offset(z, false, 3), 7),
                        [b'0', b'7', b':', b'0', b'0', b':', b'0', b'0', ..] => (0, offset(z, true, 3), 9),
                        [b'0', b'7', b'0', b'0', ..] => (0, offset(z, false, 2), 5),
                        [b'0', b'7', b':', b'0', b'0', ..] => (0, offset(z, true, 2), 6),
                        [b'0', b'7', ..] => (0, offset(z, false, 1), 3),
                        _ => continue,
                    }
                }
                [mark @ (b'.' | b','), digit @ (b'0' | b'9'), ..] => {
                    let digits = at[1..].iter().take_while(|b| *b == digit).count();
                    if at.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                        continue;
                    }
                    let mark = char::from(*mark);
                    (0, Field::Fraction { digits, keep_zeros: *digit == b'0', mark }, 1 + digits)
                }
                _ => continue,
            };
            let start = i + skip;
            let end = start + length;
            return Some(Chunk {
                prefix: &layout[..start],
                field,
                text: &layout[start..end],
                rest: &layout[end..],
            });
        }
        None
    }
}

/// `strconv.Quote` as package `time` has it: non-ASCII is shown in hexadecimal.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if !c.is_ascii() || c < ' ' {
            let mut buffer = [0; 4];
            for b in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("\\x{b:02x}"));
            }
        } else {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out.push('"');
    out
}

/// What was wrong with a field.
enum Bad {
    /// It does not look like one.
    Value,
    /// It is out of range; what it is.
    Range(&'static str),
}

struct Parser<'a> {
    layout: &'a str,
    input: &'a str,
    value: &'a [u8],
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    yday: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: u32,
    pm: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone_name: String,
}

impl<'a> Parser<'a> {
    fn new(layout: &'a str, input: &'a str) -> Self {
        Self {
            layout,
            input,
            value: input.as_bytes(),
            year: 0,
            month: None,
            day: None,
            yday: None,
            hour: 0,
            minute: 0,
            second: 0,
            nanos: 0,
            pm: None,
            utc: false,
            offset: None,
            zone_name: String::new(),
        }
    }

    fn cannot(&self, value: &[u8], element: &str) -> String {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote(self.input),
            quote(self.layout),
            quote(&String::from_utf8_lossy(value)),
            quote(element)
        )
    }

    fn wrong(&self, why: &str) -> String {
        format!("parsing time {}: {why}", quote(self.input))
    }

    /// Takes literal text; runs of blanks are alike.
    fn skip(&mut self, prefix: &str) -> Result<(), ()> {
        let mut prefix = prefix.as_bytes();
        while let [first, rest @ ..] = prefix {
            if *first == b' ' {
                if self.value.first().is_some_and(|b| *b != b' ') {
                    return Err(());
                }
                prefix = prefix.trim_ascii_start_spaces();
                self.value = self.value.trim_ascii_start_spaces();
                continue;
            }
            match self.value {
                [b, after @ ..] if b == first => self.value = after,
                _ => return Err(()),
            }
            prefix = rest;
        }
        Ok(())
    }

    fn run(mut self) -> Result<Time, String> {
        let mut layout = self.layout;
        loop {
            let chunk = Chunk::next(layout);
            let prefix = chunk.as_ref().map_or(layout, |chunk| chunk.prefix);
            if self.skip(prefix).is_err() {
                return Err(self.cannot(self.value, prefix));
            }
            let Some(chunk) = chunk else {
                if !self.value.is_empty() {
                    let extra = quote(&String::from_utf8_lossy(self.value));
                    return Err(self.wrong(&format!("extra text: {extra}")));
                }
                return self.finish();
            };
            layout = chunk.rest;
            let hold = self.value;
            match self.field(chunk.field, layout) {
                Ok(()) => {}
                Err(Bad::Value) => return Err(self.cannot(hold, chunk.text)),
                Err(Bad::Range(what)) => return Err(self.wrong(&format!("{what} out of range"))),
            }
        }
    }

    fn digits(&mut self, most: usize, fixed: bool) -> Result<i64, Bad> {
        let n = self.value.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        if n == 0 || fixed && n != most {
            return Err(Bad::Value);
        }
        let (digits, rest) = self.value.split_at(n);
        self.value = rest;
        Ok(digits.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    }

    fn ranged(&mut self, fixed: bool, least: i64, most: i64, what: &'static str) -> Result<i64, Bad> {
        let n = self.digits(2, fixed)?;
        if n < least || n > most { Err(Bad::Range(what)) } else { Ok(n) }
    }

    fn name(&mut self, names: &[&str], length: Option<usize>) -> Result<i64, Bad> {
        for (i, name) in names.iter().enumerate() {
            let name = length.map_or(*name, |n| &name[..n]);
            if let Some(head) = self.value.get(..name.len())
                && head.eq_ignore_ascii_case(name.as_bytes())
            {
                self.value = &self.value[name.len()..];
                return Ok(i64::try_from(i).unwrap_or(0) + 1);
            }
        }
        Err(Bad::Value)
    }

    /// `.` or `,` and digits, together `length` bytes.
    fn fraction(&mut self, length: usize) -> Result<(), Bad> {
        let Some((text, rest)) = self.value.split_at_checked(length) else { return Err(Bad::Value) };
        let (Some(b'.' | b','), digits) = (text.first(), text.get(1..).unwrap_or_default()) else {
            return Err(Bad::Value);
        };
        if !digits.iter().all(u8::is_ascii_digit) || digits.is_empty() {
            return Err(Bad::Value);
        }
        self.nanos = (0..9).fold(0, |n, i| n * 10 + digits.get(i).map_or(0, |b| u32::from(b - b'0')));
        self.value = rest;
        Ok(())
    }

    fn fraction_length(&self) -> usize {
        match self.value {
            [b'.' | b',', digits @ ..] => match digits.iter().take_while(|b| b.is_ascii_digit()).count() {
                0 => 0,
                n => n + 1,
            },
            _ => 0,
        }
    }

    fn field(&mut self, field: Field, after: &str) -> Result<(), Bad> {
        match field {
            Field::Year => {
                let year = self.digits(2, true)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Field::LongYear => self.year = self.digits(4, true)?,
            Field::Month => self.month = Some(self.name(&MONTHS, Some(3))?),
            Field::LongMonth => self.month = Some(self.name(&MONTHS, None)?),
            Field::NumMonth | Field::ZeroMonth => {
                self.month = Some(self.ranged(field == Field::ZeroMonth, 1, 12, "month")?);
            }
            Field::WeekDay => drop(self.name(&DAYS, Some(3))?),
            Field::LongWeekDay => drop(self.name(&DAYS, None)?),
            Field::Day | Field::UnderDay | Field::ZeroDay => {
                if field == Field::UnderDay {
                    self.value = self.value.strip_prefix(b" ").unwrap_or(self.value);
                }
                self.day = Some(self.digits(2, field == Field::ZeroDay)?);
            }
            Field::UnderYearDay | Field::ZeroYearDay => {
                if field == Field::UnderYearDay {
                    for _ in 0..2 {
                        self.value = self.value.strip_prefix(b" ").unwrap_or(self.value);
                    }
                }
                self.yday = Some(self.digits(3, field == Field::ZeroYearDay)?);
            }
            Field::Hour => self.hour = self.ranged(false, 0, 23, "hour")?,
            Field::Hour12 | Field::ZeroHour12 => {
                self.hour = self.ranged(field == Field::ZeroHour12, 0, 12, "hour")?;
            }
            Field::Minute | Field::ZeroMinute => {
                self.minute = self.ranged(field == Field::ZeroMinute, 0, 59, "minute")?;
            }
            Field::Second | Field::ZeroSecond => {
                self.second = self.ranged(field == Field::ZeroSecond, 0, 59, "second")?;
                // A fraction may follow even when the layout has none.
                let length = self.fraction_length();
                let expected =
                    matches!(Chunk::next(after), Some(Chunk { field: Field::Fraction { .. }, .. }));
                if length > 0 && !expected {
                    self.fraction(length)?;
                }
            }
            Field::Pm { upper } => {
                let (pm, am): (&[u8], &[u8]) = if upper { (b"PM", b"AM") } else { (b"pm", b"am") };
                let Some((head, rest)) = self.value.split_at_checked(2) else { return Err(Bad::Value) };
                if head != pm && head != am {
                    return Err(Bad::Value);
                }
                self.pm = Some(head == pm);
                self.value = rest;
            }
            Field::Offset { z: true, .. } if self.value.first() == Some(&b'Z') => {
                self.value = &self.value[1..];
                self.utc = true;
            }
            Field::Offset { colon, parts, .. } => self.zone_offset(colon, parts)?,
            Field::ZoneName => {
                if let Some(rest) = self.value.strip_prefix(b"UTC") {
                    self.value = rest;
                    self.utc = true;
                    return Ok(());
                }
                let length = zone_name_length(self.value).ok_or(Bad::Value)?;
                let (name, rest) = self.value.split_at(length);
                self.zone_name = String::from_utf8_lossy(name).into_owned();
                self.value = rest;
            }
            Field::Fraction { digits, keep_zeros: true, .. } => self.fraction(1 + digits)?,
            Field::Fraction { .. } => {
                let length = self.fraction_length();
                if length > 0 {
                    self.fraction(length)?;
                }
            }
        }
        Ok(())
    }

    fn zone_offset(&mut self, colon: bool, parts: u8) -> Result<(), Bad> {
        let step = if colon { 3 } else { 2 };
        let length = 3 + step * (usize::from(parts) - 1);
        let Some((text, rest)) = self.value.split_at_checked(length) else { return Err(Bad::Value) };
        let mut numbers = [0; 3];
        for (i, number) in numbers.iter_mut().enumerate().take(usize::from(parts)) {
            let at = 1 + step * i;
            if colon && i > 0 && text[at - 1] != b':' {
                return Err(Bad::Value);
            }
            let (a, b) = (text[at], text[at + 1]);
            if !a.is_ascii_digit() || !b.is_ascii_digit() {
                return Err(Bad::Value);
            }
            *number = i64::from(a - b'0') * 10 + i64::from(b - b'0');
        }
        self.value = rest;
        for (number, most, what) in [
            (numbers[0], 24, "time zone offset hour"),
            (numbers[1], 60, "time zone offset minute"),
            (numbers[2], 60, "time zone offset second"),
        ] {
            if number > most {
                return Err(Bad::Range(what));
            }
        }
        let offset = (numbers[0] * 60 + numbers[1]) * 60 + numbers[2];
        self.offset = Some(match text[0] {
            b'+' => offset,
            b'-' => -offset,
            _ => return Err(Bad::Value),
        });
        Ok(())
    }

    fn finish(self) -> Result<Time, String> {
        let hour = match self.pm {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(yday) = self.yday {
            if yday < 1 || yday > 365 + i64::from(leap(self.year)) {
                return Err(self.wrong("day-of-year out of range"));
            }
            let (mut m, mut d) = (1, yday);
            while d > days_in(m, self.year) {
                d -= days_in(m, self.year);
                m += 1;
            }
            if self.month.is_some_and(|month| month != m) {
                return Err(self.wrong("day-of-year does not match month"));
            }
            if self.day.is_some_and(|day| day != d) {
                return Err(self.wrong("day-of-year does not match day"));
            }
            (month, day) = (m, d);
        }
        if day < 1 || day > days_in(month, self.year) {
            return Err(self.wrong("day out of range"));
        }
        let date = (self.year, month, day);
        let mut time = Time::from_civil(date, (hour, self.minute, self.second), self.nanos, Zone::Utc);
        if self.utc {
            return Ok(time);
        }
        if let Some(offset) = self.offset {
            time.unix -= offset;
            if offset != 0 || !matches!(self.zone_name.as_str(), "" | "UTC") {
                time.zone = Zone::Fixed(self.zone_name, i32::try_from(offset).unwrap_or(0));
            }
        } else if !self.zone_name.is_empty() {
            let hours = self.zone_name.strip_prefix("GMT").and_then(|n| n.parse::<i32>().ok()).unwrap_or(0);
            time.zone = Zone::Fixed(self.zone_name, hours * 3600);
        }
        Ok(time)
    }
}

trait TrimSpaces {
    fn trim_ascii_start_spaces(self) -> Self;
}

impl TrimSpaces for &[u8] {
    fn trim_ascii_start_spaces(self) -> Self {
        &self[self.iter().take_while(|b| **b == b' ').count()..]
    }
}

/// The length of a time zone's abbreviation at the start.
fn zone_name_length(value: &[u8]) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = value.strip_prefix(b"GMT") {
        return Some(3 + signed_offset_length(rest));
    }
    if matches!(value[0], b'+' | b'-') {
        return Some(signed_offset_length(value)).filter(|n| *n > 0);
    }
    match value.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count() {
        5 if value[4] == b'T' => Some(5),
        4 if value[3] == b'T' || value.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// `+3` to `+23` and the same below zero; 0 when it is none.
fn signed_offset_length(value: &[u8]) -> usize {
    let [b'+' | b'-', rest @ ..] = value else { return 0 };
    let n = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let hours = rest[..n].iter().fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0')));
    if n == 0 || hours > 23 { 0 } else { n + 1 }
}

/// `time.ParseDuration`, in nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    const LIMIT: u64 = 1 << 63;
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at(whole);
        let fraction = after.strip_prefix('.').map(|after| {
            let n = after.bytes().take_while(u8::is_ascii_digit).count();
            after.split_at(n)
        });
        let (fraction, after) = fraction.unwrap_or(("", after));
        if digits.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let value = if digits.is_empty() {
            0
        } else {
            digits.parse::<u64>().ok().filter(|n| *n <= LIMIT).ok_or_else(invalid)?
        };
        let length = after.bytes().take_while(|b| *b != b'.' && !b.is_ascii_digit()).count();
        if length == 0 {
            return Err(format!("time: missing unit in duration {}", quote(text)));
        }
        let (unit, after) = after.split_at(length);
        rest = after;
        let unit: u64 = match unit {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(format!("time: unknown unit {} in duration {}", quote(unit), quote(text))),
        };
        if value > LIMIT / unit {
            return Err(invalid());
        }
        let mut nanos = value * unit;
        let (mut scaled, mut scale) = (0u64, 1f64);
        for digit in fraction.bytes() {
            let next = scaled.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0')));
            match next.filter(|n| *n <= LIMIT) {
                Some(next) if scaled <= (LIMIT - 1) / 10 => (scaled, scale) = (next, scale * 10.0),
                _ => break,
            }
        }
        if scaled > 0 {
            nanos += (scaled as f64 * (unit as f64 / scale)) as u64;
        }
        total = total.checked_add(nanos).filter(|n| nanos <= LIMIT && *n <= LIMIT).ok_or_else(invalid)?;
    }
    match i64::try_from(total) {
        Ok(total) => Ok(if negative { -total } else { total }),
        Err(_) if negative => Ok(i64::MIN),
        Err(_) => Err(invalid()),
    }
}
