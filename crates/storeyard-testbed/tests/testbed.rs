//! The test bed judged by itself: it has to tell good from bad before it may judge others.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use storeyard_testbed::suite::{Need, Outcome, Suite};
use storeyard_testbed::validators::{self, Helm};
use storeyard_testbed::{ApiServer, Stage, Subject, crds, judge, program};

fn main() -> ExitCode {
    use Need::Program;
    Suite::new()
        .test("objects_are_accepted_or_refused_by_the_real_server", Need::API_SERVER, objects)
        .test("pods_are_judged_by_pod_security_quota_and_service_account", Need::API_SERVER, pods)
        .test("webhooks_and_api_services_do_not_break_what_follows", Need::API_SERVER, webhooks)
        .test("warnings_are_returned", Need::API_SERVER, warnings)
        .test("kubectl_reaches_the_server", &[&[Program("kubectl")], Need::API_SERVER].concat(), kubectl)
        .test("a_server_ends_with_its_test", Need::API_SERVER, ends)
        .test("custom_resources_are_judged_by_their_schemas", Need::CLUSTER, custom_resources)
        .test("all_definitions_at_hand_are_served", Need::CLUSTER, all_definitions)
        .test("kubeadm_tells_good_from_bad", &[Program(validators::KUBEADM)], kubeadm)
        .test("virt_xml_validate_tells_good_from_bad", &[Program(validators::VIRT_XML_VALIDATE)], virt_xml)
        .test("cloud_init_tells_good_from_bad", &[Program(validators::CLOUD_INIT)], cloud_init)
        .test("helm_3_renders", &[Program("helm")], || helm(Helm::V3, "v3.", "v1.34.0"))
        .test("helm_4_renders", &[Program("helm4")], || helm(Helm::V4, "v4.", "v1.36.0"))
        .run()
}

fn namespace(name: &str, level: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name,
        "labels": { "pod-security.kubernetes.io/enforce": level } } })
}

fn config_map(namespace: Option<&str>, name: &str) -> Value {
    let mut object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } });
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

fn deployment(namespace: &str, name: &str, pod_spec: Value) -> Value {
    json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "selector": { "matchLabels": { "app": name } },
            "template": { "metadata": { "labels": { "app": name } }, "spec": pod_spec },
        } })
}

fn pod_spec(privileged: bool) -> Value {
    let mut context = json!({ "runAsNonRoot": true, "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" } });
    if privileged {
        context = json!({ "privileged": true });
    }
    json!({ "containers": [{ "name": "main", "image": "registry.example/a:1", "securityContext": context,
        "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "64Mi" } } }] })
}

/// Fails unless the refusals are exactly these: the object, and words of the message.
fn expect(remarks: &[storeyard_testbed::Remark], expected: &[(&str, Stage, &str)]) -> Outcome {
    let matches = remarks.len() == expected.len()
        && expected.iter().all(|(object, stage, words)| {
            remarks.iter().any(|r| r.object == *object && r.stage == *stage && r.message.contains(words))
        });
    if matches { Ok(()) } else { Err(format!("expected {expected:#?}, got {remarks:#?}").into()) }
}

fn objects() -> Outcome {
    let mut unknown_field = config_map(Some("default"), "unknown-field");
    unknown_field["dota"] = json!({ "a": "b" });
    let mut wrong_type = deployment("default", "wrong-type", pod_spec(false));
    wrong_type["spec"]["replicas"] = json!("three");
    let good = config_map(Some("default"), "good");
    let mut placed = Subject::from(config_map(None, "placed"));
    placed.namespace = Some("shop".into());
    let mut cluster_wide =
        Subject::from(json!({ "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": { "name": "high" }, "value": 1000 }));
    cluster_wide.namespace = Some("shop".into());
    cluster_wide.origin = "charts/a.yaml".into();
    let subjects: Vec<Subject> = vec![
        // Deliberately before its namespace: the order is the judge's.
        config_map(Some("shop"), "early").into(),
        placed,
        cluster_wide,
        namespace("shop", "baseline").into(),
        json!({ "apiVersion": "v1", "kind": "List", "items": [good, unknown_field] }).into(),
        wrong_type.into(),
        config_map(Some("nowhere"), "lost").into(),
        config_map(None, "homeless").into(),
        json!({ "apiVersion": "example.org/v1", "kind": "Unheard", "metadata": { "name": "of" } }).into(),
        json!({ "kind": "ConfigMap" }).into(),
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "namespace": "shop" } }).into(),
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "Bad_Name", "namespace": "shop" },
            "spec": { "ports": [{ "port": 80 }] } })
        .into(),
    ];
    let server = ApiServer::start()?;
    let judgement = server.judge(subjects)?;
    let object = Stage::Object;
    expect(
        &judgement.refusals,
        &[
            ("ConfigMap default/unknown-field", object, "dota"),
            ("Deployment default/wrong-type", object, "replicas"),
            ("ConfigMap nowhere/lost", object, "namespaces \"nowhere\" not found"),
            ("ConfigMap homeless", object, "lives in a namespace, and names none"),
            ("Unheard of", object, "no matches for kind \"Unheard\" in version \"example.org/v1\""),
            ("ConfigMap (no name)", object, "'apiVersion' or 'kind' is missing"),
            ("ConfigMap shop/(no name)", object, "name may not be empty"),
            ("Service shop/Bad_Name", object, "Invalid value"),
        ],
    )?;
    assert_eq!(judgement.objects, 5);
    let placed = server.client().get("/api/v1/namespaces/shop/configmaps/placed")?;
    assert_eq!(placed.code, 200);
    // Applying again is no conflict, and a dry run leaves nothing.
    let again = server.client().apply(&config_map(Some("shop"), "early"))?;
    assert!(again.accepted(), "{}", again.message());
    assert!(server.client().dry_run(&config_map(Some("shop"), "dry"))?.accepted());
    assert_eq!(server.client().get("/api/v1/namespaces/shop/configmaps/dry")?.code, 404);
    Ok(())
}

