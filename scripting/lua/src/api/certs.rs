//! The classes `CertCache` and `ACME`: there for the names, for what they need comes with TLS.

use mlua::{Lua, MultiValue};

use crate::class::{Class, now};

/// The class of certificates in memory.
pub(crate) static CERT_CACHE: Class = Class {
    name: "CertCache",
    summary: "certificates in memory; comes with TLS",
    global: true,
    fields: &[],
    functions: &[&[now!(
        "set",
        "(certificate: table)",
        "changes a certificate in memory; not there yet",
        set
    )]],
};

/// The class of certificates that are asked for.
pub(crate) static ACME: Class = Class {
    name: "ACME",
    summary: "certificates from an ACME server; comes with TLS",
    global: true,
    fields: &[],
    functions: &[&[now!(
        "challenge_ready",
        "(crt: string, dns: string): integer",
        "says that a challenge is ready; not there yet",
        challenge_ready
    )]],
};

fn set(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(mlua::Error::runtime("CertCache.set() is not supported yet: certificates come with TLS"))
}

fn challenge_ready(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(mlua::Error::runtime("ACME.challenge_ready() is not supported yet: ACME comes with TLS"))
}
