//! The spanned tree: where things stand, what is kept, and what hostile input does.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use chartwright::Value;
use chartwright::yaml::tree::{Kind, Limits, MAX_DEPTH, Node, Style, parse};
use chartwright::yaml::{DisplayPath, PathSegment};
use serde_json::json;

fn one(text: &str) -> Node {
    let mut documents = parse(text, &Limits::default()).unwrap();
    assert_eq!(documents.len(), 1, "{text:?}");
    documents.remove(0)
}

fn path(segments: &[&str]) -> Vec<PathSegment> {
    segments
        .iter()
        .map(|segment| match segment.parse::<usize>() {
            Ok(index) => PathSegment::Index(index),
            Err(_) => PathSegment::from(*segment),
        })
        .collect()
}

/// Every node below the root as `path = source text`.
fn outline(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    one(text).walk(&mut |path, key, node| {
        let key = key.map(|key| &text[key.span.clone()]);
        lines.push(format!("{} <{}> {:?}", DisplayPath(path), key.unwrap_or(""), &text[node.span.clone()]));
    });
    lines
}

#[test]
fn spans_are_the_source_of_each_node() {
    let text = "\
# a comment
name: shop   # trailing
size:
  cpu: 2
  list: [a, {b: c}]  # flow
hosts:
- 'one'
- \"tw\\u00f6\"
-   deep: |
      first
      second

    last: >-
      folded

empty:
other: x
";
    assert_eq!(
        outline(text),
        [
            format!(" <> {:?}", text[12..].trim_end()),
            r#"name <name> "shop""#.into(),
            format!("size <size> {:?}", "cpu: 2\n  list: [a, {b: c}]"),
            r#"size.cpu <cpu> "2""#.into(),
            r#"size.list <list> "[a, {b: c}]""#.into(),
            r#"size.list[0] <> "a""#.into(),
            r#"size.list[1] <> "{b: c}""#.into(),
            r#"size.list[1].b <b> "c""#.into(),
            format!(
                "hosts <hosts> {:?}",
                &text[text.find("- 'one'").unwrap()..text.find("folded").unwrap() + "folded".len()]
            ),
            r#"hosts[0] <> "'one'""#.into(),
            format!("hosts[1] <> {:?}", "\"tw\\u00f6\""),
            format!("hosts[2] <> {:?}", "deep: |\n      first\n      second\n\n    last: >-\n      folded"),
            format!("hosts[2].deep <deep> {:?}", "|\n      first\n      second"),
            format!("hosts[2].last <last> {:?}", ">-\n      folded"),
            r#"empty <empty> """#.into(),
            r#"other <other> "x""#.into(),
        ]
    );
    let root = one(text);
    let empty = root.get("empty").unwrap();
    assert_eq!(empty.kind, Kind::Null);
    assert_eq!(&text[..empty.span.start], &text[..text.find("empty:").unwrap() + "empty:".len()]);
    assert_eq!(root.at(&path(&["hosts", "1"])).unwrap().as_str(), Some("twö"));
    assert_eq!(root.key_span(&path(&["size", "cpu"])).map(|span| &text[span]), Some("cpu"));
    assert_eq!(&text[root.nearest_span(&path(&["size", "list", "7", "x"]))], "[a, {b: c}]");
}

#[test]
fn spans_begin_at_indicators() {
    let text = "a:\n- - x\n- [y]\n-\n- |\n  |z\n- !!str >\n  w\nb: # c|d\n  |-\n  &e\nc:\n   ? k\n   : - v\n";
    let source = |segments: &[&str]| text[one(text).at(&path(segments)).unwrap().span.clone()].to_owned();
    assert_eq!(source(&["a"]), "- - x\n- [y]\n-\n- |\n  |z\n- !!str >\n  w");
    assert_eq!(source(&["a", "0"]), "- x");
    assert_eq!(source(&["a", "1"]), "[y]");
    assert_eq!(source(&["a", "2"]), "");
    assert_eq!(source(&["a", "3"]), "|\n  |z");
    assert_eq!(source(&["a", "4"]), "!!str >\n  w");
    assert_eq!(source(&["b"]), "|-\n  &e");
    assert_eq!(source(&["c", "k"]), "- v");
}

#[test]
fn spans_are_bytes_behind_wide_characters() {
    let text = format!("\u{feff}{}: 店\nß: [ü, 'é']\n", "名".repeat(300));
    let root = one(&text);
    assert_eq!(&text[root.get("ß").unwrap().span.clone()], "[ü, 'é']");
    assert_eq!(&text[root.at(&path(&["ß", "1"])).unwrap().span.clone()], "'é'");
    let error = parse("ключ: [значение\n", &Limits::default()).unwrap_err();
    assert_eq!((error.line, error.offset), (2, "ключ: [значение\n".len()), "{error}");
    let error = parse("ключ: значение: x\n", &Limits::default()).unwrap_err();
    assert_eq!((error.line, error.column), (1, 15), "{error}");
}

