//! The quick reader against the general path: whatever it reads, both must read the same.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::read;
use crate::yaml::decode::Mode;
use crate::yaml::stream::general_first;
use crate::yaml::to_string;

fn agrees(text: &str) -> Result<bool, String> {
    match read(text, false) {
        None => Ok(false),
        Some(quick) => match general_first(text, Mode::Go) {
            Ok(general) if general == quick => Ok(true),
            general => Err(format!("{text:?}\nquick:   {quick}\ngeneral: {general:?}")),
        },
    }
}

#[test]
fn manifests_are_read_quickly() {
    let text = "\
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, \"tier\":\"front\"}
  annotations:
    checksum/config: 0123456789abcdef   # a comment
    note: 'it''s'
    \"quoted key\": \"a\\tb\\u00e9\"
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: nginx
        args: [\"--port\", 8080, -v]
        command:
          - sh
          - -c
          - |
            set -e
              indented

            exec nginx
        empty: {}
        nothing:
        folded: >-
          one
          two

          three
      -   name: other
          on: yes
";
    assert_eq!(agrees(text), Ok(true));
    let value = read(text, true).unwrap();
    let containers = &value["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["command"][2], "set -e\n  indented\n\nexec nginx\n");
    assert_eq!(containers[0]["folded"], "one two\nthree");
    assert_eq!(containers[1], json!({"name": "other", "true": true}));
}

#[test]
fn what_is_uncertain_is_left_alone() {
    for text in [
        "a: &x 1",
        "a: 'b\n  c'",
        "a: b\n  c",
        "a:\t1",
        "a: b: c",
        "<<: {a: 1}",
        "a: \"\\q\"",
        "a: .inf",
        "a\rb",
    ] {
        assert_eq!(read(text, false), None, "{text:?}");
    }
    assert_eq!(read("a: 1\na: 2\n", false), Some(json!({"a": 2})));
    assert_eq!(read("a: 1\na: 2\n", true), None);
}

fn line() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("x"),
        Just("a b"),
        Just("1"),
        Just("yes"),
        Just("'s'"),
        Just("\"t\""),
        Just("[a, 'b']"),
        Just("{a: 1}"),
        Just("|"),
        Just(">-"),
        Just("|+"),
        Just("|2"),
        Just(""),
        Just("v # c"),
        Just("a#b"),
        Just("http://x:80"),
        Just("- x"),
        Just("- "),
        Just("k: v"),
        Just("{\"a\":[1,{}]}"),
        Just("{a:1}"),
        Just("[a:b]"),
        Just("-"),
        Just("é"),
        Just("'a'#c"),
        Just("\"a\" b"),
        Just("<<"),
        Just("~"),
        Just("08"),
        Just("# c"),
        Just("\tt"),
        Just("a\t")
    ];
    let lead = prop_oneof![
        4 => Just(""), 3 => Just("- "), 1 => Just("-   "), 1 => Just("- - "), 6 => Just("k: "), 3 => Just("l:"), 3 => Just("- k: "),
        1 => Just("'q': "), 1 => Just("m :  "), 1 => Just("yes: "), 1 => Just("1: "), 1 => Just("---"), 1 => Just("# ")
    ];
    (0_usize..5, lead, scalar)
        .prop_map(|(indent, lead, scalar)| format!("{}{lead}{scalar}", "  ".repeat(indent)))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::from),
        "[ -~é\n]{0,40}".prop_map(Value::from),
        "([a-z]{1,9}[ :#'\"-]{0,2}){0,20}\n?".prop_map(Value::from),
        prop_oneof![Just("yes"), Just("0644"), Just("1:30"), Just("~"), Just("2001-01-01"), Just("")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map("[ -~]{0,12}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Whole floats are written as integers.
fn whole_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let text = crate::json::to_string(value);
            text.parse::<i64>()
                .map(Value::from)
                .or_else(|_| text.parse::<u64>().map(Value::from))
                .unwrap_or(value.clone())
        }
        Value::Array(items) => items.iter().map(whole_floats).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), whole_floats(value))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quick_and_general_agree_on_lines(lines in prop::collection::vec(line(), 1..10), end in "\n{0,2}| ") {
        prop_assert!(agrees(&(lines.join("\n") + &end)).is_ok(), "{:?}", agrees(&(lines.join("\n") + &end)));
    }

    #[test]
    fn quick_and_general_agree_on_anything(text in "[a-c:#'\"|> \n{}\\[\\],&*!?\\\\\t~<-]{0,40}") {
        prop_assert!(agrees(&text).is_ok(), "{:?}", agrees(&text));
    }

    #[test]
    fn what_is_written_is_read_back(value in value()) {
        let text = to_string(&value);
        prop_assert_eq!(general_first(&text, Mode::Strict).unwrap(), whole_floats(&value), "{}", text);
        prop_assert!(agrees(&text).is_ok(), "{:?}", agrees(&text));
    }
}
