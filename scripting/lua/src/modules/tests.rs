//! Modules by what a script gets that requires them.

use std::sync::Arc;

use bytes::Bytes;
use portero_api::{Answer, HttpTold};
use portero_conformance::rig::{Net, Turn, exchange, say};

use crate::Settings;
use crate::testing::{Stage, load_in, script};

/// Runs a script's own assertions while its file is loaded.
fn holds(source: &str) {
    script(source);
}

/// A text as Lua writes it.
fn quoted(text: &str) -> String {
    format!("[==[\n{text}]==]")
}

fn acting(body: &str, net: Net) -> Stage {
    let source = format!("core.register_action('it', {{ 'http-req' }}, function(txn)\n{body}\nend)");
    load_in(&source, &Settings::default(), net, Arc::default())
        .unwrap_or_else(|bad| panic!("{}", bad.message))
}

fn runs(stage: &Stage) {
    assert!(matches!(stage.finish("it", &mut exchange("/")), Answer::Continue));
    assert!(stage.desk.lines().is_empty(), "{:?}", stage.desk.lines());
}

#[test]
fn json_goes_both_ways() {
    holds(
        r#"local json = require "json"
        local text = [==[{"a":[1,2.5,"x\n\u00e9",true,null,{}],"b":{"c":-7}}]==]
        local value = json.decode(text)
        assert(value.a[1] == 1 and math.type(value.a[1]) == "integer" and value.a[2] == 2.5)
        assert(value.a[3] == "x\n\xc3\xa9" and value.a[4] == true and value.a[5] == nil and value.b.c == -7)
        assert(json.encode({ 1, "a\"\n", false }) == '[1,"a\\"\\n",false]')
        assert(json.encode({}) == "[]" and json.encode({ x = 0.1 + 0.2 }) == '{"x":0.3}')
        assert(json.encode(1e300) == "1e300" and json.encode(2.0) == "2" and json.encode(nil) == "null")
        assert(json.encode({ [1] = 1, [3] = 3 }) == "[1,null,3]" and json.encode({ a = 1, [5] = nil }) == '{"a":1}')
        for _, bad in ipairs { "{", "[1,]", "nul", "1 2", ("["):rep(200) } do assert(not pcall(json.decode, bad)) end
        local loop = {}
        loop[1] = loop
        for _, bad in ipairs { print, 0 / 0, math.huge, loop, { [1] = 1, [1000] = 1 }, { [print] = 1 } } do
            assert(not pcall(json.encode, bad))
        end"#,
    );
}

#[test]
fn cjson_has_a_null_and_empty_arrays() {
    holds(
        r#"local cjson = require "cjson"
        local value = cjson.decode('{"a":null,"b":[null]}')
        assert(value.a == cjson.null and value.b[1] == cjson.null)
        assert(cjson.encode({ cjson.null }) == "[null]" and cjson.encode({}) == "{}")
        assert(cjson.encode(cjson.empty_array) == "[]" and cjson.encode(setmetatable({}, cjson.array_mt)) == "[]")
        local none, why = require("cjson.safe").decode("{")
        assert(none == nil and why:find("no JSON", 1, true))
        assert(require("cjson.safe").decode("[7]")[1] == 7)"#,
    );
}

/// Keys and signatures of OpenSSL, which `scripting/keys` shares.
macro_rules! shared {
    ($file:literal) => {
        include_str!(concat!("../../../keys/testdata/", $file))
    };
}

#[test]
fn signatures_are_checked_and_made_by_keys() {
    let keys = [
        ("rsa", shared!("rsa.pem"), shared!("rsa.public.pem")),
        ("p256", shared!("p256.older.pem"), shared!("p256.public.pem")),
    ];
    for (name, private, public) in keys {
        let signature = |line: &&str| line.starts_with(&format!("{name} sha256 "));
        let line = shared!("openssl.txt").lines().find(signature).expect("there is one");
        let hex = line.rsplit(' ').next().expect("three words");
        let (private, public) = (quoted(private), quoted(public));
        holds(&format!(
            r#"local pkey, digest = require "openssl.pkey", require "openssl.digest"
            local public, private = pkey.new({public}), pkey.new({private}, "PEM")
            local function hashed(text, by) return digest.new(by or "SHA256"):update(text) end
            local signature = ("{hex}"):gsub("..", function(c) return string.char(tonumber(c, 16)) end)
            assert(public:verify(signature, hashed "hello") == true)
            assert(private:verify(signature, hashed "hello") == true, "a private key has its public one")
            assert(public:verify(signature, hashed "hellO") == false)
            assert(public:verify(signature, hashed("hello", "sha512")) == false)
            assert(public:verify("", hashed "hello") == false)
            assert(public:verify(private:sign(hashed "other"), hashed "other") == true)
            assert(not pcall(public.sign, public, hashed "hello"), "a public key signs nothing")
            assert(not pcall(public.verify, public, signature, hashed("hello", "md5")))
            local known, why = pcall(function() return public.toPEM end)
            assert(not known and tostring(why):find("toPEM", 1, true), why)"#
        ));
    }
}

