//! From Go's syntax to that of the `regex` crate, with Go's errors.
//!
//! The two are close relatives, but differ where it shows: `\d`, `\w`, `\s` and `\b` are ASCII in Go; `{` that begins no
//! repetition is text; `[` inside a class is text; look-arounds, `\Z`, `x**` and more than 1000 repetitions are errors.

use ::regex::Regex;

/// Go's text for a wrong expression.
pub(super) fn error(why: &str, part: &str) -> String {
    format!("error parsing regexp: {why}: `{part}`")
}

/// Most repetitions that an expression may ask for, nested ones multiplied.
const MOST_REPEATS: u64 = 1000;

/// The same expression for the `regex` crate, and the names of its groups (empty for those without; the whole match
/// is the first). Go allows names that the crate does not, and equal ones, so the groups there have none.
pub(super) fn translate(pattern: &str) -> Result<(String, Vec<String>), String> {
    let out = String::with_capacity(pattern.len() + 16);
    Translator { pattern, at: 0, out, names: vec![String::new()] }.run()
}

struct Translator<'a> {
    pattern: &'a str,
    at: usize,
    out: String,
    names: Vec<String>,
}

/// What may be repeated next: nothing, or something that itself repeats this often at most.
type Operand = Option<u64>;

impl<'a> Translator<'a> {
    fn rest(&self) -> &'a str {
        &self.pattern[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn take(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    /// An error about the text from `from` up to here.
    fn wrong<T>(&self, why: &str, from: usize) -> Result<T, String> {
        Err(error(why, &self.pattern[from..self.at]))
    }

    fn literal(&mut self, c: u32) {
        match char::from_u32(c) {
            Some(c) => self.out.push_str(&::regex::escape(c.encode_utf8(&mut [0; 4]))),
            // A surrogate is in no text.
            None => self.out.push_str(r"[^\x{0}-\x{10FFFF}]"),
        }
    }

    fn run(mut self) -> Result<(String, Vec<String>), String> {
        // Of the open groups: the most repetitions of anything in them, and of what is around them.
        let mut groups: Vec<u64> = Vec::new();
        let mut most: u64 = 1;
        let mut operand: Operand = None;
        let mut last_repeat: Option<usize> = None;
        while let Some(c) = self.peek() {
            let start = self.at;
            let mut repeat = None;
            match c {
                '(' => {
                    if self.group()? {
                        groups.push(std::mem::replace(&mut most, 1));
                        operand = None;
                    }
                }
                '|' => {
                    self.at += 1;
                    self.out.push('|');
                    operand = None;
                }
                ')' => {
                    let Some(outside) = groups.pop() else {
                        return Err(error("unexpected )", self.pattern));
                    };
                    self.at += 1;
                    self.out.push(')');
                    operand = Some(most);
                    most = most.max(outside);
                }
                '^' | '$' | '.' => {
                    self.at += 1;
                    self.out.push(c);
                    operand = Some(1);
                }
                '[' => {
                    self.class()?;
                    operand = Some(1);
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    let lazy = self.take("?");
                    let inner = self.repeatable(operand, last_repeat, start)?;
                    self.out.push(c);
                    self.out.push_str(if lazy { "?" } else { "" });
                    operand = Some(inner);
                    repeat = Some(start);
                }
                '{' => match self.counted()? {
                    Some((min, max)) => {
                        let lazy = self.take("?");
                        let inner = self.repeatable(operand, last_repeat, start)?;
                        let count = max.unwrap_or(min);
                        let total = count.max(1).saturating_mul(inner);
                        if count >= 2 && total > MOST_REPEATS {
                            return self.wrong("invalid repeat count", start);
                        }
                        let max = max.map_or_else(String::new, |max| max.to_string());
                        self.out.push_str(&format!("{{{min},{max}}}{}", if lazy { "?" } else { "" }));
                        operand = Some(total);
                        most = most.max(total);
                        repeat = Some(start);
                    }
                    None => {
                        self.at += 1;
                        self.literal(u32::from('{'));
                        operand = Some(1);
                    }
                },
                '\\' => {
                    self.escape()?;
                    operand = Some(1);
                }
                _ => {
                    self.at += c.len_utf8();
                    self.literal(u32::from(c));
                    operand = Some(1);
                }
            }
            last_repeat = repeat;
        }
        if groups.is_empty() {
            Ok((self.out, self.names))
        } else {
            Err(error("missing closing )", self.pattern))
        }
    }

    fn repeatable(&self, operand: Operand, last_repeat: Option<usize>, start: usize) -> Result<u64, String> {
        if let Some(last) = last_repeat {
            return self.wrong("invalid nested repetition operator", last);
        }
        operand.map_or_else(|| self.wrong("missing argument to repetition operator", start), Ok)
    }

    /// At `(`. Whether a group was opened; `(?i)` opens none.
    fn group(&mut self) -> Result<bool, String> {
        let start = self.at;
        self.at += 1;
        if !self.take("?") {
            self.out.push('(');
            self.names.push(String::new());
            return Ok(true);
        }
        let rest = self.rest();
        if rest.starts_with("P<") && rest.len() > 2 || rest.starts_with('<') && rest.len() > 1 {
            self.at += if rest.starts_with('P') { 2 } else { 1 };
            let Some(length) = self.rest().find('>') else {
                self.at = self.pattern.len();
                return self.wrong("invalid named capture", start);
            };
            let name = &self.rest()[..length];
            self.at += length + 1;
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(word) {
                return self.wrong("invalid named capture", start);
            }
            self.out.push('(');
            self.names.push(name.to_owned());
            return Ok(true);
        }
        let (mut on, mut off) = (String::new(), String::new());
        let mut negated = false;
        let mut seen = false;
        while let Some(c) = self.next() {
            match c {
                'i' | 'm' | 's' | 'U' => {
                    let (into, from) = if negated { (&mut off, &mut on) } else { (&mut on, &mut off) };
                    from.retain(|flag| flag != c);
                    if !into.contains(c) {
                        into.push(c);
                    }
                    seen = true;
                }
                '-' if !negated => {
                    negated = true;
                    seen = false;
                }
                ':' | ')' if !negated || seen => {
                    let dash = if off.is_empty() { "" } else { "-" };
                    if c == ':' || !on.is_empty() || !off.is_empty() {
                        self.out.push_str(&format!("(?{on}{dash}{off}{c}"));
                    }
                    return Ok(c == ':');
                }
                _ => break,
            }
        }
        self.wrong("invalid or unsupported Perl syntax", start)
    }

    /// At `{`: the least and the most of a repetition; nothing when it is none.
    fn counted(&mut self) -> Result<Option<(u64, Option<u64>)>, String> {
        let start = self.at;
        let number = |text: &'a str| {
            let n = text.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = text.split_at(n);
            // Numbers too long for this are too large anyway.
            let valid = n > 0 && !(n > 1 && digits.starts_with('0'));
            valid.then(|| (digits.parse::<u64>().unwrap_or(u64::MAX), rest))
        };
        let Some((min, rest)) = number(&self.rest()[1..]) else { return Ok(None) };
        let (max, rest) = match rest.strip_prefix(',') {
            None => (Some(min), rest),
            Some(rest) if rest.starts_with('}') => (None, rest),
            Some(rest) => match number(rest) {
                Some((max, rest)) => (Some(max), rest),
                None => return Ok(None),
            },
        };
        let Some(rest) = rest.strip_prefix('}') else { return Ok(None) };
        self.at = self.pattern.len() - rest.len();
        if min > MOST_REPEATS || max.is_some_and(|max| max > MOST_REPEATS || max < min) {
            return self.wrong("invalid repeat count", start);
        }
        Ok(Some((min, max)))
    }

    /// At `\`, outside a class.
    fn escape(&mut self) -> Result<(), String> {
        for (escape, translated) in
            [(r"\A", r"\A"), (r"\z", r"\z"), (r"\b", r"(?-u:\b)"), (r"\B", r"(?-u:\B)")]
        {
            if self.take(escape) {
                self.out.push_str(translated);
                return Ok(());
            }
        }
        if self.take(r"\Q") {
            let text = self.rest().split(r"\E").next().unwrap_or_default();
            self.at += text.len();
            self.take(r"\E");
            text.chars().for_each(|c| self.literal(u32::from(c)));
            return Ok(());
        }
        if let Some(class) = self.class_escape()? {
            self.out.push_str(&class);
            return Ok(());
        }
        let c = self.char_escape()?;
        self.literal(c);
        Ok(())
    }

    /// `\d`, `\pL` and the like, inside and outside of brackets.
    fn class_escape(&mut self) -> Result<Option<String>, String> {
        for (escape, class) in [
            (r"\d", "[0-9]"),
            (r"\D", "[^0-9]"),
            (r"\s", r"[\t\n\x0C\r ]"),
            (r"\S", r"[^\t\n\x0C\r ]"),
            (r"\w", "[0-9A-Za-z_]"),
            (r"\W", "[^0-9A-Za-z_]"),
        ] {
            if self.take(escape) {
                return Ok(Some(class.to_owned()));
            }
        }
        let start = self.at;
        if !self.take(r"\p") && !self.take(r"\P") {
            return Ok(None);
        }
        let mut negated = self.pattern[start..].starts_with(r"\P");
        let name = match self.next() {
            Some('{') => {
                let Some(end) = self.rest().find('}') else {
                    self.at = self.pattern.len();
                    return self.wrong("invalid character class range", start);
                };
                let name = &self.rest()[..end];
                self.at += end + 1;
                name
            }
            Some(c) => &self.pattern[self.at - c.len_utf8()..self.at],
            None => "",
        };
        let plain = name.strip_prefix('^').unwrap_or(name);
        negated ^= plain.len() < name.len();
        let class = format!(r"\{}{{{plain}}}", if negated { 'P' } else { 'p' });
        let word = plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if plain.is_empty() || !word || Regex::new(&class).is_err() {
            return self.wrong("invalid character class range", start);
        }
        Ok(Some(class))
    }

    /// At `\`: one character.
    fn char_escape(&mut self) -> Result<u32, String> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.next() else {
            return Err(error("trailing backslash at end of expression", ""));
        };
        let octal = |c: Option<char>| c.and_then(|c| c.to_digit(8));
        match c {
            '0'..='7' if c == '0' || octal(self.peek()).is_some() => {
                let mut value = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = octal(self.peek()) else { break };
                    self.at += 1;
                    value = value * 8 + digit;
                }
                return Ok(value);
            }
            'x' if self.take("{") => {
                let mut value = 0u32;
                let mut digits = 0;
                while let Some(c) = self.next() {
                    match c.to_digit(16) {
                        Some(digit) => value = value.saturating_mul(16).saturating_add(digit),
                        None if c == '}' && digits > 0 => return Ok(value),
                        None => break,
                    }
                    digits += 1;
                    if value > u32::from(char::MAX) {
                        break;
                    }
                }
            }
            'x' => {
                let digits = [self.next(), self.next()].map(|c| c.and_then(|c| c.to_digit(16)));
                if let [Some(high), Some(low)] = digits {
                    return Ok(high * 16 + low);
                }
            }
            'a' => return Ok(7),
            'f' => return Ok(12),
            'n' => return Ok(10),
            'r' => return Ok(13),
            't' => return Ok(9),
            'v' => return Ok(11),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => return Ok(u32::from(c)),
            _ => {}
        }
        self.wrong("invalid escape sequence", start)
    }

    /// At `[`.
    fn class(&mut self) -> Result<(), String> {
        let start = self.at;
        self.at += 1;
        let negated = self.take("^");
        self.out.push_str(if negated { "[^" } else { "[" });
        let mut first = true;
        while first || self.peek() != Some(']') {
            first = false;
            if let Some(class) = self.posix_class()? {
                self.out.push_str(&class);
                continue;
            }
            if let Some(class) = self.class_escape()? {
                self.out.push_str(&class);
                continue;
            }
            let from = self.at;
            let low = self.class_char(start)?;
            let mut high = low;
            let rest = self.rest();
            if rest.len() >= 2 && rest.starts_with('-') && !rest[1..].starts_with(']') {
                self.at += 1;
                high = self.class_char(start)?;
                if high < low {
                    return self.wrong("invalid character class range", from);
                }
            }
            self.range(low, high);
        }
        self.at += 1;
        if self.out.ends_with("[^") || self.out.ends_with('[') {
            // Only surrogates were in it: it matches nothing, or everything when negated.
            self.out.push_str(r"&&[^\x{0}-\x{10FFFF}]");
        }
        self.out.push(']');
        Ok(())
    }

    fn class_char(&mut self, start: usize) -> Result<u32, String> {
        match self.peek() {
            None => Err(error("missing closing ]", &self.pattern[start..])),
            Some('\\') => self.char_escape(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(u32::from(c))
            }
        }
    }

    /// Writes a range, without the surrogates, which are no characters.
    fn range(&mut self, low: u32, high: u32) {
        let low = if (0xd800..0xe000).contains(&low) { 0xe000 } else { low };
        let high = if (0xd800..0xe000).contains(&high) { 0xd7ff } else { high };
        if low <= high {
            self.out.push_str(&format!(r"\x{{{low:X}}}-\x{{{high:X}}}"));
        }
    }

    /// `[:alpha:]`, inside of brackets.
    fn posix_class(&mut self) -> Result<Option<String>, String> {
        let rest = self.rest();
        let Some(end) = rest.strip_prefix("[:").and_then(|rest| rest.find(":]")) else { return Ok(None) };
        let start = self.at;
        let name = &rest[2..2 + end];
        self.at += end + 4;
        let known = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
            "space", "upper", "word", "xdigit",
        ];
        if known.contains(&name.strip_prefix('^').unwrap_or(name)) {
            Ok(Some(format!("[{}]", &rest[..end + 4])))
        } else {
            self.wrong("invalid character class range", start)
        }
    }
}
