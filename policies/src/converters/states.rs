//! Converters that look up frontends, backends and servers by a name that is only known at run time.

use std::sync::Arc;

use portero_api::{ProxyState, Sample, SampleType::*, ServerState};

use super::operand::bytes;
use super::{by, row};
use crate::fetches::is_up;
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("fe_exists", (0, 0), Str, Bool, "whether there is a frontend of that name", |a| {
        let all = a.context.directory.all();
        by(move |s, _| {
            let name = bytes(s);
            Some(Sample::Bool(all.iter().any(|p| p.kind.has_front() && *p.name.as_bytes() == *name)))
        })
    }),
    row("nbsrv", (0, 0), Str, Int, "usable servers of the backend of that name", |a| {
        let all = a.context.directory.all();
        by(move |s, _| Some(Sample::Int(backend(&all, &bytes(s))?.usable_servers() as i64)))
    }),
    row("srv_is_up", (0, 0), Str, Bool, "whether the server [backend/]name is up", |a| {
        let find = finder(a);
        by(move |s, _| Some(Sample::Bool(is_up(&*find(&bytes(s))?))))
    }),
    row("srv_queue", (0, 0), Str, Int, "requests waiting for the server [backend/]name", |a| {
        let find = finder(a);
        by(move |s, _| Some(Sample::Int(i64::from(find(&bytes(s))?.queue.now()))))
    }),
];

fn backend<'a>(all: &'a [Arc<ProxyState>], name: &[u8]) -> Option<&'a Arc<ProxyState>> {
    all.iter().find(|p| p.kind.has_back() && *p.name.as_bytes() == *name)
}

/// Looks up `server` in the proxy of the rule, `backend/server` anywhere.
fn finder(args: &Args<'_>) -> impl Fn(&[u8]) -> Option<Arc<ServerState>> + use<> {
    let all = args.context.directory.all();
    let here = args.context.proxy.as_bytes().to_vec();
    move |text| {
        let (proxy, name) = match text.iter().position(|&b| b == b'/') {
            Some(slash) => (&text[..slash], &text[slash + 1..]),
            None => (&here[..], text),
        };
        backend(&all, proxy)?.servers().iter().find(|s| *s.name.as_bytes() == *name).cloned()
    }
}
