//! Signatures of JSON Web Tokens (RFC 7515, algorithms of RFC 7518, 3.1): `jwt_verify`, `jwt_verify_cert`.

mod algorithm;
mod keys;

use std::sync::Arc;

use portero_api::{BadArg, Exchange, Sample, SampleType::*, VarId};

use super::encodings::{URL, decode64};
use super::operand::{bytes, variable_bytes};
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};
use algorithm::{Algorithm, Family};
use keys::{Key, Known, certificate, public_key};

pub(super) static ROWS: &[ConvertKind] = &[
    row(
        "jwt_verify",
        (2, 2),
        Str,
        Int,
        "1 when the signature of a JSON Web Token is right by an algorithm and a secret or public key",
        |a| verifier(a, false),
    ),
    row(
        "jwt_verify_cert",
        (2, 2),
        Str,
        Int,
        "1 when the signature of a JSON Web Token is right by an algorithm and a certificate",
        |a| verifier(a, true),
    ),
];

/// What is found of a token; the numbers are those of the manual.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    Right = 1,
    Wrong = 0,
    UnknownAlgorithm = -1,
    UnmanagedAlgorithm = -2,
    NoToken = -3,
    UnknownKey = -5,
}

/// An argument as written, or a variable.
enum By<T> {
    Literal(T),
    Variable(VarId),
}

/// What a key argument stands for: a secret by its text, a public key when it names a file with one.
struct Written {
    secret: Vec<u8>,
    key: Option<Arc<Key>>,
}

struct Verifier {
    algorithm: By<Algorithm>,
    key: By<Written>,
    /// The keys of all rules, for variables that name files.
    known: Arc<Known>,
}

fn verifier(args: &Args<'_>, certificates: bool) -> Made {
    let known = args.context.common.get::<Known>(if certificates { "jwt/certificates" } else { "jwt/keys" });
    let algorithm = algorithm_of(args, certificates)?;
    let text = args.required(1, "a key")?;
    let key = match VarId::parse(text) {
        Ok(id) => By::Variable(id),
        Err(_) => By::Literal(written(args, text, &algorithm, certificates, &known)?),
    };
    let verifier = Verifier { algorithm, key, known };
    by(move |s, x| verifier.verify(&bytes(s), x).map(|found| Sample::Int(found as i64)))
}

fn algorithm_of(args: &Args<'_>, certificates: bool) -> Result<By<Algorithm>, BadArg> {
    let name = args.required(0, "an algorithm")?;
    if let Ok(id) = VarId::parse(name) {
        return Ok(By::Variable(id));
    }
    match Algorithm::named(name.as_bytes()) {
        Some(algorithm) if certificates && algorithm.family == Family::Secret => {
            Err(BadArg::at(0, format!("'{name}' takes a secret, not a certificate: use 'jwt_verify'")))
        }
        Some(algorithm) => Ok(By::Literal(algorithm)),
        None => Err(BadArg::at(0, format!("'{name}' is no algorithm: {} are", algorithm::names()))),
    }
}

/// Files are read where the algorithm needs a public key; where a variable says the algorithm, what is no such file is a secret.
fn written(
    args: &Args<'_>,
    text: &str,
    algorithm: &By<Algorithm>,
    certificates: bool,
    known: &Known,
) -> Result<Written, BadArg> {
    let secret = text.as_bytes().to_vec();
    if matches!(algorithm, By::Literal(a) if matches!(a.family, Family::Secret | Family::None)) {
        return Ok(Written { secret, key: None });
    }
    let read = args.context.files.read(text).and_then(|pem| match certificates {
        true => certificate(&pem),
        false => public_key(&pem),
    });
    match read {
        Ok(key) => {
            let key = Arc::new(key);
            known.add(text, key.clone());
            Ok(Written { secret, key: Some(key) })
        }
        Err(_) if matches!(algorithm, By::Variable(_)) && !certificates => Ok(Written { secret, key: None }),
        Err(why) => {
            let what = if certificates { "certificate" } else { "public key" };
            Err(BadArg::at(1, format!("'{text}' cannot be used as a {what}: {why}")))
        }
    }
}

impl Verifier {
    /// None where a variable that is needed is not set.
    fn verify(&self, token: &[u8], exchange: &Exchange) -> Option<Found> {
        let algorithm = match &self.algorithm {
            By::Literal(algorithm) => Some(*algorithm),
            By::Variable(id) => Algorithm::named(&variable_bytes(exchange, *id)?),
        };
        let Some(algorithm) = algorithm else { return Some(Found::UnknownAlgorithm) };
        let Some((signed, signature)) = parts(token) else { return Some(Found::NoToken) };
        match (algorithm.family, &self.key) {
            (Family::None, _) => Some(Found::UnmanagedAlgorithm),
            (Family::Secret, By::Literal(written)) => {
                Some(algorithm.check_secret(&written.secret, signed, &signature))
            }
            (Family::Secret, By::Variable(id)) => {
                Some(algorithm.check_secret(&variable_bytes(exchange, *id)?, signed, &signature))
            }
            (_, By::Literal(written)) => Some(algorithm.check(written.key.as_deref(), signed, &signature)),
            (_, By::Variable(id)) => {
                let key = self.known.find(&variable_bytes(exchange, *id)?);
                Some(algorithm.check(key.as_deref(), signed, &signature))
            }
        }
    }
}

/// What is signed, and the signature, of a token in compact form (RFC 7515, 7.1).
fn parts(token: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let last = token.iter().rposition(|&b| b == b'.')?;
    let (signed, signature) = (&token[..last], &token[last + 1..]);
    let two = signed.iter().filter(|&&b| b == b'.').count() == 1;
    let signature = decode64(signature, URL).filter(|bytes| !bytes.is_empty())?;
    two.then_some((signed, signature))
}
