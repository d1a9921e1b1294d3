//! Encryption by AES, in counter mode with authentication (NIST SP 800-38D) and in chained blocks (SP 800-38A).

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{AesGcm, Nonce, Tag};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use portero_api::{BadArg, Exchange, Sample, SampleType::*, Value, VarId};

use super::encodings::{base64, from_base64};
use super::operand::{bytes, variable_bytes};
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("aes_cbc_dec", (3, 4), Bin, Bin, "decrypted by AES-CBC: bits, nonce and key in base64", |a| {
        cbc(a, false)
    }),
    row("aes_cbc_enc", (3, 4), Bin, Bin, "encrypted by AES-CBC: bits, nonce and key in base64", |a| {
        cbc(a, true)
    }),
    row("aes_gcm_dec", (4, 5), Bin, Bin, "decrypted by AES-GCM: bits, nonce, key and tag in base64", gcm_dec),
    row(
        "aes_gcm_enc",
        (4, 5),
        Bin,
        Bin,
        "encrypted by AES-GCM: bits, nonce, key, and a variable for the tag",
        gcm_enc,
    ),
];

/// Bytes written in base64, here or in a variable.
enum Secret {
    Bytes(Vec<u8>),
    Variable(VarId),
}

impl Secret {
    fn from_arg(args: &Args<'_>, index: usize, what: &str) -> Result<Secret, BadArg> {
        let text = args.required(index, what)?;
        if let Ok(id) = VarId::parse(text) {
            return Ok(Secret::Variable(id));
        }
        from_base64(text.as_bytes())
            .map(Secret::Bytes)
            .ok_or_else(|| BadArg::at(index, format!("'{text}' is neither {what} in base64 nor a variable")))
    }

    fn get(&self, exchange: &Exchange) -> Option<Vec<u8>> {
        match self {
            Secret::Bytes(bytes) => Some(bytes.clone()),
            Secret::Variable(id) => from_base64(&variable_bytes(exchange, *id)?),
        }
    }

    /// Refuses what is known to have another length.
    fn of_length(self, index: usize, what: &str, lengths: &[usize]) -> Result<Secret, BadArg> {
        match &self {
            Secret::Bytes(bytes) if !lengths.contains(&bytes.len()) => {
                let wanted: Vec<_> = lengths.iter().map(usize::to_string).collect();
                let (has, wanted) = (bytes.len(), wanted.join(" or "));
                Err(BadArg::at(index, format!("{what} has {has} bytes: it must have {wanted}")))
            }
            _ => Ok(self),
        }
    }
}

/// The length of a key in bytes.
fn key_length(args: &Args<'_>) -> Result<usize, BadArg> {
    args.required(0, "the bits of the key")?;
    match args.int(0)? {
        Some(bits @ (128 | 192 | 256)) => Ok(bits as usize / 8),
        bits => Err(BadArg::at(
            0,
            format!("'{}' is no length of a key: 128, 192 and 256 bits are", bits.unwrap_or(0)),
        )),
    }
}

/// What both directions of AES-GCM have in common.
struct Gcm {
    key_length: usize,
    nonce: Secret,
    key: Secret,
    /// What is authenticated and not encrypted.
    beside: Option<Secret>,
}

/// What a nonce may have; the first is what it should have.
const NONCES: [usize; 2] = [12, 16];

impl Gcm {
    fn from_args(args: &Args<'_>) -> Result<Gcm, BadArg> {
        let key_length = key_length(args)?;
        Ok(Gcm {
            key_length,
            nonce: Secret::from_arg(args, 1, "a nonce")?.of_length(1, "the nonce", &NONCES)?,
            key: Secret::from_arg(args, 2, "a key")?.of_length(2, "the key", &[key_length])?,
            beside: args.text(4).map(|_| Secret::from_arg(args, 4, "additional data")).transpose()?,
        })
    }

