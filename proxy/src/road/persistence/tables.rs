//! Persistence by stick tables (HAProxy manual, section 4.2, `stick on`): the server that a key leads to, and what is noted of the
//! server that an exchange went to.

use std::rc::Rc;

use portero_api::ServerState;
use portero_api::tables::{Data, Entry, ServerName};

use crate::road::{Place, Road};
use crate::snapshot::Proxy;

/// Looks for the server of the request, unless something else has chosen one, and notes the keys that are to lead to it.
pub fn look_up(road: &mut Road<'_>) {
    let be = road.be.clone();
    if be.stick.is_empty() {
        return;
    }
    road.stores.clear();
    if road.sticky.server.is_none() {
        let forced = road.sticky.forced || be.conf.options.persist;
        let usable = |index: &usize| forced || be.servers[*index].state.reachable();
        road.sticky.stuck = be.stick.server(road.ex, |entry| named(&be, entry).filter(usable));
    }
    be.stick.store_request(road.ex, road.stores);
}

/// Notes the server under the keys of the request, once it is reached.
pub fn store(road: &mut Road<'_>, place: &Place) {
    let server = &place.server;
    if road.be.stick.is_empty() {
        return;
    }
    if server.conf.non_stick {
        return road.stores.clear();
    }
    let state = &server.state;
    road.stores.store(state.id(), |table| match table.limits().srvkey {
        ServerName::Name => state.name.to_string(),
        ServerName::Address => state.address().to_string(),
    });
}

/// Notes it under the keys of the response.
pub fn store_response(road: &mut Road<'_>, place: &Place) {
    let be = road.be.clone();
    if !be.stick.is_empty() {
        be.stick.store_response(road.ex, road.stores);
        store(road, place);
    }
}

/// The server that an entry holds: by what the table knows servers by, else by its number.
fn named(be: &Rc<Proxy>, entry: &Entry) -> Option<usize> {
    let by = |is: &dyn Fn(&ServerState) -> bool| be.servers.iter().position(|server| is(&server.state));
    let by_key = entry.text(Data::ServerKey).and_then(|key| match entry.table().limits().srvkey {
        ServerName::Name => by(&|server| *server.name == *key),
        ServerName::Address => by(&|server| server.address().to_string() == *key),
    });
    by_key.or_else(|| {
        let id = entry.get(Data::ServerId).filter(|id| *id != 0)?;
        by(&|server| u64::from(server.id()) == id)
    })
}