fn pods() -> Outcome {
    let quota = json!({ "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": { "name": "limit", "namespace": "small" },
        "spec": { "hard": { "requests.cpu": "1", "limits.memory": "1Gi" } } });
    let mut greedy = pod_spec(false);
    greedy["containers"][0]["resources"]["requests"]["cpu"] = json!("1100m");
    let mut careless = pod_spec(false);
    careless["containers"][0]["resources"] = json!({});
    let mut stranger = pod_spec(false);
    stranger["serviceAccountName"] = json!("nobody");
    let mut urgent = pod_spec(false);
    urgent["priorityClassName"] = json!("unheard-of");
    let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "data" },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } });
    let mut set = deployment("strict", "set", pod_spec(false));
    set["kind"] = json!("StatefulSet");
    set["spec"]["serviceName"] = json!("set");
    set["spec"]["volumeClaimTemplates"] = json!([claim]);
    set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{ "name": "data", "mountPath": "/data" }]);
    let mut job = pod_spec(true);
    job["restartPolicy"] = json!("Never");
    let cron = json!({ "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": { "name": "cron", "namespace": "strict" },
        "spec": { "schedule": "* * * * *", "jobTemplate": { "spec": { "template": { "spec": job } } } } });
    let server = ApiServer::start()?;
    let judgement = server.judge([
        namespace("strict", "restricted"),
        namespace("open", "privileged"),
        namespace("small", "restricted"),
        namespace("kube-system", "privileged"),
        quota,
        deployment("strict", "good", pod_spec(false)),
        deployment("strict", "privileged", pod_spec(true)),
        deployment("open", "privileged", pod_spec(true)),
        deployment("kube-system", "privileged", pod_spec(true)),
        deployment("small", "good", pod_spec(false)),
        deployment("small", "greedy", greedy),
        deployment("small", "careless", careless),
        deployment("strict", "stranger", stranger),
        deployment("strict", "urgent", urgent),
        set,
        cron,
    ])?;
    let pod = Stage::Pod;
    expect(
        &judgement.refusals,
        &[
            ("Deployment strict/privileged", pod, "violates PodSecurity \"restricted:latest\""),
            ("CronJob strict/cron", pod, "violates PodSecurity \"restricted:latest\""),
            ("Deployment small/greedy", pod, "exceeded quota: limit, requested: requests.cpu=1100m"),
            ("Deployment small/careless", pod, "must specify limits.memory"),
            ("Deployment strict/stranger", pod, "serviceaccount \"nobody\" not found"),
            ("Deployment strict/urgent", pod, "no PriorityClass with name unheard-of was found"),
        ],
    )?;
    assert_eq!((judgement.objects, judgement.pods), (16, 5));
    Ok(())
}