    /// Encrypts in place and gives the tag; with a tag decrypts and gives it back when it is the right one.
    fn run(&self, exchange: &Exchange, data: &mut [u8], tag: Option<&[u8]>) -> Option<Vec<u8>> {
        let (key, nonce) = (self.key.get(exchange)?, self.nonce.get(exchange)?);
        let beside = match &self.beside {
            Some(beside) => beside.get(exchange)?,
            None => Vec::new(),
        };
        let step = match (self.key_length, nonce.len()) {
            (16, 12) => seal_or_open::<AesGcm<aes::Aes128, U12>>,
            (24, 12) => seal_or_open::<AesGcm<aes::Aes192, U12>>,
            (32, 12) => seal_or_open::<AesGcm<aes::Aes256, U12>>,
            (16, 16) => seal_or_open::<AesGcm<aes::Aes128, U16>>,
            (24, 16) => seal_or_open::<AesGcm<aes::Aes192, U16>>,
            (32, 16) => seal_or_open::<AesGcm<aes::Aes256, U16>>,
            _ => return None,
        };
        step(&key, &nonce, &beside, data, tag)
    }
}

fn seal_or_open<C>(
    key: &[u8],
    nonce: &[u8],
    beside: &[u8],
    data: &mut [u8],
    tag: Option<&[u8]>,
) -> Option<Vec<u8>>
where
    C: KeyInit + AeadInPlace<TagSize = U16>,
{
    let cipher = C::new_from_slice(key).ok()?;
    let nonce = Nonce::<C::NonceSize>::from_slice(nonce);
    match tag {
        None => cipher.encrypt_in_place_detached(nonce, beside, data).ok().map(|tag| tag.to_vec()),
        Some(tag) if tag.len() == 16 => {
            cipher.decrypt_in_place_detached(nonce, beside, data, Tag::<U16>::from_slice(tag)).ok()?;
            Some(tag.to_vec())
        }
        Some(_) => None,
    }
}

fn gcm_enc(args: &Args<'_>) -> Made {
    let gcm = Gcm::from_args(args)?;
    let tag = args.var(3)?;
    by(move |s, x| {
        let mut data = bytes(s).into_owned();
        let made = gcm.run(x, &mut data, None)?;
        let text = base64(&made);
        match x.vars_of(tag.scope) {
            Some(vars) => vars.set(tag, Value::Str(text.into())),
            None => portero_api::process_vars().set(tag, Sample::text(text)),
        }
        Some(Sample::bytes(data))
    })
}

fn gcm_dec(args: &Args<'_>) -> Made {
    let gcm = Gcm::from_args(args)?;
    let tag = Secret::from_arg(args, 3, "a tag")?.of_length(3, "the tag", &[16])?;
    by(move |s, x| {
        let mut data = bytes(s).into_owned();
        gcm.run(x, &mut data, Some(&tag.get(x)?))?;
        Some(Sample::bytes(data))
    })
}

/// Chained blocks authenticate nothing; additional data are checked to be base64 and are of no other use, as for HAProxy.
fn cbc(args: &Args<'_>, encrypt: bool) -> Made {
    let key_length = key_length(args)?;
    let nonce = Secret::from_arg(args, 1, "a nonce")?;
    let key = Secret::from_arg(args, 2, "a key")?.of_length(2, "the key", &[key_length])?;
    args.text(3).map(|_| Secret::from_arg(args, 3, "additional data")).transpose()?;
    by(move |s, x| {
        // a nonce is cut or filled up with zeros to the length of a block
        let mut first = nonce.get(x)?;
        first.resize(16, 0);
        let (key, data) = (key.get(x).filter(|key| key.len() == key_length)?, bytes(s));
        let out = match key_length {
            16 => chained::<aes::Aes128>(&key, &first, &data, encrypt),
            24 => chained::<aes::Aes192>(&key, &first, &data, encrypt),
            _ => chained::<aes::Aes256>(&key, &first, &data, encrypt),
        };
        out.map(Sample::bytes)
    })
}

/// None for a text that no key could have made.
fn chained<C>(key: &[u8], first: &[u8], data: &[u8], encrypt: bool) -> Option<Vec<u8>>
where
    C: aes::cipher::KeyInit
        + aes::cipher::BlockCipher
        + aes::cipher::BlockEncryptMut
        + aes::cipher::BlockDecryptMut,
{
    if encrypt {
        Some(cbc::Encryptor::<C>::new_from_slices(key, first).ok()?.encrypt_padded_vec_mut::<Pkcs7>(data))
    } else {
        cbc::Decryptor::<C>::new_from_slices(key, first).ok()?.decrypt_padded_vec_mut::<Pkcs7>(data).ok()
    }
}
