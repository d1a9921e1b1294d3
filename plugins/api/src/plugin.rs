//! A plugin: a name and what it can make.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::tables::Tables;
use crate::{
    Action, Balance, Command, Control, Convert, Directory, Events, Exchange, Fetch, Fetched, Figures, Filter,
    Health, Here, Maps, Metrics, NoControl, NoMaps, Process, Service, Task,
};

/// A plugin: a plain struct of optional makers. Made once; each maker is called for every use on every worker.
#[derive(Clone)]
pub struct Plugin {
    /// The short name that configurations use: `roundrobin` in `balance roundrobin`, `lua.x` in a rule.
    pub name: Cow<'static, str>,
    /// What it is for, one line.
    pub summary: Cow<'static, str>,
    /// Makes a rule's action.
    pub action: Option<Make<dyn Action>>,
    /// Makes a fetch.
    pub fetch: Option<Make<dyn Fetch>>,
    /// Makes a converter.
    pub convert: Option<Make<dyn Convert>>,
    /// Makes a balancer.
    pub balance: Option<Make<dyn Balance>>,
    /// False where `balance` is there to say why there is no balancer: editors do not offer it.
    pub balances: bool,
    /// Makes a health check.
    pub health: Option<Make<dyn Health>>,
    /// Makes a service.
    pub service: Option<Make<dyn Service>>,
    /// Makes a filter.
    pub filter: Option<Make<dyn Filter>>,
    /// Makes a task. It is begun with the configuration, whether that names the plugin or not.
    pub task: Option<Make<dyn Task>>,
    /// Makes a verb of the runtime API. It is there whether the configuration names the plugin or not.
    pub command: Option<Make<dyn Command>>,
}

