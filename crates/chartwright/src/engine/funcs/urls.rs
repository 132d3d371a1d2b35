//! `urlParse` and `urlJoin`: Go's `net/url`, which keeps more of what was written than the web's rules do.

use std::net::Ipv6Addr;

use super::{Args as _, Ctx, FuncDef, FuncError, Ty};
use crate::engine::format::quoted;
use crate::engine::value::{Map, Str, Val};

pub(super) static FUNCS: &[FuncDef] =
    &[FuncDef::new("urlParse", &[Ty::Str], url_parse), FuncDef::new("urlJoin", &[Ty::Map], url_join)];

/// A part of a URL, by which some bytes may stand as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    /// The zone of an IPv6 address.
    Zone,
    User,
    Fragment,
}

impl Part {
    /// Whether the byte has to be written `%XX` there.
    fn escapes(self, b: u8) -> bool {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            return false;
        }
        !match self {
            Part::Host | Part::Zone => matches!(
                b,
                b'!' | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
                    | b':'
                    | b'['
                    | b']'
                    | b'<'
                    | b'>'
                    | b'"'
            ),
            Part::Path => matches!(b, b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@'),
            Part::User => matches!(b, b'$' | b'&' | b'+' | b',' | b';' | b'='),
            Part::Fragment => matches!(
                b,
                b'$' | b'&'
                    | b'+'
                    | b','
                    | b'/'
                    | b':'
                    | b';'
                    | b'='
                    | b'?'
                    | b'@'
                    | b'!'
                    | b'('
                    | b')'
                    | b'*'
            ),
        }
    }
}

fn escape(text: &[u8], part: Part) -> String {
    let mut out = String::new();
    for &b in text {
        if part.escapes(b) {
            out.push_str(&format!("%{b:02X}"));
        } else {
            out.push(char::from(b));
        }
    }
    out
}

fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&b) = bytes.get(i) {
        let host = matches!(part, Part::Host | Part::Zone);
        if b != b'%' {
            if host && b.is_ascii() && part.escapes(b) {
                return Err(format!("invalid character {} in host name", quoted(&char::from(b).to_string())));
            }
            out.push(b);
            i += 1;
            continue;
        }
        let wrong = || {
            let end = bytes.len().min(i + 3);
            format!("invalid URL escape {}", quoted(&String::from_utf8_lossy(&bytes[i..end])))
        };
        let digits = bytes.get(i + 1).copied().and_then(hex).zip(bytes.get(i + 2).copied().and_then(hex));
        let (high, low) = digits.ok_or_else(wrong)?;
        let percent = bytes[i + 1..].starts_with(b"25");
        let value = high << 4 | low;
        // In a host only non-ASCII may be escaped, in a zone what could stand there unescaped, and a blank.
        if part == Part::Host && high < 8 && !percent
            || part == Part::Zone && !percent && value != b' ' && Part::Host.escapes(value)
        {
            return Err(wrong());
        }
        out.push(value);
        i += 3;
    }
    Ok(out)
}

#[derive(Default)]
struct Url {
    scheme: String,
    opaque: String,
    /// Name and password, unescaped.
    user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: String,
    fragment: Vec<u8>,
}

impl Url {
    /// `url.Parse`; the error is that of `*url.Error`.
    fn parse(text: &str) -> Result<Self, String> {
        let (body, fragment) = text.split_once('#').unwrap_or((text, ""));
        let wrong = |url: &str, why: String| format!("parse {}: {why}", quoted(url));
        let mut url = Self::parse_body(body).map_err(|why| wrong(body, why))?;
        url.fragment = unescape(fragment, Part::Fragment).map_err(|why| wrong(text, why))?;
        Ok(url)
    }

    fn parse_body(text: &str) -> Result<Self, String> {
        if text.bytes().any(|b| b < b' ' || b == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::default();
        if text == "*" {
            url.path = b"*".to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        // A lone `?` at the end leaves the query empty either way.
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        url.query = query.to_owned();
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let authority =
            rest.strip_prefix("//").filter(|after| !url.scheme.is_empty() || !after.starts_with('/'));
        let path = match authority {
            Some(after) => {
                let end = after.find('/').unwrap_or(after.len());
                url.parse_authority(&after[..end])?;
                &after[end..]
            }
            None => rest,
        };
        url.path = unescape(path, Part::Path)?;
        Ok(url)
    }

    fn parse_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = parse_host(host)?;
        let Some(user) = user else { return Ok(()) };
        let valid = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
        if !user.chars().all(valid) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        self.user = Some(match user.split_once(':') {
            Some((name, password)) => (unescape(name, Part::User)?, Some(unescape(password, Part::User)?)),
            None => (unescape(user, Part::User)?, None),
        });
        Ok(())
    }

    fn user_info(&self) -> Option<String> {
        let (name, password) = self.user.as_ref()?;
        let mut text = escape(name, Part::User);
        if let Some(password) = password {
            text.push(':');
            text.push_str(&escape(password, Part::User));
        }
        Some(text)
    }

    /// The host without its port and brackets.
    fn host_name(&self) -> &[u8] {
        let colon = self.host.iter().rposition(|b| *b == b':');
        let port = colon.filter(|at| self.host[at + 1..].iter().all(u8::is_ascii_digit));
        let host = &self.host[..port.unwrap_or(self.host.len())];
        host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host)
    }

