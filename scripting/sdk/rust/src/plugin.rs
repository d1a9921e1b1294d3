//! A plugin: the hooks that a module fills, and the root context that calls them.

use proxy_wasm::hostcalls::{call_foreign_function, get_buffer};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{BufferType, ContextType};

use crate::hooks::{Action, Balancer, Call, Check, Converter, Fetch, Outcome, Probe, Service};
use crate::items::{Items, List};
use crate::{Sample, Server};

/// Makes the context of a stream.
type MakeHttp = Box<dyn Fn() -> Box<dyn HttpContext>>;

/// The hooks that a module fills.
#[derive(Default)]
pub struct Plugin {
    action: Option<Box<dyn Action>>,
    fetch: Option<Box<dyn Fetch>>,
    converter: Option<Box<dyn Converter>>,
    balancer: Option<Box<dyn Balancer>>,
    check: Option<Box<dyn Check>>,
    service: Option<Box<dyn Service>>,
    http: Option<MakeHttp>,
}

impl Plugin {
    /// A plugin that does nothing yet.
    pub fn new() -> Plugin {
        Plugin::default()
    }

    /// Adds an action.
    pub fn action(mut self, action: impl Action + 'static) -> Plugin {
        self.action = Some(Box::new(action));
        self
    }

    /// Adds a fetch.
    pub fn fetch(mut self, fetch: impl Fetch + 'static) -> Plugin {
        self.fetch = Some(Box::new(fetch));
        self
    }

    /// Adds a converter.
    pub fn converter(mut self, converter: impl Converter + 'static) -> Plugin {
        self.converter = Some(Box::new(converter));
        self
    }

    /// Adds a balancer.
    pub fn balancer(mut self, balancer: impl Balancer + 'static) -> Plugin {
        self.balancer = Some(Box::new(balancer));
        self
    }

    /// Adds a health check.
    pub fn check(mut self, check: impl Check + 'static) -> Plugin {
        self.check = Some(Box::new(check));
        self
    }

    /// Adds a service.
    pub fn service(mut self, service: impl Service + 'static) -> Plugin {
        self.service = Some(Box::new(service));
        self
    }

    /// Adds a filter: what `filter wasm NAME` calls.
    pub fn http(mut self, make: impl Fn() -> Box<dyn HttpContext> + 'static) -> Plugin {
        self.http = Some(Box::new(make));
        self
    }

    /// The names of the hooks that it fills.
    fn offers(&self) -> List {
        let listens = self.balancer.as_ref().is_some_and(|balancer| balancer.listens());
        let hooks = [
            ("action", self.action.is_some()),
            ("fetch", self.fetch.is_some()),
            ("converter", self.converter.is_some()),
            ("balancer", self.balancer.is_some()),
            ("outcome", listens),
            ("check", self.check.is_some()),
            ("service", self.service.is_some()),
        ];
        hooks.iter().filter(|(_, filled)| *filled).fold(List::new(), |list, (name, _)| list.add(name))
    }

    /// Calls a hook by its number; none where there is nothing to answer.
    fn call(&mut self, hook: u32, data: &[u8]) -> Option<List> {
        let mut items = Items::new(data);
        Some(match hook {
            1 => {
                let rules = items.text();
                self.action.as_mut()?.run(&rules, &items.texts()).list()
            }
            2 => answer(self.fetch.as_mut()?.fetch(&items.texts())),
            3 => {
                let sample = Sample::read(items.next()?)?;
                answer(self.converter.as_mut()?.convert(sample, &items.texts()))
            }
            4 => {
                let args = Items::new(items.next()?).texts();
                let servers: Vec<Server> = items.map(Server::read).collect();
                List::new().number(self.balancer.as_mut()?.pick(&args, &servers)? as i64)
            }
            5 => {
                let args = Items::new(items.next()?).texts();
                let server = Server::read(items.next()?);
                let outcome = Outcome::read(&items.text(), items.number());
                self.balancer.as_mut()?.ended(&args, &server, outcome);
                return None;
            }
            6 => {
                let args = Items::new(items.next()?).texts();
                let server = Server::read(items.next()?);
                let step = items.number();
                let probe = Probe { step, data: items.next()?, closed: items.bool() };
                self.check.as_mut()?.step(&args, &server, &probe).list()
            }
            7 => {
                let body = items.next()?;
                self.service.as_mut()?.serve(body, &items.texts()).list()
            }
            _ => return None,
        })
    }

    /// Tells whoever has made a call of its answer.
    fn answered(&mut self, call: &Call) -> Option<List> {
        let action = self.action.as_mut().and_then(|action| action.answered(call));
        action
            .map(|verdict| verdict.list())
            .or_else(|| Some(self.service.as_mut()?.answered(call)?.list()))
            .or_else(|| Some(self.check.as_mut()?.answered(call)?.list()))
    }
}

fn answer(sample: Option<Sample>) -> List {
    sample.map_or_else(List::new, |sample| List::new().add(sample.bytes()))
}

fn say(answer: &List) {
    // whoever asked takes no answer for nothing
    let _ = call_foreign_function("portero.answer", Some(answer.bytes()));
}

/// The root context of a module; [`portero!`](crate::portero) makes it.
pub struct Root<F> {
    make: F,
    plugin: Plugin,
}

impl<F: Fn(&[u8]) -> Option<Plugin>> Root<F> {
    /// With the function that makes the plugin.
    pub fn new(make: F) -> Root<F> {
        Root { make, plugin: Plugin::new() }
    }
}

impl<F> Context for Root<F> {
    fn on_foreign_function(&mut self, hook: u32, size: usize) {
        let data = get_buffer(BufferType::CallData, 0, size).ok().flatten().unwrap_or_default();
        if let Some(answer) = self.plugin.call(hook, &data) {
            say(&answer);
        }
    }

    fn on_http_call_response(&mut self, token: u32, fields: usize, body: usize, trailers: usize) {
        if let Some(answer) = self.plugin.answered(&Call { token, fields, body, trailers }) {
            say(&answer);
        }
    }
}

impl<F: Fn(&[u8]) -> Option<Plugin>> RootContext for Root<F> {
    fn on_configure(&mut self, size: usize) -> bool {
        let read = get_buffer(BufferType::PluginConfiguration, 0, size).ok().flatten();
        let Some(plugin) = (self.make)(&read.unwrap_or_default()) else { return false };
        self.plugin = plugin;
        let offers = self.plugin.offers();
        offers.bytes().is_empty() || call_foreign_function("portero.offer", Some(offers.bytes())).is_ok()
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(match &self.plugin.http {
            Some(make) => make(),
            None => Box::new(Nothing),
        })
    }
}

/// A stream of a module that is no filter.
struct Nothing;

impl Context for Nothing {}
impl HttpContext for Nothing {}
