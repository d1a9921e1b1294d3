//! Cryptographic digests and message authentication codes.

use hmac::{Hmac, Mac};
use md5::Md5;
use portero_api::{BadArg, Sample, SampleType::*, VarId};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::encodings::from_base64;
use super::operand::{bytes, variable_bytes};
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("sha1", (0, 0), Bin, Bin, "the SHA-1 digest", |_| digested(Algorithm::Sha1)),
    row("sha2", (0, 1), Bin, Bin, "a SHA-2 digest of 224, 256, 384 or 512 bits", sha2),
    row("digest", (1, 1), Bin, Bin, "a digest by name: md5, sha1, sha224, sha256, sha384, sha512", |a| {
        digested(Algorithm::from_arg(a)?)
    }),
    row("hmac", (2, 2), Bin, Bin, "an authentication code by the name of a digest and a base64 key", hmac),
];

#[derive(Clone, Copy)]
enum Algorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    fn from_arg(args: &Args<'_>) -> Result<Algorithm, BadArg> {
        let name = args.required(0, "the name of a digest")?;
        Ok(match &*name.to_ascii_lowercase().replace('-', "") {
            "md5" => Algorithm::Md5,
            "sha1" => Algorithm::Sha1,
            "sha224" | "sha2224" => Algorithm::Sha224,
            "sha256" | "sha2256" => Algorithm::Sha256,
            "sha384" | "sha2384" => Algorithm::Sha384,
            "sha512" | "sha2512" => Algorithm::Sha512,
            _ => {
                let known = "'md5', 'sha1', 'sha224', 'sha256', 'sha384' and 'sha512' are";
                return Err(BadArg::at(0, format!("'{name}' is no digest that is known here: {known}")));
            }
        })
    }

    fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Algorithm::Md5 => Md5::digest(bytes).to_vec(),
            Algorithm::Sha1 => Sha1::digest(bytes).to_vec(),
            Algorithm::Sha224 => Sha224::digest(bytes).to_vec(),
            Algorithm::Sha256 => Sha256::digest(bytes).to_vec(),
            Algorithm::Sha384 => Sha384::digest(bytes).to_vec(),
            Algorithm::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    fn authenticate(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        macro_rules! code {
            ($digest:ty) => {{
                let mut mac = Hmac::<$digest>::new_from_slice(key).expect("a key of any length is taken");
                mac.update(bytes);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        match self {
            Algorithm::Md5 => code!(Md5),
            Algorithm::Sha1 => code!(Sha1),
            Algorithm::Sha224 => code!(Sha224),
            Algorithm::Sha256 => code!(Sha256),
            Algorithm::Sha384 => code!(Sha384),
            Algorithm::Sha512 => code!(Sha512),
        }
    }
}

fn digested(algorithm: Algorithm) -> Made {
    by(move |s, _| Some(Sample::bytes(algorithm.digest(&bytes(s)))))
}

fn sha2(args: &Args<'_>) -> Made {
    digested(match args.int(0)?.unwrap_or(256) {
        224 => Algorithm::Sha224,
        256 => Algorithm::Sha256,
        384 => Algorithm::Sha384,
        512 => Algorithm::Sha512,
        other => {
            return Err(BadArg::at(0, format!("'{other}' is no size of SHA-2: 224, 256, 384 and 512 are")));
        }
    })
}

fn hmac(args: &Args<'_>) -> Made {
    let algorithm = Algorithm::from_arg(args)?;
    let text = args.required(1, "a key")?;
    if let Ok(id) = VarId::parse(text) {
        return by(move |s, x| {
            let key = from_base64(&variable_bytes(x, id)?)?;
            Some(Sample::bytes(algorithm.authenticate(&key, &bytes(s))))
        });
    }
    let key = from_base64(text.as_bytes())
        .ok_or_else(|| BadArg::at(1, format!("'{text}' is neither a key in base64 nor a variable")))?;
    by(move |s, _| Some(Sample::bytes(algorithm.authenticate(&key, &bytes(s)))))
}
