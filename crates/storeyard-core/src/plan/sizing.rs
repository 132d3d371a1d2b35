//! Sizes and limits as formulas, each with its source. The one module with figures.
//!
//! "Measured" is Magento 2.4.7 with PHP 8.2 on two cores (November 2026); "allowance" is ours, to be replaced by what a
//! store's own load test measures. `up(x, n)` is x rounded up to a multiple of n.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::spec::platform::HostReserve;
use crate::spec::scalar::Mebibytes;
use crate::spec::store::{
    ConsumerGroup, Cpu, Cron, Fpm, Php, Quota, Replicas, Traffic, Valkey, ValkeySet, Varnish, Web,
};

/// Page views answered by Varnish: 80–90 % is published as good for B2C; the low end.
const HIT: f64 = 0.80;
/// Uncached calls beside each page view (customer section, search, cart). Allowance.
const EXTRA: f64 = 0.20;
/// CPU seconds of an uncached page: 98 ms measured with three products, × 2.5 for a real catalogue and modules (allowance).
const PAGE_CPU: f64 = 0.098 * 2.5;
/// CPU seconds in PHP of a guest order over five REST calls: 505 ms measured, with the same allowance.
const ORDER_CPU: f64 = 0.505 * 2.5;
/// Target of the autoscaler, and the share at which a server is called busy.
const TARGET: f64 = 0.7;

/// What a store needs at a traffic figure; every figure may be overridden in the store's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// PHP-FPM.
    pub fpm: Fpm,
    /// nginx.
    pub web: Web,
    /// Varnish.
    pub varnish: Varnish,
    /// Valkey.
    pub valkey: ValkeySet,
    /// Schedulers.
    pub cron: Cron,
    /// Memory of every consumer, MiB.
    pub consumer_memory_mi: u64,
    /// Most pods of the groups that follow the orders (`salability`, `operations`); one for the others.
    pub busy_consumer_pods: u64,
}

/// `x` rounded up to a multiple of `step`.
fn up(x: f64, step: u64) -> u64 {
    // Products of decimal figures end in …0001 where paper has none: take a billionth off before rounding up.
    let steps = (x / step as f64 - 1e-9).ceil().max(0.0);
    steps as u64 * step
}

