//! The glob patterns of `.Files.Glob`: those of `github.com/gobwas/glob` with `/` as the separator.
//!
//! `*` stays inside one path part, `**` crosses parts, `?` is one character but no `/`, `[abc]`, `[a-z]` and their
//! negation with `!`, `{one,two}` with patterns inside, `\` escapes.

/// One compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Char(char),
    /// `?`
    Single,
    /// `*`
    Any,
    /// `**`
    Super,
    /// `[abc]` and `[a-z]`
    Class {
        ranges: Vec<(char, char)>,
        negate: bool,
    },
    /// `{a,b}`
    OneOf(Vec<Vec<Node>>),
}

/// More work than a sane pattern ever needs; a pattern beyond it matches nothing.
const STEPS: usize = 1_000_000;

impl Glob {
    /// Compiles a pattern; `None` if it is malformed. (Helm then takes `**` instead.)
    pub(crate) fn new(pattern: &str) -> Option<Glob> {
        let chars: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        let nodes = parse(&chars, &mut at, 0)?;
        (at >= chars.len()).then_some(Glob { nodes })
    }

    /// Whether the whole of `name` matches.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let chars: Vec<char> = name.chars().collect();
        let mut steps = STEPS;
        let nodes: Vec<&Node> = self.nodes.iter().collect();
        run(&nodes, &chars, &mut steps)
    }
}

/// Parses up to the end or, inside braces, up to a `,` or `}` that is left for the caller.
fn parse(chars: &[char], at: &mut usize, depth: usize) -> Option<Vec<Node>> {
    if depth > 32 {
        return None;
    }
    let mut nodes = Vec::new();
    while let Some(&c) = chars.get(*at) {
        match c {
            ',' | '}' if depth > 0 => return Some(nodes),
            '*' => {
                *at += 1;
                if chars.get(*at) == Some(&'*') {
                    *at += 1;
                    nodes.push(Node::Super);
                } else {
                    nodes.push(Node::Any);
                }
                continue;
            }
            '?' => nodes.push(Node::Single),
            '\\' => {
                *at += 1;
                // A backslash at the end escapes nothing and is dropped.
                let Some(&c) = chars.get(*at) else { continue };
                nodes.push(Node::Char(c));
            }
            '[' => {
                *at += 1;
                nodes.push(class(chars, at)?);
                continue;
            }
            '{' => {
                let mut choices = Vec::new();
                loop {
                    *at += 1;
                    choices.push(parse(chars, at, depth + 1)?);
                    if chars.get(*at) != Some(&',') {
                        break;
                    }
                }
                nodes.push(Node::OneOf(choices));
            }
            // A brace that closes nothing is plain text.
            c => nodes.push(Node::Char(c)),
        }
        *at += 1;
    }
    // A brace that is never closed ends with the text, without complaint.
    Some(nodes)
}

/// The inside of `[...]`: either exactly one range (`[a-z]`) or a list of characters, in which `-` is itself.
fn class(chars: &[char], at: &mut usize) -> Option<Node> {
    let negate = chars.get(*at) == Some(&'!');
    if negate {
        *at += 1;
    }
    let low = *chars.get(*at)?;
    if chars.get(*at + 1) == Some(&'-') {
        let high = *chars.get(*at + 2)?;
        if chars.get(*at + 3) != Some(&']') || high < low {
            return None;
        }
        *at += 4;
        return Some(Node::Class { ranges: vec![(low, high)], negate });
    }
    let mut ranges = Vec::new();
    loop {
        let mut c = *chars.get(*at)?;
        *at += 1;
        if c == ']' {
            break;
        }
        if c == '\\' {
            c = *chars.get(*at)?;
            *at += 1;
        }
        ranges.push((c, c));
    }
    (!ranges.is_empty()).then_some(Node::Class { ranges, negate })
}

fn run(nodes: &[&Node], text: &[char], steps: &mut usize) -> bool {
    if *steps == 0 {
        return false;
    }
    *steps -= 1;
    let Some((head, rest)) = nodes.split_first() else { return text.is_empty() };
    match head {
        Node::Char(c) => text.first() == Some(c) && run(rest, &text[1..], steps),
        Node::Single => text.first().is_some_and(|c| *c != '/') && run(rest, &text[1..], steps),
        Node::Class { ranges, negate } => text.first().is_some_and(|c| {
            ranges.iter().any(|(low, high)| low <= c && c <= high) != *negate && run(rest, &text[1..], steps)
        }),
        Node::Any | Node::Super => {
            let crosses = matches!(head, Node::Super);
            for eaten in 0..=text.len() {
                if run(rest, &text[eaten..], steps) {
                    return true;
                }
                if eaten < text.len() && text[eaten] == '/' && !crosses {
                    return false;
                }
            }
            false
        }
        Node::OneOf(choices) => choices.iter().any(|choice| {
            let joined: Vec<&Node> = choice.iter().chain(rest.iter().copied()).collect();
            run(&joined, text, steps)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_as_gobwas_reads_them() {
        for (pattern, name, want) in [
            ("*", "a", true),
            ("*", "a/b", false),
            ("**", "a/b", true),
            ("ship/**", "ship/captain.txt", true),
            ("ship/**", "ship/a/b", true),
            ("ship/*", "ship/a/b", false),
            ("**/*.yaml", "a/b/c.yaml", true),
            ("**/*.yaml", "c.yaml", false),
            ("**.yaml", "c.yaml", true),
            ("conf/?.txt", "conf/a.txt", true),
            ("conf/?.txt", "conf/ab.txt", false),
            ("{a,b}.txt", "b.txt", true),
            ("{a,b*}/c.txt", "bcd/c.txt", true),
            ("{a,{b,c}}.txt", "c.txt", true),
            ("{*.txt,*.md}", "a.md", true),
            ("[ab].txt", "b.txt", true),
            ("[a-c].txt", "b.txt", true),
            ("[ab-d]", "c", false),
            ("[ab-d]", "-", true),
            ("{a,b", "b", true),
            ("a\\", "a", true),
            ("[!a-c].txt", "b.txt", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("files/*.{yaml,json}", "files/x.json", true),
            ("", "", true),
            ("a,b", "a,b", true),
        ] {
            assert_eq!(Glob::new(pattern).unwrap().matches(name), want, "{pattern} {name}");
        }
        for bad in ["[", "[a", "[]a]", "[c-a]", "[a-cx]"] {
            assert!(Glob::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let pattern = "**a".repeat(30) + "b";
        assert!(!Glob::new(&pattern).unwrap().matches(&"a".repeat(200)));
    }
}
