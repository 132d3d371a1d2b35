//! `--set` and its relatives: one line such as `a.b=1,c[0].d={x,y}` into values.
//!
//! The grammar has quirks that charts' users rely on: `\` escapes the next character, `{a,b}` is a list, a number
//! that does not start with `0` becomes an integer (in a values file every number is a float), `true`, `false` and
//! `null` are recognised in any case.

use crate::{Map, Value};

/// The highest list index a line may set. Helm's own limit; each index below it costs memory.
pub const MAX_INDEX: usize = 65536;
/// The deepest path a line may have. Helm's own limit.
pub const MAX_NESTING: usize = 30;

/// What the part after `=` means.
pub(crate) enum Mode<'a> {
    /// `--set`: scalars are typed.
    Typed,
    /// `--set-string`: everything is text.
    Text,
    /// `--set-json`: JSON.
    Json,
    /// `--set-file`: the value is a path; the function reads it.
    File(&'a mut dyn FnMut(&str) -> Result<String, String>),
    /// `--set-literal`: everything after the first `=` is text, nothing is escaped.
    Literal,
}

/// Parses one line into `dest`, over what is there.
pub(crate) fn parse_into(line: &str, mode: Mode<'_>, dest: &mut Map<String, Value>) -> Result<(), String> {
    let mut parser = Parser { chars: line.chars().collect(), at: 0, mode };
    loop {
        match parser.key(dest, 0)? {
            Flow::More => {}
            Flow::End => return Ok(()),
        }
    }
}

/// Whether the line has ended.
#[derive(PartialEq, Eq)]
enum Flow {
    More,
    End,
}