/// Sizes for a traffic figure. `variants` is the larger of the number of websites and of locales: each has URLs of its
/// own, so pages of its own in the cache.
pub fn figures(traffic: Traffic, php: Php, variants: u64) -> Figures {
    let views = traffic.page_views_per_minute as f64;
    let orders = traffic.orders_per_hour as f64;
    let skus = traffic.skus as f64;

    let cores = views / 60.0 * (1.0 - HIT + EXTRA) * PAGE_CPU + orders / 3600.0 * ORDER_CPU;
    // A request computes half of its time and waits the other half (published: 20–80 %).
    let busy = cores / 0.5;
    // 60 % busy at the peak, four spare for admin, imports and slow calls. Allowance.
    let children = up(busy / 0.6, 1) + 4;
    // Ten a pod is run in the field; two cores bear four. Between 6 and 16.
    let per_pod = children.div_ceil(2).clamp(6, 16);
    // One more than needed: the loss of a pod or node.
    let min = children.div_ceil(per_pod) + 1;
    // The peak was guessed wrong by a factor of two. Allowance.
    let max = 2 * min;
    let fpm = Fpm {
        replicas: Replicas { min, max },
        children: per_pod,
        cpu: Cpu { request_m: up(cores * 1000.0 / TARGET / min as f64, 50).max(250), limit_m: None },
        memory_mi: fpm_memory(per_pod, php),
    };

    // 15 static files a page view and the uncached requests; 0.25 ms a file. Allowance.
    let files_per_second = views / 60.0 * 15.4;
    let web = Web {
        replicas: Replicas { min: 2, max: 4 },
        cpu: Cpu { request_m: up(files_per_second * 0.25 / TARGET / 2.0, 50).max(50), limit_m: None },
        memory_mi: up(96.0 + views / 40.0, 64),
    };

    let varnish_pods = if traffic.page_views_per_minute <= 3000 { 2 } else { 3 };
    // 30 KiB a SKU: 1.5 pages a SKU, half of them hot, 40 KiB a page with its headers (measured).
    let storage = up(skus * 30.0 / 1024.0 * variants.max(1) as f64, 128).clamp(256, 8192);
    let varnish = Varnish {
        replicas: varnish_pods,
        storage_mi: storage,
        // 16 requests a view, 0.7 ms a hit (2,900 a second measured on two cores), 70 % busy, one pod lost.
        cpu: Cpu {
            request_m: up(views / 60.0 * 16.0 * 0.7 / TARGET / (varnish_pods - 1) as f64, 50).max(100),
            limit_m: None,
        },
        memory_mi: varnish_memory(storage),
    };

    // A fifth of the views are new sessions, 10 KiB each, one hour (Magento's cookie lifetime), times four.
    let session = up(views * 0.47, 64).max(64);
    // 192 for configuration, layouts and blocks; 6 KiB a SKU. Allowance.
    let cache = up(192.0 + skus * 6.0 / 1024.0, 64);
    let valkey = ValkeySet {
        session: Valkey {
            max_memory_mi: session,
            // Copy-on-write while the append-only file is rewritten.
            memory_mi: up(session as f64 * 1.5 + 64.0, 32),
            // Base, increments and the rewrite.
            storage_gi: Some((3 * session).div_ceil(1024).max(1)),
            cpu: Cpu { request_m: up(views / 60.0, 50).max(50), limit_m: None },
        },
        cache: Valkey {
            max_memory_mi: cache,
            memory_mi: up(cache as f64 * 1.2 + 64.0, 32),
            storage_gi: None,
            // 13 of the 601 ms of an order are the cache (measured).
            cpu: Cpu { request_m: up(views / 60.0 * 5.0, 50).max(100), limit_m: None },
        },
        page: None,
    };

    Figures {
        fpm,
        web,
        varnish,
        valkey,
        cron: Cron {
            cpu: Cpu { request_m: up(100.0 + skus / 1000.0, 50).clamp(100, 500), limit_m: None },
            memory_mi: up(768.0 + skus * 6.0 / 1024.0, 256).clamp(1024, 4096),
        },
        // 211 MB measured for a waiting consumer.
        consumer_memory_mi: if traffic.skus <= 100_000 { 512 } else { 768 },
        busy_consumer_pods: (2 + traffic.orders_per_hour / 1000).clamp(2, 5),
    }
}

/// Memory of an FPM pod, MiB: its children, opcache, one child in eight at its limit, 64 for the master.
pub fn fpm_memory(children: u64, php: Php) -> u64 {
    let at_limit = children.div_ceil(8) * php.memory_limit_mi.saturating_sub(php.child_mi);
    up((children * php.child_mi + php.opcache_mi + at_limit + 64) as f64, 256)
}

/// Memory of a Varnish pod, MiB: malloc overhead, and 192 for the log memory, threads and transient storage.
pub fn varnish_memory(storage_mi: u64) -> u64 {
    up(storage_mi as f64 * 1.2 + 192.0, 64)
}

/// Everything a store can ask for at once, so that its own quota never refuses it: two more pods of fpm and web while a
/// roll-out surges and drains, and deploy jobs (1 core, 2 GiB, 4 pods).
#[allow(clippy::too_many_arguments)]
pub fn quota(
    fpm: &Fpm,
    web: &Web,
    varnish: &Varnish,
    valkey: &ValkeySet,
    cron: &Cron,
    consumers: &[&ConsumerGroup],
) -> Quota {
    let (fpm_pods, web_pods) = (fpm.replicas.max + 2, web.replicas.max + 2);
    let instances: Vec<Valkey> =
        [Some(valkey.session), Some(valkey.cache), valkey.page].into_iter().flatten().collect();
    let cpu = fpm_pods * fpm.cpu.request_m
        + web_pods * web.cpu.request_m
        + varnish.replicas * varnish.cpu.request_m
        + instances.iter().map(|v| v.cpu.request_m).sum::<u64>()
        + 2 * cron.cpu.request_m
        + consumers.iter().map(|c| c.replicas.max * c.cpu.request_m).sum::<u64>()
        + 1000;
    let memory = fpm_pods * fpm.memory_mi
        + web_pods * web.memory_mi
        + varnish.replicas * varnish.memory_mi
        + instances.iter().map(|v| v.memory_mi).sum::<u64>()
        + 2 * cron.memory_mi
        + consumers.iter().map(|c| c.replicas.max * c.memory_mi).sum::<u64>()
        + 2048;
    let memory = up(memory as f64, 1024);
    Quota {
        requests_cpu_m: up(cpu as f64, 500),
        requests_memory_mi: memory,
        limits_memory_mi: memory,
        pods: fpm_pods
            + web_pods
            + varnish.replicas
            + instances.len() as u64
            + 1
            + consumers.iter().map(|c| c.replicas.max).sum::<u64>()
            + 4,
        persistent_volume_claims: 2,
    }
}