    /// `URL.String`, of a URL that was put together from its parts.
    fn text(&self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme);
            out.push(':');
        }
        if self.opaque.is_empty() {
            let user = self.user_info();
            let anything = !self.host.is_empty() || user.is_some();
            if anything || !self.scheme.is_empty() && !self.path.is_empty() {
                out.push_str("//");
            }
            if let Some(user) = user {
                out.push_str(&user);
                out.push('@');
            }
            out.push_str(&escape(&self.host, Part::Host));
            let path = if self.path == b"*" { "*".to_owned() } else { escape(&self.path, Part::Path) };
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                out.push('/');
            }
            if out.is_empty() && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                out.push_str("./");
            }
            out.push_str(&path);
        } else {
            out.push_str(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push('?');
            out.push_str(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push('#');
            out.push_str(&escape(&self.fragment, Part::Fragment));
        }
        out
    }
}

/// The scheme (empty when there is none) and what follows its colon.
fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..i], &text[i + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn valid_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    if port.is_empty() || digits { Ok(()) } else { Err(format!("invalid port {} after host", quoted(port))) }
}

fn parse_host(host: &str) -> Result<Vec<u8>, String> {
    match host.rfind('[') {
        Some(0) => {}
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {
            if let Some(colon) = host.rfind(':') {
                valid_port(&host[colon..])?;
            }
            return unescape(host, Part::Host);
        }
    }
    let close = host.rfind(']').ok_or("missing ']' in host")?;
    let port = &host[close + 1..];
    valid_port(port)?;
    let name = &host[1..close];
    let name = match name.find("%25") {
        Some(zone) => [unescape(&name[..zone], Part::Host)?, unescape(&name[zone..], Part::Zone)?].concat(),
        None => unescape(name, Part::Host)?,
    };
    let text = String::from_utf8_lossy(&name).into_owned();
    let address = text.split_once('%').map_or(&text[..], |(address, _)| address);
    if address.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("invalid IP-literal".to_owned());
    }
    if address.parse::<Ipv6Addr>().is_err() {
        return Err(format!("invalid host: ParseAddr({}): unable to parse IP", quoted(&text)));
    }
    Ok([b"[", &name[..], b"]", port.as_bytes()].concat())
}

fn url_parse(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let url = Url::parse(args.text(0)).map_err(|why| format!("unable to parse url: {why}"))?;
    let bytes = |b: &[u8]| Val::Str(Str::from_bytes(b));
    Ok(Val::map([
        ("scheme".into(), Val::str(&url.scheme)),
        ("host".into(), bytes(&url.host)),
        ("hostname".into(), bytes(url.host_name())),
        ("path".into(), bytes(&url.path)),
        ("query".into(), Val::str(&url.query)),
        ("opaque".into(), Val::str(&url.opaque)),
        ("fragment".into(), bytes(&url.fragment)),
        ("userinfo".into(), Val::str(url.user_info().unwrap_or_default())),
    ]))
}

fn url_join(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let empty = Map::new();
    let parts = args.map(0).unwrap_or(&empty);
    let part = |key: &str| match parts.get(key) {
        None => Ok(Str::from("")),
        Some(Val::Str(text)) => Ok(text),
        Some(Val::Nil) => Err(FuncError::new(super::cast::NIL_POINTER)),
        Some(other) => Err(FuncError::new(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind_name()
        ))),
    };
    let mut url = Url {
        scheme: part("scheme")?.as_str().to_owned(),
        host: part("host")?.as_bytes().to_vec(),
        path: part("path")?.as_bytes().to_vec(),
        query: part("query")?.as_str().to_owned(),
        opaque: part("opaque")?.as_str().to_owned(),
        fragment: part("fragment")?.as_bytes().to_vec(),
        user: None,
    };
    let user = part("userinfo")?;
    if !user.is_empty() {
        url.user = Url::parse(&format!("proto://{user}@host"))
            .map_err(|why| format!("unable to parse userinfo in dict: {why}"))?
            .user;
    }
    Ok(Val::str(url.text()))
}
