//! How a hook beyond the ABI is called: `proxy_on_foreign_function` of the root context, with arguments as `CALL_DATA`.
//! The module answers with the function `portero.answer`, and names the hooks it has with `portero.offer` while it starts.

use std::rc::Rc;

use portero_api::{BadArg, Reply};

use super::wait::{Place, Waiting};
use crate::guest::ROOT;
use crate::items::List;
use crate::scene::Scene;
use crate::seat::{Broken, Seat};

/// A hook, by the number that `proxy_on_foreign_function` is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Action = 1,
    Fetch = 2,
    Converter = 3,
    Balancer = 4,
    /// Told how the tries of a balancer ended.
    Outcome = 5,
    Check = 6,
    Service = 7,
}

/// All hooks, by the names that modules offer them under.
pub(crate) const HOOKS: [(&str, Hook); 7] = [
    ("action", Hook::Action),
    ("fetch", Hook::Fetch),
    ("converter", Hook::Converter),
    ("balancer", Hook::Balancer),
    ("outcome", Hook::Outcome),
    ("check", Hook::Check),
    ("service", Hook::Service),
];

impl Hook {
    /// True where it may wait for call-outs.
    fn may_wait(self) -> bool {
        matches!(self, Hook::Action | Hook::Check | Hook::Service)
    }

    /// True where it may reply, as a stream does.
    fn may_reply(self) -> bool {
        matches!(self, Hook::Action | Hook::Service)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        HOOKS[self as usize - 1].0
    }
}

/// A use of a hook: the words that stand behind the module's name in the configuration.
pub(crate) struct Asked {
    pub(crate) seat: Rc<Seat>,
    hook: Hook,
    pub(crate) args: Vec<String>,
}

/// What a module said.
#[derive(Default)]
pub(crate) struct Said {
    /// The list of `portero.answer`; empty when there was none.
    pub(crate) answer: Vec<u8>,
    /// The reply of `proxy_send_local_response`.
    pub(crate) reply: Option<Reply>,
    /// It ended the connection.
    pub(crate) closed: bool,
    /// It waits for its call-outs, and says nothing yet.
    pub(crate) waits: Option<Waiting>,
}

impl Asked {
    /// A use of a hook.
    ///
    /// # Errors
    ///
    /// The module does not have it.
    pub(crate) fn new(seat: Rc<Seat>, hook: Hook, args: &[String]) -> Result<Asked, BadArg> {
        match seat.plan.offers(hook.name()) {
            true => Ok(Asked { seat, hook, args: args.to_vec() }),
            false => Err(BadArg::new(missing(&seat, hook))),
        }
    }

    /// Asks the module: with what is written, and with the exchange lent to its root context.
    ///
    /// # Errors
    ///
    /// The module failed, which was logged, or is at work already.
    pub(crate) fn ask(&self, scene: Scene<'_>, write: impl FnOnce(&mut List)) -> Result<Said, Broken> {
        self.ask_as(self.hook, scene, write)
    }

    /// The same of a hook that goes with it.
    pub(crate) fn ask_as(
        &self,
        hook: Hook,
        scene: Scene<'_>,
        write: impl FnOnce(&mut List),
    ) -> Result<Said, Broken> {
        let lent = scene.context();
        let asked = self.seat.enter(None, lent, scene, |vm| {
            let guest = vm.guest();
            let begun = guest.outbox.len();
            let mut list = List::reusing(std::mem::take(&mut guest.call_data));
            write(&mut list);
            guest.call_data = list.into_bytes();
            guest.answer = None;
            if hook.may_reply() {
                guest.streams.open(ROOT);
            }
            let (size, function) = (guest.call_data.len() as u32, vm.calls.foreign_function.clone());
            vm.call("proxy_on_foreign_function", ROOT, function.as_ref(), (ROOT, hook as u32, size))?;
            let guest = vm.guest();
            let stream = guest.streams.take(ROOT).map(|stream| *stream).unwrap_or_default();
            let answer = guest.answer.take().unwrap_or_default();
            let place = hook.may_wait().then(|| Place::of(guest, &answer, begun)).flatten();
            Ok((Said { answer, reply: stream.reply, closed: stream.closed, waits: None }, place))
        });
        let (said, place) = asked?;
        Ok(Said { waits: place.map(|place| Waiting::new(&self.seat, place)), ..said })
    }

    /// Writes its arguments, each an item.
    pub(crate) fn write_args(&self, list: &mut List) {
        self.args.iter().for_each(|arg| list.add(arg.as_bytes()));
    }
}

/// What is said where a hook is used that a module does not have.
pub(crate) fn missing(seat: &Seat, hook: Hook) -> String {
    let name = &seat.plan.load.name;
    let offers = seat.plan.offers.get().map(|offers| offers.join("', '")).unwrap_or_default();
    let offers = if offers.is_empty() { "nothing".to_owned() } else { format!("'{offers}'") };
    match seat.plan.is_component() {
        true => format!("the component '{name}' has no {}: it exports functions for {offers}", hook.name()),
        false => format!("the module '{name}' has no {}: it offers {offers} (portero.offer)", hook.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hook_has_its_number_and_its_name() {
        for (place, (name, hook)) in HOOKS.iter().enumerate() {
            assert_eq!((hook.name(), *hook as usize), (*name, place + 1));
        }
    }
}
