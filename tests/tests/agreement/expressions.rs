//! Sample expressions: a fetch and some converters, with types that fit.
//!
//! Left out is what is known to differ, because HAProxy does otherwise than its manual says (3.5-dev5 and before): numbers beyond
//! 32 bits from headers, dates before 1970, negative numbers in conditions, how far `strcmp` is from 0, the odd byte that `ub64dec` adds; and, before 3.0, what
//! [`modern`] is asked for.

use std::process::Command;
use std::sync::LazyLock;

use fastrand::Rng;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Str,
    Int,
    Ip,
    Bin,
    Bool,
}

/// An expression of any type, as text.
pub(crate) fn text(rng: &mut Rng) -> String {
    let kinds = [Kind::Str, Kind::Str, Kind::Int, Kind::Ip, Kind::Bin, Kind::Bool];
    shown(*rng.choice(&kinds).expect("there are some"), rng)
}

/// An expression of a type, as text.
pub(crate) fn shown(kind: Kind, rng: &mut Rng) -> String {
    let made = expression(kind, rng);
    // HAProxy 2.6 writes control characters of a body as %XX, later ones as they are
    if kind == Kind::Bin { format!("{made},hex") } else { made }
}

/// An expression of a type.
pub(crate) fn expression(wanted: Kind, rng: &mut Rng) -> String {
    let steps = rng.usize(..4);
    let mut kind =
        *rng.choice(&[Kind::Str, Kind::Str, Kind::Str, Kind::Int, Kind::Ip, Kind::Bin]).expect("some");
    let mut made = fetch(kind, rng);
    for _ in 0..steps {
        let (converter, output) = convert(kind, rng);
        made = format!("{made},{converter}");
        kind = output;
    }
    if kind != wanted {
        let bridge = bridge(kind, wanted, rng);
        made = format!("{made},{bridge}");
    }
    made
}

/// Whether HAProxy is new enough to do what its manual says of: words that are not there, bytes beyond the end, overflow, control characters in bodies.
pub(crate) fn modern() -> bool {
    static MODERN: LazyLock<bool> = LazyLock::new(|| {
        let said = Command::new(crate::haproxy()).arg("-v").output().expect("haproxy is installed");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        said.split("version ")
            .nth(1)
            .and_then(|v| v.split('.').next()?.parse::<u32>().ok())
            .is_some_and(|v| v >= 3)
    });
    *MODERN
}

fn pick<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    list[rng.usize(..list.len())]
}

fn fetch(kind: Kind, rng: &mut Rng) -> String {
    let fetches: &[&str] = match kind {
        Kind::Str => &[
            "path",
            "url",
            "query",
            "pathq",
            "base",
            "method,lower",
            "req.ver",
            "url_param(a)",
            "url_param(b)",
            "urlp(c)",
            "req.hdr(x-a)",
            "req.hdr(x-a,1)",
            "req.hdr(x-list)",
            "req.hdr(x-list,1)",
            "req.hdr(x-list,2)",
            "req.hdr(x-list,-1)",
            "req.hdr(x-list,-2)",
            "req.fhdr(x-list)",
            "req.fhdr(user-agent)",
            "req.hdr(host)",
            "req.fhdr(x-a,-1)",
            "req.cook(sid)",
            "cook(lang)",
            "req.hdr(x-b64)",
            "req.hdr(x-json)",
            "req.hdr(none)",
            "str(Hello)",
            "str(a-b_c.d)",
            "var(txn.text),lower",
            "req.hdr(x-num)",
            "req.hdr(x-mixed)",
            "req.hdr_names",
        ],
        Kind::Int => &[
            "req.hdr_cnt(x-list)",
            "req.fhdr_cnt(x-list)",
            "req.hdr_cnt(x-a)",
            "req.hdr_val(x-num)",
            "int(7)",
            "int(-3)",
            "int(0)",
            "urlp_val(n)",
            "req.cook_cnt(sid)",
            "req.cook_val(n)",
            "base32",
            "var(txn.number),add(0)",
            "url32",
            "int(1700000000)",
        ],
        Kind::Ip => &[
            "req.hdr_ip(x-ip)",
            "req.hdr_ip(x-ip,1)",
            "ipv4(192.0.2.33)",
            "ipv6(2001:db8::7)",
            "src",
            "url_ip",
        ],
        Kind::Bin => &["bin(0a1b2cff)", "bin(00)", "req.hdr(x-b64),b64dec", "str(abc),sha1", "bin(4142430a)"],
        Kind::Bool => &["bool(true)", "bool(false)", "always_true"],
    };
    pick(rng, fetches).to_owned()
}

