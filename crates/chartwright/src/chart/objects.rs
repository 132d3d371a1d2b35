//! The objects that templates see: `.Chart`, `.Capabilities`, `.Files`.

use std::{any::Any, rc::Rc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Capabilities, Chart, Dependency, HelmCompat, Metadata,
    dependencies::{Graph, NodeId},
    glob::Glob,
};
use crate::{
    Map, Value,
    engine::{Ctx, Dict, ElemKind, FuncError, List, MapKind, Object, Sig, Str, Ty, Val},
    yaml,
};

/// A Go struct without methods of interest.
struct Struct {
    type_name: &'static str,
    kind: &'static str,
    fields: Vec<(&'static str, Val)>,
    json: Value,
    print: String,
}

impl Object for Struct {
    fn type_name(&self) -> &str {
        self.type_name
    }
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn field(&self, name: &str) -> Option<Val> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone())
    }
    fn print(&self) -> String {
        self.print.clone()
    }
    fn to_json(&self) -> Value {
        self.json.clone()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A struct's fields as `%v` prints them.
fn braces(fields: &[(&'static str, Val)]) -> String {
    let texts: Vec<String> = fields.iter().map(|(_, value)| show(value)).collect();
    format!("{{{}}}", texts.join(" "))
}

fn show(value: &Val) -> String {
    match value {
        Val::Str(text) => text.as_str().to_owned(),
        Val::Bool(value) => value.to_string(),
        Val::List(list) => format!("[{}]", list.items.iter().map(show).collect::<Vec<_>>().join(" ")),
        Val::Map(map) => {
            let entries = map.entries();
            let texts: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}:{}", key.as_str(), show(value))).collect();
            format!("map[{}]", texts.join(" "))
        }
        Val::Object(object) => object.print(),
        _ => String::new(),
    }
}

fn object(value: impl Object) -> Val {
    Val::Object(Rc::new(value))
}

/// `.Chart`: a struct in Helm 3, a map with the same names in Helm 4.
pub(crate) fn chart(graph: &Graph, id: NodeId, compat: HelmCompat) -> Val {
    let node = graph.node(id);
    let metadata = node.chart.metadata();
    let is_root = node.parent.is_none();
    let declared = graph.declared(id);
    match compat {
        HelmCompat::V3_19 => {
            let maintainers = metadata.maintainers.iter().map(|maintainer| {
                let fields = maintainer_fields(maintainer);
                let json = omit_empty(&[
                    ("name", &maintainer.name),
                    ("email", &maintainer.email),
                    ("url", &maintainer.url),
                ]);
                pointer("*chart.Maintainer", fields, json)
            });
            let dependencies = declared.iter().flatten().map(|dependency| {
                pointer("*chart.Dependency", dependency_fields(dependency), dependency_json(dependency))
            });
            let maintainers = typed_list("*chart.Maintainer", maintainers.collect());
            let dependencies = typed_list("*chart.Dependency", dependencies.collect());
            let fields = metadata_fields(metadata, &node.name, maintainers, dependencies);
            let print = format!("{{{} {is_root}}}", braces(&fields));
            let json = metadata_json(metadata, &node.name, declared.as_deref(), is_root);
            let mut all = fields;
            let inner = all.clone();
            all.push(("IsRoot", Val::Bool(is_root)));
            // The embedded struct can be named, too.
            all.push((
                "Metadata",
                object(Struct {
                    type_name: "chart.Metadata",
                    kind: "struct",
                    print: braces(&inner),
                    fields: inner,
                    json: json.clone(),
                }),
            ));
            object(Struct {
                type_name: "struct { chart.Metadata; IsRoot bool }",
                kind: "struct",
                fields: all,
                json,
                print,
            })
        }
        HelmCompat::V4_2 => {
            let as_map = |fields: Vec<(&'static str, Val)>| {
                Val::map(fields.into_iter().map(|(name, value)| (Str::from(name), value)))
            };
            let maintainers =
                metadata.maintainers.iter().map(|maintainer| as_map(maintainer_fields(maintainer))).collect();
            let dependencies =
                declared.iter().flatten().map(|dependency| as_map(dependency_fields(dependency))).collect();
            let fields =
                metadata_fields(metadata, &node.name, Val::list(maintainers), Val::list(dependencies));
            let map = as_map(fields);
            if let Val::Map(map) = &map {
                // Slices of texts become slices of anything on the way.
                for name in ["Sources", "Keywords"] {
                    if let Some(Val::List(list)) = map.get(name) {
                        map.insert(name, Val::list(list.items.clone()));
                    }
                }
                if metadata.annotations.is_none() {
                    map.insert("Annotations", Val::Nil);
                }
                map.insert("IsRoot", Val::Bool(is_root));
            }
            map
        }
    }
}

fn pointer(type_name: &'static str, fields: Vec<(&'static str, Val)>, json: Value) -> Val {
    // A pointer inside a slice prints as an address in Go; no chart can rely on that.
    let print = format!("&{}", braces(&fields));
    object(Struct { type_name, kind: "ptr", fields, json, print })
}

fn typed_list(element: &'static str, items: Vec<Val>) -> Val {
    let kind = ElemKind::Named(element);
    Val::List(if items.is_empty() { List::nil(kind) } else { List::of(kind, items) })
}

fn texts(items: &[String]) -> Val {
    if items.is_empty() {
        return Val::List(List::nil(ElemKind::Str));
    }
    Val::strings(items.iter().map(String::as_str))
}

fn metadata_fields(
    metadata: &Metadata,
    name: &str,
    maintainers: Val,
    dependencies: Val,
) -> Vec<(&'static str, Val)> {
    let annotations =
        metadata.annotations.iter().flatten().map(|(key, value)| (Str::from(key), Str::from(value)));
    vec![
        ("Name", Val::str(name)),
        ("Home", Val::str(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", Val::str(&metadata.version)),
        ("Description", Val::str(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", maintainers),
        ("Icon", Val::str(&metadata.icon)),
        ("APIVersion", Val::str(&metadata.api_version)),
        ("Condition", Val::str(&metadata.condition)),
        ("Tags", Val::str(&metadata.tags)),
        ("AppVersion", Val::str(&metadata.app_version)),
        ("Deprecated", Val::Bool(metadata.deprecated)),
        ("Annotations", Val::string_map(annotations)),
        ("KubeVersion", Val::str(&metadata.kube_version)),
        ("Dependencies", dependencies),
        ("Type", Val::str(&metadata.kind)),
    ]
}

fn maintainer_fields(maintainer: &super::Maintainer) -> Vec<(&'static str, Val)> {
    vec![
        ("Name", Val::str(&maintainer.name)),
        ("Email", Val::str(&maintainer.email)),
        ("URL", Val::str(&maintainer.url)),
    ]
}

fn dependency_fields(dependency: &Dependency) -> Vec<(&'static str, Val)> {
    vec![
        ("Name", Val::str(&dependency.name)),
        ("Version", Val::str(&dependency.version)),
        ("Repository", Val::str(&dependency.repository)),
        ("Condition", Val::str(&dependency.condition)),
        ("Tags", texts(&dependency.tags)),
        ("Enabled", Val::Bool(dependency.enabled)),
        ("ImportValues", Val::list(dependency.import_values.iter().map(Val::from_json).collect())),
        ("Alias", Val::str(&dependency.alias)),
    ]
}

fn omit_empty(fields: &[(&str, &String)]) -> Value {
    Value::Object(
        fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| ((*name).to_owned(), Value::String((*value).clone())))
            .collect(),
    )
}

fn dependency_json(dependency: &Dependency) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), dependency.name.clone().into());
    map.insert("repository".into(), dependency.repository.clone().into());
    for (name, value) in
        [("version", &dependency.version), ("condition", &dependency.condition), ("alias", &dependency.alias)]
    {
        if !value.is_empty() {
            map.insert(name.into(), value.clone().into());
        }
    }
    if !dependency.tags.is_empty() {
        map.insert("tags".into(), dependency.tags.clone().into());
    }
    if dependency.enabled {
        map.insert("enabled".into(), true.into());
    }
    if !dependency.import_values.is_empty() {
        map.insert("import-values".into(), dependency.import_values.clone().into());
    }
    Value::Object(map)
}

fn metadata_json(metadata: &Metadata, name: &str, declared: Option<&[&Dependency]>, is_root: bool) -> Value {
    let mut json = omit_empty(&[
        ("home", &metadata.home),
        ("version", &metadata.version),
        ("description", &metadata.description),
        ("icon", &metadata.icon),
        ("apiVersion", &metadata.api_version),
        ("condition", &metadata.condition),
        ("tags", &metadata.tags),
        ("appVersion", &metadata.app_version),
        ("kubeVersion", &metadata.kube_version),
        ("type", &metadata.kind),
    ]);
    if let Value::Object(map) = &mut json {
        map.insert("name".into(), name.into());
        for (name, items) in [("sources", &metadata.sources), ("keywords", &metadata.keywords)] {
            if !items.is_empty() {
                map.insert(name.into(), items.clone().into());
            }
        }
        if !metadata.maintainers.is_empty() {
            let maintainers: Vec<Value> = metadata
                .maintainers
                .iter()
                .map(|m| omit_empty(&[("name", &m.name), ("email", &m.email), ("url", &m.url)]))
                .collect();
            map.insert("maintainers".into(), maintainers.into());
        }
        if metadata.deprecated {
            map.insert("deprecated".into(), true.into());
        }
        if let Some(annotations) = metadata.annotations.as_ref().filter(|map| !map.is_empty()) {
            let annotations =
                annotations.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect();
            map.insert("annotations".into(), Value::Object(annotations));
        }
        if let Some(declared) = declared.filter(|declared| !declared.is_empty()) {
            let declared: Vec<Value> = declared.iter().map(|d| dependency_json(d)).collect();
            map.insert("dependencies".into(), declared.into());
        }
        map.insert("IsRoot".into(), is_root.into());
    }
    json
}

/// `.Capabilities`.
pub(crate) fn capabilities(capabilities: &Capabilities, compat: HelmCompat) -> Val {
    let (package, helm, commit_fields) = match compat {
        HelmCompat::V3_19 => ("chartutil", "v3.19.4", ["", "clean"]),
        HelmCompat::V4_2 => ("common", "v4.2.1", ["", "clean"]),
    };
    let kube = KubeVersionObject {
        type_name: if package == "common" { "common.KubeVersion" } else { "chartutil.KubeVersion" },
        version: Str::from(&capabilities.kube_version.version),
        shown: capabilities.kube_version.normalized.clone(),
        major: Str::from(&capabilities.kube_version.major),
        minor: Str::from(&capabilities.kube_version.minor),
    };
    let versions: Vec<Str> = Capabilities::default_api_versions(compat)
        .map(Str::from)
        .chain(capabilities.api_versions.iter().map(Str::from))
        .collect();
    let versions = VersionSet {
        type_name: if package == "common" { "common.VersionSet" } else { "chartutil.VersionSet" },
        versions,
    };
    let mut helm_fields = vec![
        ("Version", Val::str(helm)),
        ("GitCommit", Val::str(commit_fields[0])),
        ("GitTreeState", Val::str(commit_fields[1])),
        ("GoVersion", Val::str("go1.26.8")),
    ];
    let mut helm_json =
        serde_json::json!({"version": helm, "git_tree_state": commit_fields[1], "go_version": "go1.26.8"});
    if compat == HelmCompat::V4_2 {
        helm_fields.push(("KubeClientVersion", Val::str("v1.36")));
        helm_json["kube_client_version"] = "v1.36".into();
    }
    let helm = Struct {
        type_name: "version.BuildInfo",
        kind: "struct",
        print: braces(&helm_fields),
        fields: helm_fields,
        json: helm_json,
    };
    let json = serde_json::json!({
        "KubeVersion": kube.to_json(),
        "APIVersions": versions.to_json(),
        "HelmVersion": helm.to_json(),
    });
    let fields =
        vec![("KubeVersion", object(kube)), ("APIVersions", object(versions)), ("HelmVersion", object(helm))];
    object(Struct {
        type_name: if package == "common" { "*common.Capabilities" } else { "*chartutil.Capabilities" },
        kind: "ptr",
        print: format!("&{}", braces(&fields)),
        fields,
        json,
    })
}

struct KubeVersionObject {
    type_name: &'static str,
    version: Str,
    /// What `String()` gives.
    shown: String,
    major: Str,
    minor: Str,
}

static NO_ARGUMENT: Sig = Sig::fixed(&[]);
static ONE_TEXT: Sig = Sig::fixed(&[Ty::Str]);

impl Object for KubeVersionObject {
    fn type_name(&self) -> &str {
        self.type_name
    }
    fn field(&self, name: &str) -> Option<Val> {
        match name {
            "Version" => Some(Val::Str(self.version.clone())),
            "Major" => Some(Val::Str(self.major.clone())),
            "Minor" => Some(Val::Str(self.minor.clone())),
            _ => None,
        }
    }
    fn method(&self, name: &str) -> Option<&'static Sig> {
        matches!(name, "String" | "GitVersion").then_some(&NO_ARGUMENT)
    }
    fn call(&self, name: &str, _: &[Val], _: &mut Ctx) -> Result<Val, FuncError> {
        match name {
            "String" => Ok(Val::str(self.shown.as_str())),
            _ => Ok(Val::Str(self.version.clone())),
        }
    }
    fn print(&self) -> String {
        self.shown.clone()
    }
    fn to_json(&self) -> Value {
        serde_json::json!({
            "Version": self.version.as_str(),
            "Major": self.major.as_str(),
            "Minor": self.minor.as_str(),
        })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct VersionSet {
    type_name: &'static str,
    versions: Vec<Str>,
}

impl Object for VersionSet {
    fn type_name(&self) -> &str {
        self.type_name
    }
    fn kind(&self) -> &'static str {
        "slice"
    }
    fn field(&self, _: &str) -> Option<Val> {
        None
    }
    fn method(&self, name: &str) -> Option<&'static Sig> {
        (name == "Has").then_some(&ONE_TEXT)
    }
    fn call(&self, _: &str, args: &[Val], _: &mut Ctx) -> Result<Val, FuncError> {
        let wanted = text_argument(args);
        Ok(Val::Bool(self.versions.contains(&wanted)))
    }
    fn entries(&self) -> Option<Rc<Dict>> {
        // Keys that sort like the numbers they stand for.
        let entries = self.versions.iter().enumerate();
        Some(Rc::new(
            entries
                .map(|(index, version)| (Str::from(format!("{index:06}")), Val::Str(version.clone())))
                .collect(),
        ))
    }
    fn print(&self) -> String {
        format!("[{}]", self.versions.iter().map(Str::as_str).collect::<Vec<_>>().join(" "))
    }
    fn to_json(&self) -> Value {
        self.versions.iter().map(|version| Value::String(version.as_str().to_owned())).collect()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn text_argument(args: &[Val]) -> Str {
    match args.first() {
        Some(Val::Str(text)) => text.clone(),
        _ => Str::from(""),
    }
}

/// `.Files`: the files of one chart, or those that a glob chose.
pub(crate) struct Files {
    chart: Chart,
    /// Places in the chart's list, sorted by name; of equal names the last.
    chosen: Vec<usize>,
}

/// `.Files` of a chart.
pub(crate) fn files(chart: &Chart) -> Val {
    let list = chart.files();
    let mut chosen: Vec<usize> = (0..list.len()).collect();
    chosen.sort_by(|a, b| list[*a].name.cmp(&list[*b].name));
    chosen.dedup_by(|later, kept| {
        let same = list[*later].name == list[*kept].name;
        if same {
            *kept = *later;
        }
        same
    });
    object(Files { chart: chart.clone(), chosen })
}

impl Files {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let list = self.chart.files();
        let at = self.chosen.binary_search_by(|index| list[*index].name.as_str().cmp(name)).ok()?;
        Some(&list[self.chosen[at]].data)
    }

    fn each(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.chosen.iter().map(|index| {
            let file = &self.chart.files()[*index];
            (file.name.as_str(), file.data.as_slice())
        })
    }

    /// Base names to texts, as YAML.
    fn as_yaml(&self, text: impl Fn(&[u8]) -> String) -> Val {
        let map: Map<String, Value> = self
            .each()
            .map(|(name, data)| {
                let base = name.rsplit('/').next().unwrap_or(name);
                (base.to_owned(), Value::String(text(data)))
            })
            .collect();
        let yaml = yaml::to_string(&Value::Object(map));
        Val::str(yaml.strip_suffix('\n').unwrap_or(&yaml))
    }
}

impl Object for Files {
    fn type_name(&self) -> &str {
        "engine.files"
    }
    fn kind(&self) -> &'static str {
        "map"
    }
    fn field(&self, name: &str) -> Option<Val> {
        self.get(name).map(|data| Val::Bytes(data.into()))
    }
    fn method(&self, name: &str) -> Option<&'static Sig> {
        match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => Some(&ONE_TEXT),
            "AsConfig" | "AsSecrets" => Some(&NO_ARGUMENT),
            _ => None,
        }
    }
    fn call(&self, name: &str, args: &[Val], ctx: &mut Ctx) -> Result<Val, FuncError> {
        let argument = text_argument(args);
        Ok(match name {
            "Get" => Val::Str(Str::from_bytes(self.get(&argument).unwrap_or_default())),
            "GetBytes" => Val::Bytes(self.get(&argument).unwrap_or_default().into()),
            "Glob" => {
                let glob = Glob::new(&argument);
                let list = self.chart.files();
                let fits = |index: &usize| glob.as_ref().is_none_or(|glob| glob.matches(&list[*index].name));
                let chosen = self.chosen.iter().copied().filter(fits).collect();
                object(Files { chart: self.chart.clone(), chosen })
            }
            "Lines" => {
                let data = self.get(&argument).unwrap_or_default();
                if data.is_empty() {
                    return Ok(Val::strings::<Str>([]));
                }
                let data = data.strip_suffix(b"\n").unwrap_or(data);
                ctx.charge(data.len())?;
                Val::strings(data.split(|byte| *byte == b'\n').map(Str::from_bytes))
            }
            "AsConfig" => {
                ctx.charge(self.each().map(|(_, data)| data.len()).sum())?;
                self.as_yaml(|data| String::from_utf8_lossy(data).into_owned())
            }
            _ => {
                ctx.charge(self.each().map(|(_, data)| data.len() * 4 / 3 + 4).sum())?;
                self.as_yaml(|data| STANDARD.encode(data))
            }
        })
    }
    fn entries(&self) -> Option<Rc<Dict>> {
        Some(Rc::new(self.each().map(|(name, data)| (Str::from(name), Val::Bytes(data.into()))).collect()))
    }
    fn print(&self) -> String {
        let texts: Vec<String> = self
            .each()
            .map(|(name, data)| {
                let bytes: Vec<String> = data.iter().map(u8::to_string).collect();
                format!("{name}:[{}]", bytes.join(" "))
            })
            .collect();
        format!("map[{}]", texts.join(" "))
    }
    fn to_json(&self) -> Value {
        Value::Object(
            self.each().map(|(name, data)| (name.to_owned(), Value::String(STANDARD.encode(data)))).collect(),
        )
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The Go type of `.Values` and of the top of all.
pub(crate) fn values_kind(compat: HelmCompat) -> MapKind {
    MapKind::Named(match compat {
        HelmCompat::V3_19 => "chartutil.Values",
        HelmCompat::V4_2 => "common.Values",
    })
}
