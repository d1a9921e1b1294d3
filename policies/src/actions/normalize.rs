//! `normalize-uri`: one normalizer for each way to write the same (HAProxy manual, section 4.4; RFC 3986, 6.2.2).

use portero_api::{Action, Answer, Exchange, Reply, Request};

use super::words::Words;
use super::{ActionKind, Made, families};

pub(super) static ROWS: &[ActionKind] = &[ActionKind {
    name: "normalize-uri",
    families: families::HTTP_REQUEST,
    syntax: "fragment-encode | fragment-strip | path-merge-slashes | path-strip-dot | path-strip-dotdot [full] | \
             percent-decode-unreserved [strict] | percent-to-uppercase [strict] | query-sort-by-name",
    summary: "bring the target of the request into a normal form",
    ends: false,
    make,
}];

const NAMES: [&str; 8] = [
    "fragment-encode",
    "fragment-strip",
    "path-merge-slashes",
    "path-strip-dot",
    "path-strip-dotdot",
    "percent-decode-unreserved",
    "percent-to-uppercase",
    "query-sort-by-name",
];

#[derive(Clone, Copy)]
enum Normalizer {
    FragmentEncode,
    FragmentStrip,
    MergeSlashes,
    StripDot,
    StripDotDot { full: bool },
    DecodeUnreserved { strict: bool },
    Uppercase { strict: bool },
    SortQuery,
}

impl Action for Normalizer {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        match self.apply(&mut exchange.request) {
            Ok(()) => Answer::Continue,
            Err(Broken) => Answer::Deny(Reply::Status(400)),
        }
    }
}

/// A percent sign without two hexadecimal digits, where that is not allowed.
struct Broken;

impl Normalizer {
    fn apply(self, request: &mut Request) -> Result<(), Broken> {
        match self {
            Normalizer::FragmentEncode => fragment(request, true),
            Normalizer::FragmentStrip => fragment(request, false),
            Normalizer::MergeSlashes => path(request, merge_slashes),
            Normalizer::StripDot => path(request, strip_dot),
            Normalizer::StripDotDot { full } => path(request, |p| strip_dotdot(p, full)),
            Normalizer::DecodeUnreserved { strict } => return percent(request, strict, true),
            Normalizer::Uppercase { strict } => return percent(request, strict, false),
            Normalizer::SortQuery => sort_query(request),
        }
        Ok(())
    }
}

fn make(words: &mut Words<'_, '_>) -> Made {
    let word = words.need("a normalizer")?;
    let normalizer = match word.text.as_str() {
        "fragment-encode" => Normalizer::FragmentEncode,
        "fragment-strip" => Normalizer::FragmentStrip,
        "path-merge-slashes" => Normalizer::MergeSlashes,
        "path-strip-dot" => Normalizer::StripDot,
        "path-strip-dotdot" => Normalizer::StripDotDot { full: words.take("full") },
        "percent-decode-unreserved" => Normalizer::DecodeUnreserved { strict: words.take("strict") },
        "percent-to-uppercase" => Normalizer::Uppercase { strict: words.take("strict") },
        "query-sort-by-name" => Normalizer::SortQuery,
        _ => return Err(words.unexpected(word, NAMES)),
    };
    Ok(Box::new(normalizer))
}

fn path(request: &mut Request, normal: impl FnOnce(&[u8]) -> Vec<u8>) {
    let new = normal(request.path());
    if new != request.path() {
        request.set_path(&new);
    }
}

fn fragment(request: &mut Request, encode: bool) {
    if let Some(mark) = request.target.iter().position(|&b| b == b'#') {
        if encode {
            let encoded: Vec<u8> = request.target[mark..]
                .iter()
                .flat_map(|b| if *b == b'#' { b"%23".as_slice() } else { std::slice::from_ref(b) })
                .copied()
                .collect();
            request.target.splice(mark.., encoded);
        } else {
            request.target.truncate(mark);
        }
    }
}

fn merge_slashes(path: &[u8]) -> Vec<u8> {
    let mut new = path.to_vec();
    new.dedup_by(|b, a| *a == b'/' && *b == b'/');
    new
}

fn strip_dot(path: &[u8]) -> Vec<u8> {
    let segments: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
    let last = segments.len() - 1;
    let keep = segments.iter().enumerate().filter(|(i, s)| **s != b"." || *i == 0);
    let mut kept: Vec<&[u8]> = keep.map(|(_, s)| *s).collect();
    if segments[last] == b"." {
        kept.push(b"");
    }
    kept.join(&b'/')
}