fn convert(kind: Kind, rng: &mut Rng) -> (String, Kind) {
    match kind {
        Kind::Str => of_text(rng),
        Kind::Int => of_number(rng),
        Kind::Ip => of_address(rng),
        Kind::Bin => of_bytes(rng),
        Kind::Bool if rng.bool() => ("not".to_owned(), Kind::Bool),
        Kind::Bool => ("iif(yes,no)".to_owned(), Kind::Str),
    }
}

fn of_text(rng: &mut Rng) -> (String, Kind) {
    let (a, b) = (rng.u8(..5), rng.u8(1..4));
    let delimiter = pick(rng, &["/", "-", ".", "=", "_", ":", "a"]);
    let index = rng.i32(1..4) * if rng.u8(..4) == 0 { -1 } else { 1 };
    match rng.u8(..33) {
        0..3 => (pick(rng, &["lower", "upper"]).to_owned(), Kind::Str),
        3 | 4 => (format!("field({index},{delimiter})"), Kind::Str),
        5 => (format!("field({index},{delimiter},{})", rng.u8(..3)), Kind::Str),
        6 | 7 if modern() => (format!("word({index},{delimiter})"), Kind::Str),
        8 if modern() => (format!("word({index},{delimiter}.,{})", rng.u8(..3)), Kind::Str),
        9 if modern() => (format!("bytes({a},{b})"), Kind::Bin),
        10 if modern() => (format!("bytes({a})"), Kind::Bin),
        11 => ("length".to_owned(), Kind::Int),
        12 => (pick(rng, &["url_dec", "url_dec(1)"]).to_owned(), Kind::Str),
        13 => ("url_enc".to_owned(), Kind::Str),
        14 => (pick(rng, &["base64", "ub64enc"]).to_owned(), Kind::Str),
        15 if modern() => ("b64dec".to_owned(), Kind::Bin),
        16 => (pick(rng, &["hex", "json(utf8s)", "json(ascii)"]).to_owned(), Kind::Str),
        17 => {
            let hash = pick(
                rng,
                &[
                    "crc32", "crc32c", "djb2", "sdbm", "wt6", "xxh32", "xxh64", "crc32(1)", "djb2(1)",
                    "wt6(1)",
                ],
            );
            (hash.to_owned(), Kind::Int)
        }
        18 => (
            pick(rng, &["sha1", "sha2", "sha2(512)", "digest(md5)", "hmac(sha256,a2V5)"]).to_owned(),
            Kind::Bin,
        ),
        19 => ("regsub([a-c]+,X)".to_owned(), Kind::Str),
        20 => ("regsub([a-c]+,X,g)".to_owned(), Kind::Str),
        21 => ("regsub(^/+,,i)".to_owned(), Kind::Str),
        22 => ("concat(<,txn.text,>)".to_owned(), Kind::Str),
        23 => ("concat(-,,-)".to_owned(), Kind::Str),
        24 => ("strcmp(txn.text),bool".to_owned(), Kind::Bool),
        25 => ("json_query($.a),lower".to_owned(), Kind::Str),
        26 => ("json_query($.n,int),add(0)".to_owned(), Kind::Int),
        27 => ("language(fr;en;de,xx)".to_owned(), Kind::Str),
        28 => ("add(5)".to_owned(), Kind::Int),
        29 => ("hex2i".to_owned(), Kind::Int),
        30 => ("length,mul(3)".to_owned(), Kind::Int),
        31 => ("ipmask(24)".to_owned(), Kind::Ip),
        32 => ("hex2i,odd".to_owned(), Kind::Bool),
        _ => ("lower,upper".to_owned(), Kind::Str),
    }
}

