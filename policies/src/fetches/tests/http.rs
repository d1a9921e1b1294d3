//! Heads, bodies and what is made of them.

use portero_api::Framing;

use super::super::headers;
use super::World;

pub(super) const LISTS: &str = "GET /p?a=1&b;c=3&A=9 HTTP/1.1
Host: Ex:80
X: a,,b
X:
Y: a, \"b,c\" ,d,
Z:
Y: e
X-F: 1.2.3.4:99
V: 12abc
Cookie: a=1; b=2;c ; a=3
Cookie: d=\"q;r\"; e=";

#[test]
fn members_of_header_fields_are_found_by_their_place() {
    let world = World::new();
    let x = world.request(LISTS);
    world.check(
        &x,
        &[
            ("req.hdr(x)", ""),
            ("req.hdr(x,1)", "a"),
            ("req.hdr(x,2)", ""),
            ("req.hdr(x,3)", "b"),
            ("req.hdr(x,-1)", ""),
            ("req.hdr(x,-4)", "a"),
            ("req.hdr(x,-5)", "-"),
            ("req.hdr(x,9)", "-"),
            ("req.hdr(y,2)", "\"b,c\""),
            ("req.hdr(y,-2)", ""),
            ("hdr(host)", "Ex:80"),
            ("req.hdr(z)", ""),
            ("req.hdr(none)", "-"),
            ("req.hdr()", "d=\"q;r\"; e="),
            ("req.fhdr(y)", "e"),
            ("req.fhdr(y,1)", "a, \"b,c\" ,d,"),
            ("req.fhdr(y,-2)", "a, \"b,c\" ,d,"),
            ("req.hdr_cnt(x)", "4"),
            ("req.hdr_cnt(y)", "5"),
            ("hdr_cnt(z)", "1"),
            ("req.hdr_cnt(none)", "0"),
            ("req.hdr_cnt", "15"),
            ("req.fhdr_cnt(x)", "2"),
            ("req.fhdr_cnt", "10"),
            ("req.hdr_names", "host,x,x,y,z,y,x-f,v,cookie,cookie"),
            ("req.hdr_names(-+)", "host-x-x-y-z-y-x-f-v-cookie-cookie"),
        ],
    );
    assert_eq!(world.each(&x, "req.hdr(y)"), "a|\"b,c\"|d||e");
    assert_eq!(world.each(&x, "req.fhdr(y)"), "a, \"b,c\" ,d,|e");
    assert_eq!(world.each(&x, "req.hdr(y,1)"), "a");
    assert_eq!(world.each(&x, "req.hdr(none)"), "");
}

#[test]
fn whole_heads_are_given_as_text_and_encoded() {
    let world = World::new();
    let x = world.request("GET / HTTP/1.1\nHost: Ex:80\nX: a,,b");
    world.check(
        &x,
        &[
            ("req.hdrs", "host: Ex:80\r\nx: a,,b\r\n\r\n"),
            ("req.hdrs_bin", "04686F73740545783A3830017804612C2C620000"),
        ],
    );
    let mut long = Vec::new();
    for (n, expected) in
        [(239, vec![239]), (240, vec![240, 0]), (2287, vec![255, 127]), (2288, vec![240, 128, 0])]
    {
        long.clear();
        headers::variable_length(n, &mut long);
        assert_eq!(long, expected, "{n}");
    }
}

#[test]
fn addresses_and_numbers_in_header_fields() {
    let world = World::new();
    let x = world.request(
        "GET / HTTP/1.1\nh6: ::1\nh61: [::1]:80\nh62: [::1]\nh7: [::1]x\nh8: ::ffff:1.2.3.4\nbad: 1.2.3\np: 1.2.3.4:\n\
         q: 1.2.3.4:65536\nok: 1.2.3.4:65535\nm: 9.9.9.9, x\nv1: -5x\nv2: +5\nv4:  7, 8\nv5: x",
    );
    world.check(
        &x,
        &[
            ("req.hdr_ip(h6)", "::1"),
            ("req.hdr_ip(h61)", "-"),
            ("req.hdr_ip(h62)", "::1"),
            ("req.hdr_ip(h7)", "-"),
            ("req.hdr_ip(h8)", "::ffff:1.2.3.4"),
            ("req.hdr_ip(bad)", "-"),
            ("req.hdr_ip(p)", "-"),
            ("req.hdr_ip(q)", "-"),
            ("hdr_ip(ok)", "1.2.3.4"),
            ("req.hdr_ip(m)", "-"),
            ("req.hdr_ip(m,1)", "9.9.9.9"),
            ("req.hdr_ip(m,-2)", "9.9.9.9"),
            ("req.hdr_val(v1)", "-5"),
            ("req.hdr_val(v2)", "0"),
            ("hdr_val(v4)", "8"),
            ("req.hdr_val(v4,1)", "7"),
            ("req.hdr_val(v5)", "0"),
            ("req.hdr_val(none)", "-"),
        ],
    );
    assert_eq!(world.each(&x, "req.hdr_ip(m)"), "9.9.9.9");
}

