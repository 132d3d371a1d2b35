//! Keys and certificates: `genCA`, `genSignedCert`, `genPrivateKey` and their kin.
//!
//! Helm makes new ones on every rendering; here they follow from the seed and the clock of the options, so they are good
//! for comparing and for nothing else. RSA keys are slow to find, so they are kept by their seed for the process.

use std::any::Any;
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dsa::pkcs8::der::asn1::UintRef;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, KeypairBytes};
use p256::ecdsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::pkcs8::{DecodePrivateKey as _, ObjectIdentifier, PrivateKeyInfo};
use rsa::rand_core::{CryptoRng, Error, RngCore};
use sha2::{Digest as _, Sha256};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::der::asn1::{
    BitString, GeneralizedTime, Ia5String, OctetString, PrintableStringRef, SetOfVec, UtcTime, Utf8StringRef,
};
use x509_cert::der::{Any as DerAny, DateTime, Decode as _, Encode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{AsExtension, Extension};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::encoding::go_base64;
use super::{Args as _, Ctx, FuncDef, FuncError, Ty};
use crate::engine::value::{Object, Val};

const TYPE: &str = "sprig.certificate";
const CA: Ty = Ty::Object(TYPE);

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("genPrivateKey", &[Ty::Str], gen_private_key).impure(),
    FuncDef::new("buildCustomCert", &[Ty::Str, Ty::Str], build_custom_cert),
    FuncDef::new("genCA", &[Ty::Str, Ty::Int], |ctx, a| {
        let key = new_rsa(ctx)?;
        authority(ctx, a, key)
    })
    .impure(),
    FuncDef::new("genCAWithKey", &[Ty::Str, Ty::Int, Ty::Str], |ctx, a| {
        let key = given_key(a.text(2))?;
        authority(ctx, a, key)
    })
    .impure(),
    FuncDef::new("genSelfSignedCert", &[Ty::Str, Ty::List, Ty::List, Ty::Int], |ctx, a| {
        let key = new_rsa(ctx)?;
        self_signed(ctx, a, key)
    })
    .impure(),
    FuncDef::new("genSelfSignedCertWithKey", &[Ty::Str, Ty::List, Ty::List, Ty::Int, Ty::Str], |ctx, a| {
        let key = given_key(a.text(4))?;
        self_signed(ctx, a, key)
    })
    .impure(),
    FuncDef::new("genSignedCert", &[Ty::Str, Ty::List, Ty::List, Ty::Int, CA], |ctx, a| {
        let key = new_rsa(ctx)?;
        signed(ctx, a, key)
    })
    .impure(),
    FuncDef::new("genSignedCertWithKey", &[Ty::Str, Ty::List, Ty::List, Ty::Int, CA, Ty::Str], |ctx, a| {
        let key = given_key(a.text(5))?;
        signed(ctx, a, key)
    })
    .impure(),
];

/// The seeded sequence as a source for key generation.
struct Seeded(u64);

impl RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        // SplitMix64, as `Ctx::random`.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, target: &mut [u8]) {
        for chunk in target.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(target);
        Ok(())
    }
}

// Asked for by the key generators. The keys are as secret as the seed is: not at all.
impl CryptoRng for Seeded {}

enum Key {
    Rsa(Box<RsaPrivateKey>),
    Ecdsa(p256::SecretKey),
    Ed25519(Box<ed25519_dalek::SigningKey>),
    /// Its DER. Nothing can be signed with it, in Go neither.
    Dsa(Vec<u8>),
}

/// Most RSA keys kept.
const KEPT: usize = 256;

fn rsa_key(ctx: &mut Ctx, bits: usize) -> Result<Key, String> {
    static KEYS: Mutex<Option<HashMap<(u64, usize), RsaPrivateKey>>> = Mutex::new(None);
    let seed = ctx.random();
    let kept = || KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = kept().get_or_insert_default().get(&(seed, bits)) {
        return Ok(Key::Rsa(Box::new(key.clone())));
    }
    // Not under the lock: it takes a second.
    let key = RsaPrivateKey::new(&mut Seeded(seed), bits).map_err(|error| error.to_string())?;
    let mut keys = kept();
    let keys = keys.get_or_insert_default();
    if keys.len() < KEPT {
        keys.insert((seed, bits), key.clone());
    }
    Ok(Key::Rsa(Box::new(key)))
}

