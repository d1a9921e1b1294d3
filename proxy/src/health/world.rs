//! All servers and their checks, as one configuration after the other says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Admin, Dial, Oper, ProxyState, ServerState};
use portero_grammar::Diagnostics;
use tokio::task::AbortHandle;

use super::backend::Backend;
use super::member::Member;
use super::plan::{Key, Planned, Recipe, plan};
use super::timing::first_delays;
use super::watch::watch;
use super::words::Cause;
use crate::config::checked::{Checked, Proxy, Server};
use crate::host::Program;
use crate::log::{Identity, LogSinks};
use crate::shared::Shared;

/// The health of all servers.
pub struct Health {
    shared: Arc<Shared>,
    sinks: LogSinks,
    dial: Rc<dyn Dial>,
    program: Rc<Program>,
    world: RefCell<World>,
}

/// What nothing but the checks knows of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// False while its checks are paused (`disable health`).
    pub checking: bool,
    /// True when its administrative state is that of the server that it tracks.
    pub inherited: bool,
}

/// No server has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("No such server.")
    }
}

impl std::error::Error for Unknown {}

#[derive(Default)]
struct World {
    members: HashMap<Key, Rc<Member>>,
    running: HashMap<Key, Running>,
}

/// A check under way. Dropped, it ends.
struct Running {
    recipe: Recipe,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Health {
    /// No servers yet. `sinks` are those of the manager's thread, `dial` is what probes connect with, `program` what
    /// else they may ask for.
    pub fn new(shared: Arc<Shared>, sinks: LogSinks, dial: Rc<dyn Dial>, program: Rc<Program>) -> Health {
        Health { shared, sinks, dial, program, world: RefCell::default() }
    }

    /// Makes a configuration the one that holds. The directory has its servers already. Checks that stay the same go
    /// on, others start or end; states are kept. On errors everything stays as it was.
    pub fn apply(&self, checked: &Arc<Checked>) -> Result<(), Diagnostics> {
        self.program.turn_to(checked);
        let planned = plan(&self.shared, checked, &self.program.here())?;
        let mut world = self.world.borrow_mut();
        self.seat_members(&mut world, checked);
        world.link_followers(checked);
        let (mut fresh, mut running) = (Vec::new(), HashMap::new());
        for plan in planned {
            match world.running.remove(&plan.key) {
                Some(old) if old.recipe == plan.recipe && !old.task.is_finished() => {
                    running.insert(plan.key, old);
                }
                _ => fresh.push(plan),
            }
        }
        world.running = running;
        let timings: Vec<_> = fresh.iter().map(|plan| plan.recipe.timing).collect();
        let delays = first_delays(&timings, checked.global.max_spread_checks);
        for (plan, delay) in fresh.into_iter().zip(delays) {
            self.start(&mut world, plan, delay);
        }
        Ok(())
    }

    /// What the operator says of a server (`set server ... state`).
    pub fn set_admin(&self, backend: &str, server: &str, admin: Admin) -> Result<(), Unknown> {
        self.member(backend, server).map(|m| m.set_admin(admin, &Cause::Operator))
    }

    /// Sets a server's health by hand; checks go on from there (`set server ... health`).
    pub fn set_oper(&self, backend: &str, server: &str, oper: Oper) -> Result<(), Unknown> {
        self.member(backend, server).map(|m| m.force_oper(oper))
    }

    /// All that follows from what the operator said of a server, where the state itself was set already.
    pub fn admin_was_set(&self, server: &ServerState, was: Admin, admin: Admin) -> Result<(), Unknown> {
        self.member(&server.backend, &server.name).map(|m| m.admin_changed(was, admin, &Cause::Operator))
    }

    /// All that follows from a health that was set by hand already; `was`: what it was, where it was not the same.
    pub fn oper_was_set(&self, server: &ServerState, was: Option<Oper>, oper: Oper) -> Result<(), Unknown> {
        self.member(&server.backend, &server.name).map(|m| m.oper_forced(oper, was))
    }

    /// Pauses a server's checks or lets them go on (`disable health`, `enable health`).
    pub fn set_checking(&self, backend: &str, server: &str, on: bool) -> Result<(), Unknown> {
        let member = self.member(backend, server)?;
        member.checking.set(on);
        if on {
            member.hurry.notify_one();
        }
        Ok(())
    }

    /// What nothing but the checks knows of a server.
    pub fn flags(&self, backend: &str, server: &str) -> Flags {
        self.member(backend, server).map_or(Flags::default(), |member| member.flags())
    }

    fn member(&self, backend: &str, server: &str) -> Result<Rc<Member>, Unknown> {
        let world = self.world.borrow();
        world.members.get(&(backend.into(), server.into())).cloned().ok_or(Unknown)
    }

    /// Finds the members of the last configuration again and adds new ones.
    fn seat_members(&self, world: &mut World, checked: &Checked) {
        let mut old = std::mem::take(&mut world.members);
        for proxy in checked.proxies.iter().filter(|p| p.kind.has_back()) {
            let Some(state) = self.shared.directory.proxy(&proxy.name, true) else { continue };
            let backend = Rc::new(self.backend(checked, proxy, state.clone()));
            for (server, state) in states(proxy, &state) {
                let key = (proxy.name.clone(), server.name.clone());
                let kept = old.remove(&key).filter(|m| Arc::ptr_eq(&m.server, &state));
                let member = match kept {
                    Some(member) => {
                        member.reconfigure(backend.clone(), server.into());
                        member
                    }
                    None => Rc::new(Member::new(
                        state,
                        backend.clone(),
                        server.into(),
                        self.shared.common.clone(),
                    )),
                };
                world.members.insert(key, member);
            }
        }
    }

    fn backend(&self, checked: &Checked, proxy: &Proxy, state: Arc<ProxyState>) -> Backend {
        let identity = Identity {
            tag: proxy.log.tag.as_deref().unwrap_or(&checked.global.log_tag),
            hostname: checked.global.log_hostname.as_deref(),
        };
        let logger = self.sinks.logger(&proxy.name, &proxy.log.targets, identity);
        Backend::new(state, logger, proxy.options.log_health_checks, self.shared.queue(&proxy.name))
    }

    fn start(&self, world: &mut World, plan: Planned, delay: Duration) {
        let Some(member) = world.members.get(&plan.key) else { return };
        let check = &plan.recipe.check;
        member.begin(check.rise, check.fall);
        let task = tokio::task::spawn_local(watch(member.clone(), plan.watch, self.dial.clone(), delay));
        world.running.insert(plan.key, Running { recipe: plan.recipe, task: task.abort_handle() });
    }
}

impl World {
    fn link_followers(&self, checked: &Checked) {
        for proxy in &checked.proxies {
            for server in &proxy.servers {
                let Some((backend, leader)) = &server.track else { continue };
                let leader = self.members.get(&(backend.as_str().into(), leader.as_str().into()));
                let follower = self.members.get(&(proxy.name.clone(), server.name.clone()));
                if let (Some(leader), Some(follower)) = (leader, follower) {
                    leader.lead(follower);
                }
            }
        }
    }
}

/// Servers of a proxy with what is shared of them.
fn states<'a>(proxy: &'a Proxy, state: &ProxyState) -> Vec<(&'a Server, Arc<ServerState>)> {
    let states = state.servers();
    let of = |server: &Server| states.iter().find(|s| s.name == server.name).cloned();
    proxy.servers.iter().filter_map(|server| Some((&**server, of(server)?))).collect()
}
