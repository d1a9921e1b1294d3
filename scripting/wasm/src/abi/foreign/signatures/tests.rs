//! Signatures made elsewhere are checked, and those made here are checked there: keys and signatures of OpenSSL in `testdata`.

use super::protobuf::{self, Writer};
use super::{sign, verify_signature};
use crate::abi::Status;

const SIGNATURES: &str = include_str!("../../../../../keys/testdata/openssl.txt");
const TEXT: &[u8] = b"hello";

/// A key: its name, private, private in its older form, public.
type Key = (&'static str, &'static str, &'static str, &'static str);

macro_rules! key {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../../keys/testdata/", $name, ".pem")),
            include_str!(concat!("../../../../../keys/testdata/", $name, ".older.pem")),
            include_str!(concat!("../../../../../keys/testdata/", $name, ".public.pem")),
        )
    };
}

const KEYS: [Key; 4] = [key!("rsa"), key!("p256"), key!("p384"), key!("p521")];

/// A message of numbered fields.
fn message(fields: &[(u64, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::default();
    fields.iter().for_each(|(number, bytes)| writer.bytes(*number, bytes));
    writer.into_bytes()
}

/// Whether a signature is right, or what is wrong with it.
fn verified(fields: &[(u64, &[u8])]) -> Result<(), String> {
    let answer = verify_signature(&message(fields)).expect("the message is good");
    let answer = protobuf::read(&answer).expect("the answer is a message");
    match answer.number(1) {
        0 => Err(String::from_utf8_lossy(answer.bytes(2)).into_owned()),
        _ => Ok(()),
    }
}

/// A signature, or why there is none.
fn signed(fields: &[(u64, &[u8])]) -> Result<Vec<u8>, String> {
    let answer = sign(&message(fields)).expect("the message is good");
    let answer = protobuf::read(&answer).expect("the answer is a message");
    match answer.number(1) {
        0 => Err(String::from_utf8_lossy(answer.bytes(3)).into_owned()),
        _ => Ok(answer.bytes(2).to_vec()),
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("it is written in hex");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn der(pem: &str) -> Vec<u8> {
    let (_, der) = p256::pkcs8::der::pem::decode_vec(pem.as_bytes()).expect("it is PEM");
    der
}

fn key(name: &str) -> Key {
    *KEYS.iter().find(|key| key.0 == name).expect("there is such a key")
}

#[test]
fn signatures_of_openssl_are_right_and_others_are_wrong() {
    for line in SIGNATURES.lines().skip(1) {
        let words: Vec<_> = line.split(' ').collect();
        let [name, hash, signature] = words[..] else { panic!("{line}") };
        let (public, signature) = (key(name).3, from_hex(signature));
        let by_pem = [(1, hash.as_bytes()), (5, public.as_bytes()), (3, &signature), (4, TEXT)];
        let public = der(public);
        let by_der = [(1, hash.as_bytes()), (2, &public[..]), (3, &signature), (4, TEXT)];
        assert_eq!((verified(&by_pem), verified(&by_der)), (Ok(()), Ok(())), "{line}");
        let other = [by_der[0], by_der[1], by_der[2], (4, b"hellO")];
        assert_eq!(verified(&other), Err("the signature is wrong".to_owned()), "{line}");
        let cut = [by_der[0], by_der[1], (3, &signature[1..]), by_der[3]];
        assert_eq!(verified(&cut), Err("the signature is wrong".to_owned()), "{line}");
    }
}

#[test]
fn what_is_signed_is_right() {
    for (name, private, older, public) in KEYS {
        for hash in ["sha1", "sha224", "SHA256", "sha384", "sha512"] {
            let by = |field, key: &[u8]| signed(&[(1, hash.as_bytes()), (field, key), (3, TEXT)]);
            for made in [by(2, &der(private)), by(4, private.as_bytes()), by(4, older.as_bytes())] {
                let made = made.unwrap_or_else(|why| panic!("{name} {hash}: {why}"));
                let all = [(1, hash.as_bytes()), (5, public.as_bytes()), (3, &made), (4, TEXT)];
                assert_eq!(verified(&all), Ok(()), "{name} {hash}");
            }
        }
    }
}

#[test]
fn what_cannot_be_checked_or_signed_says_why() {
    let (_, private, _, public) = key("rsa");
    let with = |hash: &str, key: &str| verified(&[(1, hash.as_bytes()), (5, key.as_bytes()), (3, b"x")]);
    assert_eq!(with("md5", public), Err(super::NO_HASH.to_owned()));
    assert_eq!(with("sha256", "no key"), Err(super::NO_KEY.to_owned()));
    assert_eq!(with("sha256", private), Err(super::NO_KEY.to_owned()), "it is the other kind");
    assert_eq!(signed(&[(1, b"md5"), (4, private.as_bytes())]), Err(super::NO_HASH.to_owned()));
    assert_eq!(signed(&[(1, b"sha1"), (4, public.as_bytes())]), Err(super::NO_KEY.to_owned()));
}

#[test]
fn messages_without_a_key_or_with_two_are_refused() {
    let long = vec![0; super::LONGEST + 1];
    let (none, two, too_long) =
        ([(1, &b"sha1"[..])], [(2, &b"a"[..]), (5, b"b"), (4, b"c")], [(2, &long[..])]);
    for bad in [message(&none), message(&two), message(&too_long), b"\x0a".to_vec()] {
        assert_eq!(verify_signature(&bad), Err(Status::BadArgument));
        assert_eq!(sign(&bad), Err(Status::BadArgument));
    }
}