#[test]
fn what_is_no_key_says_so() {
    holds(
        r#"local pkey, x509 = require "openssl.pkey", require "openssl.x509"
        for _, bad in ipairs { "no key", ("x"):rep(9000), { type = "RSA", bits = 2048 } } do
            assert(not pcall(pkey.new, bad) and not pcall(x509.new, bad))
        end
        assert(not pcall(pkey.new, "no key", "JWK"))
        local there, why = pcall(require, "openssl.x509.csr")
        assert(not there and tostring(why):find("come with TLS", 1, true), why)"#,
    );
}

#[test]
fn a_certificate_has_a_key() {
    let certificate = quoted(shared!("certificate.pem"));
    let private = quoted(shared!("p256.pem"));
    holds(&format!(
        r#"local pkey, x509, digest = require "openssl.pkey", require "openssl.x509", require "openssl.digest"
        local public = x509.new({certificate}):getPublicKey()
        local function hashed() return digest.new("sha384"):update("text") end
        assert(public:verify(pkey.new({private}):sign(hashed()), hashed()) == true)"#
    ));
}

/// As in haproxy-lua-oauth, which brings a base64 of its own that is made of LuaSocket's.
#[test]
fn a_module_of_the_scripts_own_may_be_made_of_ours_of_the_same_name() {
    holds(
        r#"package.preload.base64 = function()
            local mime = require "mime"
            return { encode = function(text) return (mime.b64(text):gsub("+", "-"):gsub("/", "_")) end }
        end
        assert(require("base64").encode("\xfb\xff\xfe") == "-__-")
        assert(require("mime").b64("\xfb\xff\xfe") == "+//+")"#,
    );
}

