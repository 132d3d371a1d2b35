//! How fast templates render: plain text and fields, a chart-like set, parsing, and what tracing costs.
//!
//! `cargo bench -p chartwright --bench engine`. The aims: 50 MB/s of output on plain templates; 2 ms for a release of 40 objects.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests fail by panicking

use chartwright::engine::{RenderOptions, TemplateSet, Trace};
use divan::{Bencher, counter::BytesCount};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

const PLAIN: &str = r#"{{ range .items }}
- name: {{ .name }}
  namespace: {{ $.namespace }}
  port: {{ .port }}
  {{- if .enabled }}
  enabled: true
  {{- else }}
  enabled: false
  {{- end }}
  note: a line of text that stands here to be copied as it is, as most of a manifest does
{{- end }}
"#;

fn plain_data() -> Value {
    let item =
        |i: usize| json!({ "name": format!("item-{i}"), "port": 8000 + i, "enabled": i.is_multiple_of(2) });
    json!({ "namespace": "shop", "items": (0..2000).map(item).collect::<Vec<_>>() })
}

const HELPERS: &str = r#"
{{- define "app.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- define "app.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "app.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- define "app.labels" -}}
app.kubernetes.io/name: {{ include "app.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
"#;

const OBJECT: &str = r#"{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "app.fullname" . }}-OBJECT
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "app.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    metadata:
      labels:
        {{- include "app.labels" . | nindent 8 }}
    spec:
      containers:
        - name: main
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
      {{- with .Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
"#;

fn chart() -> (TemplateSet, Vec<String>, Value) {
    let names: Vec<String> = (0..40).map(|i| format!("app/templates/object-{i}.yaml")).collect();
    let sources: Vec<(String, String)> = names
        .iter()
        .enumerate()
        .map(|(i, name)| (name.clone(), OBJECT.replace("OBJECT", &i.to_string())))
        .chain([("app/templates/_helpers.tpl".to_owned(), HELPERS.to_owned())])
        .collect();
    let env: serde_json::Map<String, Value> =
        (0..12).map(|i| (format!("VARIABLE_{i}"), json!(format!("value {i}")))).collect();
    let data = json!({
        "Chart": { "Name": "app", "AppVersion": "1.2.3" },
        "Release": { "Name": "shop", "Namespace": "store-shop", "Service": "Helm" },
        "Values": {
            "enabled": true, "replicas": 3.0, "nameOverride": "", "fullnameOverride": "",
            "image": { "repository": "registry.example/app", "tag": "" }, "env": env,
            "resources": { "requests": { "cpu": "100m", "memory": "128Mi" }, "limits": { "memory": "256Mi" } },
            "nodeSelector": { "kubernetes.io/os": "linux" },
        },
    });
    (TemplateSet::parse(sources).unwrap(), names, data)
}

#[divan::bench]
fn plain(bencher: Bencher<'_, '_>) {
    let set = TemplateSet::parse([("t", PLAIN)]).unwrap();
    let data = plain_data();
    let bytes = set.render("t", &data, &RenderOptions::default(), None).unwrap().len();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| set.render("t", &data, &RenderOptions::default(), None).unwrap());
}

fn release(set: &TemplateSet, names: &[String], data: &Value, trace: Option<&mut Trace>) -> usize {
    let data = chartwright::engine::Val::from_json(data);
    let mut session = chartwright::engine::Session::new(set, &RenderOptions::default(), trace);
    session.tag(&data, &[]);
    names.iter().map(|name| session.render(name, &data).unwrap().len()).sum()
}

#[divan::bench]
fn release_of_40_objects(bencher: Bencher<'_, '_>) {
    let (set, names, data) = chart();
    bencher
        .counter(BytesCount::new(release(&set, &names, &data, None)))
        .bench(|| release(&set, &names, &data, None));
}

#[divan::bench]
fn release_of_40_objects_traced(bencher: Bencher<'_, '_>) {
    let (set, names, data) = chart();
    bencher
        .counter(BytesCount::new(release(&set, &names, &data, None)))
        .bench(|| release(&set, &names, &data, Some(&mut Trace::new())));
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let text = OBJECT.repeat(20);
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| TemplateSet::parse([("h", HELPERS), ("t", &text)]).unwrap());
}
