//! From the checked configuration to a worker's snapshot: compiles rules and formats, makes plugins.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use portero_api::{Here, Make, ProxyState, Task};
use portero_grammar::rules::{self as tree, Family};
use portero_grammar::{Diagnostics, Sources, Word};
use portero_policies::format::{self, Escape, Format};
use portero_policies::vocabulary::Context;
use portero_policies::{Compiler, Conditions, Page, Stage, Targets, Vocabulary};

use crate::config::checked::{self, Checked, LogStyle, PluginUse};
use crate::config::{admins, stick_rules};
use crate::explain::live::Live;
use crate::health::Observer;
use crate::host::compile_apart;
use crate::log::Identity;
use crate::plugins::Plugins;
use crate::road::Forwarded;
use crate::snapshot::{Proxy, Rules, Server, Stats};
use crate::worker::Worker;

/// Builds the proxies of a snapshot.
pub struct Builder<'a> {
    worker: &'a Rc<Worker>,
    checked: &'a Checked,
    vocabulary: Rc<Vocabulary>,
    here: Here,
}

/// The service that shows statistics, by its name in the registry.
const STATISTICS: &str = "stats";

impl<'a> Builder<'a> {
    /// A builder for a worker.
    pub fn new(worker: &'a Rc<Worker>, checked: &'a Arc<Checked>) -> Builder<'a> {
        let vocabulary = worker.program.turn_to(checked);
        Builder { worker, checked, vocabulary, here: worker.program.here() }
    }

    /// Compiles one proxy.
    pub fn proxy(&self, conf: &Arc<checked::Proxy>) -> Result<Proxy, String> {
        let shared = &self.worker.shared;
        let state = shared.directory.proxy(&conf.name, conf.kind.has_back());
        let state = state.ok_or_else(|| format!("proxy '{}' has no state", conf.name))?;
        let files = self.checked.files(conf);
        let context = Context {
            proxy: &conf.name,
            directory: &shared.directory,
            common: &shared.common,
            files: &files,
            here: Some(&self.here),
        };
        let mut found = Diagnostics::default();
        let mut compiler = Compiler::new(&self.vocabulary, context, &self.checked.sources, &mut found);
        compiler.set_request_captures(conf.request_captures.len());
        compiler.set_bandwidth(&conf.bandwidth);
        compiler.acls(&conf.acls);
        let proxy = self.compile(conf, state, &compiler);
        drop(compiler);
        match found.has_errors() {
            true => Err(found.render(&self.checked.sources, false)),
            false => proxy,
        }
    }

    fn compile(
        &self,
        conf: &Arc<checked::Proxy>,
        state: Arc<ProxyState>,
        compiler: &Compiler<'_>,
    ) -> Result<Proxy, String> {
        let shared = &self.worker.shared;
        let plugins = self.plugins(compiler);
        let said = |d: portero_grammar::Diagnostic| d.render(&self.checked.sources, false);
        let states = state.servers();
        let servers = conf.servers.iter().zip(states.iter()).map(|(conf, state)| {
            let pool = self.worker.pool(state, conf.pool_purge);
            let observe = conf.check.as_ref().and_then(|check| check.observe);
            let observer = observe.map(|o| (o, Observer::of(state, &shared.common)));
            let proxy_values = proxy_values(conf, compiler);
            Rc::new(Server { conf: conf.clone(), state: state.clone(), pool, proxy_values, observer })
        });
        let filters = conf.filters.iter().map(|usage| plugins.filter(&conf.name, usage));
        let log_format = self.log_format(conf, compiler)?;
        let written = |word: &Option<Word>, stage, escape| {
            word.as_ref().and_then(|w| compiler.format(w, stage, escape))
        };
        Ok(Proxy {
            rules: rules(conf, compiler),
            targets: targets(conf, compiler, Family::UseBackend),
            use_server: targets(conf, compiler, Family::UseServer),
            stick: compiler.stick(&stick_rules(conf)),
            balance: plugins.balance(&conf.name, &conf.balance).map_err(said)?,
            servers: servers.collect(),
            queue: shared.queue(&conf.name),
            logger: self.worker.sinks.logger(&conf.name, &conf.log.targets, self.identity(conf)),
            log_format,
            failed_format: built_in(format::FAILED, compiler)?,
            error_format: written(&conf.log.error_format, Stage::Log, Escape::Log),
            unique_id: written(&conf.unique_id_format, Stage::Request, Escape::Log)
                .map(|format| -> Rc<dyn portero_api::Format> { Rc::new(format) }),
            needs_request_line: !conf.log.targets.is_empty(),
            stats: self.stats(conf, compiler, &plugins).map_err(said)?,
            filters: filters.collect::<Result<_, _>>().map_err(said)?,
            explain: self.explain(conf, compiler)?,
            forwarded: conf.forwarded.as_ref().map(|forwarded| Forwarded::new(forwarded, compiler)),
            made_pages: made_pages(conf, compiler),
            monitor_fail: conditions(conf, compiler, &[Family::MonitorFail]),
            switch_rules: conditions(conf, compiler, &[Family::ForceBeSwitch]),
            persist_rules: conditions(conf, compiler, &[Family::ForcePersist, Family::IgnorePersist]),
            states,
            state,
            conf: conf.clone(),
            uses: compiler.uses(),
        })
    }

    /// The tasks of all plugins that have one.
    pub fn tasks(&self) -> Result<Vec<Box<dyn Task>>, String> {
        let makers = self.checked.plugins.iter().filter_map(|p| Some((&p.name, p.task.as_ref()?)));
        let make = |(name, make): (&Cow<'static, str>, &Make<dyn Task>)| {
            compile_apart(&self.worker.shared, self.checked, &self.vocabulary, Some(&self.here), |compiler| {
                self.plugins(compiler).apart(make).map_err(|bad| format!("'{name}': {}", bad.message))
            })
        };
        makers.map(make).collect()
    }

    fn plugins<'p>(&'p self, compile: &'p Compiler<'_>) -> Plugins<'p> {
        let (all, common) = (&*self.checked.plugins, &self.worker.shared.common);
        Plugins { all, common, compile, here: Some(&self.here) }
    }

    /// Traces of live traffic: offline the one who asks has them all.
    fn explain(&self, conf: &checked::Proxy, compiler: &Compiler<'_>) -> Result<Vec<Live>, String> {
        match self.worker.outside {
            Some(_) => Ok(Vec::new()),
            None => Live::all(&conf.explain, &conf.name, compiler, &self.worker.shared.common),
        }
    }

    fn identity(&self, conf: &'a checked::Proxy) -> Identity<'a> {
        let tag = conf.log.tag.as_ref().unwrap_or(&self.checked.global.log_tag);
        Identity { tag, hostname: self.checked.global.log_hostname.as_deref() }
    }

    fn log_format(&self, conf: &checked::Proxy, compiler: &Compiler<'_>) -> Result<Format, String> {
        let text = match &conf.log.format {
            Some(LogStyle::Written(word)) => {
                let format = compiler.format(word, Stage::Log, Escape::Log);
                return format.ok_or_else(|| "a log format could not be compiled".to_owned());
            }
            Some(LogStyle::Http) => format::HTTP,
            Some(LogStyle::Clf) => format::CLF,
            Some(LogStyle::Tcp) => format::TCP,
            Some(LogStyle::Json) => format::JSON,
            None if conf.mode == checked::Mode::Http => format::SHORT_HTTP,
            None => format::SHORT_TCP,
        };
        built_in(text, compiler)
    }

    fn stats(
        &self,
        conf: &checked::Proxy,
        compiler: &Compiler<'_>,
        plugins: &Plugins<'_>,
    ) -> Result<Option<Stats>, portero_grammar::Diagnostic> {
        let Some(stats) = &conf.stats else { return Ok(None) };
        let name = Word::plain(STATISTICS, conf.span);
        let usage = PluginUse { name, args: Vec::new(), lines: stats.lines.clone() };
        Ok(Some(Stats {
            uri: stats.uri.clone(),
            name: Rc::from("<STATS>"),
            service: plugins.service(&conf.name, &usage)?,
            rules: compiler.rules(Family::HttpRequest, &stats.rules),
            admin: admins(stats, compiler),
        }))
    }
}

