//! Scalars of the spec that carry a meaning of their own: names, domains, addresses, quantities.
//!
//! Each knows its JSON Schema (what an editor can tell) and its parser (the whole truth).

use std::borrow::Cow;
use std::net::Ipv4Addr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Pattern of an RFC 1123 label, as Kubernetes wants it for names that become Services and namespaces.
pub const DNS_LABEL: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
/// Pattern of a host name of at least two labels, lower case.
pub const DOMAIN: &str = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
/// Pattern of a Kubernetes memory quantity in whole binary or decimal units.
pub const QUANTITY: &str = "^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)$";
/// Pattern of a dotted IPv4 address.
pub const IPV4: &str = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$";
/// Pattern of an IPv4 network.
pub const CIDR: &str = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$";
/// Pattern of an image with its digest.
pub const IMAGE: &str =
    r"^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$";

macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident, $title:literal, $pattern:expr, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool { true }
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "title": $title, "pattern": $pattern, "examples": [$example] })
            }
        }
    };
}

text_scalar!(
    /// An RFC 1123 label: at most 63 of `a-z`, `0-9` and `-`, no `-` at either end.
    DnsLabel, "a DNS label", DNS_LABEL, "aurora"
);
text_scalar!(
    /// A host name of at least two labels, lower case, without a trailing dot.
    Domain, "a domain name", DOMAIN, "shop.example"
);
text_scalar!(
    /// An image reference, by preference with `@sha256:` digest.
    ImageRef, "an image reference", IMAGE, "registry.example/aurora@sha256:0000000000000000000000000000000000000000000000000000000000000000"
);

/// Memory or disk space in MiB, written as a Kubernetes quantity (`208Gi`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mebibytes(pub u64);

impl Mebibytes {
    /// Reads `208Gi`, `512Mi`, `1T`, …; smaller parts than a MiB are dropped. `None` for anything else or more than 2^53 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = text[..digits].parse().ok()?;
        let unit: u64 = match &text[digits..] {
            "Ki" => 1 << 10,
            "Mi" => 1 << 20,
            "Gi" => 1 << 30,
            "Ti" => 1 << 40,
            "k" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "T" => 1_000_000_000_000,
            _ => return None,
        };
        let bytes = number.checked_mul(unit).filter(|b| *b < 1 << 53)?;
        Some(Self(bytes >> 20))
    }
}

impl std::fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_multiple_of(1024) { write!(f, "{}Gi", self.0 / 1024) } else { write!(f, "{}Mi", self.0) }
    }
}

impl Serialize for Mebibytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mebibytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a quantity")))
    }
}

impl JsonSchema for Mebibytes {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": "a quantity", "pattern": QUANTITY, "examples": ["8Gi"] })
    }
}

/// CPU in thousandths of a core, written as a Kubernetes quantity: `500m` or `2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millicores(pub u64);

impl Millicores {
    /// Reads `500m`, `2` or `1.5`. `None` for anything else or more than 100,000 cores.
    pub fn parse(text: &str) -> Option<Self> {
        let milli = if let Some(milli) = text.strip_suffix('m') {
            milli.parse::<u64>().ok()?
        } else {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let part: u64 = format!("{part:0<3}").parse().ok()?;
            whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(part)?
        };
        (milli <= 100_000_000).then_some(Self(milli))
    }
}

impl std::fmt::Display for Millicores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_multiple_of(1000) { write!(f, "{}", self.0 / 1000) } else { write!(f, "{}m", self.0) }
    }
}

impl Serialize for Millicores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Millicores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a CPU quantity")))
    }
}

impl JsonSchema for Millicores {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Cpu".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "title": "a CPU quantity", "pattern": "^([0-9]+m|[0-9]+(\\.[0-9]{1,3})?)$", "examples": ["500m", "2"]
        })
    }
}

/// An IPv4 network. Keeps the text as written: host bits are reported by a rule, not silently dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Cidr(pub ipnet::Ipv4Net);

impl Cidr {
    /// The network with host bits cleared.
    pub fn network(self) -> ipnet::Ipv4Net {
        self.0.trunc()
    }

    /// Whether two networks share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.network().contains(&other.network()) || other.network().contains(&self.network())
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map(Self)
            .map_err(|_| serde::de::Error::custom(format!("`{text}` is not an IPv4 network")))
    }
}

impl JsonSchema for Cidr {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Cidr".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": "an IPv4 network", "pattern": CIDR, "examples": ["10.42.0.0/16"] })
    }
}

/// An IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(pub Ipv4Addr);

impl Default for Address {
    fn default() -> Self {
        Self(Ipv4Addr::UNSPECIFIED)
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for Address {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "title": "an IPv4 address", "pattern": IPV4, "examples": ["10.10.0.10"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_mebibytes() {
        for (text, expected) in [
            ("8Gi", Some(8192)),
            ("512Mi", Some(512)),
            ("1G", Some(953)),
            ("1Ti", Some(1 << 20)),
            ("8", None),
            ("8gb", None),
            ("-1Gi", None),
            ("99999999999Ti", None),
            ("", None),
        ] {
            assert_eq!(Mebibytes::parse(text).map(|m| m.0), expected, "{text}");
        }
        assert_eq!(Mebibytes(208 * 1024).to_string(), "208Gi");
    }

    #[test]
    fn cpu_is_read_in_thousandths() {
        for (text, expected) in [
            ("500m", Some(500)),
            ("2", Some(2000)),
            ("1.5", Some(1500)),
            ("1.2345", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(Millicores::parse(text).map(|m| m.0), expected, "{text}");
        }
    }
}
