//! Files that follow from the code: reference pages and the schema for editors.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::{Map, Value};
use storeyard_core::library::{Library, embedded_files};
use storeyard_core::rules::{self, Rule};
use storeyard_core::source::Sources;
use storeyard_core::spec::schema;

/// Gives what `storeyard ARGS... --help` prints.
pub type Help<'a> = &'a dyn Fn(&[&str]) -> Result<String, String>;

/// What makes the files anew.
const COMMAND: &str = "cargo xtask generate";

/// Folders that hold generated files only; what is there and not generated any more is stale too.
const FOLDERS: &[&str] = &["docs/reference", "docs/reference/rules"];

/// Writes all generated files.
///
/// # Errors
/// What could not be read or written.
pub fn write(help: Help<'_>) -> Result<(), String> {
    let root = crate::root();
    let files = files(help)?;
    for (path, text) in &files {
        let target = root.join(path);
        if fs::read_to_string(&target).is_ok_and(|old| old == *text) {
            continue;
        }
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
        }
        fs::write(&target, text).map_err(|error| format!("`{path}`: {error}"))?;
        eprintln!("wrote {path}");
    }
    for path in left_over(&files)? {
        fs::remove_file(root.join(&path)).map_err(|error| format!("`{path}`: {error}"))?;
        eprintln!("removed {path}");
    }
    Ok(())
}

/// Says which generated files are not what the code gives.
///
/// # Errors
/// The stale files, and the command that makes them anew.
pub fn check(help: Help<'_>) -> Result<(), String> {
    let root = crate::root();
    let files = files(help)?;
    let mut stale: Vec<String> = files
        .iter()
        .filter(|(path, text)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(*text))
        .map(|(path, _)| path.clone())
        .collect();
    stale.extend(left_over(&files)?);
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("generated files are stale: {}\nrun `{COMMAND}` and commit what it writes", stale.join(", ")))
}

fn left_over(files: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let mut left = Vec::new();
    for folder in FOLDERS {
        let Ok(entries) = fs::read_dir(crate::root().join(folder)) else { continue };
        for entry in entries {
            let entry = entry.map_err(|error| format!("`{folder}`: {error}"))?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_file() && !files.contains_key(&path) {
                left.push(path);
            }
        }
    }
    left.sort();
    Ok(left)
}

/// All generated files by path in the repository.
///
/// # Errors
/// What `help` refuses, and an embedded library that cannot be read.
pub fn files(help: Help<'_>) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    files.insert("examples/storeyard.schema.json".to_owned(), format!("{:#}\n", schema::combined()));
    files.insert("docs/reference/spec.md".to_owned(), spec()?);
    files.insert("docs/reference/cli.md".to_owned(), cli(help)?);
    let rules = rules::all();
    files.insert("docs/reference/rules.md".to_owned(), rules_table(&rules));
    for rule in &rules {
        files.insert(format!("docs/reference/{}", page(rule)), rule_page(rule));
    }
    Ok(files)
}

fn marker(from: &str) -> String {
    format!("<!-- Made from {from} by `{COMMAND}`: change it there. -->\n\n")
}

fn page(rule: &Rule) -> String {
    format!("rules/{}-{}.md", rule.code, rule.name)
}

fn rules_table(rules: &[Rule]) -> String {
    let mut out = marker("crates/storeyard-core/src/rules");
    out.push_str(
        "# Rules\n\n\
         What `storeyard check` and `storeyard build` find fault with. SY0xxx is about the spec, SY1xxx about values and \
         the tree, SY2xxx about the objects that the cluster would receive. An *error* stops the build; a *warning* does \
         when it is denied (`--deny NAME`, `--deny warnings`); a *note* never does. A finding can be accepted for a time: \
         see [suppressions](../guide.md#findings-and-suppressions).\n\n\
         | code | name | severity | what it finds |\n|---|---|---|---|\n",
    );
    for rule in rules {
        let _ = writeln!(
            out,
            "| [{}]({}) | {} | {} | {} |",
            rule.code,
            page(rule),
            rule.name,
            rule.severity.as_str(),
            cell(rule.summary)
        );
    }
    out
}

fn rule_page(rule: &Rule) -> String {
    let documentation = rule.documentation();
    let (title, rest) = documentation.split_once('\n').unwrap_or((&documentation, ""));
    let rest = rest.trim_start_matches('\n');
    let path = if rule.code.0.starts_with("SY0") { "spec" } else { "objects" };
    format!(
        "{}{title}\n\nSeverity: **{}** · [all rules](../rules.md)\n\n{rest}\n",
        marker(&format!("crates/storeyard-core/src/rules/{path}")),
        rule.severity.as_str(),
    )
}

