//! Every row against an exchange; what is expected was read off HAProxy 3.5 with the same requests.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use portero_api::{
    Address, Common, Conn, Directory, Framing, Kind, Method, ProxyState, ServerState, Transport, Value,
    VarId, Vars, Version,
};
use portero_grammar::rules::tree::Arg;
use portero_grammar::{FileId, Span};

use super::*;
use crate::vocabulary::{Context, Files};

const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("there is no file '{path}' in this test"))
    }
}

/// What expressions are compiled in.
struct World {
    directory: Directory,
    common: Common,
}

impl World {
    /// A frontend `fe` and a backend `be` with the servers s1 (limit 10) and s2.
    fn new() -> World {
        let directory = Directory::default();
        directory.insert(Arc::new(ProxyState::new("fe", 1, Kind::Frontend, true)));
        let be = ProxyState::new("be", 2, Kind::Backend, true);
        let servers = [("s1", 1), ("s2", 2)].map(|(name, id)| {
            Arc::new(ServerState::new(&be, name, id, Address::Ip(SocketAddr::from(([127, 0, 0, 1], 80)))))
        });
        servers[0].set_max_sessions(10);
        servers[0].set_queued(3);
        be.set_servers(servers.to_vec());
        directory.insert(Arc::new(be));
        World { directory, common: Common::default() }
    }

    /// Makes the fetch of an expression such as `req.hdr(host,1)`, standing in this proxy.
    fn make_in(&self, proxy: &str, text: &str) -> Made {
        let (name, args) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').expect("a closing parenthesis")),
            None => (text, ""),
        };
        let list: Vec<Arg> = match args {
            "" => Vec::new(),
            args => args.split(',').map(|a| Arg { text: a.into(), span: NOWHERE }).collect(),
        };
        let context = Context { proxy, directory: &self.directory, common: &self.common, files: &NoFiles };
        (find(name).make)(&Args { list: &list, context: &context })
    }

    fn make(&self, text: &str) -> Made {
        self.make_in("be", text)
    }

    fn exchange(&self) -> Exchange {
        let src: SocketAddr = "127.0.0.1:4000".parse().expect("an address");
        let dst: SocketAddr = "127.0.0.1:80".parse().expect("an address");
        Exchange::new(Conn {
            frontend: self.directory.proxy("fe", false).expect("made above"),
            src: Some(src),
            dst: Some(dst),
            peer: Some(src),
            local: Some(dst),
            listener: "sock1".into(),
            listener_id: 1,
            transport: Transport::Tcp,
            vars: Vars::default(),
            accepted_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
            accepted: Instant::now(),
            requests: 1,
        })
    }

    /// An exchange with a request, written as lines without their ends.
    fn request(&self, head: &str) -> Exchange {
        let mut x = self.exchange();
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default();
        let words: Vec<&str> = line.split(' ').collect();
        x.request.method = Method::from_bytes(words[0].as_bytes());
        x.request.target = words[1].into();
        x.request.version = if words[2] == "HTTP/1.0" { Version::Http10 } else { Version::Http11 };
        x.log.request_line = line.into();
        for field in lines {
            let (name, value) = field.split_once(':').expect("a colon");
            x.request.headers.add(name.as_bytes(), value.trim().as_bytes());
        }
        x
    }

    fn response(&self, fields: &[(&str, &str)]) -> Exchange {
        let mut x = self.request("GET /x?y=1 HTTP/1.1\nHost: h\nCookie: k=1");
        x.response.status = 200;
        for (name, value) in fields {
            x.response.headers.add(name.as_bytes(), value.as_bytes());
        }
        x
    }

    /// The value as text, `-` for none, `?` for not yet.
    fn value(&self, x: &Exchange, text: &str) -> String {
        let fetch = self.make(text).unwrap_or_else(|e| panic!("{text}: {}", e.message));
        match fetch.fetch(x) {
            Ok(Some(sample)) => show(&sample),
            Ok(None) => "-".into(),
            Err(_) => "?".into(),
        }
    }

    /// All values, with the same marks.
    fn each(&self, x: &Exchange, text: &str) -> String {
        let fetch = self.make(text).unwrap_or_else(|e| panic!("{text}: {}", e.message));
        let mut all = Vec::new();
        let end = fetch.each(x, &mut |sample| {
            all.push(show(&sample));
            ControlFlow::Continue(())
        });
        all.join("|") + if end.is_err() { "?" } else { "" }
    }

    fn check(&self, x: &Exchange, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(self.value(x, text), *expected, "{text}");
        }
    }
}

