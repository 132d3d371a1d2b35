//! Everything decided: addresses, order, sizes, versions. Nothing is left for templates to guess.
//!
//! A [`Plan`] is the JSON that templates see as `.Plan` (with `.Store`, `.Machine`, … taken from it), and the few typed
//! values that later stages need.

mod components;
pub mod sizing;
mod stores;

use serde::Serialize;
use serde_json::{Value, json};

pub use components::PlannedComponent;
pub use stores::{class_figures, varnish_figures};

use crate::diagnostic::Diagnostic;
use crate::library::Library;
use crate::spec::Spec;
use crate::spec::platform::{Delivery, Role};
use crate::spec::scalar::Mebibytes;

/// Everything decided.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the platform.
    pub name: String,
    /// Name of the bill of materials.
    pub bom: String,
    /// Kubernetes version with its `v`.
    pub kubernetes_version: String,
    /// Which Helm the pinned Argo CD renders with: `3.19` or `4.2`.
    pub helm_compat: String,
    /// Who renders.
    pub delivery: Delivery,
    /// Components in order of installation.
    pub components: Vec<PlannedComponent>,
    /// Pinned components that the spec asks for but that have no folder in the library, with the roles they are bound to.
    pub missing: Vec<(String, Vec<String>)>,
    /// What templates see, without the stores.
    pub value: Value,
    /// Stores in order of their names, as templates see them.
    pub stores: Vec<PlannedStore>,
}

/// A store with everything decided.
#[derive(Debug, Clone)]
pub struct PlannedStore {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// What templates see as `.Store`.
    pub value: Value,
}

impl Plan {
    /// Decides everything. The findings say what cannot be decided; the plan is there when there are none.
    pub fn resolve(spec: &Spec, library: &Library) -> Result<Self, Vec<Diagnostic>> {
        let platform = &spec.platform.spec;
        let bom_name = format!("kubernetes-{}", platform.kubernetes);
        let Some(bom) = library.boms.get(&bom_name) else {
            return Err(vec![
                crate::rules::spec::UNSUPPORTED_VERSION_RULE
                    .find(format!("there is no bill of materials `{bom_name}`"))
                    .at(spec.platform_document.place("/spec/kubernetes"), "unsupported"),
            ]);
        };
        let selection = components::select(spec, library, bom)?;
        let mut value = platform_value(spec, bom, &selection);
        let stores = stores::plan(spec, &value, &selection);
        let components: Vec<Value> =
            selection.components.iter().map(|c| serde_json::to_value(c).unwrap_or(Value::Null)).collect();
        if let Some(map) = value.as_object_mut() {
            map.insert("components".to_owned(), components.into());
        }
        Ok(Self {
            name: spec.platform.metadata.name.0.clone(),
            bom: bom_name,
            kubernetes_version: bom.spec.kubernetes.version.clone(),
            helm_compat: bom.spec.helm_compat.clone(),
            delivery: platform.delivery,
            components: selection.components,
            missing: selection.missing,
            value,
            stores,
        })
    }

    /// The component with this name.
    pub fn component(&self, name: &str) -> Option<&PlannedComponent> {
        self.components.iter().find(|c| c.name == name)
    }

