//! Rules about the spec itself: SY00xx its structure, SY01xx its meaning.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::Value;

use super::Rule;
use crate::diagnostic::{Code, Diagnostic};
use crate::library::Library;
use crate::source::Place;
use crate::spec::document::Document;

mod sy0001_unreadable;
mod sy0002_unknown_key;
mod sy0003_wrong_type;
mod sy0004_duplicate_key;
mod sy0005_missing_key;
mod sy0006_not_allowed;
mod sy0007_wrong_form;
mod sy0008_out_of_range;
mod sy0101_bad_address;
mod sy0102_network_overlap;
mod sy0103_api_address;
mod sy0104_machine_address;
mod sy0105_outside_failover_block;
mod sy0106_duplicate_machine;
mod sy0107_duplicate_store;
mod sy0108_duplicate_domain;
mod sy0109_host_overcommitted;
mod sy0110_undefined_host;
mod sy0111_unsupported_version;
mod sy0112_control_plane_count;
mod sy0113_no_secret_backend;
mod sy0114_unknown_component;
mod sy0115_size_or_traffic;
mod sy0116_image_without_digest;
mod sy0117_no_age_recipient;
mod sy0118_bad_suppression;
mod sy0119_pod_range_too_small;
mod sy0120_duplicate_website;
mod sy0121_library;

pub(crate) use sy0001_unreadable::RULE as UNREADABLE_RULE;
pub(crate) use sy0002_unknown_key::RULE as UNKNOWN_KEY_RULE;
pub(crate) use sy0003_wrong_type::RULE as WRONG_TYPE_RULE;
pub(crate) use sy0004_duplicate_key::RULE as DUPLICATE_KEY_RULE;
pub(crate) use sy0005_missing_key::RULE as MISSING_KEY_RULE;
pub(crate) use sy0006_not_allowed::RULE as NOT_ALLOWED_RULE;
pub(crate) use sy0007_wrong_form::RULE as WRONG_FORM_RULE;
pub(crate) use sy0008_out_of_range::RULE as OUT_OF_RANGE_RULE;
pub(crate) use sy0101_bad_address::RULE as BAD_ADDRESS_RULE;
pub(crate) use sy0102_network_overlap::RULE as NETWORK_OVERLAP_RULE;
pub(crate) use sy0103_api_address::RULE as API_ADDRESS_RULE;
pub(crate) use sy0104_machine_address::RULE as MACHINE_ADDRESS_RULE;
pub(crate) use sy0105_outside_failover_block::RULE as OUTSIDE_FAILOVER_BLOCK_RULE;
pub(crate) use sy0106_duplicate_machine::RULE as DUPLICATE_MACHINE_RULE;
pub(crate) use sy0107_duplicate_store::RULE as DUPLICATE_STORE_RULE;
pub(crate) use sy0108_duplicate_domain::RULE as DUPLICATE_DOMAIN_RULE;
pub(crate) use sy0109_host_overcommitted::RULE as HOST_OVERCOMMITTED_RULE;
pub(crate) use sy0110_undefined_host::RULE as UNDEFINED_HOST_RULE;
pub(crate) use sy0111_unsupported_version::RULE as UNSUPPORTED_VERSION_RULE;
pub(crate) use sy0112_control_plane_count::RULE as CONTROL_PLANE_COUNT_RULE;
pub(crate) use sy0113_no_secret_backend::RULE as NO_SECRET_BACKEND_RULE;
pub(crate) use sy0114_unknown_component::RULE as UNKNOWN_COMPONENT_RULE;
pub(crate) use sy0115_size_or_traffic::RULE as SIZE_OR_TRAFFIC_RULE;
pub(crate) use sy0116_image_without_digest::RULE as IMAGE_WITHOUT_DIGEST_RULE;
pub(crate) use sy0117_no_age_recipient::RULE as NO_AGE_RECIPIENT_RULE;
pub(crate) use sy0118_bad_suppression::RULE as BAD_SUPPRESSION_RULE;
pub(crate) use sy0119_pod_range_too_small::RULE as POD_RANGE_TOO_SMALL_RULE;
pub(crate) use sy0120_duplicate_website::RULE as DUPLICATE_WEBSITE_RULE;
pub(crate) use sy0121_library::RULE as LIBRARY_RULE;

