//! All servers and their checks, as one configuration after the other says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Admin, Common, Dial, Oper, ProxyState, ServerState};
use portero_grammar::{Diagnostic, Diagnostics, Word};
use tokio::task::AbortHandle;

use super::backend::Backend;
use super::member::Member;
use super::probe::Limits;
use super::timing::{Timing, first_delays};
use super::watch::{Watch, watch};
use super::words::Cause;
use crate::config::checked::{Check, Checked, PluginUse, Proxy, ProxyHeader, Server};
use crate::log::{Identity, LogSinks};
use crate::plugins::Plugins;

/// The health of all servers.
pub struct Health {
    common: Arc<Common>,
    sinks: LogSinks,
    dial: Rc<dyn Dial>,
    world: RefCell<World>,
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

/// Backend and server.
type Key = (Arc<str>, Arc<str>);

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

/// What a check is made of: as long as it stays the same, the check goes on over a reload.
#[derive(PartialEq)]
struct Recipe {
    timing: Timing,
    check: Check,
    probe: Vec<Vec<String>>,
}

/// A check that a configuration asks for.
struct Planned {
    key: Key,
    recipe: Recipe,
    watch: Watch,
}

impl Health {
    /// No servers yet: they come from `common.directory`. `sinks` are those of the manager's thread, `dial` is what probes connect with.
    pub fn new(common: Arc<Common>, sinks: LogSinks, dial: Rc<dyn Dial>) -> Health {
        Health { common, sinks, dial, world: RefCell::default() }
    }

    /// Checks that every probe of a configuration can be made, without using it.
    pub fn validate(checked: &Checked, plugins: &Plugins<'_>) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        for proxy in &checked.proxies {
            for (_, check) in checked_servers(proxy) {
                diagnostics.extend(plugins.health(&proxy.name, usage(proxy, check)).err());
            }
        }
        diagnostics
    }

    /// Makes a configuration the one that holds. The directory has its servers already. Checks that stay the same go
    /// on, others start or end; states are kept. On errors everything stays as it was.
    pub fn apply(&self, checked: &Checked, plugins: &Plugins<'_>) -> Result<(), Diagnostics> {
        let planned = plan(checked, plugins)?;
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

    /// Pauses a server's checks or lets them go on (`disable health`, `enable health`).
    pub fn set_checking(&self, backend: &str, server: &str, on: bool) -> Result<(), Unknown> {
        let member = self.member(backend, server)?;
        member.checking.set(on);
        if on {
            member.hurry.notify_one();
        }
        Ok(())
    }

    fn member(&self, backend: &str, server: &str) -> Result<Rc<Member>, Unknown> {
        let world = self.world.borrow();
        world.members.get(&(backend.into(), server.into())).cloned().ok_or(Unknown)
    }

    /// Finds the members of the last configuration again and adds new ones.
    fn seat_members(&self, world: &mut World, checked: &Checked) {
        let mut old = std::mem::take(&mut world.members);
        for proxy in checked.proxies.iter().filter(|p| p.kind.has_back()) {
            let Some(state) = self.common.directory.proxy(&proxy.name, true) else { continue };
            let backend = Rc::new(self.backend(checked, proxy, state.clone()));
            for (server, state) in states(proxy, &state) {
                let key = (proxy.name.clone(), server.name.clone());
                let kept = old.remove(&key).filter(|m| Arc::ptr_eq(&m.server, &state));
                let member = match kept {
                    Some(member) => {
                        member.reconfigure(backend.clone(), server.into());
                        member
                    }
                    None => Rc::new(Member::new(state, backend.clone(), server.into(), self.common.clone())),
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
        Backend::new(state, logger, proxy.options.log_health_checks)
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

fn checked_servers(proxy: &Proxy) -> impl Iterator<Item = (&Server, &Check)> {
    proxy.servers.iter().filter_map(|server| Some((&**server, server.check.as_ref()?)))
}

fn usage<'a>(proxy: &'a Proxy, check: &'a Check) -> &'a PluginUse {
    check.probe.as_ref().unwrap_or(&proxy.check)
}

fn plan(checked: &Checked, plugins: &Plugins<'_>) -> Result<Vec<Planned>, Diagnostics> {
    let (mut planned, mut diagnostics) = (Vec::new(), Diagnostics::default());
    for proxy in &checked.proxies {
        for (server, check) in checked_servers(proxy) {
            match plan_one(checked, proxy, server, check, plugins) {
                Ok(plan) => planned.push(plan),
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
    }
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(planned) }
}

fn plan_one(
    checked: &Checked,
    proxy: &Proxy,
    server: &Server,
    check: &Check,
    plugins: &Plugins<'_>,
) -> Result<Planned, Diagnostic> {
    let usage = usage(proxy, check);
    let probe = plugins.health(&proxy.name, usage)?;
    let timing = Timing::new(check, &proxy.timeouts, checked.global.spread_checks);
    let header = check.send_proxy.then(|| server.send_proxy.unwrap_or(ProxyHeader::V1));
    // where the words stand in the file is no difference
    let check = Check { probe: None, ..check.clone() };
    Ok(Planned {
        key: (proxy.name.clone(), server.name.clone()),
        recipe: Recipe { timing, check: check.clone(), probe: texts(usage) },
        watch: Watch { limits: Limits { timing, header }, probe, check },
    })
}

fn texts(usage: &PluginUse) -> Vec<Vec<String>> {
    let texts = |words: &[Word]| words.iter().map(|w| w.text.clone()).collect();
    let head = [std::slice::from_ref(&usage.name), &usage.args];
    head.into_iter().chain(usage.lines.iter().map(Vec::as_slice)).map(texts).collect()
}
