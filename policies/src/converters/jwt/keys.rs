//! Public keys, from PEM files (RFC 7468) and out of certificates (RFC 5280).

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use p256::pkcs8::DecodePublicKey;
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};

/// A key that signatures are checked with.
pub(super) enum Key {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

/// The keys of all rules by the names of their files, so that a variable may name one of them: nothing is read while
/// requests are served. They live as long as the process.
#[derive(Default)]
pub(super) struct Known(RwLock<HashMap<Box<[u8]>, Arc<Key>>>);

impl Known {
    pub(super) fn add(&self, file: &str, key: Arc<Key>) {
        self.0.write().unwrap_or_else(|e| e.into_inner()).insert(file.as_bytes().into(), key);
    }

    pub(super) fn find(&self, file: &[u8]) -> Option<Arc<Key>> {
        self.0.read().unwrap_or_else(|e| e.into_inner()).get(file).cloned()
    }
}

/// The key in a PEM file: PKCS#1 for RSA, or SubjectPublicKeyInfo. The error is a part of a sentence.
pub(super) fn public_key(pem: &[u8]) -> Result<Key, String> {
    let text = std::str::from_utf8(pem).map_err(|_| "it is no PEM file".to_owned())?;
    if let Some(block) = block(text, "RSA PUBLIC KEY") {
        return RsaPublicKey::from_pkcs1_pem(block).map(Key::Rsa).map_err(|e| e.to_string());
    }
    let block = block(text, "PUBLIC KEY").ok_or("there is no public key in it")?;
    let (_, der) = x509_cert::der::pem::decode_vec(block.as_bytes()).map_err(|e| e.to_string())?;
    from_der(&der)
}

/// The key in the first certificate of a PEM file. The error is a part of a sentence.
pub(super) fn certificate(pem: &[u8]) -> Result<Key, String> {
    let text = std::str::from_utf8(pem).map_err(|_| "it is no PEM file".to_owned())?;
    let block = block(text, "CERTIFICATE").ok_or("there is no certificate in it")?;
    let certificate = Certificate::from_pem(block).map_err(|e| e.to_string())?;
    let der = certificate.tbs_certificate.subject_public_key_info.to_der().map_err(|e| e.to_string())?;
    from_der(&der)
}

/// A key as SubjectPublicKeyInfo.
fn from_der(der: &[u8]) -> Result<Key, String> {
    let rsa = RsaPublicKey::from_public_key_der(der).map(Key::Rsa);
    rsa.or_else(|_| p256::ecdsa::VerifyingKey::from_public_key_der(der).map(Key::P256))
        .or_else(|_| p384::ecdsa::VerifyingKey::from_public_key_der(der).map(Key::P384))
        .or_else(|_| p521::PublicKey::from_public_key_der(der).and_then(p521_key))
        .map_err(|_| {
            "its key is neither RSA of at most 4096 bits nor ECDSA over P-256, P-384 or P-521".to_owned()
        })
}

fn p521_key(key: p521::PublicKey) -> p256::pkcs8::spki::Result<Key> {
    let verifying = p521::ecdsa::VerifyingKey::from_affine(*key.as_affine());
    verifying.map(Key::P521).map_err(|_| p256::pkcs8::spki::Error::KeyMalformed)
}

/// The first block with that label, its first and last lines included.
fn block<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let start = text.find(&format!("-----BEGIN {label}-----"))?;
    let close = format!("-----END {label}-----");
    let end = text[start..].find(&close)? + close.len();
    Some(&text[start..start + end])
}
