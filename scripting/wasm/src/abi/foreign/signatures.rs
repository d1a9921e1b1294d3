//! `verify_signature` and `sign`: what filters for Envoy check and make signatures with (`verify_signature.proto` and
//! `sign.proto` beside Envoy's other messages).
//!
//! | message | fields |
//! |---|---|
//! | argument of `verify_signature` | 1 hash, 2 key (DER) or 5 key (PEM), 3 signature, 4 text |
//! | its answer | 1 whether it is right, 2 why it is not |
//! | argument of `sign` | 1 hash, 2 key (DER) or 4 key (PEM), 3 text |
//! | its answer | 1 whether it is signed, 2 the signature, 3 why it is not |
//!
//! A message that cannot be read, and one with no key or with both, is BAD_ARGUMENT; all else is said in the answer.

#[cfg(test)]
mod tests;

use portero_keys::{Encoded, Hash, LONGEST, Private, Public};

use super::Row;
use super::protobuf::{self, Message, Writer};
use crate::abi::Status;

/// The functions.
pub(super) const ROWS: &[Row] = &[
    Row { name: "verify_signature", call: |_, message| verify_signature(message) },
    Row { name: "sign", call: |_, message| sign(message) },
];

/// What went well, or why it did not, in words for the guest's log.
type Outcome<T> = Result<T, &'static str>;

const NO_HASH: &str = "there is no such hash function";
const NO_KEY: &str = "this is no key of RSA (of at most 4096 bits) or of the curves P-256, P-384, P-521";
const WRONG: &str = "the signature is wrong";
const NOT_SIGNED: &str = "nothing can be signed with this key and this hash";

fn verify_signature(message: &[u8]) -> Result<Vec<u8>, Status> {
    let message = protobuf::read(message).ok_or(Status::BadArgument)?;
    let key = encoded(&message, 2, 5)?;
    let checked = verified(&message, key);
    let mut answer = Writer::default();
    answer.bool(1, checked.is_ok());
    answer.bytes(2, checked.err().unwrap_or_default().as_bytes());
    Ok(answer.into_bytes())
}

fn verified(message: &Message<'_>, key: Encoded<'_>) -> Outcome<()> {
    let hash = Hash::named(message.bytes(1)).ok_or(NO_HASH)?;
    let key = Public::read(key).ok_or(NO_KEY)?;
    key.is_right(hash, &hash.of(message.bytes(4)), message.bytes(3)).then_some(()).ok_or(WRONG)
}

fn sign(message: &[u8]) -> Result<Vec<u8>, Status> {
    let message = protobuf::read(message).ok_or(Status::BadArgument)?;
    let key = encoded(&message, 2, 4)?;
    let signed = signature(&message, key);
    let mut answer = Writer::default();
    answer.bool(1, signed.is_ok());
    answer.bytes(2, signed.as_deref().unwrap_or_default());
    answer.bytes(3, signed.as_ref().err().copied().unwrap_or_default().as_bytes());
    Ok(answer.into_bytes())
}

fn signature(message: &Message<'_>, key: Encoded<'_>) -> Outcome<Vec<u8>> {
    let hash = Hash::named(message.bytes(1)).ok_or(NO_HASH)?;
    let key = Private::read(key).ok_or(NO_KEY)?;
    key.sign(hash, &hash.of(message.bytes(3))).ok_or(NOT_SIGNED)
}

/// A key as a message has it.
fn encoded<'a>(message: &Message<'a>, der: u64, pem: u64) -> Result<Encoded<'a>, Status> {
    match (message.bytes(der), message.bytes(pem)) {
        ([], []) => Err(Status::BadArgument),
        (der, []) if der.len() <= LONGEST => Ok(Encoded::Der(der)),
        ([], pem) if pem.len() <= LONGEST => {
            std::str::from_utf8(pem).map(Encoded::Pem).map_err(|_| Status::BadArgument)
        }
        _ => Err(Status::BadArgument),
    }
}