/// Text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn cli(help: Help<'_>) -> Result<String, String> {
    let mut out = marker("the program's own help");
    out.push_str(
        "# Command line\n\n\
         Data goes to standard output, everything else to standard error. Colours are used on a terminal only, and not \
         when `NO_COLOR` is set.\n\n\
         | exit code | meaning |\n|---|---|\n\
         | 0 | fine |\n| 1 | findings, or a failed or refused step |\n| 2 | wrong usage |\n\
         | 3 | the world refused: a file that cannot be read, a directory that cannot be written |\n",
    );
    command(&mut out, help, &[])?;
    Ok(out)
}

/// A command's help and that of its subcommands.
fn command(out: &mut String, help: Help<'_>, path: &[&str]) -> Result<(), String> {
    let text = help(path)?;
    let title = std::iter::once("storeyard").chain(path.iter().copied()).collect::<Vec<_>>().join(" ");
    let text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let _ = write!(
        out,
        "\n{} `{title}`\n\n```text\n{}\n```\n",
        "#".repeat(path.len().min(3) + 2),
        text.trim_end()
    );
    let names = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // Descriptions that go on in a next line are indented further.
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    for name in names {
        let mut path = path.to_vec();
        path.push(name);
        command(out, help, &path)?;
    }
    Ok(())
}

/// The layers below a user's words, as plain data.
struct Layers {
    defaults: Value,
    /// Name and data of each size class, smallest first.
    classes: Vec<(String, Value)>,
}

impl Layers {
    /// What a key is when the user does not say.
    fn of(&self, pointer: &str) -> Option<String> {
        if let Some(value) = self.defaults.pointer(pointer) {
            return Some(format!("`{value}`"));
        }
        let inside = pointer.strip_prefix("/spec")?;
        // Sums over the final figures: the loader takes no class's.
        if ["/quota", "/database", "/traffic"].iter().any(|key| inside.starts_with(key)) {
            return None;
        }
        let each: Vec<String> = self
            .classes
            .iter()
            .filter_map(|(name, value)| Some(format!("{name} `{}`", value.pointer(inside)?)))
            .collect();
        if each.is_empty() { None } else { Some(each.join(", ")) }
    }
}

fn spec() -> Result<String, String> {
    let mut sources = Sources::default();
    let (library, problems) = Library::load(&embedded_files(), &mut sources);
    if !problems.is_empty() {
        return Err("the embedded library has mistakes: see `cargo test -p storeyard-core`".to_owned());
    }
    let defaults = |name: &str| library.defaults.get(name).map_or(Value::Null, |d| d.value.clone());
    let classes = ["small", "medium", "large"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), library.sizes.get(*name)?.value.clone())))
        .collect();
    // A store's defaults are its `spec` alone.
    let store_defaults = serde_json::json!({ "spec": defaults("store") });

    let mut out = marker("crates/storeyard-core/src/spec and library/defaults");
    out.push_str(
        "# The spec\n\n\
         `storeyard.yaml` describes the platform, each file in `stores/` one store. A key without a default and not marked \
         **required** is left out or worked out from the rest, as its meaning says. `[]` stands for each entry of a list, \
         `<name>` for a name of your choice. Editors take the same from the schema that `storeyard schema` prints.\n",
    );
    let platform = Layers { defaults: defaults("platform"), classes: Vec::new() };
    kind(&mut out, "Platform", "storeyard.yaml", schema::platform().schema(), &platform);
    let store = Layers { defaults: store_defaults, classes };
    kind(&mut out, "Store", "stores/*.yaml", schema::store().schema(), &store);
    Ok(out)
}

fn kind(out: &mut String, name: &str, file: &str, schema: &Value, layers: &Layers) {
    let _ = write!(out, "\n## {name}\n\nIn `{file}`.\n\n");
    let walker = Walker { root: schema, layers };
    let top: Vec<(&String, &Value)> =
        properties(schema).into_iter().flatten().filter(|(k, _)| *k != "spec").collect();
    out.push_str(HEAD);
    for (key, value) in top {
        walker.row(out, key, &format!("/{key}"), value, required(schema, key));
    }
    let Some(spec) = properties(schema).and_then(|p| p.get("spec")) else { return };
    let spec = walker.resolve(spec);
    let (plain, nested): (Vec<_>, Vec<_>) =
        properties(spec).into_iter().flatten().partition(|(_, value)| walker.object(value).is_none());
    let _ = write!(out, "\n### `spec`\n\n{HEAD}");
    for (key, value) in plain {
        walker.row(out, key, &format!("/spec/{key}"), value, required(spec, key));
    }
    for (key, value) in nested {
        let about = description(value).or_else(|| description(walker.resolve(value))).unwrap_or_default();
        let must = if required(spec, key) { " **Required.**" } else { "" };
        let _ = write!(out, "\n### `spec.{key}`\n\n{about}{must}\n\n{HEAD}");
        walker.inside(out, key, &format!("/spec/{key}"), value);
    }
}

const HEAD: &str = "| key | type | default | meaning |\n|---|---|---|---|\n";

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

fn required(schema: &Value, key: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|k| k == key))
}

