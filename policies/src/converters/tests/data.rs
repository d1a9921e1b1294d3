//! Numbers, encodings, hashes, dates, JSON.

use super::*;

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
fn tokens_show_their_header_and_payload() {
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJqb2UiLCJuIjo3fQ.c2ln";
    check(&[
        (s(token), "jwt_header_query", &[], r#"{"alg":"HS256","typ":"JWT"}"#),
        (s(token), "jwt_header_query", &["$.alg"], "HS256"),
        (s(token), "jwt_payload_query", &["$.n", "int"], "7"),
        (s(token), "jwt_payload_query", &["$.none"], "-"),
        (s("eyJhbGciOiJIUzI1NiJ9.e30"), "jwt_header_query", &["$.alg"], "-"),
        (s("x.y.z"), "jwt_header_query", &["$.alg"], "-"),
        (s("eyJhbGciOiJIUzI1NiJ9.a.b.c.d"), "jwt_header_query", &["$.alg"], "HS256"),
        (s("eyJhbGciOiJIUzI1NiJ9.e30.b.c.d"), "jwt_payload_query", &[], "-"),
    ]);
}

#[test]
fn fields_of_protocol_buffers_are_found_by_their_numbers() {
    // field 1: { 2: 150 }, 2: "ab", 3: zigzag of -2, 4: fixed32 7, 5: double 2.5
    let message: &[u8] = b"\x0a\x03\x10\x96\x01\x12\x02ab\x18\x03\x25\x07\0\0\0\x29\0\0\0\0\0\0\x04\x40";
    let body: &'static [u8] = b"\0\0\0\0\x04\x12\x02ab";
    check(&[
        (b(message), "protobuf", &["1.2", "int32"], "150"),
        (b(message), "protobuf", &["1"], "109601"),
        (b(message), "protobuf", &["2"], "6162"),
        (b(message), "protobuf", &["3", "sint32"], "-2"),
        (b(message), "protobuf", &["4", "fixed32"], "7"),
        (b(message), "protobuf", &["5", "double"], "2"),
        (b(message), "protobuf", &["2", "int32"], "-"),
        (b(message), "protobuf", &["9"], "-"),
        (b(message), "protobuf", &["3.1"], "-"),
        (b(b"\x12\x09ab"), "protobuf", &["2"], "-"),
        (b(body), "ungrpc", &["2"], "6162"),
        (b(b"\x01\0\0\0\x04\x12\x02ab"), "ungrpc", &["2"], "-"),
    ]);
}
