//! Tracing: what a rendering read, what nobody read, and where each line comes from.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests fail by panicking

use chartwright::{
    Value,
    engine::{RenderOptions, TemplateSet, Trace},
    yaml::{DisplayPath, PathSegment},
};
use serde_json::json;

fn trace(templates: &[(&str, &str)], data: &Value) -> (String, Trace) {
    let set = TemplateSet::parse(templates.iter().copied()).unwrap();
    let mut trace = Trace::new();
    let out = set.render(templates[0].0, data, &RenderOptions::default(), Some(&mut trace)).unwrap();
    // Tracing changes nothing.
    assert_eq!(out, set.render(templates[0].0, data, &RenderOptions::default(), None).unwrap());
    assert_eq!(trace.lines[templates[0].0].len(), out.lines().count(), "{out}");
    (out, trace)
}

fn show(path: &[PathSegment]) -> String {
    DisplayPath(path).to_string()
}

fn reads(trace: &Trace) -> Vec<String> {
    trace
        .reads
        .iter()
        .map(|r| format!("{}{} {}:{}", show(&r.path), if r.deep { " deep" } else { "" }, r.template, r.line))
        .collect()
}

fn unread(trace: &Trace, data: &Value) -> Vec<String> {
    trace.unread(&["Values".into()], &data["Values"]).iter().map(|p| show(p)).collect()
}

/// Output lines, each with its origin: file:line, the calls in brackets, the values.
fn lines(out: &str, trace: &Trace, template: &str) -> String {
    let mut text = String::new();
    for (line, o) in out.lines().zip(&trace.lines[template]) {
        let calls: Vec<String> = o.chain.iter().map(|c| format!("{}:{}", c.template, c.line)).collect();
        let paths: Vec<String> = o.paths.iter().map(|p| show(p)).collect();
        text += format!("{line} | {}:{} [{}] {}", o.template, o.line, calls.join(" "), paths.join(" "))
            .trim_end();
        text += "\n";
    }
    text
}

#[test]
fn scalars_are_read_by_path_and_line() {
    let data = json!({ "Values": { "a": { "b": 1, "c": 2 }, "d": "x", "e": { "f": {} } } });
    let (_, trace) = trace(
        &[("t", "{{ .Values.a.b }}\n{{ if .Values.d }}{{ .Values.nope }}{{ end }}{{ .Values.e.g }}")],
        &data,
    );
    assert_eq!(reads(&trace), ["Values.a.b t:1", "Values.d t:2"]);
    let undefined: Vec<String> = trace.undefined.iter().map(|r| show(&r.path)).collect();
    assert_eq!(undefined, ["Values.nope", "Values.e.g"]);
    assert_eq!(unread(&trace, &data), ["Values.a.c", "Values.e"]);
}

#[test]
fn a_map_is_read_deeply_when_it_is_consumed_whole() {
    let data = json!({ "Values": { "whole": { "x": { "y": 1 } }, "guarded": { "x": 1 }, "keys": { "p": 1 }, "printed": { "q": 1 } } });
    let text = "{{ toYaml .Values.whole }}\n{{ if .Values.guarded }}x{{ end }}\n{{ len .Values.keys }}\n{{ .Values.printed }}";
    let (_, trace) = trace(&[("t", text)], &data);
    assert_eq!(
        reads(&trace),
        ["Values.whole deep t:1", "Values.guarded t:2", "Values.keys t:3", "Values.printed deep t:4"]
    );
    assert_eq!(unread(&trace, &data), ["Values.guarded", "Values.keys"]);
}

#[test]
fn values_are_followed_through_variables_loops_and_includes() {
    let data = json!({ "Values": {
        "image": { "tag": "1", "pull": "Always" }, "env": { "A": "1", "B": "2" }, "ports": [{ "port": 80, "name": "http" }],
        "list": ["p", "q"], "byIndex": { "k": { "v": 1, "w": 2 } }
    } });
    let text = r#"{{ $i := .Values.image }}{{ $i.tag }}
{{ include "port" (dict "p" (first .Values.ports) "all" .Values.ports) }}
{{ range $k, $v := .Values.env }}{{ $k }}={{ $v }};{{ end }}
{{ range .Values.list }}{{ . }}{{ end }}
{{ (index .Values.byIndex "k").v }}
{{- define "port" }}{{ range .all }}{{ .port }}{{ end }}{{ end }}"#;
    let (out, trace) = trace(&[("t", text)], &data);
    assert_eq!(out, "1\n80\nA=1;B=2;\npq\n1");
    assert_eq!(
        unread(&trace, &data),
        ["Values.byIndex.k.w", "Values.image.pull"],
        "`first` takes the list as a whole, so the ports count as read"
    );
}

