//! What rules change of how one exchange is handled: its time-outs, its tries, its place in the queue, its packets.

use std::rc::Rc;
use std::time::Duration;

use crate::ServerState;
use crate::tables::{Data, Held};

/// The time-outs that a rule can change (`set-timeout`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Timeout {
    Client,
    Connect,
    Queue,
    Server,
    Tarpit,
    Tunnel,
}

impl Timeout {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// True for those that belong to the backend side.
    pub fn is_of_backend(self) -> bool {
        !matches!(self, Timeout::Client | Timeout::Tarpit)
    }
}

/// What rules changed. An exchange has none as long as no rule changes anything.
#[derive(Clone, Debug, Default)]
pub struct Tuning {
    times: [Option<Duration>; Timeout::COUNT],
    /// `set-retries`
    pub retries: Option<u32>,
    /// `disable-l7-retry`: another try only where the server could not be reached.
    pub no_l7_retry: bool,
    /// `set-priority-class`, `set-priority-offset`
    pub priority: Priority,
    /// `stats admin`: a service may let this client change the process.
    pub admin: bool,
    /// How packets to the server are marked.
    pub server_packets: Packets,
    /// How fast the bodies may move (`set-bandwidth-limit`).
    pub limits: Vec<BandwidthLimit>,
    /// The server that a plugin wants for it.
    pub server: Option<WantedServer>,
    /// The backend that a plugin wants for it, in the place of `use_backend` rules.
    pub backend: Option<Box<str>>,
}

/// A server that a plugin wants for an exchange, whatever the balancer and persistence say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedServer {
    /// Its name in the backend, or its address with port.
    pub server: Box<str>,
    /// True: this one or none, at every try; the exchange ends with 503 where it is down. False: the first try is its, as
    /// long as it is up; others are the balancer's to choose.
    pub strict: bool,
}

impl WantedServer {
    /// Whether that server is meant.
    pub fn is(&self, server: &ServerState) -> bool {
        *server.name == *self.server || server.address().to_string() == *self.server
    }
}

/// The place of a request among those that wait for a server: a lower class goes first; within a class the time of
/// arrival counts, moved by the offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Priority {
    /// -2047 to 2047.
    pub class: i32,
    /// In milliseconds, -524287 to 524287.
    pub offset: i32,
}

/// A limit on the bandwidth of one direction of an exchange.
#[derive(Clone, Debug)]
pub struct BandwidthLimit {
    /// The filter that it comes from.
    pub name: Rc<str>,
    /// True on the way from the client to the server.
    pub upload: bool,
    /// So many bytes in a period.
    pub bytes: u64,
    /// The period.
    pub period: Duration,
    /// The least bytes that move at a time.
    pub least: u64,
    /// The entry whose byte rate all who share the limit count in; none for a limit of this exchange alone.
    pub shared: Option<Rc<Held>>,
}

impl BandwidthLimit {
    /// What a shared limit counts in.
    pub fn rate(upload: bool) -> Data {
        if upload { Data::BytesInRate } else { Data::BytesOutRate }
    }
}

/// How packets of a connection are marked, for routers and for the packet filter of the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packets {
    /// The type-of-service byte (RFC 2474).
    pub tos: Option<u8>,
    /// The mark that the packet filter sees.
    pub mark: Option<u32>,
}

impl Packets {
    /// True when nothing is to be marked.
    pub fn is_plain(self) -> bool {
        self == Packets::default()
    }
}

impl Tuning {
    /// The time-out that a rule has set.
    pub fn time(&self, which: Timeout) -> Option<Duration> {
        self.times[which as usize]
    }

    /// Sets a time-out.
    pub fn set_time(&mut self, which: Timeout, time: Duration) {
        self.times[which as usize] = Some(time);
    }

    /// Forgets what a frontend's rules said about the backend side: another backend was chosen.
    pub fn forget_backend(&mut self) {
        (self.times[Timeout::Connect as usize], self.times[Timeout::Queue as usize]) = (None, None);
        (self.times[Timeout::Server as usize], self.times[Timeout::Tunnel as usize]) = (None, None);
        self.retries = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Kind, ProxyState};

    #[test]
    fn another_backend_has_its_own_times() {
        use Timeout::{Client, Connect, Queue, Server, Tarpit, Tunnel};
        let mut tuning = Tuning { retries: Some(1), ..Tuning::default() };
        for which in [Client, Connect, Queue, Server, Tarpit, Tunnel] {
            tuning.set_time(which, Duration::from_secs(3));
        }
        tuning.forget_backend();
        for which in [Client, Connect, Queue, Server, Tarpit, Tunnel] {
            assert_eq!(tuning.time(which).is_none(), which.is_of_backend(), "{which:?}");
        }
        assert_eq!(tuning.retries, None);
    }

    #[test]
    fn a_server_is_wanted_by_its_name_or_its_address() {
        let backend = ProxyState::new("b", 1, Kind::Backend, true);
        let server = ServerState::new(&backend, "s1", 1, Address::Ip(([10, 0, 0, 1], 80).into()));
        let wanted = |text: &str| WantedServer { server: text.into(), strict: true }.is(&server);
        assert_eq!(["s1", "10.0.0.1:80", "s2", "10.0.0.1"].map(wanted), [true, true, false, false]);
    }
}