fn new_rsa(ctx: &mut Ctx) -> Result<Key, FuncError> {
    rsa_key(ctx, 2048).map_err(|error| FuncError::new(format!("error generating rsa key: {error}")))
}

fn given_key(pem: &str) -> Result<Key, FuncError> {
    Key::parse(pem).map_err(|error| FuncError::new(format!("parsing private key: {error}")))
}

fn gen_private_key(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let key = match args.text(0) {
        "" | "rsa" => rsa_key(ctx, 4096),
        "dsa" => dsa_key(&mut Seeded(ctx.random())),
        "ecdsa" => Ok(Key::Ecdsa(p256::SecretKey::random(&mut Seeded(ctx.random())))),
        "ed25519" => {
            let key = ed25519_dalek::SigningKey::generate(&mut Seeded(ctx.random()));
            Ok(Key::Ed25519(Box::new(key)))
        }
        other => return Ok(Val::str(format!("Unknown type {other}"))),
    };
    Ok(Val::str(match key.and_then(|key| key.pem()) {
        Ok(pem) => pem,
        Err(error) => format!("failed to generate private key: {error}"),
    }))
}

/// The old format of OpenSSL: version, p, q, g, y, x.
fn dsa_key(rng: &mut Seeded) -> Result<Key, String> {
    let components = dsa::Components::generate(rng, dsa::KeySize::DSA_2048_256);
    let key = dsa::SigningKey::generate(rng, components);
    let public = key.verifying_key();
    let components = public.components();
    let numbers = [components.p(), components.q(), components.g(), public.y(), key.x()];
    let mut body = 0u8.to_der().map_err(text)?;
    for number in numbers {
        body.extend(UintRef::new(&number.to_bytes_be()).and_then(|n| n.to_der()).map_err(text)?);
    }
    sequence(body).map(Key::Dsa)
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

/// A DER sequence of what is DER already.
fn sequence(body: Vec<u8>) -> Result<Vec<u8>, String> {
    DerAny::new(x509_cert::der::Tag::Sequence, body).and_then(|any| any.to_der()).map_err(text)
}

const SHA256_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA256_ECDSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

impl Key {
    fn parse(pem: &str) -> Result<Self, String> {
        let (label, der) = pem_decode(pem).ok_or("no PEM data in input")?;
        if label == "PRIVATE KEY" {
            return Self::parse_pkcs8(&der).map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
        }
        let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
            return Err(format!("no private key data in PEM block of type {label}"));
        };
        let wrong = |error: String| format!("parsing {kind} private key from PEM: {error}");
        match kind {
            "RSA" => {
                let key = RsaPrivateKey::from_pkcs1_der(&der).map_err(text).map_err(wrong)?;
                Ok(Key::Rsa(Box::new(key)))
            }
            "EC" => p256::SecretKey::from_sec1_der(&der).map(Key::Ecdsa).map_err(text).map_err(wrong),
            "DSA" => {
                // Only its outer form is looked at: it cannot sign anyway.
                DerAny::from_der(&der).map_err(text).map_err(wrong)?;
                Ok(Key::Dsa(der))
            }
            _ => Err(format!("invalid private key type {kind}")),
        }
    }

    fn parse_pkcs8(der: &[u8]) -> Result<Self, String> {
        let info = PrivateKeyInfo::from_der(der).map_err(text)?;
        if info.algorithm.oid == ED25519 {
            let key = ed25519_dalek::SigningKey::from_pkcs8_der(der).map_err(text)?;
            return Ok(Key::Ed25519(Box::new(key)));
        }
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(der) {
            return Ok(Key::Rsa(Box::new(key)));
        }
        p256::SecretKey::from_pkcs8_der(der).map(Key::Ecdsa).map_err(text)
    }

    fn pem(&self) -> Result<String, String> {
        Ok(match self {
            Key::Rsa(key) => pem_encode("RSA PRIVATE KEY", key.to_pkcs1_der().map_err(text)?.as_bytes()),
            Key::Ecdsa(key) => {
                let public = key.public_key().to_sec1_bytes();
                let secret = key.to_bytes();
                let key = sec1::EcPrivateKey {
                    private_key: &secret,
                    parameters: Some(sec1::EcParameters::NamedCurve(P256)),
                    public_key: Some(&public),
                };
                pem_encode("EC PRIVATE KEY", &key.to_der().map_err(text)?)
            }
            Key::Ed25519(key) => {
                let key = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                pem_encode("PRIVATE KEY", key.to_pkcs8_der().map_err(text)?.as_bytes())
            }
            Key::Dsa(der) => pem_encode("DSA PRIVATE KEY", der),
        })
    }

    fn public(&self) -> Result<SubjectPublicKeyInfoOwned, String> {
        let document = match self {
            Key::Rsa(key) => key.to_public_key().to_public_key_der(),
            Key::Ecdsa(key) => key.public_key().to_public_key_der(),
            Key::Ed25519(key) => key.verifying_key().to_public_key_der(),
            Key::Dsa(_) => {
                return Err("x509: unsupported public key type: *dsa.PublicKey".to_owned());
            }
        };
        SubjectPublicKeyInfoOwned::from_der(document.map_err(text)?.as_bytes()).map_err(text)
    }

    fn algorithm(&self) -> Result<AlgorithmIdentifierOwned, String> {
        Ok(match self {
            Key::Rsa(_) => AlgorithmIdentifierOwned {
                oid: SHA256_RSA,
                parameters: Some(DerAny::from(x509_cert::der::asn1::Null)),
            },
            Key::Ecdsa(_) => AlgorithmIdentifierOwned { oid: SHA256_ECDSA, parameters: None },
            Key::Ed25519(_) => AlgorithmIdentifierOwned { oid: ED25519, parameters: None },
            Key::Dsa(_) => {
                return Err("x509: certificate private key does not implement crypto.Signer".to_owned());
            }
        })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        Ok(match self {
            Key::Rsa(key) => {
                let key = rsa::pkcs1v15::SigningKey::<Sha256>::new((**key).clone());
                key.try_sign(message).map_err(text)?.to_vec()
            }
            Key::Ecdsa(key) => {
                let key = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(text)?;
                signature.to_der().as_bytes().to_vec()
            }
            Key::Ed25519(key) => key.try_sign(message).map_err(text)?.to_bytes().to_vec(),
            Key::Dsa(_) => {
                return Err("x509: certificate private key does not implement crypto.Signer".to_owned());
            }
        })
    }
}

