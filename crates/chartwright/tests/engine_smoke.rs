//! The engine, end to end, in a few lines each.

use chartwright::engine::{RenderOptions, TemplateSet};
use serde_json::json;

fn render(template: &str, data: serde_json::Value) -> String {
    let set = match TemplateSet::parse([("t", template)]) {
        Ok(set) => set,
        Err(e) => return e.go_text().to_owned(),
    };
    set.render("t", &data, &RenderOptions::default(), None).unwrap_or_else(|e| e.go_text().to_owned())
}

#[test]
fn templates_render() {
    let values = json!({ "a": { "b": 3.0, "s": "x" }, "list": ["p", "q"], "n": 1e6 });
    for (template, want) in [
        ("{{ .a.b }} {{ .n }} {{ .list }} {{ .a }}", "3 1e+06 [p q] map[b:3 s:x]"),
        ("{{ range $i, $e := .list }}{{ $i }}={{ $e }};{{ end }}", "0=p;1=q;"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}", "2"),
        ("{{- /* c */}}  text", "  text"),
        ("{{ .nope }}|{{ (.nope).x }}|", "||"),
        (
            "{{ .nope.x }}",
            "template: t:1:8: executing \"t\" at <.nope.x>: nil pointer evaluating interface {}.x",
        ),
        ("{{ if true }}", "template: t:1: unexpected EOF"),
        ("{{ define \"d\" }}[{{ . }}]{{ end }}{{ include \"d\" .a.s | printf \"%s%s\" \"-\" }}", "-[x]"),
        ("{{ tpl \"{{ .a.s }}\" . }}", "x"),
        (
            "{{ eq .a.b 3 }}",
            "template: t:1:3: executing \"t\" at <eq .a.b 3>: error calling eq: incompatible types for comparison: float64 and int",
        ),
        ("{{ printf \"%d\" .a.b }}", "%!d(float64=3)"),
        ("{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "02"),
    ] {
        assert_eq!(render(template, values.clone()), want, "{template}");
    }
}
