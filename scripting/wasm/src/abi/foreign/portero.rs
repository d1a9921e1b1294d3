//! `portero.*`: hooks beyond the ABI, and the choice of servers. Arguments and answers are lists (`crate::items`), unless
//! something else is said.
//!
//! | function | argument | answer |
//! |---|---|---|
//! | `portero.offer` | names of hooks; only while the module starts | nothing |
//! | `portero.answer` | what the hook that runs answers | nothing |
//! | `portero.servers` | the name of a backend; none: that of the exchange | its servers, each a list (`crate::servers`) |
//! | `portero.use_server` | the name or address of a server; a bool: this one or none | nothing |
//! | `portero.use_backend` | the name of a backend | nothing |

use super::Row;
use crate::abi::{Status, upstream};
use crate::hooks::ask::HOOKS;
use crate::items::{Items, List};
use crate::memory::Calling;
use crate::{scene, servers};

/// The functions.
pub(super) const ROWS: &[Row] = &[
    Row { name: "portero.offer", call: offer },
    Row { name: "portero.answer", call: answer },
    Row { name: "portero.servers", call: all_servers },
    Row { name: "portero.use_server", call: use_server },
    Row { name: "portero.use_backend", call: use_backend },
];

/// The items of an argument.
pub(super) fn items(argument: &[u8]) -> Result<Items<'_>, Status> {
    Items::new(argument).ok_or(Status::BadArgument)
}

fn offer(caller: &mut Calling<'_>, argument: &[u8]) -> Result<Vec<u8>, Status> {
    let guest = caller.data_mut();
    if !guest.starting {
        return Err(Status::BadArgument);
    }
    for name in items(argument)? {
        let known = HOOKS.iter().find(|(known, _)| known.as_bytes() == name);
        guest.offers.push(known.ok_or(Status::BadArgument)?.0.to_owned());
    }
    Ok(Vec::new())
}

fn answer(caller: &mut Calling<'_>, argument: &[u8]) -> Result<Vec<u8>, Status> {
    items(argument)?;
    caller.data_mut().answer = Some(argument.to_vec());
    Ok(Vec::new())
}

fn all_servers(caller: &mut Calling<'_>, argument: &[u8]) -> Result<Vec<u8>, Status> {
    let all = match items(argument)?.text() {
        Some(backend) => {
            caller.data().plan.common.directory.proxy(backend, true).map(|backend| backend.servers())
        }
        None if caller.data().is_lent() => scene::see(servers::of).flatten(),
        None => None,
    };
    let mut list = List::new();
    let all = all.ok_or(Status::NotFound)?;
    all.iter().for_each(|server| list.add_with(|item| servers::write(item, server)));
    Ok(list.into_bytes())
}

fn use_server(caller: &mut Calling<'_>, argument: &[u8]) -> Result<Vec<u8>, Status> {
    let mut items = items(argument)?;
    let server = items.text().ok_or(Status::BadArgument)?;
    upstream::use_server(caller, server, items.bool().unwrap_or_default())?;
    Ok(Vec::new())
}

fn use_backend(caller: &mut Calling<'_>, argument: &[u8]) -> Result<Vec<u8>, Status> {
    let backend = items(argument)?.text().ok_or(Status::BadArgument)?;
    upstream::use_backend(caller, backend)?;
    Ok(Vec::new())
}