/// A format that stands in no file of the user's.
fn built_in(text: &str, compiler: &Compiler<'_>) -> Result<Format, String> {
    let mut sources = Sources::default();
    let file = sources.add("built-in", text);
    let word = Word::plain(text, portero_grammar::Span { file, start: 0, end: text.len() as u32 });
    let format = compiler.format(&word, Stage::Log, Escape::Log);
    format.ok_or_else(|| format!("the built-in format '{text}' could not be compiled"))
}

fn rules(conf: &checked::Proxy, compiler: &Compiler<'_>) -> Rules {
    let of = |family| compiler.rules(family, of_family(conf, family));
    Rules {
        tcp_connection: of(Family::TcpRequestConnection),
        tcp_session: of(Family::TcpRequestSession),
        tcp_content: of(Family::TcpRequestContent),
        tcp_response: of(Family::TcpResponseContent),
        http_request: of(Family::HttpRequest),
        redirect: of(Family::Redirect),
        http_response: of(Family::HttpResponse),
        http_after_response: of(Family::HttpAfterResponse),
    }
}

fn targets(conf: &checked::Proxy, compiler: &Compiler<'_>, family: Family) -> Targets {
    compiler.targets(family, of_family(conf, family))
}

/// What a server's PROXY header says. Mistakes are pushed to the compiler.
pub fn proxy_values(conf: &checked::Server, compiler: &Compiler<'_>) -> Vec<(u8, Format)> {
    let formats = conf.proxy_values.formats.iter();
    formats
        .filter_map(|(kind, word)| Some((*kind, compiler.format(word, Stage::Request, Escape::None)?)))
        .collect()
}

/// Rules that are conditions alone.
fn conditions(conf: &checked::Proxy, compiler: &Compiler<'_>, families: &[Family]) -> Conditions {
    compiler.conditions(families.iter().flat_map(|family| of_family(conf, *family)))
}

/// The error pages that have something to evaluate in them. Mistakes are pushed to the compiler.
pub fn made_pages(conf: &checked::Proxy, compiler: &Compiler<'_>) -> BTreeMap<u16, Page> {
    let pages = conf.made_pages.iter();
    pages.filter_map(|(status, page)| Some((*status, compiler.page(page)?))).collect()
}

fn of_family(conf: &checked::Proxy, family: Family) -> &[tree::Rule] {
    conf.rules.get(&family).map_or(&[], Vec::as_slice)
}