/// A maker. Called when a configuration is checked, and again on each worker that will run it.
pub type Make<T> = Arc<dyn Fn(&Setup<'_>) -> Result<Box<T>, BadArg> + Send + Sync>;

impl Plugin {
    /// A plugin that gives nothing yet.
    pub fn new(name: impl Into<Cow<'static, str>>, summary: impl Into<Cow<'static, str>>) -> Plugin {
        Plugin {
            name: name.into(),
            summary: summary.into(),
            action: None,
            fetch: None,
            convert: None,
            balance: None,
            balances: true,
            health: None,
            service: None,
            filter: None,
            task: None,
            command: None,
        }
    }

    /// Adds a balancer.
    pub fn balance<B, F>(mut self, make: F) -> Plugin
    where
        B: Balance + 'static,
        F: Fn(&Setup<'_>) -> Result<B, BadArg> + Send + Sync + 'static,
    {
        self.balance = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds a health check.
    pub fn health<H, F>(mut self, make: F) -> Plugin
    where
        H: Health + 'static,
        F: Fn(&Setup<'_>) -> Result<H, BadArg> + Send + Sync + 'static,
    {
        self.health = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds a service.
    pub fn service<S, F>(mut self, make: F) -> Plugin
    where
        S: Service + 'static,
        F: Fn(&Setup<'_>) -> Result<S, BadArg> + Send + Sync + 'static,
    {
        self.service = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds an action.
    pub fn action<A, F>(mut self, make: F) -> Plugin
    where
        A: Action + 'static,
        F: Fn(&Setup<'_>) -> Result<A, BadArg> + Send + Sync + 'static,
    {
        self.action = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds a fetch.
    pub fn fetch<T, F>(mut self, make: F) -> Plugin
    where
        T: Fetch + 'static,
        F: Fn(&Setup<'_>) -> Result<T, BadArg> + Send + Sync + 'static,
    {
        self.fetch = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds a converter.
    pub fn convert<C, F>(mut self, make: F) -> Plugin
    where
        C: Convert + 'static,
        F: Fn(&Setup<'_>) -> Result<C, BadArg> + Send + Sync + 'static,
    {
        self.convert = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds a filter.
    pub fn filter<T, F>(mut self, make: F) -> Plugin
    where
        T: Filter + 'static,
        F: Fn(&Setup<'_>) -> Result<T, BadArg> + Send + Sync + 'static,
    {
        self.filter = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds a task.
    pub fn task<T, F>(mut self, make: F) -> Plugin
    where
        T: Task + 'static,
        F: Fn(&Setup<'_>) -> Result<T, BadArg> + Send + Sync + 'static,
    {
        self.task = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }

    /// Adds a verb of the runtime API.
    pub fn command<T, F>(mut self, make: F) -> Plugin
    where
        T: Command + 'static,
        F: Fn(&Setup<'_>) -> Result<T, BadArg> + Send + Sync + 'static,
    {
        self.command = Some(Arc::new(move |setup| Ok(Box::new(make(setup)?))));
        self
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a maker is given.
pub struct Setup<'a> {
    /// The proxy that uses the plugin.
    pub proxy: &'a str,
    /// The words behind its name in the configuration.
    pub args: &'a [String],
    /// Further lines that belong to it (`http-check ...`, `tcp-check ...`), cut into words.
    pub lines: &'a [Vec<String>],
    /// What all workers share.
    pub common: &'a Arc<Common>,
    /// Makes expressions and formats of the rule language.
    pub compile: &'a dyn Compile,
    /// The rules that an action stands in, as scripts call them: `http-req`, `tcp-res`, ...; empty for other hooks.
    pub rules: &'a str,
    /// The thread that will run the instance; none while a configuration is checked.
    pub here: Option<&'a Here>,
}

/// Makes parts of the rule language for plugins.
pub trait Compile {
    /// A sample expression: `req.hdr(host),lower`.
    fn expression(&self, text: &str) -> Result<Box<dyn Expression>, BadArg>;

    /// A log format: `%[src] said %{+Q}r`.
    fn format(&self, text: &str) -> Result<Box<dyn Format>, BadArg>;

    /// A fetch by its name, with its arguments.
    fn fetch(&self, name: &str, args: &[String]) -> Result<Box<dyn Expression>, BadArg>;

    /// A converter by its name, with its arguments, behind the cast of its sample that it needs.
    fn converter(&self, name: &str, args: &[String]) -> Result<Box<dyn Convert>, BadArg>;

    /// The names of all fetches.
    fn fetches(&self) -> Vec<String>;

    /// The names of all converters.
    fn converters(&self) -> Vec<String>;
}

/// A compiled sample expression.
pub trait Expression {
    /// Its value for an exchange.
    fn value<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a>;
}

/// A compiled log format.
pub trait Format {
    /// Appends its text for an exchange.
    fn render(&self, exchange: &Exchange, into: &mut Vec<u8>);
}

/// Why an argument cannot be used; the caller adds file, line and caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadArg {
    /// The guilty one of `Setup::args`, when it is one; the caret stands under it.
    pub arg: Option<usize>,
    /// The guilty one of `Setup::lines`, when it is one, and the word in it.
    pub line: Option<(usize, usize)>,
    /// A sentence that names the guilty word in quotes.
    pub message: String,
}

impl BadArg {
    /// About the arguments as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        BadArg { arg: None, line: None, message: message.into() }
    }

    /// About one argument.
    pub fn at(arg: usize, message: impl Into<String>) -> Self {
        BadArg { arg: Some(arg), line: None, message: message.into() }
    }

    /// About a word of one of the further lines.
    pub fn in_line(line: usize, word: usize, message: impl Into<String>) -> Self {
        BadArg { arg: None, line: Some((line, word)), message: message.into() }
    }
}

/// What the instances of a plugin on all workers share, explicit and by name; lives on over a reload.
pub struct Common {
    /// All proxies by name.
    pub directory: Arc<Directory>,
    /// What holds for the whole process.
    pub process: Arc<Process>,
    /// All stick tables by name.
    pub tables: Arc<Tables>,
    /// All maps and ACL lists by name.
    pub maps: Arc<dyn Maps>,
    /// What happens to servers, lists and the process.
    pub events: Arc<Events>,
    /// What an operator can do to the process.
    pub control: Arc<dyn Control>,
    /// What functions of scripts cost.
    pub figures: Arc<Figures>,
    /// What scripts count themselves.
    pub metrics: Arc<Metrics>,
    map: Mutex<HashMap<(String, TypeId), Arc<dyn Any + Send + Sync>>>,
}

impl Common {
    /// For these proxies in this process.
    pub fn new(directory: Arc<Directory>, process: Arc<Process>) -> Common {
        Common {
            directory,
            process,
            tables: Arc::default(),
            maps: Arc::new(NoMaps),
            events: Arc::default(),
            control: Arc::new(NoControl),
            figures: Arc::default(),
            metrics: Arc::default(),
            map: Mutex::default(),
        }
    }

    /// The shared value of type `T` under a name (`balance/web/roundrobin`), made at the first question for it.
    pub fn get<T: Default + Send + Sync + 'static>(&self, name: &str) -> Arc<T> {
        let mut map = self.map.lock().unwrap_or_else(|e| e.into_inner());
        let key = (name.to_owned(), TypeId::of::<T>());
        let value = map.entry(key).or_insert_with(|| Arc::new(T::default())).clone();
        value.downcast().expect("the key holds the type")
    }
}

impl Default for Common {
    fn default() -> Self {
        Common::new(Arc::default(), Arc::default())
    }
}

impl std::fmt::Debug for Common {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Common")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn instances_share_what_they_name_alike() {
        let common = Common::default();
        common.get::<AtomicU32>("a").store(7, Ordering::Relaxed);
        assert_eq!(common.get::<AtomicU32>("a").load(Ordering::Relaxed), 7);
        assert_eq!(common.get::<AtomicU32>("b").load(Ordering::Relaxed), 0);
    }
}
