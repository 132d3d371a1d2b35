//! `b64enc`, `b64dec`, `b32enc`, `b32dec`. What cannot be decoded gives the text of the error, as in sprig.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Args as _, Ctx, FuncDef, FuncError, Ty};
use crate::engine::value::{Str, Val};

pub(super) static FUNCS: &[FuncDef] = &[
    FuncDef::new("b64enc", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len().saturating_mul(4) / 3)?;
        Ok(Val::str(STANDARD.encode(a.bytes(0))))
    }),
    FuncDef::new("b64dec", &[Ty::Str], |ctx, a| decoded(ctx, a.bytes(0), go_base64)),
    FuncDef::new("b32enc", &[Ty::Str], |ctx, a| {
        ctx.charge(a.bytes(0).len().saturating_mul(8) / 5)?;
        Ok(Val::str(base32(a.bytes(0))))
    }),
    FuncDef::new("b32dec", &[Ty::Str], |ctx, a| decoded(ctx, a.bytes(0), go_base32)),
];

fn decoded(
    ctx: &mut Ctx,
    text: &[u8],
    decode: fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Val, FuncError> {
    ctx.charge(text.len())?;
    Ok(Val::Str(match decode(text) {
        Ok(bytes) => Str::from_bytes(&bytes),
        Err(message) => message.into(),
    }))
}

fn base32(data: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::with_capacity(data.len().div_ceil(5) * 8);
    for block in data.chunks(5) {
        let bits = (0..5).fold(0u64, |bits, i| bits << 8 | u64::from(block.get(i).copied().unwrap_or(0)));
        let letters = (block.len() * 8).div_ceil(5);
        for i in 0..8 {
            let letter = ALPHABET[(bits >> (35 - 5 * i)) as usize % 32];
            out.push(if i < letters { char::from(letter) } else { '=' });
        }
    }
    out
}

/// `base64.StdEncoding.DecodeString`: line breaks are skipped, the unused bits of the last character may be anything.
pub(crate) fn go_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let corrupt = |at: usize| Err(format!("illegal base64 data at input byte {at}"));
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    loop {
        let mut bits = 0u32;
        for j in 0..4usize {
            let b = loop {
                let Some(b) = text.get(at).copied() else {
                    return if j == 0 { Ok(out) } else { corrupt(at - j) };
                };
                at += 1;
                if !matches!(b, b'\r' | b'\n') {
                    break b;
                }
            };
            if let Some(value) = value(b) {
                bits = bits << 6 | u32::from(value);
                continue;
            }
            if b != b'=' || j < 2 {
                return corrupt(at - 1);
            }
            let skip = |mut at: usize| {
                while matches!(text.get(at), Some(b'\r' | b'\n')) {
                    at += 1;
                }
                at
            };
            if j == 2 {
                // A second `=` has to follow.
                at = skip(at);
                match text.get(at) {
                    None => return corrupt(text.len()),
                    Some(b'=') => at += 1,
                    Some(_) => return corrupt(at - 1),
                }
            }
            at = skip(at);
            if at < text.len() {
                return corrupt(at);
            }
            let bytes = (bits << (6 * (4 - j))).to_be_bytes();
            out.extend_from_slice(&bytes[1..j]);
            return Ok(out);
        }
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
}

/// `base32.StdEncoding.DecodeString`.
fn go_base32(text: &[u8]) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let corrupt = |at: usize| Err(format!("illegal base32 data at input byte {at}"));
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'2'..=b'7' => Some(b - b'2' + 26),
        _ => None,
    };
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut at = 0;
    while at < text.len() {
        let mut bits = 0u64;
        let mut length = 8;
        for j in 0..8 {
            let Some(b) = text.get(at).copied() else {
                // The text ends without its padding.
                return corrupt(at - j);
            };
            at += 1;
            if b == b'=' && j >= 2 && text.len() - at < 8 {
                if text.len() - at + j < 7 {
                    return corrupt(text.len());
                }
                if let Some(k) = text[at..].iter().take(7 - j).position(|b| *b != b'=') {
                    return corrupt(at + k - 1);
                }
                if matches!(j, 1 | 3 | 6) {
                    return corrupt(at - 1);
                }
                length = j;
                at = text.len();
                break;
            }
            match value(b) {
                Some(value) => bits = bits << 5 | u64::from(value),
                None => return corrupt(at - 1),
            }
        }
        let bytes = (bits << (5 * (8 - length)) << 24).to_be_bytes();
        out.extend_from_slice(&bytes[..length * 5 / 8]);
    }
    Ok(out)
}