struct Parser<'a> {
    chars: Vec<char>,
    at: usize,
    mode: Mode<'a>,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    /// Reads up to one of the stop characters, which is taken too; `None` at the end of the line.
    fn until(&mut self, stop: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(c) = self.next() {
            if stop.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && !matches!(self.mode, Mode::Literal) {
                match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => return (text, None),
                }
            } else {
                text.push(c);
            }
        }
        (text, None)
    }

    fn key(&mut self, data: &mut Map<String, Value>, nesting: usize) -> Result<Flow, String> {
        let stop: &[char] =
            if matches!(self.mode, Mode::Literal) { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let (key, last) = self.until(stop);
        match last {
            None if key.is_empty() => Ok(Flow::End),
            None => Err(format!("key {key:?} has no value")),
            Some('[') => {
                let index = self.index()?;
                let mut list = match data.get_mut(&key) {
                    None => Vec::new(),
                    Some(Value::Array(list)) => std::mem::take(list),
                    Some(other) => return Err(format!("key {key:?} holds {}, not a list", describe(other))),
                };
                let flow = self.item(&mut list, index, nesting)?;
                set(data, key, Value::Array(list));
                Ok(flow)
            }
            Some('=') => {
                let (value, flow) = self.value()?;
                set(data, key, value);
                Ok(flow)
            }
            Some(',') => Err(format!("key {key:?} has no value (cannot end with ,)")),
            Some(_) => {
                let nesting = nesting + 1;
                if nesting > MAX_NESTING {
                    return Err(format!("a path may have {MAX_NESTING} parts at most"));
                }
                let mut inner = match data.get_mut(&key) {
                    None => Map::new(),
                    Some(Value::Object(map)) => std::mem::take(map),
                    Some(other) => return Err(format!("key {key:?} holds {}, not a map", describe(other))),
                };
                let flow = self.key(&mut inner, nesting)?;
                if inner.is_empty() {
                    return match flow {
                        Flow::More => Err(format!("key map {key:?} has no value")),
                        Flow::End => Ok(flow),
                    };
                }
                set(data, key, Value::Object(inner));
                Ok(flow)
            }
        }
    }

    fn index(&mut self) -> Result<usize, String> {
        let (text, last) = self.until(&[']']);
        if last.is_none() {
            return Err(format!("the index [{text} is never closed"));
        }
        let index: i64 = text.parse().map_err(|_| format!("{text:?} is not a list index"))?;
        let index = usize::try_from(index).map_err(|_| format!("negative {index} index not allowed"))?;
        if index > MAX_INDEX {
            return Err(format!("index of {index} is greater than the maximum of {MAX_INDEX}"));
        }
        Ok(index)
    }

    fn item(&mut self, list: &mut Vec<Value>, index: usize, nesting: usize) -> Result<Flow, String> {
        if nesting > MAX_NESTING {
            return Err(format!("a path may have {MAX_NESTING} parts at most"));
        }
        let (text, last) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(format!("unexpected data at end of array index: {text:?}"));
        }
        let (value, flow) = match last {
            None => return Ok(Flow::End),
            Some('=') => self.value()?,
            Some('[') => {
                let next = self.index()?;
                let mut inner = match list.get_mut(index) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(inner)) => std::mem::take(inner),
                    Some(other) => {
                        return Err(format!("index {index} holds {}, not a list", describe(other)));
                    }
                };
                let flow = self.item(&mut inner, next, nesting + 1)?;
                (Value::Array(inner), flow)
            }
            Some(_) => {
                let mut inner = match list.get_mut(index) {
                    Some(Value::Object(map)) => std::mem::take(map),
                    // Whatever else stood there is replaced.
                    _ => Map::new(),
                };
                let flow = self.key(&mut inner, nesting)?;
                (Value::Object(inner), flow)
            }
        };
        if list.len() <= index {
            list.resize(index + 1, Value::Null);
        }
        list[index] = value;
        Ok(flow)
    }

    /// Everything after `=`.
    fn value(&mut self) -> Result<(Value, Flow), String> {
        match &self.mode {
            Mode::Literal => {
                let text: String = self.chars[self.at..].iter().collect();
                self.at = self.chars.len();
                return Ok((Value::String(text), Flow::More));
            }
            Mode::Json => return self.json(),
            _ => {}
        }
        match self.chars.get(self.at) {
            None => return Ok((Value::String(String::new()), Flow::End)),
            Some('{') => {
                self.at += 1;
                return Ok((self.list()?, Flow::More));
            }
            Some(_) => {}
        }
        let (text, last) = self.until(&[',']);
        let value = self.typed(text)?;
        Ok((value, if last.is_some() { Flow::More } else { Flow::End }))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut list = Vec::new();
        loop {
            let (text, last) = self.until(&[',', '}']);
            let value = match last {
                None => return Err("list must terminate with '}'".to_owned()),
                Some(_) => self.typed(text)?,
            };
            list.push(value);
            if last == Some('}') {
                if self.chars.get(self.at) == Some(&',') {
                    self.at += 1;
                }
                return Ok(Value::Array(list));
            }
        }
    }

    fn typed(&mut self, text: String) -> Result<Value, String> {
        match &mut self.mode {
            Mode::Typed => Ok(typed(text)),
            Mode::File(read) => read(&text).map(Value::String),
            _ => Ok(Value::String(text)),
        }
    }

    /// A JSON value, then optional white space and a comma; nothing at all is `null`.
    fn json(&mut self) -> Result<(Value, Flow), String> {
        if self.comma_or_end() {
            return Ok((Value::Null, Flow::More));
        }
        let rest: String = self.chars[self.at..].iter().collect();
        let mut stream = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
        let value = match stream.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(error.to_string()),
            None => Value::Null,
        };
        self.at += rest[..stream.byte_offset()].chars().count();
        self.comma_or_end();
        Ok((crate::yaml::numbers_to_f64(value), Flow::More))
    }

    /// Skips white space; whether a comma (taken) or the end follows.
    fn comma_or_end(&mut self) -> bool {
        loop {
            match self.chars.get(self.at) {
                None => return true,
                Some(',') => {
                    self.at += 1;
                    return true;
                }
                Some(c) if c.is_whitespace() => self.at += 1,
                Some(_) => return false,
            }
        }
    }
}