#[test]
fn lines_know_template_line_and_values() {
    let data = json!({ "Values": { "name": "shop", "labels": { "team": "a", "tier": { "x": "b" } }, "ports": [80, 443], "note": "hello" } });
    let template = r#"kind: Service
metadata:
  name: {{ include "name" . }}
  labels:
    {{- include "labels" . | nindent 4 }}
    {{- toYaml .Values.labels | nindent 4 }}
spec:
  {{- $note := .Values.note }}
  {{- range .Values.ports }}
  - port: {{ . }}
  {{- end }}
  note: {{ $note | quote }}
  one: {{ .Values.name }} two: {{ .Values.note }}
"#;
    let helpers = r#"{{- define "name" -}}
{{ .Values.name | trunc 10 }}
{{- end }}
{{- define "labels" -}}
app: {{ include "name" . }}
managed: helm
{{- end }}"#;
    let (out, trace) = trace(&[("svc", template), ("h", helpers)], &data);
    let want = "\
kind: Service | svc:1 []
metadata: | svc:2 []
  name: shop | svc:3 [] Values.name
  labels: | svc:4 []
    app: shop | h:5 [svc:5] Values.name
    managed: helm | h:6 [svc:5]
    team: a | svc:6 [] Values.labels.team
    tier: | svc:6 [] Values.labels.tier
      x: b | svc:6 [] Values.labels.tier.x
spec: | svc:7 []
  - port: 80 | svc:10 [] Values.ports[0]
  - port: 443 | svc:10 [] Values.ports[1]
  note: \"hello\" | svc:12 [] Values.note
  one: shop two: hello | svc:13 [] Values.name Values.note
";
    assert_eq!(lines(&out, &trace, "svc"), want);
}

#[test]
fn lines_of_tpl_and_nested_includes_keep_their_origins() {
    let data = json!({ "Values": { "extra": "a: {{ .Values.x }}\nb: 2", "x": 7 } });
    let template = "top:\n{{ tpl .Values.extra . | indent 2 }}\n{{ include \"outer\" . }}\nend: 1";
    let helpers = "{{ define \"outer\" }}o1: 1\n{{ include \"inner\" . | indent 1 }}\no2: 2{{ end }}{{ define \"inner\" }}i1: {{ .Values.x }}\ni2: 2{{ end }}";
    let (out, trace) = trace(&[("t", template), ("h", helpers)], &data);
    let want = "\
top: | t:1 []
  a: 7 | gotpl:1 [t:2] Values.x
  b: 2 | gotpl:2 [t:2]
o1: 1 | h:1 [t:3]
 i1: 7 | h:3 [t:3 h:2] Values.x
 i2: 2 | h:4 [t:3 h:2]
o2: 2 | h:3 [t:3]
end: 1 | t:4 []
";
    assert_eq!(lines(&out, &trace, "t"), want);
}

#[test]
fn entries_of_dict_remember_their_values() {
    let data = json!({ "Values": { "a": "x", "b": "y" } });
    let (out, trace) = trace(
        &[
            ("t", "{{ include \"h\" (dict \"p\" .Values.a \"q\" .Values.b) }}\n"),
            ("h", "{{ define \"h\" }}p: {{ .p }}\nq: {{ .q }}{{ end }}"),
        ],
        &data,
    );
    assert_eq!(lines(&out, &trace, "t"), "p: x | h:1 [t:1] Values.a\nq: y | h:2 [t:1] Values.b\n");
}

#[test]
fn random_and_time_are_noted() {
    let (_, trace) = trace(&[("t", "a\n{{ randAlphaNum 5 }}{{ upper \"x\" }}")], &json!({}));
    let calls: Vec<String> =
        trace.impure.iter().map(|c| format!("{} {}:{}", c.function, c.template, c.line)).collect();
    assert_eq!(calls, ["randAlphaNum t:2"]);
}