#[test]
fn cookies_of_the_request() {
    let world = World::new();
    let x = world.request(LISTS);
    world.check(
        &x,
        &[
            ("req.cook(a)", "3"),
            ("req.cook", "1"),
            ("cook(c)", "-"),
            ("req.cook(d)", "\"q;r\""),
            ("req.cook(e)", ""),
            ("req.cook_cnt", "5"),
            ("req.cook_cnt(a)", "2"),
            ("req.cook_cnt(c)", "0"),
            ("req.cook_val(a)", "3"),
            ("req.cook_names", "a,b,a,d,e"),
            ("req.cook_names(;)", "a;b;a;d;e"),
            ("cookie(b)", "2"),
        ],
    );
    assert_eq!(world.each(&x, "req.cook(a)"), "1|3");
    assert_eq!(world.each(&x, "req.cook"), "1|2|3|\"q;r\"|");

    let odd = "GET / HTTP/1.1\nCookie: A=1;;b=\"x;y\"z; =5; c = d ;e=f=g;h\nCookie: k=1,l=2; m=\"q\\\"w;e\" ; n=x y";
    let x = world.request(odd);
    world.check(
        &x,
        &[
            ("req.cook(a)", "-"),
            ("req.cook(b)", "\"x;y\"z"),
            ("req.cook(c)", "d"),
            ("req.cook(e)", "f=g"),
            ("req.cook(h)", "-"),
            ("req.cook(k)", "1"),
            ("req.cook(l)", "2"),
            ("req.cook(m)", "\"q\\\"w;e\""),
            ("req.cook_val(n)", "0"),
            ("req.cook_names", "A,b,,c,e,k,l,m,n"),
        ],
    );
    let none = world.request("GET / HTTP/1.1\nHost: h");
    world.check(&none, &[("req.cook", "-"), ("req.cook_cnt", "0"), ("req.cook_names", "")]);
}

#[test]
fn parameters_of_the_query() {
    let world = World::new();
    let x = world.request(LISTS);
    world.check(
        &x,
        &[
            ("urlp(a)", "1"),
            ("url_param(b)", "-"),
            ("urlp(c)", "3"),
            ("urlp(A)", "9"),
            ("urlp(A,?,i)", "1"),
            ("urlp", "1"),
            ("urlp(a,&)", "-"),
            ("urlp_val(c)", "3"),
        ],
    );
    assert_eq!(world.each(&x, "urlp"), "1|3|9");
    assert_eq!(world.each(&x, "urlp(a,?,i)"), "1|9");

    let x = world.request("GET /?=5&a=1?a=2&A;b=1&&c=&=x HTTP/1.1");
    world.check(&x, &[("urlp", "5"), ("urlp(a)", "1"), ("urlp(b)", "1"), ("urlp(c)", "")]);

    let x = world.request("GET http://foo.example/x;a=1;b=2?a=3;b=4 HTTP/1.1");
    world.check(&x, &[("urlp(a)", "3"), ("urlp(a,;)", "1"), ("urlp(b,;)", "2?a=3"), ("urlp(b)", "4")]);
}

