//! A rehearsal: everything of a configuration that workers compile is compiled once, so that all mistakes of the rules
//! and of the plugins' arguments are found before any socket is opened.

use std::sync::Arc;

use portero_api::{Common, Directory, Plugin, ProxyState, ServerState};
use portero_grammar::rules::{self as tree, Family};
use portero_grammar::{Diagnostics, Sources};
use portero_policies::format::Escape;
use portero_policies::maps;
use portero_policies::tables::StickTable;
use portero_policies::vocabulary::Context;
use portero_policies::{Compiler, Cond, Stage, Vocabulary, lint};

use super::checked::{Checked, LogStyle, Mode, Proxy, SetVar, Stats};
use super::files::ProxyFiles;
use crate::build::{made_pages, proxy_values};
use crate::plugins::Plugins;
use crate::road::Forwarded;

/// Compiles everything, and says what is wrong with it. Maps and lists are read on the way.
pub(super) fn rehearse(checked: &Checked, out: &mut Diagnostics) {
    let stage = Rehearsal {
        plugins: &checked.plugins,
        directory: directory(checked),
        common: common(checked),
        vocabulary: Vocabulary::new(&checked.plugins),
        sources: &checked.sources,
    };
    for proxy in &checked.proxies {
        stage.proxy(proxy, &checked.files(proxy), out);
    }
    if let Some(first) = checked.proxies.first() {
        stage.global(checked, &checked.files(first), out);
    }
}

struct Rehearsal<'a> {
    plugins: &'a [Plugin],
    directory: Directory,
    common: Arc<Common>,
    vocabulary: Vocabulary,
    sources: &'a Sources,
}

impl Rehearsal<'_> {
    fn context<'c>(&'c self, proxy: &'c str, files: &'c ProxyFiles) -> Context<'c> {
        Context { proxy, directory: &self.directory, common: &self.common, files, here: None }
    }

    fn proxy(&self, proxy: &Proxy, files: &ProxyFiles, out: &mut Diagnostics) {
        let context = self.context(&proxy.name, files);
        let mut found = Diagnostics::default();
        let mut compiler = Compiler::new(&self.vocabulary, context, self.sources, &mut found);
        compiler.set_request_captures(proxy.request_captures.len());
        compiler.set_bandwidth(&proxy.bandwidth);
        compiler.acls(&proxy.acls);
        for (family, rules) in &proxy.rules {
            match family {
                Family::UseBackend | Family::UseServer => drop(compiler.targets(*family, rules)),
                Family::MonitorFail
                | Family::ForcePersist
                | Family::IgnorePersist
                | Family::ForceBeSwitch => {
                    drop(compiler.conditions(rules));
                }
                Family::StickOn
                | Family::StickMatch
                | Family::StickStoreRequest
                | Family::StickStoreResponse => {}
                _ => drop(compiler.rules(*family, rules)),
            }
        }
        compiler.stick(&stick_rules(proxy));
        formats(proxy, &compiler);
        drop(proxy.forwarded.as_ref().map(|forwarded| Forwarded::new(forwarded, &compiler)));
        drop(made_pages(proxy, &compiler));
        proxy.servers.iter().for_each(|server| drop(proxy_values(server, &compiler)));
        if let Some(stats) = &proxy.stats {
            compiler.rules(Family::HttpRequest, &stats.rules);
            drop(admins(stats, &compiler));
        }
        let plugins = Plugins { all: self.plugins, common: &self.common, compile: &compiler, here: None };
        let mut refused = Vec::new();
        if proxy.kind.has_back() {
            refused.extend(plugins.balance(&proxy.name, &proxy.balance).err());
        }
        if proxy.servers.iter().any(|s| s.check.is_some()) {
            refused.extend(compiler.at(Stage::Check, || plugins.health(&proxy.name, &proxy.check)).err());
        }
        refused.extend(proxy.filters.iter().filter_map(|usage| plugins.filter(&proxy.name, usage).err()));
        for probe in proxy.servers.iter().filter_map(|s| s.check.as_ref()?.probe.as_ref()) {
            refused.extend(compiler.at(Stage::Check, || plugins.health(&proxy.name, probe)).err());
        }
        compiler.idle_bandwidth();
        compiler.finish();
        self.lint(proxy, &mut found);
        out.extend(found.iter().cloned());
        out.extend(refused);
    }

    /// Lints of the rules, once they are known to be right. What was inherited is the business of its own section.
    fn lint(&self, proxy: &Proxy, out: &mut Diagnostics) {
        let subject = lint::Subject {
            sources: self.sources,
            header: proxy.span,
            http: proxy.mode == Mode::Http,
            inspects: !proxy.inspect_delay.is_zero(),
            acls: &proxy.acls,
            rules: &proxy.rules,
            default_backend: proxy.default_backend_span,
        };
        out.retain(|found| found.lint.is_none() || found.span.is_none_or(|span| subject.is_own(span)));
        if !out.has_errors() {
            lint::check(&subject, &self.vocabulary, out);
        }
    }

    fn global(&self, checked: &Checked, files: &ProxyFiles, out: &mut Diagnostics) {
        let compiler = Compiler::new(&self.vocabulary, self.context("", files), self.sources, out);
        for (_, value) in &checked.global.set_vars {
            match value {
                SetVar::Expr(expr) => drop(compiler.expr(expr, Stage::Request)),
                SetVar::Format(format) => drop(compiler.format_of(format, Stage::Request, Escape::None)),
            }
        }
    }
}

