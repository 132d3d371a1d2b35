//! Writing YAML: the text, and where each of its lines comes from.

#![allow(clippy::unwrap_used, clippy::panic)]

use chartwright::yaml::{DisplayPath, marshal, to_string, to_string_with_paths};
use serde_json::json;

#[test]
fn lines_know_their_paths() {
    let value = json!({
        "a": {"b": [1, {"c": "two\nlines\n", "d": [[], [true]]}], "empty": {}},
        "long key ".repeat(20): {"x": "word ".repeat(30).trim_end()},
        "z": null,
    });
    let traced = to_string_with_paths(&value);
    assert_eq!(traced.text, to_string(&value));
    let lines: Vec<String> = traced
        .text
        .lines()
        .zip(&traced.lines)
        .map(|(line, path)| {
            let shown: String = line.chars().take(16).collect();
            let path: String = DisplayPath(path).to_string().replace(&"long key ".repeat(20), "LONG");
            format!("{shown} <- {path}")
        })
        .collect();
    assert_eq!(traced.lines.len(), traced.text.lines().count());
    assert_eq!(
        lines,
        [
            "a: <- a",
            "  b: <- a.b",
            "  - 1 <- a.b[0]",
            "  - c: | <- a.b[1].c",
            "      two <- a.b[1].c",
            "      lines <- a.b[1].c",
            "    d: <- a.b[1].d",
            "    - [] <- a.b[1].d[0]",
            "    - - true <- a.b[1].d[1][0]",
            "  empty: {} <- a.empty",
            "? 'long key long <- [\"LONG\"]",
            "  long key long  <- [\"LONG\"]",
            "  long key long  <- [\"LONG\"]",
            ": x: word word w <- [\"LONG\"].x",
            "    word word wo <- [\"LONG\"].x",
            "z: null <- z",
        ]
    );
}

#[test]
fn what_go_refuses_is_refused_or_escaped() {
    for text in ["\u{7f}", "a\u{80}", "\u{9f}", "\u{fffe}"] {
        assert!(marshal(&json!(text)).is_err(), "{text:?}");
        assert!(to_string(&json!(text)).starts_with('"'), "{text:?}");
    }
    for text in ["\u{1}", "\u{2028}", "\u{feff}x", "\u{ffff}".trim_end_matches('\u{ffff}')] {
        assert!(marshal(&json!(text)).is_ok(), "{text:?}");
    }
    assert!(marshal(&json!({"k".repeat(1022): 1})).is_ok());
    assert!(marshal(&json!({"k".repeat(1023): 1})).is_err());
    assert!(marshal(&json!([{"a\u{85}b": 1}])).is_err());
}

#[test]
fn keys_without_a_total_order_are_written_all() {
    // go-yaml's order has a circle here: 001 < 0x < 1 < 001.
    let written = to_string(&json!({"001": 1, "0x": 2, "1": 3, "2": 4, "10": 5}));
    assert_eq!(written.lines().count(), 5);
}