/// Every rule about the spec.
pub const ALL: &[Rule] = &[
    UNREADABLE_RULE,
    UNKNOWN_KEY_RULE,
    WRONG_TYPE_RULE,
    DUPLICATE_KEY_RULE,
    MISSING_KEY_RULE,
    NOT_ALLOWED_RULE,
    WRONG_FORM_RULE,
    OUT_OF_RANGE_RULE,
    BAD_ADDRESS_RULE,
    NETWORK_OVERLAP_RULE,
    API_ADDRESS_RULE,
    MACHINE_ADDRESS_RULE,
    OUTSIDE_FAILOVER_BLOCK_RULE,
    DUPLICATE_MACHINE_RULE,
    DUPLICATE_STORE_RULE,
    DUPLICATE_DOMAIN_RULE,
    HOST_OVERCOMMITTED_RULE,
    UNDEFINED_HOST_RULE,
    UNSUPPORTED_VERSION_RULE,
    CONTROL_PLANE_COUNT_RULE,
    NO_SECRET_BACKEND_RULE,
    UNKNOWN_COMPONENT_RULE,
    SIZE_OR_TRAFFIC_RULE,
    IMAGE_WITHOUT_DIGEST_RULE,
    NO_AGE_RECIPIENT_RULE,
    BAD_SUPPRESSION_RULE,
    POD_RANGE_TOO_SMALL_RULE,
    DUPLICATE_WEBSITE_RULE,
    LIBRARY_RULE,
];

/// See [`Rule`] of the same name.
pub const UNREADABLE: Code = UNREADABLE_RULE.code;
/// See [`Rule`] of the same name.
pub const UNKNOWN_KEY: Code = UNKNOWN_KEY_RULE.code;
/// See [`Rule`] of the same name.
pub const WRONG_TYPE: Code = WRONG_TYPE_RULE.code;
/// See [`Rule`] of the same name.
pub const DUPLICATE_KEY: Code = DUPLICATE_KEY_RULE.code;
/// See [`Rule`] of the same name.
pub const MISSING_KEY: Code = MISSING_KEY_RULE.code;
/// See [`Rule`] of the same name.
pub const NOT_ALLOWED: Code = NOT_ALLOWED_RULE.code;
/// See [`Rule`] of the same name.
pub const WRONG_FORM: Code = WRONG_FORM_RULE.code;
/// See [`Rule`] of the same name.
pub const OUT_OF_RANGE: Code = OUT_OF_RANGE_RULE.code;
/// See [`Rule`] of the same name.
pub const BAD_ADDRESS: Code = BAD_ADDRESS_RULE.code;
/// See [`Rule`] of the same name.
pub const NETWORK_OVERLAP: Code = NETWORK_OVERLAP_RULE.code;
/// See [`Rule`] of the same name.
pub const API_ADDRESS: Code = API_ADDRESS_RULE.code;
/// See [`Rule`] of the same name.
pub const MACHINE_ADDRESS: Code = MACHINE_ADDRESS_RULE.code;
/// See [`Rule`] of the same name.
pub const OUTSIDE_FAILOVER_BLOCK: Code = OUTSIDE_FAILOVER_BLOCK_RULE.code;
/// See [`Rule`] of the same name.
pub const DUPLICATE_MACHINE: Code = DUPLICATE_MACHINE_RULE.code;
/// See [`Rule`] of the same name.
pub const DUPLICATE_STORE: Code = DUPLICATE_STORE_RULE.code;
/// See [`Rule`] of the same name.
pub const DUPLICATE_DOMAIN: Code = DUPLICATE_DOMAIN_RULE.code;
/// See [`Rule`] of the same name.
pub const HOST_OVERCOMMITTED: Code = HOST_OVERCOMMITTED_RULE.code;
/// See [`Rule`] of the same name.
pub const UNDEFINED_HOST: Code = UNDEFINED_HOST_RULE.code;
/// See [`Rule`] of the same name.
pub const UNSUPPORTED_VERSION: Code = UNSUPPORTED_VERSION_RULE.code;
/// See [`Rule`] of the same name.
pub const CONTROL_PLANE_COUNT: Code = CONTROL_PLANE_COUNT_RULE.code;
/// See [`Rule`] of the same name.
pub const NO_SECRET_BACKEND: Code = NO_SECRET_BACKEND_RULE.code;
/// See [`Rule`] of the same name.
pub const UNKNOWN_COMPONENT: Code = UNKNOWN_COMPONENT_RULE.code;
/// See [`Rule`] of the same name.
pub const SIZE_OR_TRAFFIC: Code = SIZE_OR_TRAFFIC_RULE.code;
/// See [`Rule`] of the same name.
pub const IMAGE_WITHOUT_DIGEST: Code = IMAGE_WITHOUT_DIGEST_RULE.code;
/// See [`Rule`] of the same name.
pub const NO_AGE_RECIPIENT: Code = NO_AGE_RECIPIENT_RULE.code;
/// See [`Rule`] of the same name.
pub const BAD_SUPPRESSION: Code = BAD_SUPPRESSION_RULE.code;
/// See [`Rule`] of the same name.
pub const POD_RANGE_TOO_SMALL: Code = POD_RANGE_TOO_SMALL_RULE.code;
/// See [`Rule`] of the same name.
pub const DUPLICATE_WEBSITE: Code = DUPLICATE_WEBSITE_RULE.code;
/// See [`Rule`] of the same name.
pub const LIBRARY: Code = LIBRARY_RULE.code;