/// Go's `pem.Encode`: lines of 64 characters.
fn pem_encode(label: &str, der: &[u8]) -> String {
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}

/// Go's `pem.Decode`: label and content of the first block, wherever it begins.
fn pem_decode(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, after) = text.split_once("-----BEGIN ")?;
    let (label, after) = after.split_once("-----")?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    // Headers (`Proc-Type: …`) end with an empty line.
    let body = body.rsplit_once("\n\n").filter(|(head, _)| head.contains(':')).map_or(body, |(_, body)| body);
    let body: String = body.split_ascii_whitespace().collect();
    Some((label, go_base64(body.as_bytes()).ok()?))
}

/// What a certificate is to say.
struct Template {
    subject: Name,
    names: Vec<GeneralName>,
    days: i64,
    authority: bool,
}

fn subject(common_name: &str) -> Result<Name, String> {
    if common_name.is_empty() {
        return Ok(RdnSequence::default());
    }
    let printable = common_name.bytes().all(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&b));
    let value = if printable && !common_name.contains(['*', '&']) {
        PrintableStringRef::new(common_name).map(DerAny::from).map_err(text)?
    } else {
        Utf8StringRef::new(common_name).map(DerAny::from).map_err(text)?
    };
    let oid = ObjectIdentifier::new_unwrap("2.5.4.3");
    let attribute = SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(text)?;
    Ok(RdnSequence(vec![RelativeDistinguishedName(attribute)]))
}

