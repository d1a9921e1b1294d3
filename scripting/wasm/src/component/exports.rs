//! What a component exports: functions by name, any of them.

use std::rc::Rc;

use wasmtime::component::{ComponentNamedList, Instance, Lift, Lower, TypedFunc};

use super::types::{Attempt, Outcome, Sample, Verdict};
use crate::hooks::ask::Hook;
use crate::vm::{Failed, Failure, Vm};

/// The words behind a component's name in the configuration.
type Args = Vec<String>;

/// The functions that an instance has, and may be called.
#[derive(Default)]
pub(crate) struct Exports {
    pub(crate) choose_server: Option<TypedFunc<(Attempt, Args), (Option<u32>,)>>,
    pub(crate) try_ended: Option<TypedFunc<(String, Outcome, Args), ()>>,
    pub(crate) act: Option<TypedFunc<(String, Args), (Verdict,)>>,
    pub(crate) fetch: Option<TypedFunc<(Args,), (Option<Sample>,)>>,
    pub(crate) convert: Option<TypedFunc<(Sample, Args), (Option<Sample>,)>>,
}

/// All functions that are called, and the hooks that they fill.
pub(crate) const NAMES: [(&str, Option<Hook>); 6] = [
    (CONFIGURE, None),
    ("choose-server", Some(Hook::Balancer)),
    ("try-ended", Some(Hook::Outcome)),
    ("act", Some(Hook::Action)),
    ("fetch", Some(Hook::Fetch)),
    ("convert", Some(Hook::Converter)),
];

const CONFIGURE: &str = "configure";

/// Finds what a new instance exports, and shows it its configuration.
///
/// # Errors
///
/// A function has other types than ours, fails, or says that it cannot run with this configuration.
pub(crate) fn begin(vm: &mut Vm, instance: &Instance) -> Result<(), Failure> {
    let plan = vm.plan().clone();
    // what it hands over in one call may be more than it has: the same bytes many times
    vm.store.set_hostcall_fuel(plan.load.max_memory);
    let has = |(name, hook): &(&str, Option<Hook>)| hook.filter(|_| plan.has(name));
    vm.guest().offers = NAMES.iter().filter_map(has).map(|hook| hook.name().to_owned()).collect();
    vm.exports = Rc::new(Exports {
        choose_server: find(vm, instance, "choose-server")?,
        try_ended: find(vm, instance, "try-ended")?,
        act: find(vm, instance, "act")?,
        fetch: find(vm, instance, "fetch")?,
        convert: find(vm, instance, "convert")?,
    });
    type Configure = TypedFunc<(Vec<u8>,), (Result<(), String>,)>;
    let configure: Option<Configure> = find(vm, instance, CONFIGURE)?;
    let Some(configure) = configure else { return Ok(()) };
    let config = plan.load.configuration.clone();
    let (said,) = vm.run(CONFIGURE, |store| configure.call(store, (config,)))?;
    said.map_err(|why| {
        let message = format!("{CONFIGURE} says that it cannot run with this configuration: {why}");
        Failure::from(Failed { message, stopped: false })
    })
}

/// An export, where there is one that may be called.
fn find<P, R>(vm: &mut Vm, instance: &Instance, name: &str) -> Result<Option<TypedFunc<P, R>>, Failure>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    if !vm.plan().has(name) {
        return Ok(None);
    }
    let typed = instance.get_typed_func(&mut vm.store, name);
    typed.map(Some).map_err(|error| {
        let message = format!("the export '{name}' is not as portero.wit has it: {error:#}");
        Failure::from(Failed { message, stopped: false })
    })
}
