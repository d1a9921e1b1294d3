//! Fetches from the `Authorization` header field (RFC 9110, 11.6.2): what the client says, and whether a user list
//! knows it.

use std::ops::ControlFlow;
use std::sync::Arc;

use portero_api::{
    BadArg, Exchange, Fetch, Fetched, NotYet, Sample,
    SampleType::{Bool, Str},
};

use super::{Made, Side, by, row};
use crate::converters::from_base64;
use crate::users::{Memory, User, Userlist};
use crate::vocabulary::{Args, FetchKind, Needs::Request};

pub(super) static ROWS: &[FetchKind] = &[
    row("http_auth_type", &[], (0, 0), Str, Request, "the scheme: Basic or Bearer", |_| {
        by(|x| match credentials(x, b"authorization")? {
            (scheme, _) if scheme.eq_ignore_ascii_case(b"basic") => Some(Sample::str("Basic")),
            (scheme, _) if scheme.eq_ignore_ascii_case(b"bearer") => Some(Sample::str("Bearer")),
            _ => None,
        })
    }),
    row("http_auth_user", &[], (0, 0), Str, Request, "the user of the Basic scheme", |_| {
        by(|x| basic(x).map(|(user, _)| Sample::text(user)))
    }),
    row("http_auth_pass", &[], (0, 0), Str, Request, "the password of the Basic scheme", |_| {
        by(|x| basic(x).map(|(_, password)| Sample::text(password)))
    }),
    row(
        "http_auth",
        &[],
        (1, 1),
        Bool,
        Request,
        "whether a userlist knows the user and the password",
        |args| {
            let accounts = Accounts::new(args)?;
            by(move |x| Some(Sample::Bool(accounts.login(x).is_some())))
        },
    ),
    row(
        "http_auth_group",
        &[],
        (1, 1),
        Str,
        Request,
        "the user that a userlist knows; in an ACL, each group of the user",
        |args| Ok(Box::new(Groups(Accounts::new(args)?))),
    ),
    row("http_auth_bearer", &[], (0, 1), Str, Request, "the token of the Bearer scheme", bearer),
];

/// Scheme and the rest of the first field of that name.
fn credentials<'a>(x: &'a Exchange, field: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let value = Side::Request.headers(x)?.get(field)?;
    let space = value.iter().position(|&b| b == b' ')?;
    Some((&value[..space], portero_api::trim(&value[space..])))
}

/// User and password (RFC 7617, 2).
fn basic(x: &Exchange) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, rest) = credentials(x, b"authorization")?;
    let pair = scheme.eq_ignore_ascii_case(b"basic").then(|| from_base64(rest))??;
    let colon = pair.iter().position(|&b| b == b':')?;
    Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
}

/// A user list, with what is remembered of it.
struct Accounts {
    list: Arc<Userlist>,
    memory: Memory,
}

impl Accounts {
    fn new(args: &Args<'_>) -> Result<Accounts, BadArg> {
        let list = args.context.files.userlist(args.required(0, "a userlist")?);
        Ok(Accounts { list: list.map_err(|why| BadArg::at(0, why))?, memory: Memory::default() })
    }

    fn login(&self, x: &Exchange) -> Option<(&str, &User)> {
        let (name, password) = basic(x)?;
        self.list.login(&name, &password, &self.memory)
    }
}

/// `http_auth_group`
struct Groups(Accounts);

impl Fetch for Groups {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(self.0.login(exchange).map(|(name, _)| Sample::str(name)))
    }

    fn each<'a>(
        &'a self,
        exchange: &'a Exchange,
        visit: &mut dyn FnMut(Sample<'a>) -> ControlFlow<()>,
    ) -> Result<(), NotYet> {
        let groups = self.0.login(exchange).map_or(&[][..], |(_, user)| &user.groups);
        let _ = groups.iter().try_for_each(|group| visit(Sample::str(group)));
        Ok(())
    }
}

fn bearer(args: &Args<'_>) -> Made {
    let field = args.text(0).unwrap_or("authorization").as_bytes().to_vec();
    by(move |x| {
        let (scheme, token) = credentials(x, &field)?;
        scheme.eq_ignore_ascii_case(b"bearer").then(|| Sample::str(token))
    })
}
