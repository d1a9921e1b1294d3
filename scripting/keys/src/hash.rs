//! The hash functions that are signed.

use rsa::Pkcs1v15Sign;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// What stands before a hash of SHA-1 in a signature of RSA: a DigestInfo (RFC 8017, 9.2, note 1).
const SHA1_INFO: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];

impl Hash {
    /// The one of that name, in any case.
    pub fn named(name: &[u8]) -> Option<Hash> {
        Some(match &name.to_ascii_lowercase()[..] {
            b"sha1" => Hash::Sha1,
            b"sha224" => Hash::Sha224,
            b"sha256" => Hash::Sha256,
            b"sha384" => Hash::Sha384,
            b"sha512" => Hash::Sha512,
            _ => return None,
        })
    }

    /// The hash of a text.
    pub fn of(self, text: &[u8]) -> Vec<u8> {
        match self {
            Hash::Sha1 => Sha1::digest(text).to_vec(),
            Hash::Sha224 => Sha224::digest(text).to_vec(),
            Hash::Sha256 => Sha256::digest(text).to_vec(),
            Hash::Sha384 => Sha384::digest(text).to_vec(),
            Hash::Sha512 => Sha512::digest(text).to_vec(),
        }
    }

    /// How RSA signs it (RSASSA-PKCS1-v1_5).
    pub(crate) fn padding(self) -> Pkcs1v15Sign {
        match self {
            Hash::Sha1 => Pkcs1v15Sign { hash_len: Some(20), prefix: Box::new(SHA1_INFO) },
            Hash::Sha224 => Pkcs1v15Sign::new::<Sha224>(),
            Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
            Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
            Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
        }
    }
}
