//! Encryption and signatures.

use std::sync::Arc;

use super::*;

const NONCE: &str = "MTIzNDU2Nzg5MDEy";
const LONG_NONCE: &str = "MTIzNDU2Nzg5MDEyMTIzNA==";
const KEY: &str = "Zm9vb2Zvb29mb29vb29vbw==";

/// Files by name, as rules see them.
struct Keys;

impl Files for Keys {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let text: &[u8] = match path {
            "rsa.pem" => include_bytes!("keys/rsa.pem"),
            "es256.pem" => include_bytes!("keys/es256.pem"),
            "es512.pem" => include_bytes!("keys/es512.pem"),
            "cert.pem" => include_bytes!("keys/cert.pem"),
            "text.txt" => b"no key",
            _ => return Err("no such file".to_owned()),
        };
        Ok(text.to_vec())
    }
}

/// What a converter of a family of keys makes of a token; the message when it cannot be made.
fn verified(common: &Arc<Common>, name: &str, args: &[&str], token: &str, vars: &[(&str, &str)]) -> String {
    let (directory, x) = world();
    for (name, value) in vars {
        x.vars.set(VarId::parse(name).expect("a name"), Value::Str(value.as_bytes().into()));
    }
    let span = portero_grammar::Span { file: portero_grammar::FileId(0), start: 0, end: 0 };
    let list: Vec<Arg> = args.iter().map(|a| Arg::plain(*a, span)).collect();
    let context = Context { proxy: "be", directory: &directory, common, files: &Keys, here: None };
    match (find(name).make)(&Args { list: &list, context: &context, acls: &NoAcls }) {
        Err(bad) => bad.message,
        Ok(converter) => match converter.convert(Sample::text(token), &x) {
            Some(Sample::Int(found)) => found.to_string(),
            other => format!("{other:?}"),
        },
    }
}

fn token(name: &str) -> &'static str {
    let tokens = include_str!("keys/tokens.txt");
    tokens.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).expect("the token is there")
}

#[test]
fn aes_encrypts_as_openssl_does() {
    check(&[
        (s("abc"), "aes_gcm_enc", &["128", NONCE, KEY, "txn.tag"], "80636E"),
        (s("abc"), "aes_gcm_enc", &["128", LONG_NONCE, KEY, "txn.tag"], "06E22C"),
        (s("abc"), "aes_gcm_enc", &["128", "txn.none", KEY, "txn.tag"], "-"),
        (s("abc"), "aes_gcm_dec", &["128", NONCE, KEY, KEY], "-"),
        (s("abc"), "aes_cbc_enc", &["128", LONG_NONCE, KEY], "7A27B9C8BC08093EF94494CAA1CD09F2"),
        (s("abc"), "aes_cbc_enc", &["128", NONCE, KEY], "0A784DB40B7BF93E9172F62AE3D2FD01"),
        (s("abc"), "aes_cbc_enc", &["128", LONG_NONCE, KEY, "dGVzdAo="], "7A27B9C8BC08093EF94494CAA1CD09F2"),
        (s(""), "aes_cbc_enc", &["128", LONG_NONCE, KEY], "E81E6929FE068BAA305A6A8D01766FFC"),
        (s("abc"), "aes_cbc_dec", &["128", LONG_NONCE, KEY], "-"),
    ]);
}

