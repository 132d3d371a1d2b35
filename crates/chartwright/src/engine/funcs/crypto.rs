//! Digests, passwords and random text.
//!
//! What is random in Helm comes here from the seed of the options: the same seed and chart give the same text. That suits
//! comparing; it makes no secrets. All such functions are marked, so that a chart that uses one can be found.

use aes::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::encoding::go_base64;
use super::{Args as _, Ctx, FuncDef, FuncError, Ty};
use crate::engine::value::{Str, Val};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("sha1sum", &[Ty::Str], |_, a| Ok(Val::str(digest::<Sha1>(a.bytes(0))))),
    FuncDef::new("sha256sum", &[Ty::Str], |_, a| Ok(Val::str(digest::<Sha256>(a.bytes(0))))),
    FuncDef::new("sha512sum", &[Ty::Str], |_, a| Ok(Val::str(digest::<Sha512>(a.bytes(0))))),
    FuncDef::new("adler32sum", &[Ty::Str], |_, a| Ok(Val::str(adler32(a.bytes(0)).to_string()))),
    FuncDef::new("bcrypt", &[Ty::Str], |ctx, a| Ok(Val::str(bcrypt_text(ctx, a.bytes(0))))).impure(),
    FuncDef::new("htpasswd", &[Ty::Str, Ty::Str], htpasswd).impure(),
    FuncDef::new("derivePassword", &[Ty::Uint32, Ty::Str, Ty::Str, Ty::Str, Ty::Str], derive_password),
    FuncDef::new("encryptAES", &[Ty::Str, Ty::Str], encrypt_aes).impure(),
    FuncDef::new("decryptAES", &[Ty::Str, Ty::Str], decrypt_aes),
    FuncDef::new("randAlphaNum", &[Ty::Int], |ctx, a| {
        random_text(ctx, a.int(0), |c| c.is_ascii_alphanumeric())
    })
    .impure(),
    FuncDef::new("randAlpha", &[Ty::Int], |ctx, a| random_text(ctx, a.int(0), |c| c.is_ascii_alphabetic()))
        .impure(),
    FuncDef::new("randNumeric", &[Ty::Int], |ctx, a| random_text(ctx, a.int(0), |c| c.is_ascii_digit()))
        .impure(),
    FuncDef::new("randAscii", &[Ty::Int], |ctx, a| random_text(ctx, a.int(0), |_| true)).impure(),
    FuncDef::new("randBytes", &[Ty::Int], rand_bytes).impure(),
    FuncDef::new("uuidv4", &[], uuid_v4).impure(),
];

fn hex(bytes: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

fn digest<D: Digest>(text: &[u8]) -> String {
    hex(&D::digest(text))
}

/// RFC 1950.
fn adler32(text: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (a, b) = text.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % MODULUS;
        (a, (a + b) % MODULUS)
    });
    b << 16 | a
}

fn random_array<const N: usize>(ctx: &mut Ctx) -> [u8; N] {
    let mut bytes = [0; N];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&ctx.random().to_le_bytes()[..chunk.len()]);
    }
    bytes
}

/// Go's `bcrypt.DefaultCost`.
const BCRYPT_COST: u32 = 10;

fn bcrypt_text(ctx: &mut Ctx, password: &[u8]) -> String {
    if password.len() > 72 {
        let why = "bcrypt: password length exceeds 72 bytes";
        return format!("failed to encrypt string with bcrypt: {why}");
    }
    match bcrypt::hash_with_salt(password, BCRYPT_COST, random_array(ctx)) {
        Ok(hash) => hash.format_for_version(bcrypt::Version::TwoA),
        Err(error) => format!("failed to encrypt string with bcrypt: {error}"),
    }
}

fn htpasswd(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let user = args.text(0);
    Ok(Val::str(if user.contains(':') {
        format!("invalid username: {user}")
    } else {
        format!("{user}:{}", bcrypt_text(ctx, args.bytes(1)))
    }))
}

