//! The engine against what Go's `text/template`, sprig and Helm gave for the same templates (`data/engine/go.jsonl`: one case a
//! line, `t` the template, `o` Helm's output or `e` its error). The values and helpers are those of the program that made them.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests fail by panicking

use chartwright::engine::{MapKind, RenderOptions, Session, Str, TemplateSet, Val};
use serde_json::{Value, json};

const HELPERS: &str = r#"{{ define "inc" }}[{{ .Values.s }}]{{ end }}{{ define "echo" }}{{ . }}{{ end }}{{ define "rec" }}{{ include "rec" . }}{{ end }}{{ define "down" }}{{ if gt (int .) 0 }}{{ . }},{{ include "down" (sub (int .) 1) }}{{ end }}{{ end }}{{ define "multi" }}
a: 1
b:
  c: {{ .Values.s }}
{{ end }}{{ define "bad" }}{{ .Values.deep.x.y }}{{ end }}{{ define "dollar" }}{{ $ }}{{ $x := 1 }}{{ $x }}{{ end }}"#;

fn values() -> Value {
    json!({
        "s": "hello", "empty": "", "n": 3.0, "big": 1_000_000.0, "f": 1.5, "neg": -2.0, "t": true, "no": false, "nil": null,
        "list": ["a", "b", "c"], "nums": [1.0, 2.0, 3.5], "mixed": ["a", 1.0, true, null, ["x"], { "k": "v" }],
        "emptylist": [], "map": { "b": "2", "a": "1", "n": 5.0 }, "emptymap": {},
        "deep": { "a": { "b": { "c": "x", "nil": null } } },
        "lm": [{ "name": "x", "v": 1.0 }, { "name": "y" }],
        "html": "<a href=\"x\">&'</a>", "uni": "héllo wörld ✓",
        "tplstr": "{{ .Values.s | upper }}-{{ include \"inc\" . }}", "multi": "line1\nline2\n",
    })
}

fn data() -> Val {
    let name = |k: &str, v: &str| (Str::from(k), Val::str(v));
    let top = Val::map([
        ("Values".into(), named(Val::from_json(&values()))),
        ("Release".into(), Val::map([name("Name", "r")])),
        ("Template".into(), Val::map([name("Name", "c/templates/t"), name("BasePath", "c/templates")])),
    ]);
    named(top)
}

/// Helm's type of `.Values`, and of the top map.
fn named(v: Val) -> Val {
    let Val::Map(map) = v else { unreachable!() };
    Val::Map(chartwright::engine::Map::from_dict(
        MapKind::Named("chartutil.Values"),
        (*map.entries()).clone(),
    ))
}

fn render(template: &str) -> Result<String, String> {
    // Helm parses in descending order of the names.
    let set = TemplateSet::parse([("c/templates/t", template), ("c/templates/_h.tpl", HELPERS)]);
    let set = set.map_err(|e| e.helm_text())?;
    Session::new(&set, &RenderOptions::default(), None)
        .render("c/templates/t", &data())
        .map_err(|e| e.helm_text())
}

#[test]
fn templates_render_as_in_helm() {
    let total = check(include_str!("data/engine/go.jsonl"));
    assert!(total > 4000, "{total} cases");
}

/// More cases of the same form, made from random templates: `CHARTWRIGHT_GO_CASES=file cargo test … -- --ignored`.
#[test]
#[ignore = "needs a file of random cases, named by CHARTWRIGHT_GO_CASES"]
fn given_templates_render_as_in_helm() {
    check(&std::fs::read_to_string(std::env::var("CHARTWRIGHT_GO_CASES").unwrap()).unwrap());
}

fn check(cases: &str) -> usize {
    let (mut total, mut wrong) = (0, Vec::new());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let template = case["t"].as_str().unwrap();
        total += 1;
        let got = render(template);
        let same = match &got {
            Ok(out) => case["o"].as_str() == Some(out),
            Err(e) => case["e"].as_str() == Some(e),
        };
        if !same {
            let want = case.get("o").or(case.get("e")).and_then(Value::as_str).unwrap_or_default();
            wrong.push(format!("{template}\n   want {want:?}\n   got  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong.join("\n"));
    total
}
