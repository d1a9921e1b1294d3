//! Every row against samples; what is expected was read off HAProxy 3.5 and its regression tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use portero_api::{
    Address, Common, Conn, Directory, Kind, ProxyState, ServerState, Transport, Value, VarId, Vars,
};
use portero_grammar::rules::tree::Arg;

use super::*;
use crate::cast::{cast, write_text};
use crate::vocabulary::{Context, Files};

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("there is no file '{path}' in this test"))
    }
}

fn rows() -> impl Iterator<Item = &'static ConvertKind> {
    CONVERTERS.iter().copied().flatten()
}

fn find(name: &str) -> &'static ConvertKind {
    rows().find(|r| r.name == name).unwrap_or_else(|| panic!("no converter '{name}'"))
}

/// A frontend, a backend with one server, and an exchange with a few variables.
fn world() -> (Directory, Exchange) {
    let directory = Directory::default();
    directory.insert(Arc::new(ProxyState::new("fe", 1, Kind::Frontend, true)));
    let be = ProxyState::new("be", 2, Kind::Backend, true);
    let addr = SocketAddr::from(([127, 0, 0, 1], 80));
    be.set_servers(vec![Arc::new(ServerState::new(&be, "s1", 1, Address::Ip(addr)))]);
    directory.insert(Arc::new(be));
    let x = Exchange::new(Conn {
        frontend: directory.proxy("fe", false).expect("made above"),
        src: Some(addr),
        dst: Some(addr),
        peer: Some(addr),
        local: Some(addr),
        listener: "".into(),
        listener_id: 1,
        transport: Transport::Tcp,
        vars: Vars::default(),
        accepted_at: SystemTime::UNIX_EPOCH,
        accepted: Instant::now(),
        requests: 1,
    });
    for (name, value) in [
        ("txn.three", Value::Int(3)),
        ("txn.one", Value::Int(1)),
        ("txn.minus", Value::Int(-1)),
        ("txn.text", Value::Str(b"var_content".as_slice().into())),
        ("txn.key", Value::Str(b"a2V5".as_slice().into())),
    ] {
        x.vars.set(VarId::parse(name).expect("a name"), value);
    }
    (directory, x)
}

/// Makes a converter with these arguments, standing in backend `be`.
fn make(directory: &Directory, name: &str, args: &[&str]) -> Made {
    let span = portero_grammar::Span { file: portero_grammar::FileId(0), start: 0, end: 0 };
    let list: Vec<Arg> = args.iter().map(|a| Arg { text: (*a).into(), span }).collect();
    let common = Common::default();
    let context = Context { proxy: "be", directory, common: &common, files: &NoFiles };
    (find(name).make)(&Args { list: &list, context: &context })
}

