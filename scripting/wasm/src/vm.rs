//! An instance: its exports, its life, and one call with a budget.

mod failure;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::Direction;
use wasmtime::{Instance, Store, TypedFunc, WasmParams, WasmResults};

use self::failure::failure;
pub(crate) use self::failure::{Failed, Failure};
use crate::bell::Bell;
use crate::component::{self, Exports};
use crate::engine;
use crate::guest::{Guest, ROOT};
use crate::plan::{Plan, Ready};
use crate::scene;
use crate::wasi;

/// An instance of a module.
pub(crate) struct Vm {
    pub(crate) store: Store<Guest>,
    /// Held by whoever calls, for a call needs all of the rest.
    pub(crate) calls: Rc<Calls>,
    /// The same of a component.
    pub(crate) exports: Rc<Exports>,
    budget: u64,
}

/// The callbacks that the module has, and may be called.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) context_create: Option<TypedFunc<(u32, u32), ()>>,
    pub(crate) tick: Option<TypedFunc<u32, ()>>,
    pub(crate) done: Option<TypedFunc<u32, u32>>,
    pub(crate) log: Option<TypedFunc<u32, ()>>,
    pub(crate) delete: Option<TypedFunc<u32, ()>>,
    pub(crate) http: [Http; 2],
    pub(crate) new_connection: Option<TypedFunc<u32, u32>>,
    pub(crate) tcp: [Tcp; 2],
    pub(crate) http_call_response: Option<TypedFunc<(u32, u32, u32, u32, u32), ()>>,
    pub(crate) queue_ready: Option<TypedFunc<(u32, u32), ()>>,
    pub(crate) foreign_function: Option<TypedFunc<(u32, u32, u32), ()>>,
}

/// The callbacks of one direction of HTTP.
#[derive(Default)]
pub(crate) struct Http {
    pub(crate) headers: Option<OnHeaders>,
    pub(crate) body: Option<TypedFunc<(u32, u32, u32), u32>>,
    pub(crate) trailers: Option<TypedFunc<(u32, u32), u32>>,
}

/// The callbacks of one direction of TCP.
#[derive(Default)]
pub(crate) struct Tcp {
    pub(crate) data: Option<TypedFunc<(u32, u32, u32), u32>>,
    pub(crate) close: Option<TypedFunc<(u32, u32), ()>>,
}

/// ABI 0.1.0 does not say whether the head is all there is.
#[derive(Clone)]
pub(crate) enum OnHeaders {
    Old(TypedFunc<(u32, u32), u32>),
    New(TypedFunc<(u32, u32, u32), u32>),
}

/// The longest that starting may take, whatever one call may.
const START: Duration = Duration::from_secs(10);

impl Vm {
    /// Starts an instance: its own initialization, then `proxy_on_vm_start` and `proxy_on_configure`. `bell` is that of
    /// its place; none while the configuration is checked.
    ///
    /// # Errors
    ///
    /// It traps, or says that it cannot run with this configuration.
    pub(crate) fn start(plan: &Arc<Plan>, bell: Option<Arc<Bell>>) -> Result<Vm, Failure> {
        let mut store = Store::new(plan.ready.engine(), Guest::new(plan, bell));
        store.limiter(|guest| &mut guest.limits);
        let budget = engine::ticks(START.max(plan.load.timeout));
        store.set_epoch_deadline(budget);
        let mut vm = Vm { store, calls: Rc::default(), exports: Rc::default(), budget };
        match &plan.ready {
            Ready::Module(ready) => {
                let instance = ready.instantiate(&mut vm.store);
                let instance = instance.map_err(|error| failure(&vm.store, "instantiate", &error))?;
                vm.prepare(&instance)?;
                vm.begin(&instance)?;
            }
            Ready::Component(ready) => {
                let instance = ready.instantiate(&mut vm.store);
                let instance = instance.map_err(|error| failure(&vm.store, "instantiate", &error))?;
                component::begin(&mut vm, &instance)?;
            }
        }
        vm.budget = engine::ticks(plan.load.timeout);
        vm.guest().starting = false;
        plan.figure.holds(vm.guest().limits.held);
        Ok(vm)
    }