/// The conditions of `stats admin`.
pub(crate) fn admins(stats: &Stats, compiler: &Compiler<'_>) -> Vec<Cond> {
    let stage = Stage::Rule(Family::HttpRequest);
    stats.admin.iter().filter_map(|condition| compiler.condition(condition, stage)).collect()
}

fn formats(proxy: &Proxy, compiler: &Compiler<'_>) {
    if let Some(LogStyle::Written(word)) = &proxy.log.format {
        compiler.format(word, Stage::Log, Escape::Log);
    }
    if let Some(word) = &proxy.log.error_format {
        compiler.format(word, Stage::Log, Escape::Log);
    }
    if let Some(word) = &proxy.unique_id_format {
        compiler.format(word, Stage::Request, Escape::None);
    }
    for condition in proxy.explain.iter().filter_map(|line| line.condition.as_ref()) {
        compiler.condition(condition, Stage::Rule(Family::HttpRequest));
    }
}

/// The `stick` rules of a proxy in the order written, whatever their families.
pub(crate) fn stick_rules(proxy: &Proxy) -> Vec<tree::Rule> {
    let families =
        [Family::StickOn, Family::StickMatch, Family::StickStoreRequest, Family::StickStoreResponse];
    let mut rules: Vec<_> =
        families.iter().filter_map(|family| proxy.rules.get(family)).flatten().cloned().collect();
    rules.sort_by_key(|rule| (rule.span.file, rule.span.start));
    rules
}

/// Tables that rules may name, empty, and the maps that plugins open.
fn common(checked: &Checked) -> Arc<Common> {
    let mut common = Common::default();
    common.maps = maps::for_plugins(&common);
    let lists = maps::store(&common);
    lists.stage(checked.lists.clone());
    lists.commit();
    common.tables.set_counters(checked.global.stick_counters);
    for table in &checked.tables {
        common.tables.insert(Arc::new(StickTable::new(table.schema.clone(), &table.limits)));
    }
    Arc::new(common)
}

/// The proxies and servers that rules may name.
fn directory(checked: &Checked) -> Directory {
    let directory = Directory::default();
    for proxy in &checked.proxies {
        let state = Arc::new(ProxyState::new(&proxy.name, proxy.id, proxy.kind, proxy.mode == Mode::Http));
        let server = |s: &Arc<super::checked::Server>| {
            Arc::new(ServerState::new(&state, &s.name, s.id, s.address.clone()))
        };
        state.set_servers(proxy.servers.iter().map(server).collect());
        directory.insert(state);
    }
    directory
}
