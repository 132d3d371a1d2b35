//! The examples become plans, and the size classes are what the formulas say.

#![allow(clippy::unwrap_used, clippy::panic)]

use storeyard_core::library::{Library, embedded_files};
use storeyard_core::plan::Plan;
use storeyard_core::source::Sources;
use storeyard_core::spec::{self, SpecFiles};

fn example(name: &str) -> SpecFiles {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let mut stores: Vec<_> = std::fs::read_dir(dir.join("stores"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    stores.sort();
    SpecFiles {
        platform: ("storeyard.yaml".to_owned(), std::fs::read(dir.join("storeyard.yaml")).unwrap()),
        stores,
    }
}

fn plan(files: &SpecFiles) -> Plan {
    let mut sources = Sources::default();
    let (library, problems) = Library::load(&embedded_files(), &mut sources);
    assert!(problems.is_empty(), "{}", text(&problems, &sources));
    let (spec, findings) = spec::load(files, &library, "2026-11-22", &mut sources);
    let spec = spec.unwrap_or_else(|| panic!("{}", text(&findings, &sources)));
    Plan::resolve(&spec, &library).unwrap_or_else(|problems| panic!("{}", text(&problems, &sources)))
}

fn text(findings: &[storeyard_core::diagnostic::Diagnostic], sources: &Sources) -> String {
    storeyard_core::diagnostic::to_text(findings, sources, storeyard_core::diagnostic::Style::Plain)
}

#[test]
fn the_plan_of_the_single_host_example_is_decided() {
    let plan = plan(&example("single-host"));
    assert_eq!(plan.bom, "kubernetes-1.30");
    assert_eq!(plan.value["network"]["clusterDns"], "10.43.0.10");
    assert_eq!(plan.value["network"]["nodes"], "10.10.0.0/24");
    assert_eq!(plan.value["network"]["gateway"], "10.10.0.1");
    assert_eq!(plan.value["controlPlanes"].as_array().unwrap().len(), 3);
    assert_eq!(plan.value["machines"][0]["first"], true);
    assert_eq!(plan.value["machines"][3]["nodeLabels"]["node-role.kubernetes.io/infra"], "");
    let names: Vec<&str> = plan.stores.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["aurora", "borealis"]);
    assert_eq!(
        plan.stores[1].value["domains"],
        serde_json::json!(["borealis.example", "trade.borealis.example"])
    );
}

#[test]
fn a_store_with_the_traffic_of_its_class_gets_the_figures_of_its_class() {
    for class in ["small", "medium", "large"] {
        let mut by_size = example("single-host");
        by_size.stores.truncate(1);
        let text = String::from_utf8(by_size.stores[0].1.clone())
            .unwrap()
            .replace("size: small", &format!("size: {class}"));
        let stores = vec![("a.yaml".to_owned(), text.clone().into_bytes())];
        let size_files = SpecFiles { stores, ..by_size.clone() };
        let first = plan(&size_files).stores.remove(0).value;
        let traffic = &first["traffic"];
        let own = format!(
            "traffic: {{ pageViewsPerMinute: {}, ordersPerHour: {}, skus: {} }}",
            traffic["pageViewsPerMinute"], traffic["ordersPerHour"], traffic["skus"]
        );
        let text = text.replace(&format!("size: {class}"), &own);
        let files = SpecFiles { stores: vec![("a.yaml".to_owned(), text.into_bytes())], ..by_size };
        let mut second = plan(&files).stores.remove(0).value;
        second["size"] = class.into();
        assert_eq!(first, second, "{class}");
    }
}
