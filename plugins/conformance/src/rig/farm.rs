//! A backend and its servers.

use std::sync::Arc;

use portero_api::{Address, Balance, Candidates, Exchange, Kind, ProxyState, ServerState};

/// A backend `web` with servers `s1`, `s2`, ... at ports 1, 2, ... of 127.0.0.1.
pub struct Farm {
    /// The backend.
    pub backend: Arc<ProxyState>,
    /// Its servers in order.
    pub servers: Arc<[Arc<ServerState>]>,
}

impl Farm {
    /// A farm with a server for each weight.
    pub fn new(weights: &[u32]) -> Farm {
        Farm::with_backups(weights, &[])
    }

    /// A farm with a server for each weight and then a backup server for each further weight.
    pub fn with_backups(weights: &[u32], backups: &[u32]) -> Farm {
        let backend = Arc::new(ProxyState::new("web", 2, Kind::Backend, true));
        let all = weights.iter().map(|w| (w, false)).chain(backups.iter().map(|w| (w, true)));
        let servers = all.zip(1u16..).map(|((&weight, backup), n)| {
            let address = Address::Ip(([127, 0, 0, 1], n).into());
            let server = ServerState::new(&backend, &format!("s{n}"), u32::from(n), address);
            server.set_backup(backup);
            server.configure_weight(weight);
            Arc::new(server)
        });
        backend.set_servers(servers.collect());
        let servers = backend.servers();
        Farm { backend, servers }
    }

    /// What the balancer picks when these servers were tried before.
    pub fn pick(&self, balancer: &dyn Balance, exchange: &Exchange, tried: &[usize]) -> Option<usize> {
        balancer.pick(exchange, &Candidates::new(&self.servers, tried, self.backend.version()))
    }

    /// The picks of `n` requests that end at once.
    pub fn picks(&self, balancer: &dyn Balance, exchange: &Exchange, n: usize) -> Vec<Option<usize>> {
        (0..n).map(|_| self.pick(balancer, exchange, &[])).collect()
    }

    /// How many of `n` requests for `/0`, `/1`, ... each server gets. They stay under way when `held`.
    pub fn shares(&self, balancer: &dyn Balance, n: usize, held: bool) -> Vec<usize> {
        let mut shares = vec![0; self.servers.len()];
        for i in 0..n {
            let exchange = super::exchange(&format!("/{i}"));
            if let Some(server) = self.pick(balancer, &exchange, &[]) {
                shares[server] += 1;
                if held {
                    self.servers[server].try_enter();
                }
            }
        }
        shares
    }

    /// Fills a server: its `maxconn` is one, and one session is on it.
    pub fn fill(&self, server: usize) {
        self.servers[server].set_max_sessions(1);
        while self.servers[server].try_enter() {}
    }
}