fn strip_dotdot(path: &[u8], full: bool) -> Vec<u8> {
    let segments: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
    let mut kept: Vec<&[u8]> = Vec::with_capacity(segments.len());
    for (index, &segment) in segments.iter().enumerate() {
        let removable = kept.len() > 1 && kept.last().is_some_and(|s| *s != b"..");
        if segment != b".." {
            kept.push(segment);
        } else if removable {
            kept.pop();
            if index == segments.len() - 1 {
                kept.push(b"");
            }
        } else if !full {
            kept.push(segment);
        } else if index == segments.len() - 1 {
            kept.push(b"");
        }
    }
    kept.join(&b'/')
}

/// Decodes what needs no encoding, or writes the digits of encodings in upper case.
fn percent(request: &mut Request, strict: bool, decode: bool) -> Result<(), Broken> {
    let old = &request.target;
    let mut new = Vec::with_capacity(old.len());
    let mut rest = &old[..];
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = match tail {
            [high, low, ..] if byte == b'%' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                Some((*high, *low))
            }
            _ if byte == b'%' && strict => return Err(Broken),
            _ => None,
        };
        rest = tail;
        let Some((high, low)) = digits else {
            new.push(byte);
            continue;
        };
        rest = &tail[2..];
        let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
        let plain = digit(high) << 4 | digit(low);
        if decode && (plain.is_ascii_alphanumeric() || b"-._~".contains(&plain)) {
            new.push(plain);
        } else if decode {
            new.extend_from_slice(&[b'%', high, low]);
        } else {
            new.extend_from_slice(&[b'%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]);
        }
    }
    request.target = new;
    Ok(())
}

fn sort_query(request: &mut Request) {
    let query = request.query();
    if query.is_empty() {
        return;
    }
    let mut parameters: Vec<&[u8]> = query.split(|&b| b == b'&').collect();
    let name = |p: &[u8]| p.split(|&b| b == b'=').next().unwrap_or_default().to_vec();
    parameters.sort_by_key(|p| name(p));
    let sorted = parameters.join(&b'&');
    request.set_query(&sorted);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(normalizer: Normalizer, target: &str) -> Option<String> {
        let mut request = Request { target: target.into(), ..Request::default() };
        normalizer.apply(&mut request).ok()?;
        Some(String::from_utf8(request.target).unwrap())
    }

    /// The examples of the manual.
    #[test]
    fn every_normalizer_does_what_the_manual_shows() {
        use Normalizer::*;
        for (normalizer, from, to) in [
            (FragmentEncode, "/#foo", "/%23foo"),
            (FragmentStrip, "/#foo", "/"),
            (StripDot, "/.", "/"),
            (StripDot, "/./bar/", "/bar/"),
            (StripDot, "/a/./a", "/a/a"),
            (StripDot, "/.well-known/", "/.well-known/"),
            (StripDotDot { full: false }, "/foo/../", "/"),
            (StripDotDot { full: false }, "/foo/../bar/", "/bar/"),
            (StripDotDot { full: false }, "/foo/bar/../", "/foo/"),
            (StripDotDot { full: false }, "/../bar/", "/../bar/"),
            (StripDotDot { full: false }, "/bar/../../", "/../"),
            (StripDotDot { full: false }, "/foo//../", "/foo/"),
            (StripDotDot { full: false }, "/foo/%2E%2E/", "/foo/%2E%2E/"),
            (StripDotDot { full: true }, "/../bar/", "/bar/"),
            (StripDotDot { full: true }, "/bar/../../", "/"),
            (MergeSlashes, "//", "/"),
            (MergeSlashes, "/foo//bar", "/foo/bar"),
            (DecodeUnreserved { strict: false }, "/%61dmin", "/admin"),
            (DecodeUnreserved { strict: false }, "/foo%3Fbar=baz", "/foo%3Fbar=baz"),
            (DecodeUnreserved { strict: false }, "/%%36%36", "/%66"),
            (DecodeUnreserved { strict: false }, "/%ZZ", "/%ZZ"),
            (Uppercase { strict: false }, "/%6f", "/%6F"),
            (Uppercase { strict: false }, "/%zz", "/%zz"),
            (SortQuery, "/?c=3&a=1&b=2", "/?a=1&b=2&c=3"),
            (SortQuery, "/?aaa=3&a=1&aa=2", "/?a=1&aa=2&aaa=3"),
            (SortQuery, "/?a=3&b=4&a=1&b=5&a=2", "/?a=3&a=1&a=2&b=4&b=5"),
        ] {
            assert_eq!(normal(normalizer, from).as_deref(), Some(to), "{from}");
        }
    }

    #[test]
    fn strict_normalizers_refuse_broken_encodings() {
        assert_eq!(normal(Normalizer::DecodeUnreserved { strict: true }, "/%%36%36"), None);
        assert_eq!(normal(Normalizer::Uppercase { strict: true }, "/%zz"), None);
    }
}