    /// Finds memory and exports.
    fn prepare(&mut self, instance: &Instance) -> Result<(), Failure> {
        let memory = instance.get_memory(&mut self.store, "memory");
        let allocate = match self.find(instance, "proxy_on_memory_allocate")? {
            Some(allocate) => Some(allocate),
            None => self.find(instance, "malloc")?,
        };
        let guest = self.store.data_mut();
        (guest.memory, guest.allocate) = (memory, allocate.map(Rc::new));
        self.calls = Rc::new(Calls {
            context_create: self.find(instance, "proxy_on_context_create")?,
            tick: self.find(instance, "proxy_on_tick")?,
            done: self.find(instance, "proxy_on_done")?,
            log: self.find(instance, "proxy_on_log")?,
            delete: self.find(instance, "proxy_on_delete")?,
            http: [self.http(instance, "request")?, self.http(instance, "response")?],
            new_connection: self.find(instance, "proxy_on_new_connection")?,
            tcp: [self.tcp(instance, "downstream")?, self.tcp(instance, "upstream")?],
            http_call_response: self.find(instance, "proxy_on_http_call_response")?,
            queue_ready: self.find(instance, "proxy_on_queue_ready")?,
            foreign_function: self.find(instance, "proxy_on_foreign_function")?,
        });
        Ok(())
    }

    fn http(&mut self, instance: &Instance, side: &str) -> Result<Http, Failure> {
        Ok(Http {
            headers: self.on_headers(instance, &format!("proxy_on_{side}_headers"))?,
            body: self.find(instance, &format!("proxy_on_{side}_body"))?,
            trailers: self.find(instance, &format!("proxy_on_{side}_trailers"))?,
        })
    }

    fn tcp(&mut self, instance: &Instance, side: &str) -> Result<Tcp, Failure> {
        Ok(Tcp {
            data: self.find(instance, &format!("proxy_on_{side}_data"))?,
            close: self.find(instance, &format!("proxy_on_{side}_connection_close"))?,
        })
    }

    fn on_headers(&mut self, instance: &Instance, name: &str) -> Result<Option<OnHeaders>, Failure> {
        let Some(function) = instance.get_func(&mut self.store, name) else { return Ok(None) };
        match function.ty(&self.store).params().len() {
            2 => Ok(self.find(instance, name)?.map(OnHeaders::Old)),
            _ => Ok(self.find(instance, name)?.map(OnHeaders::New)),
        }
    }

    /// An export, where there is one that may be called.
    fn find<P: WasmParams, R: WasmResults>(
        &mut self,
        instance: &Instance,
        name: &str,
    ) -> Result<Option<TypedFunc<P, R>>, Failure> {
        let is_callback = name.starts_with("proxy_on_") && name != "proxy_on_memory_allocate";
        if is_callback && !self.plan().load.allows(name) {
            return Ok(None);
        }
        let Some(function) = instance.get_func(&mut self.store, name) else { return Ok(None) };
        let typed = function.typed(&self.store);
        typed.map(Some).map_err(|error| failure(&self.store, name, &error))
    }

    /// Runs what a module runs first.
    fn begin(&mut self, instance: &Instance) -> Result<(), Failure> {
        let start = match self.find::<(), ()>(instance, "_initialize")? {
            Some(initialize) => {
                self.call("_initialize", ROOT, Some(&initialize), ())?;
                if let Some(main) = self.find::<(u32, u32), u32>(instance, "main")? {
                    self.call("main", ROOT, Some(&main), (0, 0))?;
                }
                None
            }
            None => self.find::<(), ()>(instance, "_start")?,
        };
        self.call("_start", ROOT, start.as_ref(), ())?;
        let calls = self.calls.clone();
        self.call("proxy_on_context_create", ROOT, calls.context_create.as_ref(), (ROOT, 0))?;
        let load = &self.plan().load;
        let sizes = [
            ("proxy_on_vm_start", load.vm_configuration.len()),
            ("proxy_on_configure", load.configuration.len()),
        ];
        for (name, size) in sizes {
            let accept = self.find::<(u32, u32), u32>(instance, name)?;
            if self.call(name, ROOT, accept.as_ref(), (ROOT, size as u32))? == Some(0) {
                let message = format!("{name} says that it cannot run with this configuration");
                return Err(Failure::from(Failed { message, stopped: false }));
            }
        }
        Ok(())
    }

