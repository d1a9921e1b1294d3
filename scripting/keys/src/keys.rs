//! Keys: RSA, whose signatures are RSASSA-PKCS1-v1_5, and the curves P-256, P-384 and P-521, whose signatures are ECDSA as
//! a list of two numbers in DER (RFC 3279, 2.2.3).

use p256::ecdsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
use p256::elliptic_curve::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};

use x509_cert::Certificate;
use x509_cert::der::{Decode, DecodePem, Encode};

use crate::Encoded;
use crate::hash::Hash;

/// What a signature is checked with: SubjectPublicKeyInfo (RFC 5280, 4.1), in PEM under the label `PUBLIC KEY`; of RSA also the older form.
#[allow(missing_docs)]
#[derive(Clone)]
pub enum Public {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

/// What a text is signed with: PKCS #8 (RFC 5958), and in PEM also the older forms of RSA and of curves.
#[allow(missing_docs)]
pub enum Private {
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
    pub fn read(key: Encoded<'_>) -> Option<Public> {
        let rsa = decoded::<RsaPublicKey>(key).or_else(|| older_rsa(key)).map(Public::Rsa);
        rsa.or_else(|| Some(Public::P256(decoded::<p256::PublicKey>(key)?.into())))
            .or_else(|| Some(Public::P384(decoded::<p384::PublicKey>(key)?.into())))
            .or_else(|| {
                let key = decoded::<p521::PublicKey>(key)?;
                p521::ecdsa::VerifyingKey::from_affine(*key.as_affine()).ok().map(Public::P521)
            })
    }

    /// The key of a certificate (RFC 5280): that nobody has vouched for it is not asked.
    pub fn of_certificate(certificate: Encoded<'_>) -> Option<Public> {
        let certificate = match certificate {
            Encoded::Der(der) => Certificate::from_der(der),
            Encoded::Pem(pem) => Certificate::from_pem(pem),
        };
        let info = certificate.ok()?.tbs_certificate.subject_public_key_info.to_der().ok()?;
        Public::read(Encoded::Der(&info))
    }

    /// Whether the signature of a text is one of this key. The text is given by its digest.
    pub fn is_right(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        macro_rules! on_curve {
            ($curve:ident, $key:expr, $size:expr) => {
                $curve::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|signature| $key.verify_prehash(&padded(digest, $size), &signature).is_ok())
            };
        }
        match self {
            Public::Rsa(key) => key.verify(hash.padding(), digest, signature).is_ok(),
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

/// A key of RSA in its older form (RFC 8017, A.1.1), which there is in PEM alone.
fn older_rsa(key: Encoded<'_>) -> Option<RsaPublicKey> {
    match key {
        Encoded::Der(_) => None,
        Encoded::Pem(pem) => RsaPublicKey::from_pkcs1_pem(pem).ok(),
    }
}

/// A digest as a number of at least that many bytes, as signatures on curves take it (FIPS 186-5, 6.4).
fn padded(digest: &[u8], size: usize) -> Vec<u8> {
    let mut padded = vec![0; size.saturating_sub(digest.len())];
    padded.extend(digest);
    padded
}

impl Private {
    /// The key; none when it is of no kind that is known.
    pub fn read(key: Encoded<'_>) -> Option<Private> {
        let rsa = secret(key, RsaPrivateKey::from_pkcs1_pem).filter(|key| key.size() <= LONGEST_MODULUS);
        rsa.map(|key| Private::Rsa(Box::new(key)))
            .or_else(|| Some(Private::P256(secret(key, p256::SecretKey::from_sec1_pem)?.into())))
            .or_else(|| Some(Private::P384(secret(key, p384::SecretKey::from_sec1_pem)?.into())))
            .or_else(|| {
                let key = secret(key, p521::SecretKey::from_sec1_pem)?;
                p521::ecdsa::SigningKey::from_bytes(&key.to_bytes()).ok().map(Private::P521)
            })
    }

    /// The key that its signatures are checked with.
    pub fn public(&self) -> Public {
        match self {
            Private::Rsa(key) => Public::Rsa(key.to_public_key()),
            Private::P256(key) => Public::P256(*key.verifying_key()),
            Private::P384(key) => Public::P384(*key.verifying_key()),
            Private::P521(key) => Public::P521(p521::ecdsa::VerifyingKey::from(key)),
        }
    }

    /// The signature of a text, which is given by its digest; none when the key is too short for the hash.
    pub fn sign(&self, hash: Hash, digest: &[u8]) -> Option<Vec<u8>> {
        macro_rules! on_curve {
            ($curve:ident, $key:expr, $size:expr) => {{
                let signed: Result<$curve::ecdsa::Signature, _> =
                    $key.sign_prehash_with_rng(&mut OsRng, &padded(digest, $size));
                signed.ok().map(|signature| signature.to_der().as_bytes().to_vec())
            }};
        }
        match self {
            // blinded by random numbers: the time that it takes tells nothing of the key
            Private::Rsa(key) => key.sign_with_rng(&mut OsRng, hash.padding(), digest).ok(),
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
