//! [`Control`] over the running process, from any thread.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use portero_api::{Admin, Common, Control, Door, Oper, ProxyState, Sample, ServerState};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{servers, show};
use crate::daemon::DoorError;
use crate::registry::statistics::rows::{Pick, Stat, Subject, View, row};
use crate::shared::Shared;

/// What plugins have of the process: nothing until it runs.
#[derive(Default)]
pub struct Operator(OnceLock<Process>);

struct Process {
    /// Weak: the process holds the operator.
    shared: Weak<Shared>,
    manager: UnboundedSender<Deed>,
}

/// What is said where no process runs, or one that ends.
const NOBODY: &str = "No process is running that could be changed.";

/// What only the manager can do, or go on with.
#[derive(Debug)]
pub enum Deed {
    /// What the operator says of a server was set: it was this before.
    State(Arc<ServerState>, Admin, Admin),
    /// A server's health was set: it was this before, where it was not the same.
    Health(Arc<ServerState>, Option<Oper>, Oper),
    /// Checks of a server are paused or go on.
    Checking(Arc<ServerState>, bool),
    /// A frontend opens or closes.
    Frontend(Arc<str>, Door),
}

impl Operator {
    /// The one of all who share `common`.
    pub fn of(common: &Common) -> Arc<Operator> {
        common.get("control")
    }

    /// From now on there is a process; what plugins want of its manager comes out here. None when that was said before.
    pub fn begin(&self, shared: &Arc<Shared>) -> Option<UnboundedReceiver<Deed>> {
        let (manager, deeds) = unbounded_channel();
        let process = Process { shared: Arc::downgrade(shared), manager };
        self.0.set(process).ok().map(|()| deeds)
    }

    fn tell(&self, deed: Deed) -> Result<(), String> {
        let sent = self.0.get().map(|process| process.manager.send(deed));
        if let Some(Ok(())) = sent { Ok(()) } else { Err(NOBODY.to_owned()) }
    }

    fn shared(&self) -> Result<Arc<Shared>, String> {
        let shared = self.0.get().and_then(|process| process.shared.upgrade());
        shared.ok_or_else(|| NOBODY.to_owned())
    }

    /// The server as the configuration in use knows it.
    fn known(&self, server: &Arc<ServerState>) -> Result<(), String> {
        let backend = self.shared()?.directory.proxy(&server.backend, true);
        let known = backend.is_some_and(|b| b.servers().iter().any(|s| Arc::ptr_eq(s, server)));
        if known { Ok(()) } else { Err("No such server.".to_owned()) }
    }
}

impl Control for Operator {
    fn set_weight(&self, server: &Arc<ServerState>, weight: &str) -> Result<(), String> {
        self.shared()?;
        servers::set_weight(server, weight)
    }

    fn set_maxconn(&self, server: &Arc<ServerState>, max: &str) -> Result<(), String> {
        servers::set_maxconn(&*self.shared()?, server, max)
    }

    fn set_addr(&self, server: &Arc<ServerState>, addr: &str, port: Option<&str>) -> Result<String, String> {
        self.shared()?;
        servers::set_addr(server, addr, port, "Lua script")
    }

    fn set_state(&self, server: &Arc<ServerState>, state: Admin) -> Result<(), String> {
        self.known(server)?;
        let was = server.admin();
        match server.set_admin(state) {
            true => self.tell(Deed::State(server.clone(), was, state)),
            false => Ok(()),
        }
    }

    fn set_health(&self, server: &Arc<ServerState>, health: Oper) -> Result<(), String> {
        self.known(server)?;
        servers::may_set_health(server)?;
        let was = server.oper();
        let was = server.set_oper(health).then_some(was);
        self.tell(Deed::Health(server.clone(), was, health))
    }

    fn enable_health(&self, server: &Arc<ServerState>) -> Result<(), String> {
        servers::may_enable_health(server)?;
        self.tell(Deed::Checking(server.clone(), true))
    }

    fn disable_health(&self, server: &Arc<ServerState>) -> Result<(), String> {
        self.known(server)?;
        self.tell(Deed::Checking(server.clone(), false))
    }

    fn shutdown_sessions(&self, server: &Arc<ServerState>) {
        if let Ok(shared) = self.shared() {
            servers::end_sessions(&shared, server);
        }
    }

    fn set_frontend(&self, proxy: &Arc<ProxyState>, door: Door) -> Result<(), String> {
        DoorError::check(proxy, door).map_err(|why| why.to_string())?;
        self.tell(Deed::Frontend(proxy.name.clone(), door))
    }

    fn show_info(&self) -> Vec<(&'static str, Sample<'static>)> {
        self.shared().map(|shared| show::info(&shared)).unwrap_or_default()
    }

    fn show_stat(&self, proxy: &Arc<ProxyState>, back: bool) -> Vec<(&'static str, Sample<'static>)> {
        stats(if back { Subject::Back(proxy) } else { Subject::Front(proxy) })
    }

    fn show_server_stat(&self, server: &Arc<ServerState>) -> Vec<(&'static str, Sample<'static>)> {
        let backend = self.shared().ok().and_then(|shared| shared.directory.proxy(&server.backend, true));
        backend.map(|backend| stats(Subject::Server(&backend, server))).unwrap_or_default()
    }

    fn listeners(&self, proxy: &ProxyState) -> Vec<String> {
        proxy.listeners().iter().map(|name| name.to_string()).collect()
    }

    fn tracked(&self, server: &ServerState) -> Option<Arc<ServerState>> {
        let (backend, name) = server.tracked()?;
        let backend = self.shared().ok()?.directory.proxy(&backend, true)?;
        backend.servers().iter().find(|s| s.name == name).cloned()
    }

