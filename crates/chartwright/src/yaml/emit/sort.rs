//! go-yaml's order of keys: numbers inside keys compare as numbers, letters come behind everything else.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// The entries in the order in which go-yaml writes them.
pub(super) fn natural(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    merge_sort(&mut entries, |a, b| less(b.0, a.0));
    entries
}

/// Sorts by an order that need not be total (go-yaml's is not quite), which the standard library's sort may answer with
/// a panic. Stable; `greater(a, b)` means that `a` belongs behind `b`.
fn merge_sort<T: Copy>(items: &mut Vec<T>, greater: impl Fn(&T, &T) -> bool) {
    if !items.windows(2).any(|pair| greater(&pair[0], &pair[1])) {
        return;
    }
    let mut sorted = Vec::with_capacity(items.len());
    let mut width = 1;
    while width < items.len() {
        sorted.clear();
        for chunk in items.chunks(2 * width) {
            let (mut left, mut right) = chunk.split_at(width.min(chunk.len()));
            while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
                if greater(a, b) {
                    sorted.push(*b);
                    right = right_rest;
                } else {
                    sorted.push(*a);
                    left = left_rest;
                }
            }
            sorted.extend_from_slice(left);
            sorted.extend_from_slice(right);
        }
        std::mem::swap(items, &mut sorted);
        width *= 2;
    }
}

/// Does key `a` come before key `b`?
fn less(a: &str, b: &str) -> bool {
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let (a_byte, b_byte) = (a.as_bytes().get(common), b.as_bytes().get(common));
    match (a_byte, b_byte) {
        (None, _) => return b_byte.is_some(),
        (_, None) => return false,
        // The usual case: two small letters.
        (Some(a_byte), Some(b_byte)) if a_byte.is_ascii_lowercase() && b_byte.is_ascii_lowercase() => {
            return a_byte < b_byte;
        }
        _ => {}
    }
    less_chars(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>()) == Ordering::Less
}

fn less_chars(a: &[char], b: &[char]) -> Ordering {
    let Some(at) = a.iter().zip(b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    match (is_letter(a[at]), is_letter(b[at])) {
        (true, true) => return a[at].cmp(&b[at]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero behind other digits belongs to their number, so the shorter number is smaller.
    let mut start = 0;
    if a[at] == '0' || b[at] == '0' {
        let digits = a[..at].iter().rev().take_while(|c| is_digit(**c));
        start = i64::from(digits.into_iter().any(|c| *c != '0'));
    }
    let (a_number, a_end) = number(a, at, start);
    let (b_number, b_end) = number(b, at, start);
    a_number.cmp(&b_number).then(a_end.cmp(&b_end)).then(a[at].cmp(&b[at]))
}

fn number(chars: &[char], at: usize, start: i64) -> (i64, usize) {
    let digits = chars[at..].iter().take_while(|c| is_digit(**c));
    let value = |c: char| i64::from(u32::from(c)) - i64::from(u32::from('0'));
    let (number, count) = digits.fold((start, 0), |(number, count), digit| {
        (number.wrapping_mul(10).wrapping_add(value(*digit)), count + 1)
    });
    (number, at + count)
}

/// Go's `unicode.IsLetter` (category L); a few letter-like marks outside ASCII count here as well.
fn is_letter(c: char) -> bool {
    c.is_alphabetic()
}

/// Go's `unicode.IsDigit` (category Nd), for ASCII.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}