fn description(schema: &Value) -> Option<String> {
    schema.get("description").and_then(Value::as_str).map(|text| text.replace('\n', " "))
}

struct Walker<'a> {
    root: &'a Value,
    layers: &'a Layers,
}

impl<'a> Walker<'a> {
    /// Follows `$ref`, and takes the other one of a choice with null.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        if let Some(pointer) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#')) {
            return self.root.pointer(pointer).map_or(schema, |target| self.resolve(target));
        }
        let choices = schema.get("anyOf").and_then(Value::as_array);
        match choices
            .and_then(|all| all.iter().find(|c| c.get("type").and_then(Value::as_str) != Some("null")))
        {
            Some(choice) => self.resolve(choice),
            None => schema,
        }
    }

    /// The object with keys of its own that a schema is, holds in a list or holds in a map, and how its keys are reached.
    fn object(&self, schema: &'a Value) -> Option<(&'a Value, &'static str)> {
        let schema = self.resolve(schema);
        if properties(schema).is_some() {
            return Some((schema, ""));
        }
        let inner = |key: &str| schema.get(key).map(|s| self.resolve(s)).filter(|s| properties(s).is_some());
        inner("items").map(|s| (s, "[]")).or_else(|| inner("additionalProperties").map(|s| (s, ".<name>")))
    }

    fn inside(&self, out: &mut String, name: &str, pointer: &str, schema: &'a Value) {
        let Some((object, reach)) = self.object(schema) else { return };
        let pointer = if reach.is_empty() { pointer.to_owned() } else { format!("{pointer}/{reach}") };
        for (key, value) in properties(object).into_iter().flatten() {
            self.row(
                out,
                &format!("{name}{reach}.{key}"),
                &format!("{pointer}/{key}"),
                value,
                required(object, key),
            );
        }
    }

    fn row(&self, out: &mut String, name: &str, pointer: &str, schema: &'a Value, required: bool) {
        let about = description(schema).or_else(|| description(self.resolve(schema))).unwrap_or_default();
        let nested = self.object(schema);
        if nested.is_some_and(|(_, reach)| reach.is_empty()) {
            return self.inside(out, name, pointer, schema);
        }
        let default = match self.layers.of(pointer) {
            // Lists and maps of objects are shown where they are kept.
            Some(text) if text.len() > 200 => "see `library/defaults`".to_owned(),
            Some(text) => cell(&text),
            None if required => "**required**".to_owned(),
            None => String::new(),
        };
        let values = self.choices(schema);
        let about = if values.is_empty() { about } else { format!("{about} {values}") };
        let _ =
            writeln!(out, "| `{name}` | {} | {default} | {} |", cell(&self.kind(schema)), cell(about.trim()));
        if nested.is_some() {
            self.inside(out, name, pointer, schema);
        }
    }

    /// What may be written, in words.
    fn kind(&self, schema: &'a Value) -> String {
        let schema = self.resolve(schema);
        if let Some(value) = schema.get("const") {
            return format!("`{value}`");
        }
        if schema.get("oneOf").is_some() || schema.get("enum").is_some() {
            return "one of".to_owned();
        }
        if let Some(items) = schema.get("items") {
            return format!("list of {}", self.kind(items));
        }
        if let Some(title) = schema.get("title").and_then(Value::as_str) {
            return title.to_owned();
        }
        let word = match schema.get("type") {
            Some(Value::String(word)) => word.as_str(),
            Some(Value::Array(words)) => {
                words.iter().filter_map(Value::as_str).find(|word| *word != "null").unwrap_or("anything")
            }
            _ => "anything",
        };
        match (word, schema.get("minimum"), schema.get("maximum")) {
            ("integer", Some(least), Some(most)) => format!("integer {least} to {most}"),
            ("integer", Some(least), None) => format!("integer from {least}"),
            ("object", ..) => match schema.get("additionalProperties") {
                Some(inner) if inner.is_object() => format!("map to {}", self.kind(inner)),
                _ => "map".to_owned(),
            },
            (word, ..) => word.to_owned(),
        }
    }

    /// The words of an enumeration with their meanings.
    fn choices(&self, schema: &'a Value) -> String {
        let mut schema = self.resolve(schema);
        if let Some(items) = schema.get("items") {
            schema = self.resolve(items);
        }
        let mut all = Vec::new();
        for choice in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            if let Some(value) = choice.get("const").and_then(Value::as_str) {
                let about = description(choice).unwrap_or_default();
                all.push(format!("`{value}`: {}", about.trim_end_matches('.')));
            }
            let words = choice.get("enum").and_then(Value::as_array).into_iter().flatten();
            all.extend(words.filter_map(Value::as_str).map(|word| format!("`{word}`")));
        }
        let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        all.extend(words.filter_map(Value::as_str).map(|word| format!("`{word}`")));
        if all.is_empty() { String::new() } else { format!("{}.", all.join("; ")) }
    }
}