/// Helm does not set an empty key, without complaint.
fn set(data: &mut Map<String, Value>, key: String, value: Value) {
    if !key.is_empty() {
        data.insert(key, value);
    }
}

fn typed(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Null;
    }
    if text == "0" {
        return Value::from(0);
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse::<i64>()
    {
        return Value::from(number);
    }
    Value::String(text)
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(line: &str) -> Result<Value, String> {
        let mut map = Map::new();
        parse_into(line, Mode::Typed, &mut map).map(|()| Value::Object(map))
    }

    #[test]
    fn typed_lines() {
        for (line, want) in [
            ("name1=null,f=false,t=true", json!({"name1": null, "f": false, "t": true})),
            ("a=1,b=01,c=0,d=-5,e=1.5,f=+7", json!({"a": 1, "b": "01", "c": 0, "d": -5, "e": "1.5", "f": 7})),
            ("name1=value1,name2=value2,", json!({"name1": "value1", "name2": "value2"})),
            ("name1=,name2=value2", json!({"name1": "", "name2": "value2"})),
            ("name1=", json!({"name1": ""})),
            ("name1=one\\,two,name2=three\\,four", json!({"name1": "one,two", "name2": "three,four"})),
            ("name1=one\\=two", json!({"name1": "one=two"})),
            ("outer.inner=value", json!({"outer": {"inner": "value"}})),
            ("o.i.a=1,o.i.b=2", json!({"o": {"i": {"a": 1, "b": 2}}})),
            ("name1={value1,value2}", json!({"name1": ["value1", "value2"]})),
            ("name1={},a=b", json!({"name1": [""], "a": "b"})),
            ("n={1021,902}", json!({"n": [1021, 902]})),
            ("list[0]=foo", json!({"list": ["foo"]})),
            ("list[2].foo=bar", json!({"list": [null, null, {"foo": "bar"}]})),
            ("list[0].foo=bar,list[0].hello=world", json!({"list": [{"foo": "bar", "hello": "world"}]})),
            ("l[0][1]=x", json!({"l": [[null, "x"]]})),
            ("list[0]=foo,list[3]=bar", json!({"list": ["foo", null, null, "bar"]})),
            ("illegal[0]name.foo=bar", json!(null)),
            ("a\\.b=c", json!({"a.b": "c"})),
            ("noval[0]", json!({"noval": []})),
            ("noval[0]=", json!({"noval": [""]})),
            ("", json!({})),
        ] {
            match set(line) {
                Ok(value) => assert_eq!(value, want, "{line}"),
                Err(error) => assert!(want.is_null(), "{line}: {error}"),
            }
        }
        for bad in [
            "a",
            "a,b=c",
            "a.b",
            "name1.name2,name1.name3",
            "a={b",
            "a[-1]=x",
            "a[99999]=x",
            "a[x]=1",
            "a[0=1",
            "a=1,a.b=2",
        ] {
            assert!(set(bad).is_err(), "{bad}");
        }
        assert!(set(&("a.".repeat(31) + "b=1")).is_err());
    }

    #[test]
    fn other_modes() {
        let mut map = Map::new();
        parse_into("a=1,b=true", Mode::Text, &mut map).unwrap();
        parse_into("l=a,b=c\\d", Mode::Literal, &mut map).unwrap();
        parse_into("j={\"x\": [1, 2]} ,k=3,n=", Mode::Json, &mut map).unwrap();
        parse_into("f=notes.txt", Mode::File(&mut |path| Ok(format!("<{path}>"))), &mut map).unwrap();
        assert_eq!(
            Value::Object(map),
            json!({"a": "1", "b": "true", "l": "a,b=c\\d", "j": {"x": [1.0, 2.0]}, "k": 3.0, "n": null, "f": "<notes.txt>"})
        );
    }
}