#[test]
fn digests_are_those_of_the_standards() {
    holds(
        r#"local digest, hmac, rand = require "openssl.digest", require "openssl.hmac", require "openssl.rand"
        local function hex(text) return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
        assert(hex(digest.new("sha256"):update("a", "b"):update("c"):final())
            == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        assert(hex(digest.new("md5"):final("abc")) == "900150983cd24fb0d6963f7d28e17f72")
        assert(hex(digest.new():final("abc")) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        assert(hex(hmac.new("Jefe", "sha256"):final("what do ya want for nothing?"))
            == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        assert(hex(hmac.new(("\xaa"):rep(131), "sha512"):final("Test Using Larger Than Block-Size Key - Hash Key First"))
            :sub(1, 16) == "80b24263c7c1a3eb")
        local once = digest.new("sha1")
        once:final()
        assert(not pcall(once.final, once) and not pcall(digest.new, "whirlpool"))
        assert(#rand.bytes(16) == 16 and rand.bytes(16) ~= rand.bytes(16) and rand.uniform(5) < 5)
        assert(not pcall(rand.bytes, 1 << 30))"#,
    );
}

#[test]
fn a_missing_module_says_what_it_needs_and_a_script_may_bring_its_own() {
    holds(
        r#"local found, why = pcall(require, "ssl.https")
        assert(not found and why:find("'ssl.https' is not supported yet: it comes with TLS", 1, true))
        package.preload["json"] = function() return { own = true } end
        assert(require("json").own)
        assert(not pcall(require, "lfs"))"#,
    );
}

#[test]
fn base64_and_mime_encode_in_pieces() {
    holds(
        r#"local base64, mime, ltn12 = require "base64", require "mime", require "ltn12"
        assert(base64.encode("user:pass") == "dXNlcjpwYXNz" and base64.decode("dXNlcjpwYXNz") == "user:pass")
        assert(mime.b64("diego") == "ZGllZ28=" and (mime.unb64("ZGllZ28=")) == "diego")
        local sink, pieces = ltn12.sink.table()
        ltn12.BLOCKSIZE = 2
        assert(ltn12.pump.all(ltn12.source.chain(ltn12.source.string("abcde"), mime.encode("base64")), sink) == 1)
        assert(table.concat(pieces) == "YWJjZGU=")"#,
    );
}

#[test]
fn chunks_flow_from_sources_through_filters_to_sinks() {
    holds(
        r#"local ltn12 = require "ltn12"
        local sink, list = ltn12.sink.table()
        local upper = function(chunk) return chunk and chunk:upper() end
        local source = ltn12.source.cat(ltn12.source.string("ab"), ltn12.source.table { "c", "d" })
        assert(ltn12.pump.all(source, ltn12.sink.chain(upper, sink)) == 1 and table.concat(list) == "ABCD")
        local done, why = ltn12.pump.all(ltn12.source.error("broken"), ltn12.sink.null())
        assert(done == nil and why == "broken")
        local rewound = ltn12.source.rewind(ltn12.source.string("x"))
        local chunk = rewound()
        rewound(chunk)
        assert(rewound() == "x" and rewound() == nil)
        local count = ltn12.filter.cycle(function(n, chunk) return chunk and n .. chunk, n + 1 end, 1)
        assert(count("a") == "1a" and count("b") == "2b")"#,
    );
}

#[test]
fn a_client_written_for_luasocket_speaks_with_a_server() {
    let stage = acting(
        r#"local socket, ltn12 = require "socket", require "ltn12"
        local talk = socket.protect(function()
            local connection = socket.try(socket.connect("127.0.0.1", 1))
            socket.try(connection:send("PING\r\n"))
            local sink, list = ltn12.sink.table()
            socket.try(ltn12.pump.all(socket.source("until-closed", connection), sink))
            return table.concat(list)
        end)
        assert(talk() == "+PONG")
        local none, why = socket.protect(function() socket.try(socket.connect("127.0.0.1", 2)) end)()
        assert(none == nil and why == "connection refused")
        assert(socket.gettime() > 1e9 and socket.skip(1, 2, 3) == 3)"#,
        Net::talk([Turn::Hear, say("+PONG")]),
    );
    runs(&stage);
    assert_eq!(stage.desk.net().heard(), b"PING\r\n");
}

#[test]
fn socket_http_asks_through_the_client_of_the_host() {
    let stage = acting(
        r#"local http, ltn12 = require "socket.http", require "ltn12"
        local body, status, headers, line = http.request("http://web.test/", "a=1")
        assert(body == "pong" and status == 200 and headers["x-a"] == "1, 2" and line == "HTTP/1.1 200 OK")
        local sink, list = ltn12.sink.table()
        assert(http.request{ url = "http://web.test/", method = "PUT", sink = sink,
            source = ltn12.source.string("long"), headers = { ["Content-Length"] = 4 } } == 1)
        assert(list[1] == "pong")"#,
        Net::default(),
    );
    let field = |name: &str, value: &str| (name.as_bytes().into(), value.as_bytes().into());
    let headers = vec![field("x-a", "1"), field("x-a", "2")];
    let told = HttpTold {
        status: 200,
        reason: "OK".into(),
        headers,
        body: Bytes::from_static(b"pong"),
        trailers: Vec::new(),
    };
    stage.desk.told.replace(Some(told));
    runs(&stage);
    let asked = stage.desk.asked.borrow();
    assert_eq!((&*asked[0].method, &asked[0].body[..]), ("POST", &b"a=1"[..]));
    assert_eq!((&*asked[1].method, &asked[1].body[..], asked[1].headers.len()), ("PUT", &b"long"[..], 0));
}

#[test]
fn urls_are_taken_apart_and_put_together() {
    holds(
        r#"local url = require "socket.url"
        local text = "http://user:pass@[::1]:8080/a/b;c?d=e#f"
        local parts = url.parse(text)
        assert(parts.host == "::1" and parts.port == "8080" and parts.password == "pass" and parts.params == "c")
        assert(parts.path == "/a/b" and parts.query == "d=e" and parts.fragment == "f" and url.build(parts) == text)
        assert(url.parse("/x?y").path == "/x" and url.unescape(url.escape("a b/")) == "a b/")"#,
    );
}
