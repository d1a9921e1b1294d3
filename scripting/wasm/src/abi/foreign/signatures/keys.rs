//! Keys: RSA, whose signatures are RSASSA-PKCS1-v1_5, and the curves P-256, P-384 and P-521, whose signatures are ECDSA as
//! a list of two numbers in DER (RFC 3279, 2.2.3).

use p256::ecdsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
use p256::elliptic_curve::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};

use super::Encoded;
use super::hash::Hash;

/// What a signature is checked with: SubjectPublicKeyInfo (RFC 5280, 4.1), in PEM under the label `PUBLIC KEY`.
pub(super) enum Public {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

/// What a text is signed with: PKCS #8 (RFC 5958), and in PEM also the older forms of RSA and of curves.
pub(super) enum Private {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
}

/// Bytes of an RSA modulus, at most: what is longer takes longer than a request may wait.
const LONGEST_MODULUS: usize = 512;
/// Bytes of a number on the curves.
const SIZES: [usize; 3] = [32, 48, 66];

impl Public {
    /// The key; none when it is of no kind that is known.
    pub(super) fn read(key: Encoded<'_>) -> Option<Public> {
        let rsa = decoded::<RsaPublicKey>(key).map(Public::Rsa);
        rsa.or_else(|| Some(Public::P256(decoded::<p256::PublicKey>(key)?.into())))
            .or_else(|| Some(Public::P384(decoded::<p384::PublicKey>(key)?.into())))
            .or_else(|| {
                let key = decoded::<p521::PublicKey>(key)?;
                p521::ecdsa::VerifyingKey::from_affine(*key.as_affine()).ok().map(Public::P521)
            })
    }

    /// Whether the signature of a text is one of this key.
    pub(super) fn is_right(&self, hash: Hash, text: &[u8], signature: &[u8]) -> bool {
        macro_rules! on_curve {
            ($curve:ident, $key:expr, $size:expr) => {
                $curve::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|signature| $key.verify_prehash(&hash.padded(text, $size), &signature).is_ok())
            };
        }
        match self {
            Public::Rsa(key) => key.verify(hash.padding(), &hash.of(text), signature).is_ok(),
            Public::P256(key) => on_curve!(p256, key, SIZES[0]),
            Public::P384(key) => on_curve!(p384, key, SIZES[1]),
            Public::P521(key) => on_curve!(p521, key, SIZES[2]),
        }
    }
}

fn decoded<K: DecodePublicKey>(key: Encoded<'_>) -> Option<K> {
    match key {
        Encoded::Der(der) => K::from_public_key_der(der).ok(),
        Encoded::Pem(pem) => K::from_public_key_pem(pem).ok(),
    }
}

impl Private {
    /// The key; none when it is of no kind that is known.
    pub(super) fn read(key: Encoded<'_>) -> Option<Private> {
        let rsa = secret(key, RsaPrivateKey::from_pkcs1_pem).filter(|key| key.size() <= LONGEST_MODULUS);
        rsa.map(|key| Private::Rsa(Box::new(key)))
            .or_else(|| Some(Private::P256(secret(key, p256::SecretKey::from_sec1_pem)?.into())))
            .or_else(|| Some(Private::P384(secret(key, p384::SecretKey::from_sec1_pem)?.into())))
            .or_else(|| {
                let key = secret(key, p521::SecretKey::from_sec1_pem)?;
                p521::ecdsa::SigningKey::from_bytes(&key.to_bytes()).ok().map(Private::P521)
            })
    }

    /// The signature of a text; none when the key is too short for the hash.
    pub(super) fn sign(&self, hash: Hash, text: &[u8]) -> Option<Vec<u8>> {
        macro_rules! on_curve {
            ($curve:ident, $key:expr, $size:expr) => {{
                let signed: Result<$curve::ecdsa::Signature, _> =
                    $key.sign_prehash_with_rng(&mut OsRng, &hash.padded(text, $size));
                signed.ok().map(|signature| signature.to_der().as_bytes().to_vec())
            }};
        }
        match self {
            // blinded by random numbers: the time that it takes tells nothing of the key
            Private::Rsa(key) => key.sign_with_rng(&mut OsRng, hash.padding(), &hash.of(text)).ok(),
            Private::P256(key) => on_curve!(p256, key, SIZES[0]),
            Private::P384(key) => on_curve!(p384, key, SIZES[1]),
            Private::P521(key) => on_curve!(p521, key, SIZES[2]),
        }
    }
}

/// A key in PKCS #8, or in its older form, which there is in PEM alone.
fn secret<K: DecodePrivateKey, E>(key: Encoded<'_>, older: fn(&str) -> Result<K, E>) -> Option<K> {
    match key {
        Encoded::Der(der) => K::from_pkcs8_der(der).ok(),
        Encoded::Pem(pem) => K::from_pkcs8_pem(pem).ok().or_else(|| older(pem).ok()),
    }
}
