//! Bytes before a decision.

use super::World;

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

/// A connection request of a remote desktop, with this text behind its head.
fn desktop(text: &[u8]) -> Vec<u8> {
    let length = text.len() + 6;
    let mut bytes = vec![3, 0, 0, length as u8 + 5, length as u8, 0xe0, 0, 0, 0, 0, 0];
    bytes.extend(text);
    bytes
}

#[test]
fn the_cookie_of_a_remote_desktop_is_read() {
    let world = World::new();
    let mut x = world.exchange();
    x.payload.data = desktop(b"Cookie: mstshash=user\r\n\x01\0\x08\0");
    world.check(
        &x,
        &[
            ("req.rdp_cookie", "user"),
            ("rdp_cookie(MSTSHASH)", "user"),
            ("req.rdp_cookie(msts)", "-"),
            ("req.rdp_cookie_cnt", "1"),
            ("rdp_cookie_cnt(msts)", "0"),
        ],
    );
    let whole = std::mem::take(&mut x.payload.data);
    x.payload.data = whole[..20].to_vec();
    world.check(&x, &[("req.rdp_cookie", "?"), ("req.rdp_cookie_cnt", "?")]);
    for other in
        [b"hello, this is no request".to_vec(), desktop(b"Cookie: a b\r\n"), desktop(b"Cookie: =x\r\n")]
    {
        x.payload.data = other;
        world.check(&x, &[("req.rdp_cookie", "-"), ("req.rdp_cookie_cnt", "0")]);
    }
}

#[test]
fn tokens_of_distcc_are_found_in_their_order() {
    let world = World::new();
    let mut x = world.exchange();
    x.payload.data = b"DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI0000000fhel".to_vec();
    world.check(
        &x,
        &[
            ("distcc_param(DIST)", "1"),
            ("distcc_param(ARGV)", "3"),
            ("distcc_param(ARGV,2)", "2"),
            ("distcc_body(ARGV)", "676363"),
            ("distcc_body(ARGV,2)", "2D63"),
            ("distcc_body(ARGC)", "-"),
            ("distcc_param(DOTI)", "15"),
            ("distcc_body(DOTI)", "?"),
            ("distcc_param(DONE)", "?"),
        ],
    );
    x.payload.data = b"DISTzz000001".to_vec();
    world.check(&x, &[("distcc_param(DIST)", "-")]);
}