    fn trackers(&self, server: &ServerState) -> Vec<Arc<ServerState>> {
        let Ok(shared) = self.shared() else { return Vec::new() };
        let me = Some((server.backend.clone(), server.name.clone()));
        let of = |proxy: &Arc<ProxyState>| proxy.servers().iter().cloned().collect::<Vec<_>>();
        shared.directory.all().iter().flat_map(of).filter(|other| other.tracked() == me).collect()
    }
}

/// The columns that have a value.
fn stats(subject: Subject<'_>) -> Vec<(&'static str, Sample<'static>)> {
    let view = View { now: Instant::now(), legends: true, pick: Pick::default() };
    let sample = |stat| match stat {
        Stat::U32(number) => Sample::Int(number.into()),
        Stat::U64(number) => Sample::Int(number.try_into().unwrap_or(i64::MAX)),
        Stat::Text(text) => Sample::text(text),
    };
    row(&subject, &view).filter_map(|(name, value)| Some((name, sample(value?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{environment, load};
    use crate::{shared, states};

    const TEXT: &str = "frontend f\n mode http\n bind 127.0.0.1:0 name web\n bind 127.0.0.1:0\n\
        backend b\n mode http\n server a 127.0.0.1:1 check weight 10\n server c 127.0.0.1:2 track b/a\n";

    fn world() -> Arc<Shared> {
        let mut env = environment::process(None, false);
        let loaded = load::load_text("a.cfg", TEXT, &mut env, &load::Options::default());
        let shared = Shared::new(shared::common());
        states::apply(&shared, &loaded.checked.expect("the configuration is good"));
        Arc::new(shared)
    }

    fn server(shared: &Shared, name: &str) -> Arc<ServerState> {
        let backend = shared.directory.proxy("b", true).expect("it is there");
        backend.servers().iter().find(|s| *s.name == *name).cloned().expect("it is there")
    }

    #[test]
    fn nothing_can_be_changed_until_a_process_runs() {
        let shared = world();
        let (control, a) = (shared.common.control.clone(), server(&shared, "a"));
        assert_eq!(control.set_weight(&a, "5"), Err(NOBODY.to_owned()));
        assert!(control.set_state(&a, Admin::Maint).is_err() && control.show_info().is_empty());
        assert_eq!((a.weight(), a.admin()), (10, Admin::Ready));
        assert!(Operator::of(&shared.common).begin(&shared).is_some());
        assert_eq!(control.set_weight(&a, "50%"), Ok(()));
        assert_eq!(a.weight(), 5);
        assert!(control.set_weight(&a, "300").is_err());
        assert!(control.set_addr(&a, "127.0.0.2", None).is_ok_and(|said| said.contains("'127.0.0.2'")));
        assert_eq!(control.set_maxconn(&a, "7").map(|()| a.max_sessions()), Ok(7));
    }

    #[test]
    fn states_count_at_once_and_the_manager_is_told_what_they_were() {
        let shared = world();
        let mut deeds = Operator::of(&shared.common).begin(&shared).expect("the first time");
        let (control, a, c) = (shared.common.control.clone(), server(&shared, "a"), server(&shared, "c"));
        control.set_state(&a, Admin::Drain).expect("it can be");
        control.set_state(&a, Admin::Drain).expect("it is so already");
        assert_eq!(a.admin(), Admin::Drain);
        assert!(matches!(deeds.try_recv(), Ok(Deed::State(_, Admin::Ready, Admin::Drain))));
        control.set_health(&a, Oper::Down).expect("it can be");
        assert_eq!(a.oper(), Oper::Down);
        assert!(matches!(deeds.try_recv(), Ok(Deed::Health(_, Some(Oper::Up), Oper::Down))));
        assert!(control.set_health(&c, Oper::Down).is_err(), "it tracks another one");
        assert!(control.enable_health(&c).is_err() && control.enable_health(&a).is_ok());
        assert!(matches!(deeds.try_recv(), Ok(Deed::Checking(_, true))));
        let front = shared.directory.proxy("f", false).expect("it is there");
        let back = shared.directory.proxy("b", true).expect("it is there");
        assert!(control.set_frontend(&back, Door::Paused).is_err());
        assert!(control.set_frontend(&front, Door::Open).is_err(), "it is so already");
        control.set_frontend(&front, Door::Paused).expect("it can be");
        assert!(matches!(deeds.try_recv(), Ok(Deed::Frontend(_, Door::Paused))));
        assert!(deeds.try_recv().is_err());
    }

    #[test]
    fn what_is_shown_has_names() {
        let shared = world();
        let _deeds = Operator::of(&shared.common).begin(&shared);
        let (control, a, c) = (shared.common.control.clone(), server(&shared, "a"), server(&shared, "c"));
        let find = |row: Vec<(&str, Sample<'static>)>, name: &str| {
            row.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
        };
        assert_eq!(find(control.show_server_stat(&a), "weight"), Some(Sample::Int(10)));
        let front = shared.directory.proxy("f", false).expect("it is there");
        assert_eq!(find(control.show_stat(&front, false), "svname"), Some(Sample::text("FRONTEND")));
        assert_eq!(find(control.show_info(), "Listeners"), Some(Sample::Int(2)));
        assert_eq!(control.listeners(&front), ["web", "sock-2"]);
        assert!(control.tracked(&c).is_some_and(|leader| Arc::ptr_eq(&leader, &a)));
        assert!(control.tracked(&a).is_none());
        assert!(matches!(&control.trackers(&a)[..], [follower] if Arc::ptr_eq(follower, &c)));
    }
}