    /// `.Plan` with `.Plan.stores`, for files that list them. Files of one store get [`Plan::value`] without the others, so
    /// that they cannot depend on them.
    pub fn value_with_stores(&self) -> Value {
        let mut value = self.value.clone();
        if let Some(map) = value.as_object_mut() {
            let stores: Vec<Value> = self.stores.iter().map(|s| s.value.clone()).collect();
            map.insert("stores".to_owned(), stores.into());
        }
        value
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Taint {
    key: &'static str,
    effect: &'static str,
}

fn platform_value(spec: &Spec, bom: &crate::library::Bom, selection: &components::Selection) -> Value {
    let name = &spec.platform.metadata.name.0;
    let platform = &spec.platform.spec;
    let network = &platform.network;
    let nodes = network.nodes.map_or_else(
        || sizing::default_nodes_network(network.api_server.0),
        crate::spec::scalar::Cidr::network,
    );
    let gateway = network.gateway.map_or_else(|| nodes.hosts().next().unwrap_or(nodes.addr()), |g| g.0);
    let edge = network.edge_address.map(|a| a.0).or_else(|| {
        let first = network.load_balancers.first()?.network();
        // A block that is routed into a vRack keeps its first address for the network, its last two for gateway and broadcast.
        first.hosts().next()
    });

    let mut machines = Vec::new();
    let mut control_planes = 0;
    for host in &platform.hosts {
        for machine in &host.machines {
            let control_plane = machine.role == Role::ControlPlane;
            let max_pods = sizing::max_pods(machine.cores);
            let (kube_cpu, kube_memory) = sizing::kube_reserved(machine.cores, max_pods);
            let (system_cpu, system_memory) = sizing::SYSTEM_RESERVED;
            let mut labels = serde_json::Map::new();
            for label in &machine.labels {
                labels.insert(format!("node-role.kubernetes.io/{label}"), "".into());
            }
            if !control_plane {
                labels.insert("node-role.kubernetes.io/worker".to_owned(), "".into());
            }
            labels.insert("storeyard.io/host".to_owned(), host.name.0.clone().into());
            labels.insert("topology.kubernetes.io/zone".to_owned(), host.name.0.clone().into());
            let taints: Vec<Taint> = control_plane
                .then_some(Taint { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" })
                .into_iter()
                .collect();
            let disk = machine.disk.unwrap_or(Mebibytes(1024 * if control_plane { 40 } else { 120 }));
            let data_disk =
                machine.data_disk.unwrap_or(Mebibytes(if control_plane { 0 } else { 1024 * 400 }));
            machines.push(json!({
                "name": machine.name,
                "host": host.name,
                "role": machine.role,
                "address": machine.address,
                "mac": sizing::mac_address(name, &machine.name.0),
                "cores": machine.cores,
                "memoryMi": machine.memory.0,
                "diskGi": disk.0.div_ceil(1024),
                "dataDiskGi": data_disk.0.div_ceil(1024),
                "labels": machine.labels,
                "nodeLabels": labels,
                "taints": taints,
                "index": machines.len(),
                "first": control_plane && control_planes == 0,
                "kubeReserved": { "cpu": format!("{kube_cpu}m"), "memoryMi": kube_memory },
                "systemReserved": { "cpu": format!("{system_cpu}m"), "memoryMi": system_memory },
                "maxPods": max_pods,
            }));
            control_planes += usize::from(control_plane);
        }
    }
    let of_role =
        |role: &str| -> Vec<Value> { machines.iter().filter(|m| m["role"] == role).cloned().collect() };
    let hosts: Vec<Value> = platform
        .hosts
        .iter()
        .map(|host| {
            let reserve = host.reserved.unwrap_or_else(|| sizing::host_reserve(host.memory));
            json!({
                "name": host.name,
                "address": host.address,
                "cores": host.cores,
                "memoryMi": host.memory.0,
                "reserved": { "cores": reserve.cores, "memoryMi": reserve.memory.0 },
                "zfs": { "pool": host.zfs.pool },
                "bridge": host.bridge.as_deref().unwrap_or("br0"),
                "machines": host.machines.iter().map(|m| &m.name).collect::<Vec<_>>(),
            })
        })
        .collect();

    json!({
        "name": name,
        "bom": bom.metadata.name,
        "kubernetes": {
            "minor": platform.kubernetes,
            "version": bom.spec.kubernetes.version,
            "kubeadmApi": bom.spec.kubeadm_api,
            "lifecycle": bom.spec.kubernetes.lifecycle,
        },
        "tools": bom.spec.tools,
        "network": {
            "pods": network.pods.network(),
            "services": network.services.network(),
            "nodes": nodes,
            "gateway": gateway,
            "nameservers": network.nameservers,
            "interface": network.interface,
            "dnsDomain": network.dns_domain,
            // Kubernetes' convention, which kubeadm follows: the tenth address of the Service range.
            "clusterDns": network.services.network().hosts().nth(9).map(|a| a.to_string()).unwrap_or_default(),
            "nodeCidrMaskSize": network.node_cidr_mask_size,
            "apiServer": {
                "address": network.api_server,
                "port": network.api_server_port,
                "endpoint": format!("{}:{}", network.api_server, network.api_server_port),
            },
            "loadBalancers": network.load_balancers.iter().map(|c| c.network()).collect::<Vec<_>>(),
            "edgeAddress": edge,
        },
        "hosts": hosts,
        "controlPlanes": of_role("control-plane"),
        "workers": of_role("worker"),
        "machines": machines,
        "ssh": platform.ssh,
        "timezone": platform.timezone,
        "vmImage": platform.vm_image,
        "domain": platform.domain,
        "git": { "url": platform.git.url, "revision": platform.git.revision, "path": platform.git.path },
        "delivery": platform.delivery,
        "objectStore": platform.object_store,
        "secrets": {
            "backend": platform.secrets.backend,
            "vaultAddress": platform.secrets.vault_address,
            "ageRecipients": platform.secrets.age_recipients,
        },
        "alerts": platform.alerts,
        "maintenance": {
            "days": platform.maintenance.days,
            "start": platform.maintenance.start,
            "end": platform.maintenance.end,
            "timezone": platform.timezone,
        },
        "roles": selection.roles,
        "capabilities": selection.capabilities,
        "services": platform.services,
    })
}