#[test]
fn the_parts_of_every_form_of_target() {
    let world = World::new();
    let origin = world.request(LISTS);
    world.check(
        &origin,
        &[
            ("method", "GET"),
            ("url", "/p?a=1&b;c=3&A=9"),
            ("path", "/p"),
            ("pathq", "/p?a=1&b;c=3&A=9"),
            ("query", "a=1&b;c=3&A=9"),
            ("query(with_qm)", "?a=1&b;c=3&A=9"),
            ("base", "Ex:80/p"),
            ("baseq", "Ex:80/p?a=1&b;c=3&A=9"),
            ("base32", "2797652396"),
            ("base32+src", "A6C0C9AC7F000001"),
            ("url32", "1492987751"),
            ("url32+src", "58FD2F677F000001"),
            ("url_ip", "-"),
            ("url_port", "-"),
            ("req.ver", "1.1"),
            ("capture.req.uri", "/p?a=1&b;c=3&A=9"),
            ("capture.req.method", "GET"),
            ("capture.req.ver", "HTTP/1.1"),
            ("http_first_req", "1"),
        ],
    );
    let absolute = world.request("GET http://1.2.3.4:81/x?y=1 HTTP/1.1\nHost: 1.2.3.4:81");
    world.check(
        &absolute,
        &[
            ("base", "1.2.3.4:81/x"),
            ("base32", "1260857869"),
            ("url32", "3658257088"),
            ("url_ip", "1.2.3.4"),
            ("url_port", "81"),
            ("pathq", "/x?y=1"),
            ("capture.req.uri", "/x?y=1"),
        ],
    );
    let no_path = world.request("GET http://1.2.3.4?a=1 HTTP/1.1\nHost: 1.2.3.4");
    world.check(
        &no_path,
        &[("path", ""), ("pathq", "?a=1"), ("url_port", "80"), ("urlp(a)", "1"), ("base", "1.2.3.4")],
    );
    let star = world.request("OPTIONS * HTTP/1.1\nHost: h");
    world.check(
        &star,
        &[
            ("path", "-"),
            ("pathq", "-"),
            ("url", "*"),
            ("query", "-"),
            ("base", "h"),
            ("base32", "1228821030"),
        ],
    );
    let bare = world.request("GET /? HTTP/1.0");
    world.check(
        &bare,
        &[("base", "/"), ("query", ""), ("query(with_qm)", ""), ("req_ver", "1.0"), ("base32", "2118074832")],
    );
    world.check(&bare, &[("url32", "1302737865"), ("urlp", "-")]);
}

#[test]
fn bodies_and_their_parameters() {
    let world = World::new();
    let mut x = world.request("POST /x HTTP/1.1\nContent-Length: 14");
    x.payload.data = b"a=1;B=2&c&d=3?".to_vec();
    x.request.framing = Framing::Length(14);
    world.check(
        &x,
        &[
            ("req.body_len", "14"),
            ("req.body_size", "14"),
            ("req.body_param", "1"),
            ("req.body_param(B)", "2"),
            ("req.body_param(b)", "-"),
            ("req.body_param(b,i)", "2"),
            ("req.body_param(c)", "-"),
            ("req.body_param(d)", "3?"),
        ],
    );
    assert_eq!(world.each(&x, "req.body_param"), "1|2|3?");
}

#[test]
fn the_response_has_its_own_fetches() {
    let world = World::new();
    let mut x = world.response(&[
        ("Set-Cookie", "a=1; path=/; b=2"),
        ("Set-Cookie", "a=2;x"),
        ("Set-Cookie", "c = \"d;e\" ; f"),
        ("Set-Cookie", "zz"),
        ("X", "p, q"),
    ]);
    x.response_payload.data = b"hello".to_vec();
    world.check(
        &x,
        &[
            ("status", "200"),
            ("http_status", "200"),
            ("res.ver", "1.1"),
            ("resp_ver", "1.1"),
            ("res.hdr(x)", "q"),
            ("shdr(x,1)", "p"),
            ("hdr(x)", "q"),
            ("res.fhdr(x)", "p, q"),
            ("res.hdr_cnt(x)", "2"),
            ("res.cook(a)", "2"),
            ("scook", "1"),
            ("res.cook(b)", "-"),
            ("res.cook(c)", "\"d;e\""),
            ("res.cook_cnt", "3"),
            ("res.cook_cnt(a)", "2"),
            ("res.cook_names", "a,a,c"),
            ("cookie(a)", "2"),
            ("cook(k)", "1"),
            ("res.body_len", "5"),
            ("res.body", "68656C6C6F"),
            ("capture.res.ver", "HTTP/1.1"),
            ("txn.status", "200"),
        ],
    );
}

#[test]
fn credentials_are_read_by_their_scheme() {
    let world = World::new();
    let x = world.request("GET / HTTP/1.1\nAuthorization: basic dXNlcjpwYTpzcw==\nX-A: Bearer  abc.def");
    world.check(
        &x,
        &[
            ("http_auth_type", "Basic"),
            ("http_auth_user", "user"),
            ("http_auth_pass", "pa:ss"),
            ("http_auth_bearer", "-"),
            ("http_auth_bearer(x-a)", "abc.def"),
        ],
    );
}
