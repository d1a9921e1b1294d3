//! The algorithms of signatures (RFC 7518, 3.1).

use hmac::{Hmac, Mac};
use rsa::signature::Verifier;
use rsa::{RsaPublicKey, pkcs1v15, pss};
use sha2::{Sha256, Sha384, Sha512};

use super::Found;
use super::keys::Key;

/// An algorithm: its family, and the digest by its bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Algorithm {
    pub(super) family: Family,
    bits: u16,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Family {
    /// HMAC.
    Secret,
    /// RSASSA-PKCS1-v1_5.
    Rsa,
    /// RSASSA-PSS.
    Pss,
    /// ECDSA.
    Curve,
    /// No signature.
    None,
}

const ALL: [(&str, Family, u16); 13] = [
    ("HS256", Family::Secret, 256),
    ("HS384", Family::Secret, 384),
    ("HS512", Family::Secret, 512),
    ("RS256", Family::Rsa, 256),
    ("RS384", Family::Rsa, 384),
    ("RS512", Family::Rsa, 512),
    ("ES256", Family::Curve, 256),
    ("ES384", Family::Curve, 384),
    ("ES512", Family::Curve, 512),
    ("PS256", Family::Pss, 256),
    ("PS384", Family::Pss, 384),
    ("PS512", Family::Pss, 512),
    ("none", Family::None, 0),
];

/// All names, for messages.
pub(super) fn names() -> String {
    ALL.map(|(name, ..)| name).join(", ")
}

impl Algorithm {
    pub(super) fn named(name: &[u8]) -> Option<Algorithm> {
        let found = ALL.iter().find(|(known, ..)| known.as_bytes() == name);
        found.map(|&(_, family, bits)| Algorithm { family, bits })
    }

    /// Checks a message authentication code, in a time that does not depend on where it is wrong.
    pub(super) fn check_secret(self, secret: &[u8], signed: &[u8], code: &[u8]) -> Found {
        macro_rules! right {
            ($digest:ty) => {{
                let mut mac = Hmac::<$digest>::new_from_slice(secret).expect("a key of any length is taken");
                mac.update(signed);
                mac.verify_slice(code).is_ok()
            }};
        }
        found(match self.bits {
            256 => right!(Sha256),
            384 => right!(Sha384),
            _ => right!(Sha512),
        })
    }

    /// Checks a signature by a public key, which must be of the right kind.
    pub(super) fn check(self, key: Option<&Key>, signed: &[u8], signature: &[u8]) -> Found {
        match (self.family, key) {
            (_, None) => Found::UnknownKey,
            (Family::Rsa, Some(Key::Rsa(key))) => found(self.pkcs1(key, signed, signature)),
            (Family::Pss, Some(Key::Rsa(key))) => found(self.pss(key, signed, signature)),
            (Family::Curve, Some(key)) => self.curve(key, signed, signature),
            _ => Found::Wrong,
        }
    }

    fn pkcs1(self, key: &RsaPublicKey, signed: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = pkcs1v15::Signature::try_from(signature) else { return false };
        match self.bits {
            256 => pkcs1v15::VerifyingKey::<Sha256>::new(key.clone()).verify(signed, &signature),
            384 => pkcs1v15::VerifyingKey::<Sha384>::new(key.clone()).verify(signed, &signature),
            _ => pkcs1v15::VerifyingKey::<Sha512>::new(key.clone()).verify(signed, &signature),
        }
        .is_ok()
    }

    fn pss(self, key: &RsaPublicKey, signed: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = pss::Signature::try_from(signature) else { return false };
        match self.bits {
            256 => pss::VerifyingKey::<Sha256>::new(key.clone()).verify(signed, &signature),
            384 => pss::VerifyingKey::<Sha384>::new(key.clone()).verify(signed, &signature),
            _ => pss::VerifyingKey::<Sha512>::new(key.clone()).verify(signed, &signature),
        }
        .is_ok()
    }

    /// A signature is two numbers of the length of the curve's, or no token is there at all.
    fn curve(self, key: &Key, signed: &[u8], signature: &[u8]) -> Found {
        macro_rules! checked {
            ($curve:ident, $key:expr) => {
                match $curve::ecdsa::Signature::from_slice(signature) {
                    Ok(signature) => found($key.verify(signed, &signature).is_ok()),
                    Err(_) => Found::NoToken,
                }
            };
        }
        match (self.bits, key) {
            (256, Key::P256(key)) => checked!(p256, key),
            (384, Key::P384(key)) => checked!(p384, key),
            (512, Key::P521(key)) => checked!(p521, key),
            _ => Found::Wrong,
        }
    }
}

fn found(right: bool) -> Found {
    if right { Found::Right } else { Found::Wrong }
}
