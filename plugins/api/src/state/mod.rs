//! What all workers share of a proxy and of a server: states, weights, counters.

mod address;
mod directory;
mod gauge;
mod proxy;
mod server;

pub use address::Address;
pub use directory::Directory;
pub use gauge::Gauge;
pub use proxy::{Door, Kind, ProxyState};
pub use server::{Admin, CheckView, Oper, ServerState};

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn backend() -> ProxyState {
        ProxyState::new("web", 1, Kind::Backend, true)
    }

    #[test]
    fn a_full_server_refuses_until_a_place_is_given_back() {
        let server = ServerState::new(&backend(), "s1", 1, Address::Unresolved("x".into()));
        server.set_max_sessions(1);
        assert!(server.try_enter());
        assert!(!server.try_enter());
        server.leave();
        assert!(server.try_enter());
        assert_eq!(server.sessions.highest(), 1);
    }

    #[test]
    fn changes_of_state_move_the_version_of_the_backend() {
        let backend = backend();
        let server = Arc::new(ServerState::new(&backend, "s1", 1, Address::Unresolved("x".into())));
        backend.set_servers(vec![server.clone()]);
        let before = backend.version();
        assert!(server.set_oper(Oper::Down));
        assert!(!server.set_oper(Oper::Down));
        assert_eq!((backend.version(), backend.usable_servers()), (before + 1, 0));
    }

    #[test]
    fn a_frontend_and_a_backend_may_share_a_name() {
        let directory = Directory::default();
        directory.insert(Arc::new(ProxyState::new("x", 1, Kind::Frontend, true)));
        directory.insert(Arc::new(ProxyState::new("x", 2, Kind::Backend, true)));
        let id = |back| directory.proxy("x", back).map(|p| p.id());
        assert_eq!((id(false), id(true), directory.all().len()), (Some(1), Some(2), 2));
    }
}