fn rows() -> impl Iterator<Item = &'static FetchKind> {
    FETCHES.iter().copied().flatten()
}

fn find(name: &str) -> &'static FetchKind {
    rows()
        .find(|r| r.name == name || r.aliases.contains(&name))
        .unwrap_or_else(|| panic!("no fetch '{name}'"))
}

fn show(sample: &Sample<'_>) -> String {
    match sample {
        Sample::Bin(bytes) => bytes.iter().map(|b| format!("{b:02X}")).collect(),
        other => {
            let mut text = Vec::new();
            crate::cast::write_text(other, &mut text);
            String::from_utf8(text).expect("text")
        }
    }
}

const LISTS: &str = "GET /p?a=1&b;c=3&A=9 HTTP/1.1
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
fn without_an_http_request_its_fetches_have_no_value() {
    let world = World::new();
    let x = world.exchange();
    let http = rows().filter(|r| matches!(r.needs, Needs::Request | Needs::RequestBody | Needs::Response));
    for row in http.filter(|r| r.args.0 == 0 && !r.name.contains(".timer") && r.name != "http_first_req") {
        assert_eq!(world.value(&x, row.name), "-", "{}", row.name);
        assert_eq!(world.each(&x, row.name), "", "{}", row.name);
    }
}

#[test]
fn bytes_are_waited_for_only_while_more_can_come() {
    let world = World::new();
    let mut x = world.exchange();
    x.payload.data = b"\x00\x03abcd".to_vec();
    world.check(
        &x,
        &[
            ("req.len", "6"),
            ("req.payload(2,2)", "6162"),
            ("req.payload(2,0)", "61626364"),
            ("req.payload(4,3)", "?"),
            ("req.payload_lv(0,2)", "616263"),
            ("req.payload_lv(0,2,3)", "626364"),
            ("req.payload_lv(0,2,+1)", "626364"),
            ("req.payload_lv(0,2,-2)", "000361"),
            ("req.payload_lv(0,2,+2)", "?"),
            ("payload(2,2)", "6162"),
            ("wait_end", "?"),
            ("req.proto_http", "0"),
        ],
    );
    assert_eq!(world.each(&x, "req.len"), "6?", "no match is no verdict while more can come");
    x.payload.complete = true;
    world.check(&x, &[("req.payload(4,3)", "-"), ("wait_end", "1"), ("req.payload(9,0)", "-")]);
    assert_eq!(world.each(&x, "req.len"), "6");

    x.payload.data = b"GET / HTTP/1.1\r\n".to_vec();
    x.payload.complete = false;
    world.check(&x, &[("req.proto_http", "?")]);
    x.payload.data.extend(b"\r\n");
    world.check(&x, &[("req_proto_http", "1")]);
}

/// A client hello of Python's ssl module, up to its padding (204 zeros).
const HELLO: &str = "
    1603010200010001fc030362eda317e6492e1d466aa0b8cb92063d70ee6be936975ccdef51014aef85a099209cd83f455a97
    16961ee0a2d7dbd3396b105f3f899309b1960c321a5b97ba5b9f0024130213031301c02cc030c02bc02fcca9cca8c024c028
    c023c027009f009e006b006700ff0100018f00000014001200000f7777772e4578616d706c652e636f6d000b000403000102
    000a00160014001d0017001e0019001801000101010201030104002300000010000e000c02683208687474702f312e310016
    000000170000000d002a0028040305030603080708080809080a080b08040805080604010501060103030301030204020502
    0602002b00050403040303002d00020101003300260024001d00200ee2c995b2af29c73d42edeb5d53e099370f82f0e2352c
    583b6bd1c8db819736001500cc";

fn client_hello() -> Vec<u8> {
    let digits: Vec<u8> = HELLO.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    let mut hello: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    hello.resize(517, 0);
    hello
}

