//! Signatures that scripts and filters check and make: by keys of RSA and of curves, over the hash of a text.
//!
//! Nothing here knows who asks. What a key is read from comes from a script: it is bounded in length, and the numbers of a
//! key in size, so that no signature takes longer than a request may wait.

mod hash;
mod keys;

pub use hash::Hash;
pub use keys::{Private, Public};

/// A key or a certificate as it is given.
#[derive(Clone, Copy, Debug)]
pub enum Encoded<'a> {
    /// Bytes in DER.
    Der(&'a [u8]),
    /// Text in PEM (RFC 7468).
    Pem(&'a str),
}

/// The longest key that should be read, in bytes: one of RSA with 4096 bits has 2400 with all its numbers, a certificate some more.
pub const LONGEST: usize = 8 << 10;