impl Template {
    fn new(name: &str, ips: &[Val], hosts: &[Val], days: i64) -> Result<Self, FuncError> {
        let mut addresses = Vec::new();
        for ip in ips {
            let Val::Str(ip) = ip else {
                return Err(format!("error parsing ip: {} is not a string", super::cast::strval(ip)).into());
            };
            let address = IpAddr::from_str(ip).map_err(|_| format!("error parsing ip: {ip}"))?;
            // Go shortens IPv4 within IPv6.
            let bytes = match address.to_canonical() {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            addresses.push(GeneralName::IpAddress(OctetString::new(bytes).map_err(text)?));
        }
        let mut names = Vec::new();
        for host in hosts {
            let Val::Str(host) = host else {
                let host = super::cast::strval(host);
                return Err(format!("error processing alternate dns name: {host} is not a string").into());
            };
            let host = Ia5String::new(host.as_str()).map_err(|_| {
                let quoted = host.as_str();
                format!("error creating certificate: x509: \"{quoted}\" cannot be encoded as an IA5String")
            })?;
            names.push(GeneralName::DnsName(host));
        }
        names.extend(addresses);
        Ok(Self { subject: subject(name)?, names, days, authority: false })
    }
}

/// The certificate of whoever signs.
struct Issuer<'a> {
    name: &'a Name,
    key_id: Option<Vec<u8>>,
    key: &'a Key,
}

fn validity(now: i64, days: i64) -> Result<Validity, String> {
    // Until the end of 9999, the last moment that DER can write.
    const LAST: i64 = 253_402_300_799;
    let time = |unix: i64| {
        let since = Duration::from_secs(u64::try_from(unix.clamp(0, LAST)).unwrap_or(0));
        match UtcTime::from_unix_duration(since) {
            Ok(time) => Ok(Time::UtcTime(time)),
            Err(_) => DateTime::from_unix_duration(since)
                .map(|time| Time::GeneralTime(GeneralizedTime::from_date_time(time)))
                .map_err(text),
        }
    };
    Ok(Validity { not_before: time(now)?, not_after: time(now.saturating_add(days.saturating_mul(86_400)))? })
}

fn issue(ctx: &mut Ctx, template: &Template, key: &Key, issuer: Option<&Issuer<'_>>) -> Result<Val, String> {
    let public = key.public()?;
    let own = Issuer { name: &template.subject, key_id: None, key };
    let issuer = issuer.unwrap_or(&own);
    let mut serial = [0; 16];
    serial[..8].copy_from_slice(&ctx.random().to_be_bytes());
    serial[8..].copy_from_slice(&ctx.random().to_be_bytes());
    let mut extensions = Vec::new();
    let mut add = |extension: &dyn Fn(&[Extension]) -> x509_cert::der::Result<Extension>| {
        extension(&[]).map(|extension| extensions.push(extension)).map_err(text)
    };
    let mut usages = KeyUsages::KeyEncipherment | KeyUsages::DigitalSignature;
    if template.authority {
        usages |= KeyUsages::KeyCertSign;
    }
    let subject = &template.subject;
    add(&|e| KeyUsage(usages).to_extension(subject, e))?;
    let purposes = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"].map(ObjectIdentifier::new_unwrap).to_vec();
    add(&|e| ExtendedKeyUsage(purposes.clone()).to_extension(subject, e))?;
    add(&|e| {
        BasicConstraints { ca: template.authority, path_len_constraint: None }.to_extension(subject, e)
    })?;
    if template.authority {
        let digest = Sha256::digest(public.subject_public_key.raw_bytes());
        let id = OctetString::new(&digest[..20]).map_err(text)?;
        add(&|e| SubjectKeyIdentifier(id.clone()).to_extension(subject, e))?;
    }
    if let Some(id) = issuer.key_id.clone().filter(|_| issuer.name != subject) {
        let id = OctetString::new(id).map_err(text)?;
        let authority = AuthorityKeyIdentifier { key_identifier: Some(id), ..Default::default() };
        add(&|e| authority.to_extension(subject, e))?;
    }
    if !template.names.is_empty() {
        add(&|e| SubjectAltName(template.names.clone()).to_extension(subject, e))?;
    }
    let algorithm = issuer.key.algorithm()?;
    let tbs = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&serial).map_err(text)?,
        signature: algorithm.clone(),
        issuer: issuer.name.clone(),
        validity: validity(ctx.options().now, template.days)?,
        subject: subject.clone(),
        subject_public_key_info: public,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions),
    };
    let signature = issuer.key.sign(&tbs.to_der().map_err(text)?)?;
    let certificate = Certificate {
        tbs_certificate: tbs,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(&signature).map_err(text)?,
    };
    let cert = pem_encode("CERTIFICATE", &certificate.to_der().map_err(text)?);
    Ok(Val::Object(Rc::new(Pair { cert, key: key.pem()? })))
}

