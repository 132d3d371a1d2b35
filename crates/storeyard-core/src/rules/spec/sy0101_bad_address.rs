//! # SY0101 bad-address
//!
//! ## What it does
//! Reports IPv4 addresses with parts above 255, prefix lengths above 32, and networks with bits set beyond
//! their prefix.
//!
//! ## Why
//! A network with host bits is usually a slip for another one; guessing which would be worse than asking.
//!
//! ## Example
//! ```yaml
//! spec:
//!   network:
//!     pods: 10.42.1.0/16   # 10.42.0.0/16?
//! ```
//!
//! ## Remedy
//! Write the network by its first address.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::SpecContext;
use crate::diagnostic::Diagnostic;
use crate::rules::rule;

rule!("SY0101", "bad-address", Error, "An address or network that does not exist", "sy0101_bad_address.rs");

/// Every address and network of the platform is parsed as what it claims to be.
pub(crate) fn check(cx: &SpecContext<'_>, out: &mut Vec<Diagnostic>) {
    for (pointer, text) in cx.networks() {
        let place = cx.place(&pointer);
        match text.parse::<Ipv4Net>() {
            // What has another form altogether is SY0007.
            Err(_) if text.contains('/') && text.split('.').count() == 4 => out.push(
                RULE.find(format!("`{text}` is not an IPv4 network"))
                    .at(place, "each part is at most 255, the prefix at most 32")
                    .help("write it like 10.42.0.0/16"),
            ),
            Ok(network) if network.trunc() != network => out.push(
                RULE.find(format!("`{text}` is an address inside a network, not a network"))
                    .at(place, format!("the network is {}", network.trunc()))
                    .help(format!("write `{}` if that is what you mean", network.trunc())),
            ),
            _ => {}
        }
    }
    for (pointer, text) in cx.addresses() {
        if text.split('.').count() == 4 && text.parse::<Ipv4Addr>().is_err() {
            out.push(
                RULE.find(format!("`{text}` is not an IPv4 address"))
                    .at(cx.place(&pointer), "each part is at most 255")
                    .help("write it like 10.10.0.10, without leading zeros"),
            );
        }
    }
}
