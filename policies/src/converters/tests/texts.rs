//! Texts, addresses and header fields.

use super::*;

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
fn addresses_are_masked_and_ports_cut_off() {
    check(&[
        (ip("1.2.3.4"), "ipmask", &["24"], "1.2.3.0"),
        (ip("1.2.3.4"), "ipmask", &["0"], "0.0.0.0"),
        (ip("1.2.3.4"), "ipmask", &["255.255.0.0"], "1.2.0.0"),
        (ip("1:2:3::4"), "ipmask", &["24"], "-"),
        (ip("1:2:3::4"), "ipmask", &["24", "32"], "1:2::"),
        (ip("1:2:3::4"), "ipmask", &["24", "ffff::"], "1::"),
        (ip("::ffff:1.2.3.4"), "ipmask", &["24", "32"], "1.2.3.0"),
        (ip("2002:a01:203::1"), "ipmask", &["24", "64"], "10.1.2.0"),
        (ip("::1"), "ipmask", &["24", "64"], "0.0.0.0"),
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
