//! What a hostile template may not do: overflow the stack, fill memory, run for ever, or panic.

#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests fail by panicking

use chartwright::engine::{ErrorKind, Limits, RenderOptions, TemplateError, TemplateSet};
use proptest::prelude::*;
use serde_json::json;

fn render(text: &str, limits: Limits) -> Result<String, TemplateError> {
    let options = RenderOptions { limits, ..RenderOptions::default() };
    TemplateSet::parse([("t", text)])?.render(
        "t",
        &json!({ "Values": { "a": [1, "x", null], "s": "x" } }),
        &options,
        None,
    )
}

#[track_caller]
fn refused(text: &str) -> String {
    let limits = Limits {
        value_bytes: 1 << 20,
        total_bytes: 16 << 20,
        output_bytes: 4 << 20,
        steps: 300_000,
        ..Limits::default()
    };
    let error = render(text, limits).expect_err(text);
    assert_eq!(error.kind, ErrorKind::Limit, "{text}: {error}");
    error.message.clone()
}

#[test]
fn recursion_ends_with_an_error() {
    let message = refused(r#"{{ define "r" }}{{ include "r" . }}{{ end }}{{ include "r" . }}"#);
    assert_eq!(
        message,
        "error calling include: rendering template has a nested reference name: r: unable to execute template"
    );
    // Each name may nest a thousand times.
    refused(
        r#"{{ define "a" }}{{ include "b" . | indent 1 }}{{ end }}{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
    );
    let message = refused(r#"{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}"#);
    assert_eq!(message, "exceeded maximum template depth (10000)");
    refused(r#"{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}"#);
}

#[test]
fn values_and_output_are_bounded() {
    refused("{{ until 1000000000 }}");
    refused("{{ untilStep 0 2000000000 1 }}");
    refused("{{ repeat 1000000000 \"ab\" }}");
    refused("{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}");
    refused("{{ range 1000000000000 }}{{ end }}");
    refused("{{ printf \"%1000000d%1000000d\" 1 2 }}");
    refused("{{ range 20 }}{{ repeat 1000000 \"x\" }}{{ end }}");
    refused("{{ $s := \"xxxxxxxx\" }}{{ range 40 }}{{ $s = print $s $s }}{{ end }}");
    refused("{{ $s := \"xxxxxxxx\" }}{{ range 40 }}{{ $s = cat $s $s }}{{ end }}");
    refused(
        "{{ $s := \"xxxxxxxx\" }}{{ range 40 }}{{ $s = include \"two\" $s }}{{ end }}{{ define \"two\" }}{{ . }}{{ . }}{{ end }}",
    );
    refused("{{ $s := list 1 }}{{ range 40 }}{{ $s = concat $s $s }}{{ end }}");
    // Few values, but a great tree when it is written out.
    refused("{{ $s := list 1 }}{{ range 40 }}{{ $s = list $s $s }}{{ end }}{{ $s }}");
    refused("{{ $s := list 1 }}{{ range 40 }}{{ $s = list $s $s }}{{ end }}{{ print $s }}");
    refused("{{ $s := list 1 }}{{ range 40 }}{{ $s = list $s $s }}{{ end }}{{ html $s }}");
    refused("{{ $s := list 1 }}{{ range 40 }}{{ $s = list $s $s }}{{ end }}{{ printf \"%5v\" $s }}");
    refused("{{ $s := list 1 }}{{ range 40 }}{{ $s = list $s $s }}{{ end }}{{ deepCopy $s }}");
    refused("{{ $s := list 1 }}{{ range 40 }}{{ $s = list $s $s }}{{ end }}{{ mustToJson $s }}");
}

#[test]
fn deep_values_do_not_overflow_the_stack() {
    // Made, compared, dropped.
    let deep = "{{ $d := dict \"a\" 1 }}{{ range 200000 }}{{ $d = dict \"a\" $d }}{{ end }}";
    assert_eq!(render(&format!("{deep}{{{{ len $d }}}}"), Limits::default()).unwrap(), "1");
    assert_eq!(render(&deep.replace("dict \"a\" $d", "list $d"), Limits::default()).unwrap(), "");
    for use_ in [
        "$d",
        "print $d",
        "toYaml $d",
        "toJson $d",
        "deepCopy $d",
        "merge (dict) $d",
        "deepEqual $d $d",
        "printf \"%v\" $d",
    ] {
        let _ = render(&format!("{deep}{{{{ {use_} }}}}"), Limits::default());
    }
    // A map in itself.
    let knot = "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}";
    for use_ in
        ["len $d", "print $d", "toYaml $d", "mustToJson $d", "deepCopy $d", "deepEqual $d (dict \"d\" $d)"]
    {
        let _ = render(&format!("{knot}{{{{ {use_} }}}}"), Limits::default());
    }
}

#[test]
fn deep_sources_are_refused() {
    for (open, close) in [
        ("(", ")"),
        ("{{ if true }}", "{{ end }}"),
        ("{{ with 1 }}", "{{ end }}"),
        ("{{ block \"x\" . }}", "{{ end }}"),
    ] {
        for n in [500, 100_000] {
            let text = if open == "(" {
                format!("{{{{ {}1{} }}}}", open.repeat(n), close.repeat(n))
            } else {
                format!("{}{}", open.repeat(n), close.repeat(n))
            };
            let result = render(&text, Limits::default());
            assert_eq!(
                n > 1000,
                result.is_err_and(|e| e.message == "max expression depth exceeded"),
                "{n} {open}"
            );
        }
    }
    let chain = format!("{{{{ if false }}}}{}{{{{ end }}}}", "{{ else if false }}".repeat(900));
    render(&chain, Limits::default()).unwrap();
    let _ = render(&format!("{{{{ {} }}}}", "quote 1 | ".repeat(50_000)), Limits::default());
    let _ = render(&format!("{{{{ .{} }}}}", "a.".repeat(50_000)), Limits::default());
}

fn fragment() -> impl Strategy<Value = String> {
    let pieces = [
        "{{",
        "}}",
        "{{-",
        "-}}",
        " ",
        "\n",
        "if",
        "else",
        "end",
        "range",
        "with",
        "define",
        "template",
        "block",
        "break",
        "continue",
        "include",
        "tpl",
        "print",
        "printf",
        "index",
        "dict",
        "list",
        "and",
        "or",
        "not",
        "eq",
        "len",
        "until",
        "default",
        "quote",
        "toYaml",
        "nindent 2",
        "set",
        "$x",
        ":=",
        "=",
        "|",
        "(",
        ")",
        ",",
        ".",
        "$",
        ".Values",
        ".Values.a",
        ".Values.s",
        ".nope",
        "nil",
        "true",
        "1",
        "-1",
        "1.5",
        "0x1f",
        "'a'",
        "\"%v\"",
        "\"t\"",
        "\"x\"",
        "`r`",
        "/*",
        "*/",
        "\"",
        "`",
        "é",
        "%",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40)
        .prop_map(|p| p.join(" ").replace("{ {", "{{"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_renders_or_fails(text in fragment()) {
        let limits = Limits { steps: 10_000, ..Limits::default() };
        if let Err(e) = render(&text, limits) {
            // Its display is made from the source, at any place.
            let _ = (e.to_string(), e.helm_text());
        }
    }

    #[test]
    fn any_bytes_render_or_fail(text in "\\PC{0,60}") {
        let _ = render(&format!("{{{{ {text} }}}}"), Limits { steps: 1000, ..Limits::default() }).map_err(|e| e.to_string());
        let _ = render(&text, Limits { steps: 1000, ..Limits::default() }).map_err(|e| e.to_string());
    }
}