fn creating(error: String) -> FuncError {
    FuncError::new(format!("error creating certificate: {error}"))
}

fn authority(ctx: &mut Ctx, args: &[Val], key: Key) -> Result<Val, FuncError> {
    let template = Template { authority: true, ..Template::new(args.text(0), &[], &[], args.int(1))? };
    issue(ctx, &template, &key, None).map_err(creating)
}

fn self_signed(ctx: &mut Ctx, args: &[Val], key: Key) -> Result<Val, FuncError> {
    let template = Template::new(args.text(0), args.list(1), args.list(2), args.int(3))?;
    issue(ctx, &template, &key, None).map_err(creating)
}

fn signed(ctx: &mut Ctx, args: &[Val], key: Key) -> Result<Val, FuncError> {
    let ca = match args.any(4) {
        Val::Object(object) => object.as_any().downcast_ref::<Pair>(),
        _ => None,
    };
    let Some(ca) = ca else { return Err("unable to decode certificate".into()) };
    let (_, der) = pem_decode(&ca.cert).ok_or("unable to decode certificate")?;
    let certificate = Certificate::from_der(&der)
        .map_err(|error| format!("error parsing certificate: decodedSignerCert.Bytes: {error}"))?;
    let signer = Key::parse(&ca.key).map_err(|error| format!("error parsing private key: {error}"))?;
    let template = Template::new(args.text(0), args.list(1), args.list(2), args.int(3))?;
    let certificate = &certificate.tbs_certificate;
    let key_id =
        certificate.get::<SubjectKeyIdentifier>().ok().flatten().map(|(_, id)| id.0.as_bytes().to_vec());
    let issuer = Issuer { name: &certificate.subject, key_id, key: &signer };
    issue(ctx, &template, &key, Some(&issuer)).map_err(creating)
}

fn build_custom_cert(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let cert = go_base64(args.bytes(0)).map_err(|_| "unable to decode base64 certificate")?;
    let key = go_base64(args.bytes(1)).map_err(|_| "unable to decode base64 private key")?;
    let [cert, key] = [cert, key].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let (_, der) = pem_decode(&cert).ok_or("unable to decode certificate")?;
    Certificate::from_der(&der)
        .map_err(|error| format!("error parsing certificate: decodedCert.Bytes: {error}"))?;
    Key::parse(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok(Val::Object(Rc::new(Pair { cert, key })))
}

/// sprig's `certificate`: two PEM texts.
struct Pair {
    cert: String,
    key: String,
}

impl Object for Pair {
    fn type_name(&self) -> &str {
        TYPE
    }

    fn field(&self, name: &str) -> Option<Val> {
        match name {
            "Cert" => Some(Val::str(&self.cert)),
            "Key" => Some(Val::str(&self.key)),
            _ => None,
        }
    }

    fn print(&self) -> String {
        format!("{{{} {}}}", self.cert, self.key)
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "Cert": self.cert, "Key": self.key })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
