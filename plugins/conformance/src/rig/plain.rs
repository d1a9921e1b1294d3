//! A setup for makers, with the simplest of rule languages.

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{
    BadArg, Common, Compile, Convert, Exchange, Expression, Fetched, Format, Here, Plugin, Sample, Setup,
};

use super::Desk;

/// Cuts a line at its spaces.
pub fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Owns what a [`Setup`] borrows, for a use of a plugin in the proxy `web`.
#[derive(Default)]
pub struct Bench {
    /// What all workers share.
    pub common: Arc<Common>,
    /// The rules that an action stands in; `http-req` when empty.
    pub rules: &'static str,
    /// The thread that runs it.
    pub here: Option<Here>,
    /// The host of that thread, where what is under test dials by itself.
    pub desk: Option<Rc<Desk>>,
    args: Vec<String>,
    lines: Vec<Vec<String>>,
}

impl Bench {
    /// A use with these arguments, as one line.
    pub fn new(args: &str) -> Bench {
        Bench { args: words(args), ..Bench::default() }
    }

    /// With these arguments instead; they may hold spaces.
    pub fn args(mut self, args: &[&str]) -> Bench {
        self.args = args.iter().map(|&arg| arg.to_owned()).collect();
        self
    }

    /// Adds a further line.
    pub fn line(mut self, line: &str) -> Bench {
        self.lines.push(words(line));
        self
    }

    /// Adds a further line whose words may hold spaces.
    pub fn line_of(mut self, line: &[&str]) -> Bench {
        self.lines.push(line.iter().map(|&w| w.to_owned()).collect());
        self
    }

    /// In rules of this kind (`http-res`).
    pub fn in_rules(mut self, rules: &'static str) -> Bench {
        self.rules = rules;
        self
    }

    /// On this thread.
    pub fn on(mut self, here: Here) -> Bench {
        self.here = Some(here);
        self
    }

    /// On this thread of this host, whose network is that of each check.
    pub fn dialing(mut self, desk: Rc<Desk>) -> Bench {
        self.here.get_or_insert_with(|| desk.here());
        self.desk = Some(desk);
        self
    }

    /// What a maker is given.
    pub fn setup(&self) -> Setup<'_> {
        Setup {
            proxy: "web",
            args: &self.args,
            lines: &self.lines,
            common: &self.common,
            compile: &Plain,
            rules: if self.rules.is_empty() { "http-req" } else { self.rules },
            here: self.here.as_ref(),
        }
    }

    /// Makes a balancer of the plugin, as a worker does.
    pub fn balancer(&self, plugin: &Plugin) -> Result<Box<dyn portero_api::Balance>, BadArg> {
        plugin.balance.as_ref().expect("the plugin gives Balance")(&self.setup())
    }

    /// Makes a health check of the plugin.
    pub fn health(&self, plugin: &Plugin) -> Result<Box<dyn portero_api::Health>, BadArg> {
        plugin.health.as_ref().expect("the plugin gives Health")(&self.setup())
    }

    /// Makes a service of the plugin.
    pub fn service(&self, plugin: &Plugin) -> Result<Box<dyn portero_api::Service>, BadArg> {
        plugin.service.as_ref().expect("the plugin gives Service")(&self.setup())
    }
}

/// The simplest of rule languages: `path`, `src`, `hdr(name)`, `int(n)`, anything else stands for itself.
pub struct Plain;

impl Compile for Plain {
    fn expression(&self, text: &str) -> Result<Box<dyn Expression>, BadArg> {
        Ok(Box::new(Text(text.to_owned())))
    }

    fn format(&self, text: &str) -> Result<Box<dyn Format>, BadArg> {
        Ok(Box::new(Text(text.to_owned())))
    }

    fn fetch(&self, name: &str, args: &[String]) -> Result<Box<dyn Expression>, BadArg> {
        self.expression(&match args {
            [] => name.to_owned(),
            args => format!("{name}({})", args.join(",")),
        })
    }

    fn converter(&self, name: &str, _: &[String]) -> Result<Box<dyn Convert>, BadArg> {
        match name {
            "upper" => Ok(Box::new(Upper)),
            _ => Err(BadArg::new(format!("unknown converter '{name}'"))),
        }
    }

    fn fetches(&self) -> Vec<String> {
        words("path src hdr int")
    }

    fn converters(&self) -> Vec<String> {
        words("upper")
    }
}

struct Upper;

impl Convert for Upper {
    fn convert<'a>(&'a self, sample: Sample<'a>, _: &'a Exchange) -> Option<Sample<'a>> {
        match sample {
            Sample::Str(text) => Some(Sample::text(text.to_ascii_uppercase())),
            _ => None,
        }
    }
}

struct Text(String);

impl Text {
    fn within(&self, name: &str) -> Option<&str> {
        self.0.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
    }
}

impl Expression for Text {
    fn value<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        if let Some(name) = self.within("hdr") {
            return Ok(exchange.request.headers.get(name.as_bytes()).map(Sample::str));
        }
        if let Some(number) = self.within("int") {
            return Ok(number.parse().ok().map(Sample::Int));
        }
        Ok(match self.0.as_str() {
            "path" => Some(Sample::str(exchange.request.path())),
            "src" => exchange.conn.src.map(|a| Sample::Ip(a.ip())),
            text => Some(Sample::str(text)),
        })
    }
}

impl Format for Text {
    fn render(&self, exchange: &Exchange, into: &mut Vec<u8>) {
        if let Ok(Some(Sample::Str(text))) = self.value(exchange) {
            into.extend_from_slice(&text);
        }
    }
}
