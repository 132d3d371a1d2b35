//! Template functions against the real Helm engine (v3.19.4): templates, and its output or its error.

#![allow(clippy::unwrap_used, clippy::panic)]

use base64::Engine as _;
use chartwright::engine::{RenderOptions, TemplateSet};
use chartwright::{Value, yaml};

#[derive(serde::Deserialize)]
struct Goldens {
    data: Value,
    cases: Vec<Vec<Value>>,
}

#[test]
fn functions_equal_helm() {
    let goldens: Goldens = serde_json::from_str(include_str!("functions/goldens.json")).unwrap();
    let data = serde_json::json!({ "Values": yaml::numbers_to_f64(goldens.data) });
    let wrong: Vec<String> = goldens.cases.iter().filter_map(|case| difference(case, &data)).collect();
    if let Ok(path) = std::env::var("FUNCTION_DIFFERENCES") {
        std::fs::write(path, wrong.join("\n")).unwrap();
    }
    let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ\n{shown}", wrong.len(), goldens.cases.len());
}

/// What differs from Helm, with both texts.
fn difference(case: &[Value], data: &Value) -> Option<String> {
    let template = case[0].as_str().unwrap();
    let ours =
        TemplateSet::parse([("t", template)]).map_err(|error| error.go_text().to_owned()).and_then(|set| {
            set.render("t", data, &RenderOptions::default(), None).map_err(|error| error.go_text().to_owned())
        });
    let helms = match case {
        [_, Value::String(output)] => Ok(output.clone()),
        // Bytes that are not UTF-8; our output is text, so U+FFFD stands for them.
        [_, Value::Object(raw)] => {
            let bytes =
                base64::engine::general_purpose::STANDARD.decode(raw["bytes"].as_str().unwrap()).unwrap();
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        [_, _, Value::String(error)] => Err(error.clone()),
        _ => panic!("{case:?}"),
    };
    (!same(&ours, &helms)).then(|| format!("{template}\n    ours {ours:?}\n    Helm {helms:?}"))
}

fn same(ours: &Result<String, String>, helms: &Result<String, String>) -> bool {
    match (ours, helms) {
        // Helm rewords the errors of `fail` and `required`; the text is the chart author's.
        (Err(ours), Err(helms)) if helms.starts_with("execution error at (t:") => {
            helms.split_once("): ").is_some_and(|(_, message)| ours.ends_with(&format!(": {message}")))
        }
        // And shortens those of parsing.
        (Err(ours), Err(helms)) if helms.starts_with("parse error at (t:") => {
            helms.split_once("): ").is_some_and(|(_, message)| ours.ends_with(message))
        }
        // Why a text is not YAML is said in our reader's words.
        (Ok(ours), Ok(helms)) if helms.contains(NOT_YAML) => {
            ours.split_once(NOT_YAML).map(|(before, _)| before)
                == helms.split_once(NOT_YAML).map(|(before, _)| before)
        }
        _ => ours == helms,
    }
}

const NOT_YAML: &str = "error converting YAML to JSON: ";

fn render(template: &str, options: &RenderOptions) -> Result<String, String> {
    TemplateSet::parse([("t", template)])
        .and_then(|set| set.render("t", &serde_json::json!({}), options, None))
        .map_err(|error| error.to_string())
}

#[test]
fn what_is_random_follows_the_seed_and_the_clock() {
    let of_seed = |seed| RenderOptions { seed, ..RenderOptions::default() };
    for call in [
        "randAlphaNum 20",
        "randAlpha 20",
        "randNumeric 20",
        "randAscii 20",
        "randBytes 20",
        "uuidv4",
        r#"shuffle "abcdefghijkl""#,
        "randInt 0 1000000000",
        r#"encryptAES "key" "text""#,
        r#"htpasswd "user" "password""#,
        r#"genPrivateKey "ecdsa""#,
        r#"genPrivateKey "ed25519""#,
    ] {
        let template = format!("{{{{ {call} }}}}");
        let first = render(&template, &of_seed(1)).unwrap();
        assert_eq!(first, render(&template, &of_seed(1)).unwrap(), "{call}");
        assert_ne!(first, render(&template, &of_seed(2)).unwrap(), "{call}");
    }
    let at = RenderOptions { now: 1_700_000_000, ..RenderOptions::default() };
    let dates =
        r#"{{ now | date "2006-01-02T15:04:05" }} {{ ago (toDate "2006" "2023") }} {{ htmlDate "" }}"#;
    assert_eq!(render(dates, &at).unwrap(), "2023-11-14T22:13:20 7630h13m20s 2023-11-14");
}

#[test]
fn what_is_random_or_of_the_moment_is_reported() {
    let impure = |template: &str| {
        let set = TemplateSet::parse([("t", template)]).unwrap();
        let mut trace = chartwright::engine::Trace::default();
        set.render("t", &serde_json::json!({}), &RenderOptions::default(), Some(&mut trace)).unwrap();
        trace.impure.into_iter().map(|call| call.function).collect::<Vec<_>>()
    };
    assert_eq!(impure(r#"{{ randAlphaNum 5 }}{{ now | date "2006" }}"#), ["randAlphaNum", "now"]);
    assert_eq!(
        impure(r#"{{ date "2006" 0 }}{{ htmlDate (toDate "2006" "2024") }}{{ sha256sum "a" }}"#),
        [""; 0]
    );
    // Given no date, the functions of dates take the present.
    assert_eq!(impure(r#"{{ date "2006" "2024" }}{{ htmlDate 1.5 }}"#), ["date", "htmlDate"]);
}

#[test]
fn giant_arguments_are_errors() {
    for call in [
        r#"repeat 9223372036854775807 "abc""#,
        "until 9223372036854775807",
        "untilStep 0 9223372036854775807 1",
        "untilStep 9223372036854775807 -9223372036854775807 -1",
        "seq 9223372036854775806",
        "seq 0 1 9223372036854775806",
        r#"indent 9223372036854775807 "a""#,
        r#"nindent 900000000 "a""#,
        "randAlphaNum 9223372036854775807",
        "randBytes 9223372036854775807",
        r#"wrapWith 1 (repeat 100000 "-") (repeat 100000 "a")"#,
        r#"replace "" (repeat 100000 "-") (repeat 100000 "a")"#,
        r#"join (repeat 100000 "-") (until 100000)"#,
        r#"regexReplaceAll "a" (repeat 100000 "a") (repeat 100000 "-")"#,
        r#"regexFind "(((a{10}){10}){10}){2}" "a""#,
    ] {
        let error = render(&format!("{{{{ {call} }}}}"), &RenderOptions::default()).expect_err(call);
        assert!(error.contains("limit") || error.contains("error parsing regexp"), "{call}: {error}");
    }
    // A value that is small in memory and endless to walk.
    let mut small = RenderOptions::default();
    small.limits.value_bytes = 4 << 20;
    let nested = r#"{{ $x := list "a" }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}"#;
    for call in [
        "toYaml $x",
        "toJson $x",
        "toRawJson $x",
        "toYamlPretty $x",
        r#"toToml (dict "a" $x)"#,
        "quote $x",
        "cat $x",
        r#"join "," $x"#,
        "deepCopy $x",
        "deepEqual $x (list $x)",
        "toString $x",
    ] {
        let error = render(&format!("{nested}{{{{ {call} }}}}"), &small).expect_err(call);
        assert!(error.contains("limit"), "{call}: {error}");
    }
    let edges = [
        r#"abbrevboth -9223372036854775808 10 "the quick brown fox""#,
        r#"substr -1 -9223372036854775808 "abc""#,
        r#"trunc -9223372036854775808 "abc""#,
        "div -9223372036854775808 -1",
        "mod -9223372036854775808 -1",
        "chunk -9223372036854775808 (list 1 2)",
        r#"slice (list 1) -9223372036854775808 9223372036854775807"#,
        r#"wrap 9223372036854775807 "abc""#,
        r#"splitn "a" -9223372036854775808 "banana""#,
        "ago 9223372036854775807",
        "ago -9223372036854775808",
        r#"date "2006-01-02" 9223372036854775807"#,
        r#"dateInZone "2006-01-02 -0700" -9223372036854775808 "Europe/Berlin""#,
        r#"(toDate "2006" "2024").AddDate 9223372036854775807 9223372036854775807 9223372036854775807"#,
        r#"dateModify "2562047h" (toDate "2006" "2024")"#,
        "duration (int64 9223372036854775807)",
        "durationRound (int64 -9223372036854775808)",
        "round 1.5 9223372036854775807",
        "round 1.5 -9223372036854775808",
        r#"(genCA "x" 9223372036854775807).Cert | len"#,
        r#"(genCA "x" -9223372036854775808).Cert | len"#,
        "mulf 1e300 1e300 1e300 1e300",
        "divf 1e300 1e-300",
    ];
    for call in edges {
        // Whatever comes out: nothing panics.
        drop(render(&format!("{{{{ {call} }}}}"), &RenderOptions::default()));
    }
}

/// Random calls of every function with odd arguments: each is answered with a text or an error, none panics or hangs.
#[test]
fn every_call_is_answered() {
    const ARGUMENTS: [&str; 36] = [
        ".missing",
        "0",
        "-1",
        "2",
        "7",
        "-9223372036854775808",
        "9223372036854775807",
        "-2.5",
        "1e308",
        "true",
        r#""""#,
        r#""abc,def""#,
        r#""äöü☃\u0301""#,
        r#""  x \n\ty""#,
        r#""(""#,
        r#""(a|b)*c{1,3}""#,
        r#""2006-01-02""#,
        r#""2024-02-30""#,
        r#""1h30m""#,
        r#""v1.2.3-rc.1""#,
        r#"">=1.2 <2 || ~3""#,
        r#""http://u:p@h:1/%41?q#f""#,
        r#""a: [1, {b: c}]""#,
        r#""====""#,
        r#""Europe/Berlin""#,
        r#""$1 ${x} $""#,
        r#""_2 Jan 06 .000 MST -07:00:00""#,
        "(list)",
        r#"(list 1 "a" 2.5 (list) (dict))"#,
        r#"(dict "a" 1 "b" (dict "c" (list 1)))"#,
        r#"(split "," "a,b")"#,
        r#"(b64dec "gIE=")"#,
        "(int64 -9223372036854775808)",
        "now",
        r#"(semver "1.2.3")"#,
        r#"(float64 "nan")"#,
    ];
    let slow = ["bcrypt", "htpasswd", "derivePassword"];
    let text = include_str!("functions/goldens.json");
    let mut names: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| {
        let known = TemplateSet::parse([("t", format!("{{{{ {name} }}}}"))]).is_ok();
        let word = name.starts_with(|c: char| c.is_ascii_alphabetic());
        known && word && !name.starts_with("gen") && !slow.contains(name)
    });
    assert!(names.len() > 200, "{}", names.len());
    let mut options = RenderOptions::default();
    options.limits.value_bytes = 4 << 20;
    options.limits.total_bytes = 64 << 20;
    let mut state = 7u64;
    let mut choose = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % n
    };
    for _ in 0..20_000 {
        let name = names[choose(names.len())];
        let arguments: Vec<&str> = (0..choose(5)).map(|_| ARGUMENTS[choose(ARGUMENTS.len())]).collect();
        drop(render(&format!("{{{{ {name} {} }}}}", arguments.join(" ")), &options));
    }
}

#[test]
fn certificates_are_signed_by_their_authority() {
    use rsa::pkcs1v15::{Signature, VerifyingKey};
    use rsa::pkcs8::DecodePublicKey as _;
    use rsa::signature::Verifier as _;
    use x509_cert::certificate::Certificate;
    use x509_cert::der::{Decode as _, Encode as _};

    let template = concat!(
        r#"{{ $ca := genCA "authority" 365 }}"#,
        r#"{{ $c := genSignedCert "server" (list "10.0.0.1" "::1") (list "a.example" "b.example") 30 $ca }}"#,
        r#"{{ $ca.Cert }}|{{ $c.Cert }}"#
    );
    let text = render(template, &RenderOptions::default()).unwrap();
    let certificates: Vec<Certificate> = text
        .split('|')
        .map(|pem| {
            let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
            Certificate::from_der(&der).unwrap()
        })
        .collect();
    let [authority, server] = &certificates[..] else { panic!("two certificates") };
    assert_eq!(server.tbs_certificate.issuer, authority.tbs_certificate.subject);
    assert_eq!(server.tbs_certificate.subject.to_string(), "CN=server");
    let public = authority.tbs_certificate.subject_public_key_info.to_der().unwrap();
    let key = VerifyingKey::<sha2::Sha256>::new(rsa::RsaPublicKey::from_public_key_der(&public).unwrap());
    for certificate in [authority, server] {
        let message = certificate.tbs_certificate.to_der().unwrap();
        let signature = Signature::try_from(certificate.signature.raw_bytes()).unwrap();
        key.verify(&message, &signature).unwrap();
    }
}

#[test]
fn functions_of_later_helms() {
    // Checked by hand against the source: these came after the version that made the goldens.
    for (template, expected) in [
        (r#"{{ mustToYaml (dict "a" 1) }}"#, "a: 1"),
        (r#"{{ mustToToml (dict "a" 1) }}"#, "a = 1\n"),
        (r#"{{ durationSeconds "1m30.5s" }}"#, "90.5"),
        (r#"{{ durationMilliseconds "1.5s" }}"#, "1500"),
        (r#"{{ durationMicroseconds 2 }}"#, "2000000"),
        (r#"{{ durationNanoseconds "x" }}"#, "0"),
        (r#"{{ durationMinutes 90 }}"#, "1.5"),
        (r#"{{ durationHours "90m" }}"#, "1.5"),
        (r#"{{ durationDays "36h" }}"#, "1.5"),
        (r#"{{ durationWeeks "168h" }}"#, "1"),
        (r#"{{ durationRoundTo "2h31m" "1h" }}"#, "3h0m0s"),
        (r#"{{ durationRoundTo "-90s" "1m" }}"#, "-2m0s"),
        (r#"{{ durationTruncateTo "2h59m" "1h" }}"#, "2h0m0s"),
        (r#"{{ mustToDuration "90" }}"#, "1m30s"),
    ] {
        assert_eq!(render(template, &RenderOptions::default()).unwrap(), expected, "{template}");
    }
    assert!(render(r#"{{ mustToDuration "soon" }}"#, &RenderOptions::default()).is_err());
}
