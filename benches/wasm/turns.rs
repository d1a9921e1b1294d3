//! A balancer: the servers in turn.

use portero_plugin::{portero, Balancer, Plugin, Server};

portero!(|_: &[u8]| Some(Plugin::new().balancer(Turns(0))));

struct Turns(usize);

impl Balancer for Turns {
    fn pick(&mut self, _args: &[String], servers: &[Server]) -> Option<usize> {
        self.0 = self.0.wrapping_add(1);
        self.0.checked_rem(servers.len())
    }
}
