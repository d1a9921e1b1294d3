//! HTTP call-outs: a guest asks a server of a backend beside the traffic, and is called with the answer later.

use std::sync::Arc;
use std::time::Duration;

use portero_api::{HttpAsk, ProxyState};
use wasmtime::Linker;

use super::{Status, headers, host};
use crate::guest::{Ask, Guest};
use crate::memory;
use crate::pairs;
use crate::plan::Plan;

/// Call-outs of one instance that are under way at once, at most.
const MOST: usize = 1_000;

/// The longest that a guest waits which has named no time.
const LONGEST: Duration = Duration::from_secs(300);

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_http_call", |caller,
                                      to,
                                      to_len,
                                      fields,
                                      fields_len,
                                      body,
                                      body_len,
                                      trailers,
                                      trailers_len,
                                      timeout,
                                      token| {
        let to = memory::copy(&caller, to, to_len)?;
        let fields = memory::copy(&caller, fields, fields_len)?;
        let mut request = request(&fields)?;
        request.trailers = trailing(memory::read(&caller, trailers, trailers_len)?)?;
        request.body = memory::copy(&caller, body, body_len)?.into();
        // that the answer can be given is known before anything is sent
        memory::write_u32(&mut caller, token, 0)?;
        let number = call(caller.data_mut(), &to, request, timeout)?;
        memory::write_u32(&mut caller, token, number)
    });
    Ok(())
}

/// A request from its pseudo fields and fields.
fn request(fields: &[u8]) -> Result<HttpAsk, Status> {
    let mut ask = HttpAsk {
        method: String::new(),
        url: String::new(),
        headers: Vec::new(),
        body: Default::default(),
        trailers: Vec::new(),
        dst: None,
        timeout: LONGEST,
        // whether it is safe to ask again is the guest's to know
        retries: Some(0),
    };
    let mut authority = None;
    for (name, value) in pairs::read(fields).ok_or(Status::BadArgument)? {
        headers::check(name, value)?;
        let text = || std::str::from_utf8(value).map(str::to_owned).map_err(|_| Status::BadArgument);
        match name.to_ascii_lowercase().as_slice() {
            b":method" => ask.method = text()?,
            b":path" => ask.url = text()?,
            b":authority" | b"host" => authority = Some(value.into()),
            b":scheme" => {}
            [b':', ..] => return Err(Status::BadArgument),
            _ => ask.headers.push((name.into(), value.into())),
        }
    }
    if ask.method.is_empty() || !ask.url.starts_with('/') {
        return Err(Status::BadArgument);
    }
    // an authority need not be one that a URL could hold: many guests give the name of the cluster
    ask.headers.push((b"host"[..].into(), authority.ok_or(Status::BadArgument)?));
    ask.url.insert_str(0, "http://backend");
    Ok(ask)
}

/// The trailers of a request: fields without pseudo ones.
fn trailing(fields: &[u8]) -> Result<Vec<(Box<[u8]>, Box<[u8]>)>, Status> {
    let field = |(name, value): (&[u8], &[u8])| {
        headers::check(name, value)?;
        match name.starts_with(b":") {
            true => Err(Status::BadArgument),
            false => Ok((name.into(), value.into())),
        }
    };
    pairs::read(fields).ok_or(Status::BadArgument)?.into_iter().map(field).collect()
}

/// Notes a call for the seat to begin, and says its token.
fn call(guest: &mut Guest, to: &[u8], mut request: HttpAsk, timeout: u32) -> Result<u32, Status> {
    let timeout = match i32::try_from(timeout).map_err(|_| Status::BadArgument)? {
        0 => LONGEST,
        millis => Duration::from_millis(millis.unsigned_abs().into()),
    };
    if guest.calls >= MOST {
        return Err(Status::InternalFailure);
    }
    let server = match backend(&guest.plan, to) {
        Some(backend) => guest.turns.next(&backend),
        // the proxies of a configuration are not there yet while its modules are checked
        None if guest.bell.is_none() => None,
        None => return Err(Status::BadArgument),
    };
    request.timeout = timeout;
    let request = server.map(|server| HttpAsk { dst: Some(server.address()), ..request });
    let (token, context) = (guest.new_token(), guest.context());
    guest.calls += 1;
    guest.outbox.push(Ask { token, context, request, timeout });
    Ok(token)
}

/// The backend that a guest means, by its own name or by that which the configuration gives it.
fn backend(plan: &Plan, name: &[u8]) -> Option<Arc<ProxyState>> {
    let name = std::str::from_utf8(name).ok()?;
    let name = plan.load.clusters.get(name).map_or(name, String::as_str);
    plan.common.directory.proxy(name, true)
}