/// What the rules about the spec's meaning look at. Values may be wrong in any way: structure is judged elsewhere, and
/// what has not the form it should have is passed over here.
pub(crate) struct SpecContext<'a> {
    /// The user's platform.
    pub(crate) platform: &'a Document,
    /// The same over the built-in defaults.
    pub(crate) merged: &'a Value,
    /// The user's stores.
    pub(crate) stores: &'a [Document],
    /// The library.
    pub(crate) library: &'a Library,
    /// The day of the run, `YYYY-MM-DD`.
    pub(crate) today: &'a str,
}

/// A rule's check over the spec.
type Check = fn(&SpecContext<'_>, &mut Vec<Diagnostic>);

/// Runs every rule about the spec's meaning.
pub(crate) fn check(cx: &SpecContext<'_>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for check in CHECKS {
        check(cx, &mut out);
    }
    out
}

impl SpecContext<'_> {
    /// Where a platform value stands, or its closest parent that the user wrote.
    fn place(&self, pointer: &str) -> Place {
        self.platform.place(pointer)
    }

    fn key_place(&self, pointer: &str) -> Place {
        self.platform.key_place(pointer).unwrap_or_else(|| self.platform.place(pointer))
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.merged.pointer(pointer).and_then(Value::as_str)
    }

    fn network(&self, pointer: &str) -> Option<Ipv4Net> {
        self.text(pointer)?.parse().ok()
    }

    fn address(&self, pointer: &str) -> Option<Ipv4Addr> {
        self.text(pointer)?.parse().ok()
    }

    /// Pointers and texts of all networks.
    fn networks(&self) -> Vec<(String, String)> {
        let mut all: Vec<String> =
            ["pods", "services", "nodes"].iter().map(|n| format!("/spec/network/{n}")).collect();
        let blocks = self.merged.pointer("/spec/network/loadBalancers").and_then(Value::as_array);
        all.extend((0..blocks.map_or(0, Vec::len)).map(|i| format!("/spec/network/loadBalancers/{i}")));
        self.with_texts(all)
    }

    /// Pointers and texts of all addresses.
    fn addresses(&self) -> Vec<(String, String)> {
        let mut all: Vec<String> =
            ["apiServer", "edgeAddress", "gateway"].iter().map(|n| format!("/spec/network/{n}")).collect();
        let servers = self.merged.pointer("/spec/network/nameservers").and_then(Value::as_array);
        all.extend((0..servers.map_or(0, Vec::len)).map(|i| format!("/spec/network/nameservers/{i}")));
        all.extend(self.machine_addresses().into_iter().map(|(pointer, _)| pointer));
        self.with_texts(all)
    }

    fn with_texts(&self, pointers: Vec<String>) -> Vec<(String, String)> {
        pointers.into_iter().filter_map(|p| Some((p.clone(), self.text(&p)?.to_owned()))).collect()
    }

    fn hosts(&self) -> &[Value] {
        self.merged.pointer("/spec/hosts").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Pointers and values of all machines.
    fn machines(&self) -> Vec<(String, &Value)> {
        let mut all = Vec::new();
        for (h, host) in self.hosts().iter().enumerate() {
            let machines = host.get("machines").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            all.extend(
                machines.iter().enumerate().map(|(m, v)| (format!("/spec/hosts/{h}/machines/{m}"), v)),
            );
        }
        all
    }

    /// Pointers of the addresses of hosts and machines, with the names of their owners.
    fn machine_addresses(&self) -> Vec<(String, String)> {
        let name = |value: &Value| value.get("name").and_then(Value::as_str).unwrap_or("?").to_owned();
        let mut all: Vec<(String, String)> = Vec::new();
        for (h, host) in self.hosts().iter().enumerate() {
            all.push((format!("/spec/hosts/{h}/address"), name(host)));
        }
        all.extend(self.machines().into_iter().map(|(pointer, m)| (format!("{pointer}/address"), name(m))));
        all
    }

    /// The machines' network: as written, or the /24 around the API's address.
    fn nodes_network(&self) -> Option<Ipv4Net> {
        match self.text("/spec/network/nodes") {
            Some(text) => text.parse::<Ipv4Net>().ok().map(|n| n.trunc()),
            None => {
                Some(crate::plan::sizing::default_nodes_network(self.address("/spec/network/apiServer")?))
            }
        }
    }

    fn gateway(&self) -> Option<Ipv4Addr> {
        match self.text("/spec/network/gateway") {
            Some(text) => text.parse().ok(),
            None => self.nodes_network().and_then(|n| n.hosts().next()),
        }
    }

    /// Owner, pointer and domain of everything a store claims: its websites' domains, and those of its own that no
    /// website repeats.
    fn domains(store: &Document, name: &str) -> Vec<(String, String, String)> {
        let mut all: Vec<(String, String, String)> = Vec::new();
        let websites = store.value.pointer("/spec/websites").and_then(Value::as_array);
        for (w, website) in websites.into_iter().flatten().enumerate() {
            let code = website.get("code").and_then(Value::as_str).unwrap_or("?");
            let domains = website.get("domains").and_then(Value::as_array);
            for (d, domain) in domains.into_iter().flatten().enumerate() {
                if let Some(domain) = domain.as_str() {
                    let owner = format!("website `{code}` of store `{name}`");
                    all.push((owner, format!("/spec/websites/{w}/domains/{d}"), domain.to_owned()));
                }
            }
        }
        let of_websites = all.len();
        let own = store.value.pointer("/spec/domains").and_then(Value::as_array);
        for (d, domain) in own.into_iter().flatten().enumerate().filter_map(|(d, v)| Some((d, v.as_str()?))) {
            if !all[..of_websites].iter().any(|(_, _, known)| known == domain) {
                all.push((format!("store `{name}`"), format!("/spec/domains/{d}"), domain.to_owned()));
            }
        }
        all
    }
}

const CHECKS: &[Check] = &[
    sy0101_bad_address::check,
    sy0102_network_overlap::check,
    sy0103_api_address::check,
    sy0104_machine_address::check,
    sy0105_outside_failover_block::check,
    sy0106_duplicate_machine::check,
    sy0107_duplicate_store::check,
    sy0108_duplicate_domain::check,
    sy0109_host_overcommitted::check,
    sy0110_undefined_host::check,
    sy0111_unsupported_version::check,
    sy0112_control_plane_count::check,
    sy0113_no_secret_backend::check,
    sy0114_unknown_component::check,
    sy0115_size_or_traffic::check,
    sy0116_image_without_digest::check,
    sy0117_no_age_recipient::check,
    sy0118_bad_suppression::check,
    sy0119_pod_range_too_small::check,
    sy0120_duplicate_website::check,
];
