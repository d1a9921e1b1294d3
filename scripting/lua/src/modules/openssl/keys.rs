//! The modules `openssl.pkey` and `openssl.x509`: signatures by keys of RSA and of the curves P-256, P-384 and P-521.

use mlua::{AnyUserData, Lua, LuaString, MultiValue, Table, UserData, UserDataMethods, Value};
use portero_keys::{Encoded, LONGEST, Private, Public};

use super::Digest;

/// `pkey.new(text, format)`: a private or public key, in PEM or DER.
pub(in crate::modules) fn pkey(lua: &Lua) -> mlua::Result<Table> {
    let new = lua.create_function(|_, (key, format): (Value, Option<String>)| match key {
        Value::String(key) => read(&key, format.as_deref(), Key::read, "key"),
        _ => Err(mlua::Error::runtime("keys are read from text here, and not made")),
    })?;
    super::super::table(lua, [("new", new)])
}

/// `x509.new(text, format)`: a certificate, in PEM or DER. Nothing but its key is looked at.
pub(in crate::modules) fn x509(lua: &Lua) -> mlua::Result<Table> {
    let new = lua.create_function(|_, (text, format): (LuaString, Option<String>)| {
        read(&text, format.as_deref(), Public::of_certificate, "certificate").map(Certificate)
    })?;
    super::super::table(lua, [("new", new)])
}

/// A key.
enum Key {
    Public(Public),
    Private(Private),
}

impl Key {
    fn read(key: Encoded<'_>) -> Option<Key> {
        Private::read(key).map(Key::Private).or_else(|| Public::read(key).map(Key::Public))
    }

    fn is_right(&self, digest: &mut Digest, signature: &[u8]) -> mlua::Result<bool> {
        let (hash, digest) = digest.signed()?;
        Ok(match self {
            Key::Public(key) => key.is_right(hash, &digest, signature),
            Key::Private(key) => key.public().is_right(hash, &digest, signature),
        })
    }

    fn sign(&self, digest: &mut Digest) -> mlua::Result<Vec<u8>> {
        let Key::Private(key) = self else { return Err(mlua::Error::runtime("a public key signs nothing")) };
        let (hash, digest) = digest.signed()?;
        key.sign(hash, &digest).ok_or_else(|| mlua::Error::runtime("the key is too short for this digest"))
    }
}

impl UserData for Key {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("verify", |_, this, (signature, digest): (LuaString, AnyUserData)| {
            this.is_right(&mut *digest.borrow_mut::<Digest>()?, &signature.as_bytes())
        });
        methods.add_method("sign", |lua, this, digest: AnyUserData| {
            lua.create_string(this.sign(&mut *digest.borrow_mut::<Digest>()?)?)
        });
        refuse(methods, "a key", "verify and sign");
    }
}

/// A certificate.
struct Certificate(Public);

impl UserData for Certificate {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("getPublicKey", |_, this, ()| Ok(Key::Public(this.0.clone())));
        refuse(methods, "a certificate", "getPublicKey");
    }
}

/// Says of each other method that it is not there.
fn refuse<T, M: UserDataMethods<T>>(methods: &mut M, what: &'static str, has: &'static str) {
    methods.add_meta_method("__index", move |_, _, name: LuaString| -> mlua::Result<MultiValue> {
        let name = name.to_string_lossy();
        Err(mlua::Error::runtime(format!("'{name}' of {what} is not supported yet: there are {has}")))
    });
}

/// Reads something in the form that is asked for (`PEM`, `DER`), or in whichever it has (`*`).
fn read<T>(
    text: &LuaString,
    format: Option<&str>,
    read: impl Fn(Encoded<'_>) -> Option<T>,
    what: &str,
) -> mlua::Result<T> {
    let bytes = text.as_bytes();
    if bytes.len() > LONGEST {
        return Err(mlua::Error::runtime(format!("a {what} has at most {LONGEST} bytes")));
    }
    let pem = || std::str::from_utf8(&bytes).ok().and_then(|text| read(Encoded::Pem(text.trim_start())));
    let found = match format.unwrap_or("*") {
        "PEM" => pem(),
        "DER" => read(Encoded::Der(&bytes)),
        "*" => pem().or_else(|| read(Encoded::Der(&bytes))),
        other => {
            return Err(mlua::Error::runtime(format!("there is no format '{other}', but PEM, DER and *")));
        }
    };
    found.ok_or_else(|| {
        let kinds = "of RSA (of at most 4096 bits) or of the curves P-256, P-384, P-521";
        mlua::Error::runtime(format!("this is no {what} {kinds}"))
    })
}