#[test]
fn nothing_is_lost() {
    let root = one("a: 1\nb: {x: yes}\na: 2\n'a': 3\nn: ~\nt: !!str 5\nc: !mine [q]\n");
    let keys: Vec<_> = root.entries().unwrap().iter().map(|(key, _)| key.as_str().unwrap()).collect();
    assert_eq!(keys, ["a", "b", "a", "a", "n", "t", "c"]);
    assert_eq!(root.duplicate_keys().len(), 2);
    assert_eq!(root.get("a").unwrap().as_str(), Some("3"));
    assert!(root.get("n").unwrap().is_null());
    let Kind::Scalar { text, style, tag } = &root.get("t").unwrap().kind else { panic!() };
    assert_eq!((text.as_str(), *style, tag.as_deref()), ("5", Style::Plain, Some("!!str")));
    assert_eq!(root.to_value(), json!({"a": 3, "b": {"x": true}, "false": null, "t": "5", "c": ["q"]}));
}

#[test]
fn aliases_point_to_both_places() {
    let text = "base: &b {cpu: 1, on: x}\nshop:\n  <<: *b\n  mem: 2\nother: *b\n";
    let root = one(text);
    let other = root.get("other").unwrap();
    assert_eq!(&text[other.alias.clone().unwrap()], "*b");
    assert_eq!(&text[other.span.clone()], "&b {cpu: 1, on: x}");
    assert_eq!(root.at(&path(&["shop", "cpu"])).unwrap().as_str(), Some("1"));
    assert_eq!(root.to_value()["shop"], json!({"cpu": 1, "true": "x", "mem": 2}));
}

#[test]
fn documents_are_kept_apart() {
    let documents = parse("a: 1\n---\n---\n# only a comment\n---\n- b\n...\n", &Limits::default()).unwrap();
    let values: Vec<Value> = documents.iter().map(Node::to_value).collect();
    assert_eq!(values, [json!({"a": 1}), Value::Null, Value::Null, json!(["b"])]);
    assert!(parse("# nothing\n\n", &Limits::default()).unwrap().is_empty());
    let error = parse("a: &x 1\n---\nb: *x\n", &Limits::default()).unwrap_err();
    assert_eq!((error.line, error.column), (3, 4), "{error}");
}

#[test]
fn errors_name_the_place() {
    for (text, line, column) in [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, 2),
        ("a:\n  b: 1\n c: 2\n", 3, 2),
        ("a: b: c\n", 1, 5),
        ("a: 'x\n", 2, 1),
        ("a: *gone\n", 1, 4),
        ("a: @x\n", 1, 4),
        ("\ta: 1\n", 1, 1),
        ("a: &b [*b]\n", 1, 8),
    ] {
        let error = parse(text, &Limits::default()).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{text:?}: {error}");
    }
}

#[test]
fn limits_end_hostile_input() {
    let laughs = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let below = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        text
    };
    let stairs: String = (0..10_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let wide = Limits { depth: usize::MAX, bytes: usize::MAX, ..Limits::default() };
    let started = Instant::now();
    for (name, text) in [
        ("alias bomb", laughs),
        ("flow sequences", "[".repeat(10_000)),
        ("flow maps", "{a: ".repeat(10_000)),
        ("block sequences", "- ".repeat(10_000)),
        ("block maps", stairs),
        ("explicit keys", "? ".repeat(10_000)),
        ("million items", "- a\n".repeat(1_000_001)),
        ("control character", "a: \u{1}\n: [".to_owned()),
    ] {
        let error = parse(&text, &wide).unwrap_err();
        assert!(error.line >= 1 && error.column >= 1 && error.offset <= text.len(), "{name}: {error}");
    }
    let long = "a: b\n".repeat(10 << 20);
    assert!(parse(&long, &Limits::default()).unwrap_err().message.contains("longer than"));
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());

    // The deepest tree there can be is built, compared, copied and dropped on a small stack.
    let deep: String = (0..MAX_DEPTH).map(|_| "- ").collect::<String>() + "x";
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || {
            let documents = parse(&deep, &wide).unwrap();
            assert_eq!(documents.clone(), documents);
            drop(documents[0].to_value());
        })
        .unwrap()
        .join()
        .unwrap();
}