    /// Calls an export for a context, where it has one.
    ///
    /// # Errors
    ///
    /// It traps, or runs for too long: the instance must not be used again.
    pub(crate) fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        name: &str,
        context: u32,
        function: Option<&TypedFunc<P, R>>,
        params: P,
    ) -> Result<Option<R>, Failure> {
        let Some(function) = function else { return Ok(None) };
        let guest = self.store.data_mut();
        (guest.current, guest.effective) = (context, 0);
        self.before_call();
        match function.call(&mut self.store, params) {
            Ok(result) if !self.store.data().looks_back => Ok(Some(result)),
            result => self.look_back(name, result),
        }
    }

    /// What most calls do not need: they end well, nothing is measured, and nothing was left.
    #[cold]
    fn look_back<R>(&mut self, name: &str, result: wasmtime::Result<R>) -> Result<Option<R>, Failure> {
        self.measure(name);
        let guest = self.store.data_mut();
        guest.looks_back = false;
        wasi::flush(guest);
        match (guest.trapped.take(), result) {
            (None, Ok(result)) => Ok(Some(result)),
            // a program has come to the end of its `main`
            (None, Err(error)) if name == "_start" && wasi::ended_well(&error) => Ok(None),
            (Some(error), _) | (None, Err(error)) => Err(failure(&self.store, name, &error)),
        }
    }

    /// Lets a component run with its budget, and counts what that costs.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub(crate) fn run<T>(
        &mut self,
        name: &str,
        run: impl FnOnce(&mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<T, Failure> {
        self.before_call();
        let result = run(&mut self.store);
        self.measure(name);
        result.map_err(|error| failure(&self.store, name, &error))
    }

    /// A call begins: with its budget, and counted. One piece of code for all kinds of calls, which the processor has at
    /// hand for the second one.
    #[inline(never)]
    fn before_call(&mut self) {
        self.store.set_epoch_deadline(self.budget);
        let guest = self.store.data_mut();
        guest.limits.refused = false;
        if let Some(running) = guest.plan.figure.call(guest.followed) {
            (guest.running, guest.looks_back) = (Some(running), true);
        }
    }

    /// Notes what a call has cost, where that is measured.
    fn measure(&mut self, name: &str) {
        let guest = self.store.data_mut();
        let Some(running) = guest.running.take() else { return };
        guest.plan.figure.holds(guest.limits.held);
        if let Some(took) = guest.plan.figure.ran(&running)
            && guest.followed
        {
            self.tell(name, took);
        }
    }

    /// Tells whoever follows the exchange that it was here.
    fn tell(&self, name: &str, took: Duration) {
        scene::see(|exchange| {
            if let Some(trace) = &exchange.trace {
                trace.did("wasm", format!("{}: {name}, {took:.1?}", self.plan().load.name));
            }
        });
    }

    /// Opens a stream.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub(crate) fn open(&mut self) -> Result<u32, Failure> {
        let stream = self.store.data_mut().open();
        let calls = self.calls.clone();
        self.call("proxy_on_context_create", stream, calls.context_create.as_ref(), (stream, ROOT))?;
        Ok(stream)
    }

    /// Ends a stream, unless the guest wants to be asked again (`proxy_done`).
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub(crate) fn close(&mut self, stream: u32) -> Result<(), Failure> {
        let calls = self.calls.clone();
        if self.call("proxy_on_done", stream, calls.done.as_ref(), stream)? == Some(0)
            && let Some(open) = self.store.data_mut().streams.get_mut(stream)
            && !open.lingers
        {
            open.lingers = true;
            return Ok(());
        }
        self.finish(stream)
    }

    /// The last that a stream hears.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub(crate) fn finish(&mut self, stream: u32) -> Result<(), Failure> {
        let calls = self.calls.clone();
        self.call("proxy_on_log", stream, calls.log.as_ref(), stream)?;
        self.call("proxy_on_delete", stream, calls.delete.as_ref(), stream)?;
        self.store.data_mut().streams.end(stream);
        Ok(())
    }

    /// Asks the root context to end; false when it is not done yet.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub(crate) fn end(&mut self) -> Result<bool, Failure> {
        self.guest().lingers = true;
        let done = self.calls.done.clone();
        let is_done = self.call("proxy_on_done", ROOT, done.as_ref(), ROOT)? != Some(0);
        Ok(is_done || self.guest().finished.contains(&ROOT))
    }

    /// The last that the root context hears.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub(crate) fn delete(&mut self) -> Result<(), Failure> {
        let delete = self.calls.delete.clone();
        self.call("proxy_on_delete", ROOT, delete.as_ref(), ROOT).map(drop)
    }

    /// The plugin.
    pub(crate) fn plan(&self) -> &Arc<Plan> {
        &self.store.data().plan
    }

    /// What host functions know.
    pub(crate) fn guest(&mut self) -> &mut Guest {
        self.store.data_mut()
    }
}

impl Calls {
    /// The callbacks of one direction of HTTP.
    pub(crate) fn http(&self, direction: Direction) -> &Http {
        &self.http[usize::from(direction == Direction::Response)]
    }
}

impl OnHeaders {
    /// Shows a head with so many fields.
    ///
    /// # Errors
    ///
    /// As [`Vm::call`].
    pub(crate) fn call(
        &self,
        vm: &mut Vm,
        name: &str,
        stream: u32,
        fields: u32,
        ended: bool,
    ) -> Result<u32, Failure> {
        let answer = match self {
            OnHeaders::Old(function) => vm.call(name, stream, Some(function), (stream, fields)),
            OnHeaders::New(function) => {
                vm.call(name, stream, Some(function), (stream, fields, u32::from(ended)))
            }
        };
        answer.map(|action| action.unwrap_or_default())
    }
}