/// The classes of characters that the templates of `derivePassword` name.
fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm.
fn derive_password(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let templates: &[&[u8]] = match args.text(1) {
        "maximum" => &[b"anoxxxxxxxxxxxxxxxxx", b"axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            b"CvcvnoCvcvCvcv",
            b"CvcvCvcvnoCvcv",
            b"CvcvCvcvCvcvno",
            b"CvccnoCvcvCvcv",
            b"CvccCvcvnoCvcv",
            b"CvccCvcvCvcvno",
            b"CvcvnoCvccCvcv",
            b"CvcvCvccnoCvcv",
            b"CvcvCvccCvcvno",
            b"CvcvnoCvcvCvcc",
            b"CvcvCvcvnoCvcc",
            b"CvcvCvcvCvccno",
            b"CvccnoCvccCvcv",
            b"CvccCvccnoCvcv",
            b"CvccCvccCvcvno",
            b"CvcvnoCvccCvcc",
            b"CvcvCvccnoCvcc",
            b"CvcvCvccCvccno",
            b"CvccnoCvcvCvcc",
            b"CvccCvcvnoCvcc",
            b"CvccCvcvCvccno",
        ],
        "medium" => &[b"CvcnoCvc", b"CvcCvcno"],
        "short" => &[b"Cvcn"],
        "basic" => &[b"aaanaaan", b"aannaaan", b"aaannaaa"],
        "pin" => &[b"nnnn"],
        other => return Ok(Val::str(format!("cannot find password template {other}"))),
    };
    // scrypt takes this much memory: N (2^15) blocks of 128 r (8) bytes, and is slow on purpose.
    ctx.charge(32 << 20)?;
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let (password, user, site) = (args.bytes(2), args.bytes(3), args.bytes(4));
    let salt = [SCOPE, &length(user), user].concat();
    let mut key = [0; 64];
    let derived =
        scrypt::Params::new(15, 8, 2, key.len()).map_err(|error| error.to_string()).and_then(|params| {
            scrypt::scrypt(password, &salt, &params, &mut key).map_err(|error| error.to_string())
        });
    if let Err(error) = derived {
        return Ok(Val::str(format!("failed to derive password: {error}")));
    }
    let counter = u32::try_from(args.int(0)).unwrap_or(u32::MAX).to_be_bytes();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
        return Ok(Val::str("failed to derive password: no key"));
    };
    mac.update(&[SCOPE, &length(site), site, &counter].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let password = template.iter().zip(&seed[1..]).map(|(class, byte)| {
        let characters = characters(*class);
        char::from(characters[usize::from(*byte) % characters.len()])
    });
    Ok(Val::str(password.collect::<String>()))
}

/// AES-256 keys are cut or filled with zeros.
fn aes_key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password[..length]);
    key
}

const BLOCK: usize = 16;

fn encrypt_aes(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let text = args.bytes(1);
    if text.is_empty() {
        return Ok(Val::str(""));
    }
    ctx.charge(text.len().saturating_mul(2))?;
    let iv: [u8; BLOCK] = random_array(ctx);
    let padding = BLOCK - text.len() % BLOCK;
    let mut data = text.to_vec();
    data.extend(std::iter::repeat_n(padding.to_le_bytes()[0], padding));
    let cipher = cbc::Encryptor::<aes::Aes256>::new(&aes_key(args.bytes(0)).into(), &iv.into());
    let encrypted = cipher.encrypt_padded_vec_mut::<NoPadding>(&data);
    Ok(Val::str(STANDARD.encode([&iv[..], &encrypted].concat())))
}

fn decrypt_aes(_: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    if args.bytes(1).is_empty() {
        return Ok(Val::str(""));
    }
    let data = go_base64(args.bytes(1))?;
    let Some((iv, data)) = data.split_at_checked(BLOCK) else {
        let length = data.len();
        return Err(format!("runtime error: slice bounds out of range [:16] with capacity {length}").into());
    };
    let iv: [u8; BLOCK] = iv.try_into().unwrap_or_default();
    let cipher = cbc::Decryptor::<aes::Aes256>::new(&aes_key(args.bytes(0)).into(), &iv.into());
    let Ok(text) = cipher.decrypt_padded_vec_mut::<NoPadding>(data) else {
        return Err("crypto/cipher: input not full blocks".into());
    };
    let Some(padding) = text.last() else {
        return Err("runtime error: index out of range [-1]".into());
    };
    match text.len().checked_sub(usize::from(*padding)) {
        Some(length) => Ok(Val::Str(Str::from_bytes(&text[..length]))),
        None => {
            let end = text.len() as i64 - i64::from(*padding);
            Err(format!("runtime error: slice bounds out of range [:{end}]").into())
        }
    }
}

/// A text of printable ASCII characters that are accepted; a negative length gives none.
fn random_text(ctx: &mut Ctx, length: i64, accept: fn(char) -> bool) -> Result<Val, FuncError> {
    let length = usize::try_from(length).unwrap_or(0);
    ctx.charge(length)?;
    let alphabet: Vec<char> = (' '..='~').filter(|c| accept(*c)).collect();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // The bias of the remainder is below 2^-57.
        let index = usize::try_from(ctx.random() % alphabet.len() as u64).unwrap_or(0);
        text.push(alphabet[index]);
    }
    Ok(Val::str(text))
}

fn rand_bytes(ctx: &mut Ctx, args: &[Val]) -> Result<Val, FuncError> {
    let Ok(length) = usize::try_from(args.int(0)) else {
        return Err("runtime error: makeslice: len out of range".into());
    };
    ctx.charge(length.saturating_mul(3))?;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend_from_slice(&random_array::<1>(ctx));
    }
    Ok(Val::str(STANDARD.encode(bytes)))
}

fn uuid_v4(ctx: &mut Ctx, _: &[Val]) -> Result<Val, FuncError> {
    let mut bytes: [u8; 16] = random_array(ctx);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    Ok(Val::str(format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )))
}