fn of_number(rng: &mut Rng) -> (String, Kind) {
    let n = rng.i32(if modern() { -20 } else { 0 }..20);
    match rng.u8(..16) {
        0 => (format!("add({n})"), Kind::Int),
        1 if modern() => (format!("sub({n})"), Kind::Int),
        2 => (format!("mul({n})"), Kind::Int),
        3 => (format!("div({n})"), Kind::Int),
        4 => (format!("mod({n})"), Kind::Int),
        5 => (format!("and({n})"), Kind::Int),
        6 => (format!("or({n})"), Kind::Int),
        7 => (format!("xor({n})"), Kind::Int),
        8 if modern() => (pick(rng, &["neg", "cpl"]).to_owned(), Kind::Int),
        9 => (pick(rng, &["bool", "not", "odd", "even"]).to_owned(), Kind::Bool),
        10 => ("add(txn.number)".to_owned(), Kind::Int),
        11 => ("div(txn.number)".to_owned(), Kind::Int),
        12 => (format!("and(2147483647),or(1),{}", pick(rng, &["http_date", "http_date(60)"])), Kind::Str),
        13 => (
            format!("and(2147483647),or(1),{}", pick(rng, &["utime(%Y-%m-%dT%H:%M:%S)", "utime(%d%b,3600)"])),
            Kind::Str,
        ),
        14 => ("length".to_owned(), Kind::Int),
        _ => ("hex".to_owned(), Kind::Str),
    }
}

fn of_address(rng: &mut Rng) -> (String, Kind) {
    match rng.u8(..4) {
        0 => ("ipmask(16,48)".to_owned(), Kind::Ip),
        1 => ("ipmask(255.255.0.0)".to_owned(), Kind::Ip),
        2 => ("hex".to_owned(), Kind::Str),
        _ => ("length".to_owned(), Kind::Int),
    }
}

fn of_bytes(rng: &mut Rng) -> (String, Kind) {
    match rng.u8(..8) {
        0 => ("hex".to_owned(), Kind::Str),
        1 => ("base64".to_owned(), Kind::Str),
        2 if modern() => ("bytes(1,2)".to_owned(), Kind::Bin),
        3 => ("length".to_owned(), Kind::Int),
        4 => ("sha1".to_owned(), Kind::Bin),
        5 => (pick(rng, &["xxh32", "crc32", "djb2"]).to_owned(), Kind::Int),
        6 => ("be2dec(.,1)".to_owned(), Kind::Str),
        _ => ("be2dec(:,2)".to_owned(), Kind::Str),
    }
}

/// A last converter that gives the type wanted.
fn bridge(kind: Kind, wanted: Kind, rng: &mut Rng) -> String {
    match wanted {
        Kind::Str if kind == Kind::Bool => "iif(yes,no)".to_owned(),
        Kind::Str if kind == Kind::Bin => "hex".to_owned(),
        Kind::Str => pick(rng, &["hex", "lower"]).to_owned(),
        Kind::Int if kind == Kind::Bool => "add(1)".to_owned(),
        Kind::Int => "length".to_owned(),
        Kind::Ip => "hex,lower,ipmask(8)".to_owned(),
        Kind::Bin if kind == Kind::Bool => "iif(a,b),sha1".to_owned(),
        Kind::Bin => "sha1".to_owned(),
        Kind::Bool if kind == Kind::Bool => "not".to_owned(),
        Kind::Bool => "length,bool".to_owned(),
    }
}
