//! The modules `openssl.digest`, `openssl.hmac`, `openssl.rand`, `openssl.pkey` and `openssl.x509`, in luaossl's shapes.

mod keys;

use md5::Md5;
use mlua::{Lua, LuaString, Table, UserData, UserDataMethods, Variadic};
use portero_keys::Hash as Signed;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

pub(in crate::modules) use keys::{pkey, x509};

type Hash = Box<dyn DynDigest + Send + Sync>;

/// Random bytes of one call at the most.
const MOST_RANDOM: usize = 64 * 1024;

/// `digest.new(name)`, which is `sha1` without a name.
pub(in crate::modules) fn digest(lua: &Lua) -> mlua::Result<Table> {
    let new = lua.create_function(|_, name: Option<String>| {
        let name = plain(name.as_deref().unwrap_or("sha1"));
        let (hash, _) = hash(&name)?;
        Ok(Digest { hash: Some(hash), outer: None, signed: Signed::named(name.as_bytes()) })
    })?;
    super::table(lua, [("new", new)])
}

/// `hmac.new(key, name)`, which is `sha1` without a name (RFC 2104).
pub(in crate::modules) fn hmac(lua: &Lua) -> mlua::Result<Table> {
    let new = lua.create_function(|_, (key, name): (LuaString, Option<String>)| {
        keyed(&key.as_bytes(), &plain(name.as_deref().unwrap_or("sha1")))
    })?;
    super::table(lua, [("new", new)])
}

/// `rand.bytes(n)`, `rand.uniform(n)`, `rand.ready()`.
pub(in crate::modules) fn rand(lua: &Lua) -> mlua::Result<Table> {
    let bytes = lua.create_function(|lua, count: usize| {
        if count > MOST_RANDOM {
            return Err(mlua::Error::runtime(format!("{MOST_RANDOM} random bytes are the most at once")));
        }
        let mut bytes = vec![0; count];
        fill(&mut bytes)?;
        lua.create_string(bytes)
    })?;
    let uniform = lua.create_function(|_, below: Option<u32>| {
        let mut bytes = [0; 8];
        fill(&mut bytes)?;
        let number = u64::from_ne_bytes(bytes);
        // of 64 bits the remainder favours no number in a way that could be measured
        Ok(number % below.filter(|below| *below > 0).map_or(1 << 32, u64::from))
    })?;
    let ready = lua.create_function(|_, ()| Ok(true))?;
    super::table(lua, [("bytes", bytes), ("uniform", uniform), ("ready", ready)])
}

fn fill(bytes: &mut [u8]) -> mlua::Result<()> {
    getrandom::getrandom(bytes).map_err(|why| mlua::Error::runtime(format!("no random numbers: {why}")))
}

/// A digest that is being made, of a message or with a key.
struct Digest {
    /// None behind `final`.
    hash: Option<Hash>,
    /// What is hashed around the inner digest, with a key.
    outer: Option<Hash>,
    /// The hash that a signature names; none for what is not signed.
    signed: Option<Signed>,
}

impl Digest {
    fn update(&mut self, pieces: &[LuaString]) -> mlua::Result<()> {
        let hash = self.hash.as_mut().ok_or_else(|| mlua::Error::runtime("the digest is made already"))?;
        pieces.iter().for_each(|piece| hash.update(&piece.as_bytes()));
        Ok(())
    }

    fn finish(&mut self) -> mlua::Result<Box<[u8]>> {
        let hash = self.hash.take().ok_or_else(|| mlua::Error::runtime("the digest is made already"))?;
        let inner = hash.finalize();
        Ok(match self.outer.take() {
            None => inner,
            Some(mut outer) => {
                outer.update(&inner);
                outer.finalize()
            }
        })
    }
}

impl Digest {
    /// Its end, for a signature: the hash and its bytes.
    fn signed(&mut self) -> mlua::Result<(Signed, Box<[u8]>)> {
        let hash = self.signed.ok_or_else(|| {
            mlua::Error::runtime("what is signed is a digest by sha1, sha224, sha256, sha384 or sha512")
        })?;
        Ok((hash, self.finish()?))
    }
}

impl UserData for Digest {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("update", |_, (this, pieces): (mlua::AnyUserData, Variadic<LuaString>)| {
            this.borrow_mut::<Digest>()?.update(&pieces)?;
            Ok(this)
        });
        methods.add_method_mut("final", |lua, this, pieces: Variadic<LuaString>| {
            this.update(&pieces)?;
            lua.create_string(this.finish()?)
        });
    }
}

/// A name as it is compared: `SHA-256` is `sha256`.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "")
}

/// A hash by such a name, and the length of its blocks in bytes.
fn hash(name: &str) -> mlua::Result<(Hash, usize)> {
    Ok(match name {
        "md5" => (Box::new(Md5::default()), 64),
        "sha1" => (Box::new(Sha1::default()), 64),
        "sha224" => (Box::new(Sha224::default()), 64),
        "sha256" => (Box::new(Sha256::default()), 64),
        "sha384" => (Box::new(Sha384::default()), 128),
        "sha512" => (Box::new(Sha512::default()), 128),
        _ => {
            return Err(mlua::Error::runtime(format!(
                "there is no digest '{name}', but md5, sha1, sha224, sha256, sha384 and sha512"
            )));
        }
    })
}

fn keyed(key: &[u8], name: &str) -> mlua::Result<Digest> {
    let ((mut inner, block), (mut outer, _)) = (hash(name)?, hash(name)?);
    let mut padded = if key.len() > block {
        let (mut short, _) = hash(name)?;
        short.update(key);
        short.finalize().into_vec()
    } else {
        key.to_vec()
    };
    padded.resize(block, 0);
    inner.update(&padded.iter().map(|byte| byte ^ 0x36).collect::<Vec<_>>());
    outer.update(&padded.iter().map(|byte| byte ^ 0x5c).collect::<Vec<_>>());
    Ok(Digest { hash: Some(inner), outer: Some(outer), signed: None })
}
