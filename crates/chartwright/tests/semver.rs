//! Version ranges against what Masterminds' library says (goldens: range, version, in range or error, reasons).

#![allow(clippy::unwrap_used, clippy::panic)]

use chartwright::Value;
use chartwright::semver::{Constraints, SemverError, Version};

#[test]
fn ranges_equal_masterminds() {
    let cases: Vec<Vec<Value>> = serde_json::from_str(include_str!("functions/semver.json")).unwrap();
    assert!(cases.len() > 900);
    let mut wrong = Vec::new();
    for case in &cases {
        let [range, version] = [&case[0], &case[1]].map(|text| text.as_str().unwrap());
        let got = check(range, version).unwrap_or_else(|error| vec![Value::from(format!("error: {error}"))]);
        if got != case[2..] {
            wrong.push(format!("{range:?} {version:?}: {got:?}, Masterminds {:?}", &case[2..]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn check(range: &str, version: &str) -> Result<Vec<Value>, SemverError> {
    let range = Constraints::parse(range)?;
    let version = Version::parse(version)?;
    let reasons = range.validate(&version).err().unwrap_or_default();
    Ok(vec![Value::from(range.check(&version)), Value::from(reasons)])
}

#[test]
fn versions_print_and_step() {
    let version = Version::parse("v1.2.3-rc.1+build").unwrap();
    assert_eq!(version.to_string(), "1.2.3-rc.1+build");
    assert_eq!(version.original(), "v1.2.3-rc.1+build");
    assert_eq!(version.inc_patch().original(), "v1.2.3");
    assert_eq!(version.inc_minor().to_string(), "1.3.0");
    assert_eq!(version.inc_major().to_string(), "2.0.0");
    assert!(Version::parse_strict("1.2").is_err());
    assert!(Version::parse_strict("01.2.3").is_err());
    assert_eq!(Version::parse_strict("1.2.3-a+b").unwrap().to_string(), "1.2.3-a+b");
}
