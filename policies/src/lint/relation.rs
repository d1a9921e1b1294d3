//! What one test says of another on the same subject: that it must hold too, or cannot.

use std::borrow::Cow;

use super::atoms::{Atom, Values};
use crate::matching::{Method, Net};

/// Tests with more patterns than this are compared as a whole only.
const MOST_PATTERNS: usize = 64;

/// True when `b` holds wherever `a` does.
pub(super) fn implies(a: &Atom, b: &Atom) -> bool {
    if a.subject != b.subject || !a.steady || !b.steady {
        return false;
    }
    match (&a.values, &b.values) {
        (a, b) if a == b => true,
        (Values::Opaque(_), _) | (_, Values::Opaque(_)) => false,
        (_, Values::Found) => true,
        (Values::Int(a), Values::Int(b)) | (Values::Len(a), Values::Len(b)) => a.within(b),
        (Values::Ip(a), Values::Ip(b)) => {
            few(a) && few(b) && a.iter().all(|a| b.iter().any(|b| inside(*a, *b)))
        }
        (Values::Text { .. }, Values::Text { .. }) => text_implies(&a.values, &b.values),
        _ => false,
    }
}

/// True when at most one of the two can hold. Only where the subject has a single value: of two header lines each may
/// match one.
pub(super) fn excludes(a: &Atom, b: &Atom) -> bool {
    if a.subject != b.subject || !a.steady || !b.steady || !a.single {
        return false;
    }
    match (&a.values, &b.values) {
        (Values::Int(a), Values::Int(b)) | (Values::Len(a), Values::Len(b)) => a.apart(b),
        (Values::Ip(a), Values::Ip(b)) => {
            few(a) && few(b) && a.iter().all(|a| b.iter().all(|b| apart(*a, *b)))
        }
        (Values::Text { .. }, Values::Text { .. }) => text_excludes(&a.values, &b.values),
        _ => false,
    }
}

fn few<T>(list: &[T]) -> bool {
    list.len() <= MOST_PATTERNS
}

fn text_implies(a: &Values, b: &Values) -> bool {
    let (
        Values::Text { method: of_a, ignore_case: loose_a, patterns: a },
        Values::Text { method: of_b, ignore_case: loose_b, patterns: b },
    ) = (a, b)
    else {
        return false;
    };
    // What is compared letter by letter may be so where letters count for less, not the other way.
    if (*loose_a && !loose_b) || !few(a) || !few(b) || (*of_a == Method::Reg && loose_a != loose_b) {
        return false;
    }
    let fold = |text| folded(text, *loose_b && *of_b != Method::Reg);
    a.iter().all(|one| {
        let one = fold(one);
        b.iter().any(|other| covers(*of_a, &one, *of_b, other))
    })
}

/// A pattern in small letters, where letters have no case.
fn folded(text: &[u8], loose: bool) -> Cow<'_, [u8]> {
    match loose && text.iter().any(u8::is_ascii_uppercase) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// True when every text that `pattern` matches is matched by `other` as well.
fn covers(method: Method, pattern: &[u8], other_method: Method, other: &[u8]) -> bool {
    let within = |text: &[u8]| other.is_empty() || text.windows(other.len()).any(|part| part == other);
    match (method, other_method) {
        (Method::Str, Method::Beg) | (Method::Beg, Method::Beg) => pattern.starts_with(other),
        (Method::Str, Method::End) | (Method::End, Method::End) => pattern.ends_with(other),
        (Method::Str | Method::Beg | Method::End | Method::Sub, Method::Sub) => within(pattern),
        (a, b) => a == b && pattern == other,
    }
}

fn text_excludes(a: &Values, b: &Values) -> bool {
    let (
        Values::Text { method: of_a, ignore_case: loose_a, patterns: a },
        Values::Text { method: of_b, ignore_case: loose_b, patterns: b },
    ) = (a, b)
    else {
        return false;
    };
    if !few(a) || !few(b) {
        return false;
    }
    let loose = *loose_a || *loose_b;
    let fold = |text| folded(text, loose);
    a.iter().all(|one| b.iter().all(|other| disjoint(*of_a, &fold(one), *of_b, &fold(other))))
}

/// True when no text matches both.
fn disjoint(method: Method, pattern: &[u8], other_method: Method, other: &[u8]) -> bool {
    match (method, other_method) {
        (Method::Str, Method::Str) => pattern != other,
        (Method::Str, Method::Beg) => !pattern.starts_with(other),
        (Method::Beg, Method::Str) => !other.starts_with(pattern),
        (Method::Beg, Method::Beg) => !pattern.starts_with(other) && !other.starts_with(pattern),
        (Method::Str, Method::End) => !pattern.ends_with(other),
        (Method::End, Method::Str) => !other.ends_with(pattern),
        _ => false,
    }
}

/// True when network `a` lies in `b`. The families are taken as apart: where they meet nothing is said.
fn inside(a: Net, b: Net) -> bool {
    match (a, b) {
        (Net::V4 { address: a, mask: of_a }, Net::V4 { address: b, mask: of_b }) => {
            of_a & of_b == of_b && (a ^ b) & of_b == 0
        }
        (Net::V6 { address: a, mask: of_a }, Net::V6 { address: b, mask: of_b }) => {
            of_a & of_b == of_b && (a ^ b) & of_b == 0
        }
        _ => false,
    }
}

fn apart(a: Net, b: Net) -> bool {
    match (a, b) {
        (Net::V4 { address: a, mask: of_a }, Net::V4 { address: b, mask: of_b }) => {
            (a ^ b) & of_a & of_b != 0
        }
        (Net::V6 { address: a, mask: of_a }, Net::V6 { address: b, mask: of_b }) => {
            (a ^ b) & of_a & of_b != 0
        }
        _ => false,
    }
}
