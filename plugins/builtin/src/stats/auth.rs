//! Who may look: HTTP Basic authentication (RFC 7617).

use portero_api::Request;

/// True when the request names one of these `user:password` pairs.
pub(super) fn allowed(request: &Request, users: &[String]) -> bool {
    let Some(value) = request.headers.get(b"authorization") else { return false };
    let (scheme, credentials) = value.split_at(value.iter().position(|&b| b == b' ').unwrap_or(value.len()));
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return false;
    }
    let Some(given) = decode(portero_api::trim(credentials)) else { return false };
    // All are compared in full, so that the time taken tells nothing of the passwords.
    users.iter().fold(false, |any, user| any | same(user.as_bytes(), &given))
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

/// Base64 (RFC 4648, 4).
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|&b| b != b'=').map_or(0, |at| at + 1);
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for &b in &text[..end] {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_pairs_may_look() {
        let users = ["joe:secret".to_owned(), "ann:x:y".to_owned()];
        for (header, may) in [
            (Some("Basic am9lOnNlY3JldA=="), true),
            (Some("basic YW5uOng6eQ"), true),
            (Some("Basic am9lOndyb25n"), false),
            (Some("Bearer am9lOnNlY3JldA=="), false),
            (Some("Basic *"), false),
            (Some("Basic"), false),
            (None, false),
        ] {
            let mut request = Request::default();
            if let Some(header) = header {
                request.headers.add(b"Authorization", header.as_bytes());
            }
            assert_eq!(allowed(&request, &users), may, "{header:?}");
        }
    }
}