/// Checks (sample, converter, arguments, expected text); `-` stands for no value, bytes are shown in hexadecimal.
fn check(cases: &[(Sample<'static>, &str, &[&str], &str)]) {
    let (directory, x) = world();
    for (sample, name, args, expected) in cases {
        let converter = make(&directory, name, args)
            .unwrap_or_else(|e| panic!("{name}({}): {}", args.join(","), e.message));
        let input = cast(sample.clone(), find(name).input);
        let result = input.and_then(|input| converter.convert(input, &x));
        let text = result.map_or("-".into(), |result| match result {
            Sample::Bin(bytes) => String::from_utf8(encodings::hex(&bytes)).expect("digits"),
            other => {
                let mut text = Vec::new();
                write_text(&other, &mut text);
                String::from_utf8(text).expect("text")
            }
        });
        assert_eq!(text, *expected, "{sample:?},{name}({})", args.join(","));
    }
}

fn s(text: &'static str) -> Sample<'static> {
    Sample::str(text)
}

fn i(n: i64) -> Sample<'static> {
    Sample::Int(n)
}

fn b(bytes: &'static [u8]) -> Sample<'static> {
    Sample::bytes(bytes)
}

fn ip(text: &str) -> Sample<'static> {
    Sample::Ip(text.parse().expect("an address"))
}

#[test]
fn fields_are_counted_with_empty_ones_and_words_without() {
    let text = "f1_f2_f3__f5";
    let edges = "_a__b_";
    check(&[
        (s(text), "field", &["4", "_"], ""),
        (s(text), "field", &["5", "_"], "f5"),
        (s(text), "field", &["6", "_"], "-"),
        (s(text), "field", &["2", "_", "0"], "f2_f3__f5"),
        (s(text), "field", &["2", "_", "2"], "f2_f3"),
        (s(text), "field", &["2", "_", "9"], "f2_f3__f5"),
        (s(text), "field", &["-1", "_"], "f5"),
        (s(text), "field", &["-6", "_"], "-"),
        (s(text), "field", &["-2", "_", "3"], "f2_f3_"),
        (s(text), "field", &["-3", "_", "0"], "f1_f2_f3"),
        (s(text), "field", &["-2", "_", "9"], "f1_f2_f3_"),
        (s("abc"), "field", &["1", "b", "-1"], "abc"),
        (s(edges), "field", &["-1", "_", "2"], "b_"),
        (s(edges), "field", &["1", "_"], ""),
        (s(""), "field", &["1", "_"], ""),
        (s("a b"), "field", &["2", " "], "b"),
        (s(text), "word", &["4", "_"], "f5"),
        (s(text), "word", &["5", "_"], "-"),
        (s(text), "word", &["2", "_", "0"], "f2_f3__f5"),
        (s(text), "word", &["3", "_", "2"], "f3__f5"),
        (s(text), "word", &["2", "_", "9"], "f2_f3__f5"),
        (s(text), "word", &["-2", "_", "3"], "f1_f2_f3"),
        (s(text), "word", &["-3", "_", "0"], "f1_f2"),
        (s(text), "word", &["-9", "_"], "-"),
        (s("/f1/f2/f3/f4"), "word", &["1", "/"], "f1"),
        (s(edges), "word", &["2", "_", "0"], "b_"),
        (s(edges), "word", &["1", "_", "2"], "a__b"),
        (s(edges), "word", &["1", "_", "9"], "a__b_"),
        (s(edges), "word", &["-1", "_", "0"], "_a__b"),
        (s(edges), "word", &["-1", "_", "2"], "a__b"),
        (s(edges), "word", &["-1", "_", "9"], "_a__b"),
        (s(""), "word", &["1", "_"], "-"),
    ]);
}

#[test]
fn parameters_are_found_by_their_whole_name() {
    check(&[
        (s("a=b&c=d&a=r"), "param", &["a"], "b"),
        (s("a&b=c"), "param", &["a"], ""),
        (s("a=&b&c=a"), "param", &["b"], ""),
        (s("a=1;b=2;c=4"), "param", &["b", ";"], "2"),
        (s("testing=123"), "param", &["test"], "-"),
        (s("testing=123&test=4"), "param", &["test", "0x26"], "4"),
        (s("&&a="), "param", &["a"], ""),
    ]);
}

#[test]
fn substitutions_follow_sed_and_pcre() {
    let groups = "(foo|bar)([0-9]+)?";
    check(&[
        (s("a"), "regsub", &["x", "y"], "a"),
        (s("aaa"), "regsub", &["a", "b"], "baa"),
        (s("aaa"), "regsub", &["a", "b", "g"], "bbb"),
        (s("aAa"), "regsub", &["a", "b", "gi"], "bbb"),
        (s("foo12"), "regsub", &[groups, r"\2-\1"], "12-foo"),
        (s("foo12foo3"), "regsub", &[groups, r"\2-\1", "g"], "12-foo3-foo"),
        (s("foo12"), "regsub", &[groups, r"\0\3\\x", "i"], r"foo12\x"),
        (s("foo"), "regsub", &[groups, r"[\2]"], "[]"),
        (s("abc"), "regsub", &["x*", "-", "g"], "-a-b-c-"),
        (s("abc"), "regsub", &["b*", "-", "g"], "-a--c-"),
        (s("abc"), "regsub", &["^", "-", "g"], "-abc"),
        (s("aaa"), "regsub", &["^a", "b", "g"], "baa"),
        (s("a.b"), "regsub", &[r"\.", ""], "ab"),
        (s("abc"), "regsub", &["(b)", r"<\1\2>"], "a<b>c"),
        (s("a"), "regsub", &["a", r"\x41b\y\n\9z"], "Abynz"),
        (s("/////a///b/c/xzxyz/"), "regsub", &["/+", "/", "g"], "/a/b/c/xzxyz/"),
    ]);
}

#[test]
fn texts_are_changed_as_a_whole() {
    check(&[
        (s("A.b"), "upper", &[], "A.B"),
        (s("A.b"), "lower", &[], "a.b"),
        (s("abcd"), "length", &[], "4"),
        (b(b"ab\0c"), "length", &[], "2"),
        (i(1), "concat", &["b"], "1b"),
        (s("a"), "concat", &["b", "txn.none", "c"], "abc"),
        (s("a"), "concat", &["<", "txn.three", ">"], "a<3>"),
        (ip("1.2.3.4"), "concat", &["b"], "1.2.3.4b"),
        (s(""), "add_item", &[",", "txn.text", "_suff_"], "var_content_suff_"),
        (s(""), "add_item", &[",", "txn.text"], "var_content"),
        (s(""), "add_item", &[",", "", "_suff_"], "_suff_"),
        (s("in"), "add_item", &[",", "txn.text", "_suff_"], "in,var_content_suff_"),
        (s("in"), "add_item", &[",", "txn.none"], "in"),
        (s("aabca"), "ltrim", &["ab"], "ca"),
        (s("aabca"), "rtrim", &["a"], "aabc"),
        (s("aa"), "rtrim", &["a"], ""),
        (b(b"a\rb"), "cut_crlf", &[], "a"),
        (s("ab cd"), "reverse", &[], "dc ba"),
        (s("MaIl.EXAMPLE.com"), "reverse_dom", &[], "com.EXAMPLE.MaIl"),
        (s("example.com."), "reverse_dom", &[], "com.example"),
        (s("foo..bar"), "reverse_dom", &[], "-"),
        (s(".a"), "reverse_dom", &[], "-"),
        (s("."), "reverse_dom", &[], "-"),
        (s("var_content"), "strcmp", &["txn.text"], "0"),
        (s("abc"), "strcmp", &["txn.text"], "-1"),
        (s("z"), "strcmp", &["txn.text"], "1"),
        (s("abc"), "strcmp", &["txn.none"], "-"),
        (s("var_content"), "secure_memcmp", &["txn.text"], "1"),
        (s("var_contenT"), "secure_memcmp", &["txn.text"], "0"),
        (s("var"), "secure_memcmp", &["txn.text"], "0"),
        (i(3), "iif", &["y", "n"], "y"),
        (Sample::Bool(false), "iif", &["y", "n"], "n"),
        (Sample::Bool(false), "iif", &["y", ""], ""),
    ]);
}

#[test]
fn bytes_are_cut_by_numbers_and_by_variables() {
    let digits = || s("012345");
    check(&[
        (digits(), "bytes", &["0"], "303132333435"),
        (digits(), "bytes", &["1", "3"], "313233"),
        (digits(), "bytes", &["99"], ""),
        (digits(), "bytes", &["6"], ""),
        (digits(), "bytes", &["2", "7"], "32333435"),
        (digits(), "bytes", &["txn.one", "txn.three"], "313233"),
        (digits(), "bytes", &["txn.one", "3"], "313233"),
        (digits(), "bytes", &["txn.minus"], ""),
        (digits(), "bytes", &["0", "txn.minus"], ""),
        (digits(), "bytes", &["txn.none"], "-"),
        (digits(), "bytes", &["1", "txn.none"], "-"),
    ]);
}

#[test]
fn encodings_and_their_reverse() {
    check(&[
        (s("ab"), "hex", &[], "6162"),
        (i(12), "hex", &[], "000000000000000C"),
        (s("0a0B"), "hex2i", &[], "2571"),
        (s("ffffffffffffffff"), "hex2i", &[], "-1"),
        (s("1"), "hex2i", &[], "1"),
        (s(""), "hex2i", &[], "0"),
        (s("12xy"), "hex2i", &[], "-"),
        (b(&[1, 2]), "base2", &[], "0000000100000010"),
        (s("foo"), "base64", &[], "Zm9v"),
        (s("fo"), "base64", &[], "Zm8="),
        (s("Zm9v"), "b64dec", &[], "666F6F"),
        (s("Zm8="), "b64dec", &[], "666F"),
        (s("Zm9="), "b64dec", &[], "666F"),
        (s("Zm8"), "b64dec", &[], "-"),
        (s("Zm 8="), "b64dec", &[], "-"),
        (s(""), "b64dec", &[], ""),
        (s("fooba"), "ub64enc", &[], "Zm9vYmE"),
        (b(&[0x14, 0xfb, 0x9c, 3, 0xd9, 0x7f, 0x12, 0xd9, 0x7e]), "ub64enc", &[], "FPucA9l_Etl-"),
        (s("FPucA9l_Etl-"), "ub64dec", &[], "14FB9C03D97F12D97E"),
        (s("Zg"), "ub64dec", &[], "66"),
        (s("Zm+/"), "ub64dec", &[], "-"),
        (s("Z"), "ub64dec", &[], "-"),
        (b(&[1, 2, 3, 4, 5, 6, 7]), "be2dec", &[":", "2"], "258:772:1286:7"),
        (b(&[1, 2, 3, 4, 5, 6, 7]), "be2dec", &["-", "2", "1"], "258-772-1286"),
        (b(&[1, 2, 3, 4, 5, 6, 7]), "be2dec", &["", "2", "1"], "2587721286"),
        (b(&[255; 8]), "be2dec", &["", "8"], "18446744073709551615"),
        (s(""), "be2dec", &[":", "1"], ""),
        (b(&[1, 2, 3, 4, 5, 6, 7]), "le2dec", &[":", "2"], "513:1027:1541:7"),
        (s("0123456789"), "le2dec", &["::", "3", "1"], "3289392::3486771::3684150"),
        (b(&[1, 2, 3, 4, 5, 6, 7]), "be2hex", &[], "01020304050607"),
        (b(&[1, 2, 3, 4, 5, 6, 7]), "be2hex", &[":", "2"], "0102:0304:0506:07"),
        (b(&[1, 2, 3, 4, 5, 6, 7]), "be2hex", &["--", "2", "1"], "0102--0304--0506"),
        (b(&[1, 2, 3, 4, 5, 6, 7, 8]), "be2hex", &["", "3", "1"], "010203040506"),
        (s("a%20b+c"), "url_dec", &[], "a b+c"),
        (s("a%20b+c?d+e"), "url_dec", &[], "a b+c?d e"),
        (s("a%20b+c?d+e"), "url_dec", &["1"], "a b c?d e"),
        (s("a+b"), "url_dec", &["0"], "a+b"),
        (s("a%2"), "url_dec", &[], "-"),
        (s("a%zz"), "url_dec", &[], "-"),
        (s("a b&c=/?\u{e9}~._-*"), "url_enc", &[], "a%20b%26c%3D%2F%3F%C3%A9~._-%2A"),
        (s("a b"), "url_enc", &["query"], "a%20b"),
    ]);
}

#[test]
fn arithmetic_saturates() {
    check(&[
        (i(i64::MAX), "add", &["1"], "9223372036854775807"),
        (i(i64::MIN), "add", &["-1"], "-9223372036854775808"),
        (i(i64::MIN), "sub", &["1"], "-9223372036854775808"),
        (i(i64::MIN), "neg", &[], "9223372036854775807"),
        (i(i64::MAX), "mul", &["-2"], "-9223372036854775808"),
        (i(i64::MIN), "mul", &["-1"], "9223372036854775807"),
        (i(i64::MIN), "div", &["-1"], "9223372036854775807"),
        (i(7), "div", &["0"], "9223372036854775807"),
        (i(-7), "div", &["0"], "9223372036854775807"),
        (i(-7), "div", &["2"], "-3"),
        (i(-7), "mod", &["2"], "-1"),
        (i(-7), "mod", &["0"], "0"),
        (i(i64::MIN), "mod", &["-1"], "0"),
        (i(5), "add", &["txn.three"], "8"),
        (i(5), "add", &["txn.none"], "-"),
        (i(5), "and", &["6"], "4"),
        (i(5), "or", &["2"], "7"),
        (i(5), "xor", &["1"], "4"),
        (i(5), "cpl", &[], "-6"),
        (i(-5), "odd", &[], "1"),
        (i(-5), "even", &[], "0"),
        (i(5), "not", &[], "0"),
        (i(0), "bool", &[], "0"),
        (i(258), "htonl", &[], "00000102"),
        (i(-1), "htonl", &[], "FFFFFFFF"),
    ]);
}

#[test]
fn hashes_agree_with_those_of_balancing() {
    let all: Vec<u8> = (0..=255).collect();
    let all = || Sample::bytes(all.clone());
    check(&[
        (all(), "crc32", &[], "688229491"),
        (all(), "crc32", &["1"], "4230317029"),
        (all(), "crc32c", &[], "2621708363"),
        (all(), "crc32c", &["1"], "2242979626"),
        (all(), "djb2", &[], "2589693061"),
        (all(), "djb2", &["1"], "600622701"),
        (all(), "sdbm", &[], "905707648"),
        (all(), "sdbm", &["1"], "3103804144"),
        (all(), "wt6", &[], "4090277559"),
        (all(), "wt6", &["1"], "1192658767"),
        (all(), "xxh3", &[], "-7779787747613135503"),
        (all(), "xxh3", &["1"], "5930632130106562027"),
        (all(), "xxh32", &[], "1497633363"),
        (all(), "xxh32", &["1"], "1070421674"),
        (all(), "xxh64", &[], "2282408585429094475"),
        (all(), "xxh64", &["1"], "-4689339368900765961"),
        (s("abc"), "xxh32", &["4294967295"], "2989167648"),
    ]);
}

#[test]
fn digests_and_codes_of_known_texts() {
    let md5 = "0CC175B9C0F1B6A831C399E269772661";
    let code = "780C3DB4CE3DE5B9E55816FBA98F590631D96C075271B26976238D5F4444219B";
    check(&[
        (s("1"), "sha1", &[], "356A192B7913B04C54574D18C28D46E6395428AB"),
        (s("1"), "digest", &["sha1"], "356A192B7913B04C54574D18C28D46E6395428AB"),
        (s("1"), "sha2", &["224"], "E25388FDE8290DC286A6164FA2D97E551B53498DCBF7BC378EB1F178"),
        (s("1"), "sha2", &[], "6B86B273FF34FCE19D6B804EFF5A3F5747ADA4EAA22F1D49C01E52DDB7875B4B"),
        (s("1"), "digest", &["SHA256"], "6B86B273FF34FCE19D6B804EFF5A3F5747ADA4EAA22F1D49C01E52DDB7875B4B"),
        (s("a"), "digest", &["md5"], md5),
        (s("a"), "hmac", &["sha256", "a2V5"], code),
        (s("a"), "hmac", &["sha256", "txn.key"], code),
        (s("a"), "hmac", &["sha256", "txn.none"], "-"),
    ]);
}

#[test]
fn dates_are_written_and_read() {
    check(&[
        (i(1_700_000_000), "http_date", &["3600"], "Tue, 14 Nov 2023 23:13:20 GMT"),
        (i(1_700_000_000_123), "http_date", &["0", "ms"], "Tue, 14 Nov 2023 22:13:20.123 GMT"),
        (i(1_700_000_000_123_456), "http_date", &["1000000", "us"], "Tue, 14 Nov 2023 22:13:21.123456 GMT"),
        (i(i64::MAX), "http_date", &["1"], "-"),
        (i(1_700_000_000), "utime", &["%Y-%m-%dT%H:%M:%S%z %j %a %e"], "2023-11-14T22:13:20+0000 318 Tue 14"),
        (i(1_700_000_000), "utime", &["%Q %% %q x"], "%Q % %q x"),
        (i(1_700_000_000), "utime", &["%S", "60"], "20"),
        (i(1_700_000_000_123), "ms_utime", &["%3N %N %6N %S"], "123 123000000 123000 20"),
        (i(1_700_000_000_123_456), "us_utime", &["%6N %3N %9N %1N"], "123456 123 123456000 1"),
        (s("Sun, 06 Nov 1994 08:49:37 GMT"), "date", &[], "784111777"),
        (s("Sunday, 06-Nov-94 08:49:37 GMT"), "date", &[], "784111777"),
        (s("Sun Nov  6 08:49:37 1994"), "date", &[], "784111777"),
        (s("x"), "date", &[], "-"),
    ]);
}

#[test]
fn addresses_are_masked_and_ports_cut_off() {
    check(&[
        (ip("1.2.3.4"), "ipmask", &["24"], "1.2.3.0"),
        (ip("1.2.3.4"), "ipmask", &["0"], "0.0.0.0"),
        (ip("1.2.3.4"), "ipmask", &["255.255.0.0"], "1.2.0.0"),
        (ip("1:2:3::4"), "ipmask", &["24"], "-"),
        (ip("1:2:3::4"), "ipmask", &["24", "32"], "1:2::"),
        (ip("1:2:3::4"), "ipmask", &["24", "ffff::"], "1::"),
        (ip("::ffff:1.2.3.4"), "ipmask", &["24", "32"], "1.2.3.0"),
        (s("www.Ex.com:80"), "host_only", &[], "www.ex.com"),
        (s("[::1]:80"), "host_only", &[], "[::1]"),
        (s("[::1]"), "host_only", &[], "[::1]"),
        (s("ex:"), "host_only", &[], "ex"),
        (s("ex:"), "port_only", &[], "0"),
        (s("[::1]:81"), "port_only", &[], "81"),
        (s("ex"), "port_only", &[], "0"),
    ]);
}

#[test]
fn json_is_escaped_and_looked_into() {
    let text =
        r#"{"a":{"b":[1,"x",{"c":true}]},"n":-4.50,"z":null,"s":"q\"\u00e9","my.key":"v","i":4,"e":1e3}"#;
    check(&[
        (s("a\"b\\c/d\te"), "json", &[], r#"a\"b\\c\/d\te"#),
        (s("\u{e9}"), "json", &[], r"\u00c3\u00a9"),
        (b(b"a\x7fb\x01"), "json", &["ascii"], "a\\u007fb\\u0001"),
        (s("\u{e9}"), "json", &["utf8"], r"\u00e9"),
        (s("\u{20ac}\u{1f600}"), "json", &["utf8s"], r"\u20ac"),
        (s("\u{1f600}"), "json", &["utf8"], "-"),
        (b(b"-\xe0-"), "json", &["utf8s"], "--"),
        (b(b"\xe0"), "json", &["utf8"], "-"),
        (b(b"A\xc0\x81"), "json", &["utf8p"], "A\\u0001"),
        (b(b"A\xc0\x81"), "json", &["utf8"], "-"),
        (b(b"A\xc0\x81B"), "json", &["utf8s"], "AB"),
        (b(b"A\xffB"), "json", &["utf8s"], "AB"),
        (s(text), "json_query", &["$.a.b"], r#"[1,"x",{"c":true}]"#),
        (s(text), "json_query", &["$.a.b[1]"], "x"),
        (s(text), "json_query", &["$.a.b[2].c"], "1"),
        (s(text), "json_query", &["$.a"], "-"),
        (s(text), "json_query", &["$.n"], "-4.5"),
        (s(text), "json_query", &["$.n", "int"], "-4"),
        (s(text), "json_query", &["$.i", "int"], "4"),
        (s(text), "json_query", &["$.e"], "1000"),
        (s(text), "json_query", &["$.z"], "-"),
        (s(text), "json_query", &["$.s"], "q\"\u{e9}"),
        (s(text), "json_query", &[r"$.my\.key"], "v"),
        (s(text), "json_query", &["$.none"], "-"),
        (s("[1, 2]"), "json_query", &["$[1]"], "2"),
        (s("[1, 2]"), "json_query", &["$"], "[1, 2]"),
        (s("no json"), "json_query", &["$.a"], "-"),
    ]);
}

#[test]
fn forwarded_fields_are_read_strictly() {
    let full = "proto=https;host=\"haproxy.org:80\";for=\"127.0.0.1:9999\"";
    let valid =
        [full, "for=127.0.0.1", "for=_x;by=\"[::1]:_p\"", "host=\"a.b:80\"", "by=\"[::1]:3\"", "host=v.test"];
    for text in valid {
        check(&[(s(text), "rfc7239_is_valid", &[], "1")]);
    }
    for text in [
        "for=a b",
        "For=unknown",
        "for=\"_x\"; by=1.2.3.4",
        "host=a.b:80",
        "proto=http,for=1.2.3.4",
        "for=1.2.3.4;",
        "",
        "secret=x;proto=http",
        "for=\"1.2.3.4:70000\"",
        "PROTO=HTTP",
        "fore=\"unknown:132\"",
        "proto=http;proto=http",
        "\"",
        "by=[::1]",
        "by=\"[::1]:\"",
    ] {
        check(&[(s(text), "rfc7239_is_valid", &[], "0")]);
    }
    check(&[
        (s(full), "rfc7239_field", &["for"], "127.0.0.1:9999"),
        (s(full), "rfc7239_field", &["host"], "haproxy.org:80"),
        (s(full), "rfc7239_field", &["proto"], "https"),
        (s(full), "rfc7239_field", &["by"], "-"),
        (s("proto=http,for=1.2.3.4"), "rfc7239_field", &["for"], "-"),
        (s("127.0.0.1:9999"), "rfc7239_n2nn", &[], "127.0.0.1"),
        (s("[::1]:9998"), "rfc7239_n2nn", &[], "::1"),
        (s("_name:_port"), "rfc7239_n2nn", &[], "_name"),
        (s("unknown"), "rfc7239_n2nn", &[], "unknown"),
        (s("x"), "rfc7239_n2nn", &[], "-"),
        (s("unknown:5"), "rfc7239_n2np", &[], "5"),
        (s("127.0.0.1"), "rfc7239_n2np", &[], "-"),
        (s("_a:_b"), "rfc7239_n2np", &[], "_b"),
        (ip("::1"), "rfc7239_nn", &[], "[::1]"),
        (ip("1.2.3.4"), "rfc7239_nn", &[], "1.2.3.4"),
        (s("test"), "rfc7239_nn", &[], "_test"),
        (s(""), "rfc7239_nn", &[], "unknown"),
        (s("te st"), "rfc7239_nn", &[], "-"),
        (i(12), "rfc7239_np", &[], "12"),
        (i(-1), "rfc7239_np", &[], "4294967295"),
        (s("test"), "rfc7239_np", &[], "_test"),
        (s(""), "rfc7239_np", &[], "-"),
    ]);
}

#[test]
fn the_best_language_is_one_of_those_named() {
    let field = "de;q=0.5, fr-ca, en;q=0";
    check(&[
        (s("fr-ca"), "language", &["fr;en"], "fr"),
        (s(field), "language", &["de;fr;en"], "fr"),
        (s(field), "language", &["de;fr-ca;en"], "fr-ca"),
        (s(field), "language", &["de;en"], "de"),
        (s(field), "language", &["en", "xx"], "xx"),
        (s(field), "language", &["en"], "-"),
    ]);
}

#[test]
fn control_characters_are_found_by_their_mask() {
    check(&[
        (s("hello world"), "has_ctl", &[], "0"),
        (s("a\tb"), "has_ctl", &[""], "0"),
        (s("a\tb"), "has_ctl", &["any"], "1"),
        (s("a\tb"), "has_ctl", &["0x200"], "1"),
        (s("a\rb"), "has_ctl", &["http"], "1"),
        (s("a\rb"), "has_ctl", &["0x200"], "0"),
        (s("a\x01b"), "has_ctl", &["http"], "0"),
        (s("a\x01b"), "has_ctl", &[], "1"),
        (s("a\x7fb"), "has_ctl", &[], "1"),
        (s("a\x7fb"), "has_ctl", &["http"], "0"),
    ]);
}

#[test]
fn proxies_and_servers_are_found_by_name() {
    check(&[
        (s("fe"), "fe_exists", &[], "1"),
        (s("be"), "fe_exists", &[], "0"),
        (s("be"), "nbsrv", &[], "1"),
        (s("fe"), "nbsrv", &[], "-"),
        (s("s1"), "srv_is_up", &[], "1"),
        (s("be/s1"), "srv_queue", &[], "0"),
        (s("be/s9"), "srv_is_up", &[], "-"),
    ]);
}

#[test]
fn a_variable_is_set_when_all_conditions_hold() {
    let (directory, x) = world();
    let value = |name: &str| x.vars.get(VarId::parse(name).expect("a name"));
    let run = |args: &[&str], sample: Sample<'static>| {
        let converter = make(&directory, "set-var", args).unwrap_or_else(|e| panic!("{}", e.message));
        assert_eq!(converter.convert(sample.clone(), &x), Some(sample), "the sample goes on as it is");
    };
    run(&["txn.new", "ifexists"], i(1));
    assert_eq!(value("txn.new"), None);
    run(&["txn.new", "ifnotset"], i(5));
    assert_eq!(value("txn.new"), Some(Value::Int(5)));
    run(&["txn.new", "ifset", "iflt"], i(4));
    assert_eq!(value("txn.new"), Some(Value::Int(5)), "5 is not less than 4");
    run(&["txn.new", "ifgt"], i(4));
    assert_eq!(value("txn.new"), Some(Value::Int(4)), "5 is greater than 4");
    run(&["txn.new", "ifnotempty"], s(""));
    assert_eq!(value("txn.new"), Some(Value::Int(4)));
    run(&["txn.new", "ifempty"], s(""));
    assert_eq!(value("txn.new"), Some(Value::Str(b"".as_slice().into())));
    let unset = make(&directory, "unset-var", &["txn.new"]).unwrap_or_else(|e| panic!("{}", e.message));
    assert_eq!(unset.convert(i(1), &x), Some(i(1)));
    assert_eq!(value("txn.new"), None);
}

#[test]
fn wrong_arguments_are_refused_and_the_guilty_one_is_named() {
    let (directory, _) = world();
    let cases: &[(&str, &[&str], usize)] = &[
        ("field", &["0", "_"], 0),
        ("field", &["1"], 1),
        ("field", &["txn.three", "_"], 0),
        ("word", &["1", ""], 1),
        ("sha2", &["1"], 0),
        ("digest", &["foo"], 0),
        ("hmac", &["sha256"], 1),
        ("hmac", &["sha256", "***"], 1),
        ("url_enc", &["foo"], 0),
        ("url_dec", &["x"], 0),
        ("regsub", &["", "b"], 0),
        ("regsub", &["[", "b"], 0),
        ("regsub", &["a", "b", "z"], 2),
        ("regsub", &["a", r"\x4"], 1),
        ("json", &["x"], 0),
        ("json_query", &["$."], 0),
        ("json_query", &["$.a", "foo"], 1),
        ("add", &["x"], 0),
        ("add", &["1x"], 0),
        ("be2dec", &[":", "9"], 1),
        ("be2dec", &[":", "0"], 1),
        ("be2hex", &[":", "-1"], 1),
        ("be2hex", &[":"], 1),
        ("bytes", &["-1"], 0),
        ("bytes", &["0", "0"], 1),
        ("ipmask", &["33"], 0),
        ("ipmask", &["24", "129"], 1),
        ("ipmask", &["x"], 0),
        ("http_date", &["x"], 0),
        ("http_date", &["1", "m"], 1),
        ("utime", &["%H", "x"], 1),
        ("param", &["a", "bc"], 1),
        ("concat", &["", "bad"], 1),
        ("strcmp", &["bad"], 0),
        ("secure_memcmp", &["x"], 0),
        ("add_item", &[","], 1),
        ("set-var", &["txn.a", "foo"], 1),
        ("has_ctl", &["bogus"], 0),
        ("has_ctl", &["0x400000000"], 0),
    ];
    for (name, args, guilty) in cases {
        let text = format!("{name}({})", args.join(","));
        let error = make(&directory, name, args).err().unwrap_or_else(|| panic!("{text} was taken"));
        assert_eq!(error.arg, Some(*guilty), "{text}: {}", error.message);
    }
}

#[test]
fn no_arguments_and_no_sample_make_a_row_panic() {
    let (directory, x) = world();
    let words = ["", "x", "0", "1", "-1", "99999999999999999999", "txn.three", "\u{e9}", "%", "\\", "$.a[0]"];
    let samples =
        [s(""), s("a=b;c, [::1]:8%"), i(i64::MIN), i(i64::MAX), b(&[0, 255]), ip("::1"), ip("1.2.3.4")];
    for row in rows() {
        for count in 0..=row.args.1 + 1 {
            for word in words {
                let Ok(converter) = make(&directory, row.name, &vec![word; count]) else { continue };
                for sample in &samples {
                    let _ = cast(sample.clone(), row.input).and_then(|input| converter.convert(input, &x));
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_none_is_both_there_and_not_yet() {
    let mut names: Vec<&str> = rows().map(|r| r.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands twice");
    assert!(NOT_YET.iter().all(|name| !names.contains(name)));
    assert!(NOT_YET.is_sorted());
}