#[test]
fn what_was_encrypted_is_decrypted_with_the_tag_of_its_own_text_alone() {
    let (directory, x) = world();
    let run = |name, args: &[&str], sample: Sample<'static>| {
        let converter = make(&directory, name, args).unwrap_or_else(|e| panic!("{}", e.message));
        converter.convert(sample, &x).map(Sample::into_owned)
    };
    for (bits, key) in [
        ("128", KEY),
        ("192", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"),
        ("256", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="),
    ] {
        let secret = Some(Sample::bytes(*b"secret"));
        let sealed =
            run("aes_gcm_enc", &[bits, NONCE, key, "txn.tag", "dGVzdAo="], s("secret")).expect("it is made");
        let open = |beside, text| run("aes_gcm_dec", &[bits, NONCE, key, "txn.tag", beside], text);
        assert_eq!(open("dGVzdAo=", sealed.clone()), secret, "{bits}");
        assert_eq!(open("eHh4", sealed), None, "other data beside it");
        assert_eq!(open("dGVzdAo=", Sample::bytes(*b"secreT")), None, "another text");
        let chained = run("aes_cbc_enc", &[bits, NONCE, key], s("secret")).expect("it is made");
        assert_eq!(run("aes_cbc_dec", &[bits, NONCE, key], chained), secret, "{bits}");
    }
}

#[test]
fn tokens_are_verified_by_the_key_of_their_family() {
    let common = Arc::<Common>::default();
    for (name, algorithm, key, expected) in [
        ("HS256", "HS256", "hmac key hs256", "1"),
        ("HS256", "HS256", "another key", "0"),
        ("HS256", "HS384", "hmac key hs256", "0"),
        ("RS256", "RS256", "rsa.pem", "1"),
        ("RS256", "RS384", "rsa.pem", "0"),
        ("RS256", "RS256", "es256.pem", "0"),
        ("RS256", "ES256", "rsa.pem", "0"),
        ("RS256", "PS256", "rsa.pem", "0"),
        ("RS256", "ES256", "es256.pem", "-3"),
        ("PS512", "PS512", "rsa.pem", "1"),
        ("PS512", "PS256", "rsa.pem", "0"),
        ("ES256", "ES256", "es256.pem", "1"),
        ("ES256", "ES384", "es256.pem", "0"),
        ("ES512", "ES512", "es512.pem", "1"),
        ("RS256", "none", "x", "-2"),
    ] {
        let found = verified(&common, "jwt_verify", &[algorithm, key], token(name), &[]);
        assert_eq!(found, expected, "{name} by {algorithm} and {key}");
    }
    assert_eq!(verified(&common, "jwt_verify_cert", &["RS256", "cert.pem"], token("RS256"), &[]), "1");
}

#[test]
fn what_is_no_token_is_told_from_a_wrong_signature() {
    let common = Arc::<Common>::default();
    let hs = |token: &str| verified(&common, "jwt_verify", &["HS256", "hmac key hs256"], token, &[]);
    let good = token("HS256");
    for bad in ["", "..", "a.b", "a.b.c.d", "a.b.", "a.b.!", &format!("{good}ab"), &format!("{good}.a")] {
        assert_eq!(hs(bad), "-3", "{bad}");
    }
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    assert_eq!(hs(&format!("{signed}.AAAA")), "0");
}

#[test]
fn a_variable_names_the_algorithm_and_a_key_that_a_rule_names() {
    let common = Arc::<Common>::default();
    let ask =
        |args: &[&str], vars: &[(&str, &str)]| verified(&common, "jwt_verify", args, token("RS256"), vars);
    assert_eq!(ask(&["txn.alg", "rsa.pem"], &[("txn.alg", "RS256")]), "1");
    assert_eq!(ask(&["txn.alg", "rsa.pem"], &[("txn.alg", "FOO")]), "-1");
    assert_eq!(ask(&["txn.alg", "rsa.pem"], &[]), "None");
    assert_eq!(ask(&["txn.alg", "unknown.pem"], &[("txn.alg", "RS256")]), "-5");
    assert_eq!(ask(&["RS256", "txn.key"], &[("txn.key", "rsa.pem")]), "1");
    assert_eq!(ask(&["RS256", "txn.key"], &[("txn.key", "es256.pem")]), "-5", "no rule names that file");
    assert_eq!(ask(&["HS256", "txn.key"], &[("txn.key", "x")]), "0");
}

#[test]
fn keys_that_cannot_be_used_are_refused() {
    let common = Arc::<Common>::default();
    for (name, args, message) in [
        ("jwt_verify", ["FOO", "rsa.pem"], "'FOO' is no algorithm"),
        ("jwt_verify", ["RS256", "nope.pem"], "'nope.pem' cannot be used as a public key: no such file"),
        ("jwt_verify", ["RS256", "text.txt"], "there is no public key in it"),
        ("jwt_verify_cert", ["RS256", "rsa.pem"], "there is no certificate in it"),
        ("jwt_verify_cert", ["HS256", "cert.pem"], "'HS256' takes a secret, not a certificate"),
    ] {
        let found = verified(&common, name, &args, "a.b.c", &[]);
        assert!(found.contains(message), "{name}: {found}");
    }
}
