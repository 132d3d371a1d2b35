//! Template functions against the real Helm engine (v3.19.4): templates, and its output or its error.

use base64::Engine as _;
use chartwright::engine::{RenderOptions, TemplateSet};
use chartwright::{Value, yaml};

#[derive(serde::Deserialize)]
struct Goldens {
    data: Value,
    cases: Vec<Vec<Value>>,
}

#[test]
fn functions_equal_helm() {
    let goldens: Goldens = serde_json::from_str(include_str!("functions/goldens.json")).unwrap();
    let data = serde_json::json!({ "Values": yaml::numbers_to_f64(goldens.data) });
    let wrong: Vec<String> = goldens.cases.iter().filter_map(|case| difference(case, &data)).collect();
    if let Ok(path) = std::env::var("FUNCTION_DIFFERENCES") {
        std::fs::write(path, wrong.join("\n")).unwrap();
    }
    let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ\n{shown}", wrong.len(), goldens.cases.len());
}

/// What differs from Helm, with both texts.
fn difference(case: &[Value], data: &Value) -> Option<String> {
    let template = case[0].as_str().unwrap();
    let ours =
        TemplateSet::parse([("t", template)]).map_err(|error| error.go_text().to_owned()).and_then(|set| {
            set.render("t", data, &RenderOptions::default(), None).map_err(|error| error.go_text().to_owned())
        });
    let helms = match case {
        [_, Value::String(output)] => Ok(output.clone()),
        // Bytes that are not UTF-8; our output is text, so U+FFFD stands for them.
        [_, Value::Object(raw)] => {
            let bytes =
                base64::engine::general_purpose::STANDARD.decode(raw["bytes"].as_str().unwrap()).unwrap();
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        [_, _, Value::String(error)] => Err(error.clone()),
        _ => panic!("{case:?}"),
    };
    (!same(&ours, &helms)).then(|| format!("{template}\n    ours {ours:?}\n    Helm {helms:?}"))
}

fn same(ours: &Result<String, String>, helms: &Result<String, String>) -> bool {
    match (ours, helms) {
        // Helm rewords the errors of `fail` and `required`; the text is the chart author's.
        (Err(ours), Err(helms)) if helms.starts_with("execution error at (t:") => {
            helms.split_once("): ").is_some_and(|(_, message)| ours.ends_with(&format!(": {message}")))
        }
        // And shortens those of parsing.
        (Err(ours), Err(helms)) if helms.starts_with("parse error at (t:") => {
            helms.split_once("): ").is_some_and(|(_, message)| ours.ends_with(message))
        }
        // Why a text is not YAML is said in our reader's words.
        (Ok(ours), Ok(helms)) if helms.contains(NOT_YAML) => {
            ours.split_once(NOT_YAML).map(|(before, _)| before)
                == helms.split_once(NOT_YAML).map(|(before, _)| before)
        }
        _ => ours == helms,
    }
}

const NOT_YAML: &str = "error converting YAML to JSON: ";