#[test]
fn a_client_hello_is_looked_into_once_it_is_complete() {
    let world = World::new();
    let mut x = world.exchange();
    let hello = client_hello();
    for length in 0..hello.len() {
        x.payload.data = hello[..length].to_vec();
        world.check(&x, &[("req.ssl_sni", "?"), ("req_ssl_hello_type", "?")]);
    }
    x.payload.complete = true;
    world.check(&x, &[("req.ssl_sni", "-"), ("req.ssl_hello_type", "-")]);
    x.payload.data = hello;
    world.check(
        &x,
        &[
            ("req.ssl_hello_type", "1"),
            ("req.ssl_ver", "196611"),
            ("req_ssl_sni", "www.Example.com"),
            ("req.ssl_alpn", "h2"),
            ("req.ssl_ec_ext", "1"),
            ("req.ssl_st_ext", "1"),
            ("req.ssl_supported_groups", "001D0017001E0019001801000101010201030104"),
            ("req.ssl_keyshare_groups", "001D"),
        ],
    );
    assert!(world.value(&x, "req.ssl_cipherlist").starts_with("130213031301C02C"));
    assert!(world.value(&x, "req.ssl_sigalgs").ends_with("05020602"));
    x.payload.data = b"GET / HTTP/1.1".to_vec();
    x.payload.complete = false;
    world.check(&x, &[("req.ssl_hello_type", "-"), ("req.ssl_sni", "-"), ("res.ssl_hello_type", "?")]);
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

#[test]
fn states_of_proxies_and_servers() {
    let world = World::new();
    let mut x = world.request("GET / HTTP/1.1");
    world.check(&x, &[("be_name", "fe"), ("be_id", "1"), ("srv_name", "-")]);
    x.backend = world.directory.proxy("be", true);
    x.server = x.backend.as_ref().map(|b| b.servers()[1].clone());
    world.check(
        &x,
        &[
            ("fe_name", "fe"),
            ("fe_id", "1"),
            ("fe_conn(fe)", "0"),
            ("be_name", "be"),
            ("be_id", "2"),
            ("be_conn", "0"),
            ("nbsrv", "2"),
            ("nbsrv(be)", "2"),
            ("queue", "3"),
            ("avg_queue", "2"),
            ("be_conn_free", "-1"),
            ("srv_name", "s2"),
            ("srv_id", "2"),
            ("srv_conn(s1)", "0"),
            ("srv_conn_free(s1)", "7"),
            ("srv_conn_free(be/s2)", "-1"),
            ("srv_is_up(be/s1)", "1"),
            ("srv_weight(s1)", "1"),
            ("srv_queue(s1)", "3"),
            ("so_id", "1"),
            ("so_name", "sock1"),
            ("src", "127.0.0.1"),
            ("src_port", "4000"),
            ("fc_dst_port", "80"),
            ("src_is_local", "1"),
        ],
    );
    let server = world.directory.proxy("be", true).expect("made above").servers()[0].clone();
    server.set_oper(portero_api::Oper::Down);
    world.check(&x, &[("srv_is_up(s1)", "0"), ("nbsrv", "1")]);
}

#[test]
fn timers_count_milliseconds_and_what_never_happened_is_minus_one() {
    let world = World::new();
    let mut x = world.request("GET / HTTP/1.1");
    let start = Instant::now();
    let after = |ms| Some(start + Duration::from_millis(ms));
    x.log.timers.start = Some(start);
    x.log.timers.handshake = after(1);
    x.log.timers.first_byte = after(4);
    x.log.timers.request = after(10);
    x.log.timers.queued = after(13);
    x.log.timers.connected = after(18);
    world.check(
        &x,
        &[
            ("fc.timer.handshake", "1"),
            ("req.timer.idle", "3"),
            ("req.timer.hdr", "6"),
            ("req.timer.tq", "10"),
            ("req.timer.queue", "3"),
            ("bc.timer.connect", "5"),
            ("res.timer.hdr", "-1"),
            ("accept_date", "1700000000"),
            ("accept_date(ms)", "1700000000250"),
            ("request_date(ms)", "1700000000254"),
        ],
    );
    x.log.timers.response = after(30);
    x.log.timers.end = after(50);
    world.check(
        &x,
        &[
            ("res.timer.hdr", "12"),
            ("res.timer.data", "20"),
            ("txn.timer.total", "46"),
            ("fc.timer.total", "50"),
            ("txn.timer.user", "47"),
        ],
    );
}

#[test]
fn variables_constants_and_facts_of_the_log() {
    let world = World::new();
    let mut x = world.request("GET / HTTP/1.1");
    x.vars.set(VarId::parse("txn.a").expect("a name"), Value::Int(7));
    x.log.request_captures = vec![None, Some(b"cap".to_vec())];
    world.check(
        &x,
        &[
            ("var(txn.a)", "7"),
            ("var(txn.b)", "-"),
            ("var(txn.b,dflt)", "dflt"),
            ("var(txn.b,)", ""),
            ("always_true", "1"),
            ("bool(false)", "0"),
            ("int(-3)", "-3"),
            ("str(a)", "a"),
            ("str", ""),
            ("bin(0102fF)", "0102FF"),
            ("ipv4(1.2.3.4)", "1.2.3.4"),
            ("ipv6(::1)", "::1"),
            ("meth(foo)", "foo"),
            ("rand(1)", "0"),
            ("rand(0)", "0"),
            ("capture.req.hdr(1)", "cap"),
            ("capture.req.hdr(0)", "-"),
            ("capture.req.hdr(9)", "-"),
            ("txn.sess_term_state", "--"),
            ("last_rule_line", "-"),
        ],
    );
    x.log.last_rule = Some(("a.cfg".into(), 12));
    world.check(&x, &[("last_rule_file", "a.cfg"), ("last_rule_line", "12"), ("last_entity", "a.cfg:12")]);
}

#[test]
fn uuids_have_their_version_and_variant() {
    let world = World::new();
    let x = world.exchange();
    for (text, version) in [("uuid", '4'), ("uuid(4)", '4'), ("uuid(7)", '7')] {
        let (one, two) = (world.value(&x, text), world.value(&x, text));
        let digits: Vec<char> = one.chars().collect();
        assert_eq!((digits.len(), digits[14]), (36, version), "{one}");
        assert!(matches!(digits[19], '8' | '9' | 'a' | 'b'), "{one}");
        assert_ne!(one, two);
    }
}

#[test]
fn wrong_arguments_are_refused_and_the_guilty_one_is_named() {
    let world = World::new();
    let cases = [
        ("bool(yes)", 0),
        ("int(a)", 0),
        ("ipv4(1)", 0),
        ("ipv6(1.2.3.4)", 0),
        ("bin(012)", 0),
        ("uuid(5)", 0),
        ("date(1,x)", 1),
        ("req.hdr(a,b)", 1),
        ("query(x)", 0),
        ("capture.req.hdr", 0),
        ("capture.req.hdr(-1)", 0),
        ("var(x)", 0),
        ("var(foo.x)", 0),
        ("nbsrv(nope)", 0),
        ("fe_conn(be)", 0),
        ("srv_conn(x)", 0),
        ("srv_conn(nope/s1)", 0),
        ("req.payload(1)", 1),
        ("req.payload(-1,2)", 0),
        ("req.payload_lv(0,9)", 1),
        ("req.payload_lv(0,1,-2)", 2),
        ("urlp(a,?,x)", 2),
        ("rand(-1)", 0),
    ];
    for (text, guilty) in cases {
        let error = world.make(text).err().unwrap_or_else(|| panic!("{text} was taken"));
        assert_eq!(error.arg, Some(guilty), "{text}: {}", error.message);
    }
    let error = world.make_in("fe", "nbsrv").err().expect("a frontend has no servers");
    assert!(error.message.contains("'fe'"), "{}", error.message);
}

#[test]
fn no_arguments_make_a_row_panic() {
    let world = World::new();
    let x = world.request(LISTS);
    let words = ["", "x", "0", "-1", "99999999999999999999", "txn.a", "\u{e9}", "9223372036854775807"];
    for row in rows() {
        for count in 0..=row.args.1 + 1 {
            for word in words {
                let text = format!("{}({})", row.name, vec![word; count].join(","));
                if let Ok(fetch) = world.make(&text) {
                    let _ = fetch.fetch(&x);
                    let _ = fetch.each(&x, &mut |_| ControlFlow::Continue(()));
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_none_is_both_there_and_not_yet() {
    let mut names: Vec<&str> = rows().flat_map(|r| r.aliases.iter().chain([&r.name])).copied().collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands twice");
    assert!(NOT_YET.iter().all(|name| !names.contains(name)));
    assert!(NOT_YET.is_sorted());
}
