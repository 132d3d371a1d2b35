//! Judges objects from standard input by a real kube-apiserver: JSON values one after the other, or in arrays.
//!
//! `cargo run -p storeyard-testbed --example judge -- NAMESPACE < objects.json`. NAMESPACE is where objects go that name
//! none; it is made when it is not among them.

use std::io::{Read, stdin};
use std::process::ExitCode;

use serde_json::{Value, json};
use storeyard_testbed::{Subject, judge};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let namespace = std::env::args().nth(1);
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let mut objects = Vec::new();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        match value? {
            Value::Array(values) => objects.extend(values),
            value => objects.push(value),
        }
    }
    if let Some(name) = &namespace {
        let there = |object: &Value| object["kind"] == "Namespace" && object["metadata"]["name"] == *name;
        if !objects.iter().any(there) {
            let labels = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
            let metadata = json!({ "name": name, "labels": labels });
            objects.push(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata }));
        }
    }
    let subject = |object| Subject { namespace: namespace.clone(), ..Subject::from(object) };
    let judgement = judge(objects.into_iter().map(subject))?;
    print!("{judgement}");
    Ok(if judgement.refusals.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