/// Database connections of a store at its maximum: every child of every pod and of two surging ones, two schedulers with
/// two connections each, every consumer, and ten for provisioning, the smoke test and people.
pub fn max_connections(fpm: &Fpm, consumers: &[&ConsumerGroup]) -> u64 {
    let children = (fpm.replicas.max + 2) * fpm.children;
    up((children + 4 + consumers.iter().map(|c| c.replicas.max).sum::<u64>() + 10) as f64, 10)
}

/// What a host keeps for itself when its spec does not say: 2 threads for the host, libvirt and ZFS, and an eighth of its
/// memory, at least 4 GiB and at most 32 GiB, most of it for ZFS's cache (which by default may take half). Allowance.
pub fn host_reserve(memory: Mebibytes) -> HostReserve {
    HostReserve { cores: 2, memory: Mebibytes((memory.0 / 8).clamp(4096, 32 * 1024)) }
}

/// CPU and memory that a node keeps from pods: (thousandths of a core, MiB). CPU as the large clouds reserve it (6 % of the
/// first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest), at least 200m; memory 255 MiB + 11 MiB a pod.
pub fn kube_reserved(cores: u32, max_pods: u32) -> (u64, u64) {
    let cores = u64::from(cores);
    // In ten-thousandths of a core.
    let tenths = 600
        + if cores > 1 { 100 } else { 0 }
        + 50 * cores.saturating_sub(2).min(2)
        + 25 * cores.saturating_sub(4);
    ((tenths / 10).max(200).next_multiple_of(10), (255 + 11 * u64::from(max_pods)).next_multiple_of(64))
}

/// CPU and memory for the machine's own services: (thousandths of a core, MiB). Allowance; systemd, containerd, sshd.
pub const SYSTEM_RESERVED: (u64, u64) = (200, 512);

/// Pods a node may run: Kubernetes' default of 110, more on large workers, at most 250 so that a /24 has room for twice the
/// churn.
pub fn max_pods(cores: u32) -> u32 {
    (cores * 10).clamp(110, 250)
}

/// The machines' network when the spec does not name it: the /24 around the API's address.
pub fn default_nodes_network(api_server: Ipv4Addr) -> Ipv4Net {
    Ipv4Net::new(api_server, 24).map_or_else(|_| Ipv4Net::default(), |net| net.trunc())
}

/// A locally administered MAC address that follows from names alone, so that a machine keeps its address for ever.
/// `52:54:00` is QEMU's prefix.
pub fn mac_address(platform: &str, machine: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("{platform}/{machine}"));
    format!("52:54:00:{:02x}:{:02x}:{:02x}", digest[0], digest[1], digest[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_rounds_to_the_next_step() {
        assert_eq!(up(1.0, 50), 50);
        assert_eq!(up(50.0, 50), 50);
        assert_eq!(up(50.001, 50), 100);
        assert_eq!(up(0.0, 64), 0);
    }

    #[test]
    fn reservations_grow_with_the_machine() {
        assert_eq!(kube_reserved(2, 110).0, 200);
        assert!(kube_reserved(64, 250).0 > kube_reserved(2, 110).0);
        assert_eq!(host_reserve(Mebibytes(256 * 1024)).memory, Mebibytes(32 * 1024));
        assert_eq!(host_reserve(Mebibytes(8 * 1024)).memory, Mebibytes(4096));
        assert_eq!(max_pods(2), 110);
        assert_eq!(max_pods(24), 240);
    }

    #[test]
    fn a_mac_address_follows_from_names() {
        assert_eq!(mac_address("galleria", "cp1"), mac_address("galleria", "cp1"));
        assert_ne!(mac_address("galleria", "cp1"), mac_address("galleria", "cp2"));
        assert!(mac_address("a", "b").starts_with("52:54:00:"));
    }
}