fn webhooks() -> Outcome {
    let service = json!({ "name": "absent", "namespace": "default", "path": "/" });
    let webhook = json!({ "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": { "name": "all" },
        "webhooks": [{ "name": "all.example.org", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": { "service": service },
            "rules": [{ "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"] }] }] });
    let api_service = json!({ "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": { "name": "v1beta1.metrics.k8s.io" },
        "spec": { "group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100,
            "versionPriority": 100, "insecureSkipTLSVerify": true,
            "service": { "name": "absent", "namespace": "default" } } });
    let definition = json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "things.example.org" },
        "spec": { "group": "example.org", "scope": "Namespaced",
            "names": { "kind": "Thing", "plural": "things" },
            "conversion": { "strategy": "Webhook", "webhook": { "conversionReviewVersions": ["v1"],
                "clientConfig": { "service": { "name": "absent", "namespace": "default" } } } },
            "versions": (["v1", "v2"].map(|version| json!({ "name": version, "served": true,
                "storage": version == "v2", "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "size": { "type": "integer", "maximum": 3 } } } } }))) } });
    let thing = |size: u8| {
        json!({ "apiVersion": "example.org/v1", "kind": "Thing", "size": size,
            "metadata": { "name": format!("size-{size}"), "namespace": "default" } })
    };
    let mut broken = webhook.clone();
    broken["webhooks"][0]["sideEffects"] = json!("Perhaps");
    broken["metadata"]["name"] = json!("broken");
    let objects =
        [webhook, broken, api_service, thing(3), thing(4), definition, config_map(Some("default"), "last")];
    let judgement = judge(objects)?;
    expect(
        &judgement.refusals,
        &[
            ("Thing default/size-4", Stage::Object, "should be less than or equal to 3"),
            ("ValidatingWebhookConfiguration broken", Stage::Object, "sideEffects"),
        ],
    )
}

fn warnings() -> Outcome {
    let mut warned = namespace("warned", "privileged");
    warned["metadata"]["labels"]["pod-security.kubernetes.io/warn"] = json!("restricted");
    let judgement = judge([warned, deployment("warned", "privileged", pod_spec(true))])?.into_result()?;
    let words = "would violate PodSecurity \"restricted:latest\"";
    let object = "Deployment warned/privileged";
    expect(&judgement.warnings, &[(object, Stage::Object, words), (object, Stage::Pod, words)])
}

fn kubectl() -> Outcome {
    let server = ApiServer::start()?;
    let configuration = format!("--kubeconfig={}", server.kubeconfig().display());
    let output = program::run("kubectl", [configuration.as_str(), "get", "namespaces", "-o", "name"])?
        .into_result()?;
    assert!(output.stdout.contains("namespace/kube-system"), "{output}");
    let version = program::run("kubectl", [configuration.as_str(), "version"])?.into_result()?;
    assert!(version.stdout.contains("Server Version: v1.30."), "{version}");
    Ok(())
}

fn ends() -> Outcome {
    let server = ApiServer::start()?;
    let folder = server.kubeconfig().parent().map(Path::to_owned).ok_or("no folder")?;
    assert!(folder.join("kube-apiserver.log").exists());
    drop(server);
    assert!(!folder.exists());
    let mut kept = ApiServer::start()?;
    let folder = kept.keep().to_owned();
    drop(kept);
    assert!(folder.join("kube-apiserver.log").exists());
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn custom_resources() -> Outcome {
    let application = |name: &str| {
        json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": { "name": name, "namespace": "argocd" },
            "spec": { "project": "default", "destination": { "name": "in-cluster", "namespace": "a" },
                "source": { "repoURL": "https://git.example/a.git", "path": "a" } } })
    };
    let mut incomplete = application("incomplete");
    incomplete["spec"].as_object_mut().ok_or("no spec")?.remove("project");
    let mut misspelt = application("misspelt");
    misspelt["spec"]["sauce"] = json!({});
    let judgement = judge([application("good"), incomplete, misspelt, namespace("argocd", "baseline")])?;
    expect(
        &judgement.refusals,
        &[
            ("Application argocd/incomplete", Stage::Object, "spec.project: Required value"),
            ("Application argocd/misspelt", Stage::Object, "sauce"),
        ],
    )?;
    assert_eq!(judgement.objects, 2);
    Ok(())
}

fn all_definitions() -> Outcome {
    let definitions = crds::list(&crds::at_hand().ok_or("no definitions")?)?;
    let server = ApiServer::start()?;
    server.install(&definitions)?;
    let names: BTreeSet<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
    let list = server.client().get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions?limit=1")?;
    let remaining = list.body["metadata"]["remainingItemCount"].as_u64().unwrap_or_default();
    assert_eq!(remaining + 1, names.len() as u64);
    Ok(())
}

/// A file of this content and name in a folder of its own, for as long as the folder lives.
fn file(name: &str, content: &str) -> Result<(tempfile::TempDir, std::path::PathBuf), std::io::Error> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(name);
    fs::write(&path, content)?;
    Ok((folder, path))
}

fn kubeadm() -> Outcome {
    let good =
        "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nkubernetesVersion: v1.30.14\n";
    let (_folder, path) = file("init.yaml", good)?;
    validators::kubeadm_validate(&path)?.into_result()?;
    let (_folder, path) = file("init.yaml", &format!("{good}kubernetesVersionn: v1.30.14\n"))?;
    let output = validators::kubeadm_validate(&path)?;
    assert!(!output.success() && output.stderr.contains("kubernetesVersionn"), "{output}");
    Ok(())
}

fn virt_xml() -> Outcome {
    let good = "<domain type='kvm'><name>cp1</name><memory unit='MiB'>4096</memory><os><type>hvm</type></os></domain>";
    let (_folder, path) = file("cp1.xml", good)?;
    validators::virt_xml_validate(&path, "domain")?.into_result()?;
    let (_folder, path) = file("cp1.xml", &good.replace("memory", "memori"))?;
    let output = validators::virt_xml_validate(&path, "domain")?;
    assert!(!output.success() && output.to_string().contains("memori"), "{output}");
    Ok(())
}

fn cloud_init() -> Outcome {
    let (_folder, path) = file("user-data", "#cloud-config\npackage_update: true\n")?;
    validators::cloud_init_schema(&path)?.into_result()?;
    let (_folder, path) = file("user-data", "#cloud-config\npackage_update: perhaps\n")?;
    let output = validators::cloud_init_schema(&path)?;
    assert!(!output.success() && output.to_string().contains("package_update"), "{output}");
    Ok(())
}

/// `kubernetes` is what Helm takes a cluster for that it does not see: the version of its client library. A Helm that
/// was built without its linker flags says v1.20.0 and refuses charts.
fn helm(helm: Helm, version: &str, kubernetes: &str) -> Outcome {
    let output = program::run(helm.program(), ["version", "--short"])?.into_result()?;
    assert!(output.stdout.starts_with(version), "{output}");
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("templates"))?;
    fs::write(folder.path().join("Chart.yaml"), "apiVersion: v2\nname: a\nversion: 1.0.0\n")?;
    fs::write(
        folder.path().join("templates/a.yaml"),
        "a: {{ .Values.b }}-{{ .Release.Namespace }}\nk: {{ .Capabilities.KubeVersion }}\n",
    )?;
    let values = folder.path().join("mine.yaml");
    fs::write(&values, "b: c\n")?;
    let output = validators::helm_template(helm, "r", folder.path(), "n", &[&values], &[])?.into_result()?;
    assert!(output.stdout.ends_with(&format!("a: c-n\nk: {kubernetes}\n")), "{output}");
    fs::write(folder.path().join("templates/a.yaml"), "{{ fail \"no\" }}")?;
    assert!(!validators::helm_template(helm, "r", folder.path(), "n", &[], &[])?.success());
    Ok(())
}
