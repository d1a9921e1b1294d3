//! The checks that a configuration asks for.

use std::sync::Arc;

use portero_api::{Here, Plugin};
use portero_grammar::{Diagnostic, Diagnostics, Word};
use portero_policies::vocabulary::Context;
use portero_policies::{Compiler, Stage, Vocabulary};

use super::probe::Limits;
use super::timing::Timing;
use super::watch::Watch;
use crate::config::checked::{Check, Checked, PluginUse, Proxy, ProxyHeader, Server};
use crate::plugins::Plugins;
use crate::shared::Shared;

/// Backend and server.
pub(super) type Key = (Arc<str>, Arc<str>);

/// A check that a configuration asks for.
pub(super) struct Planned {
    pub(super) key: Key,
    pub(super) recipe: Recipe,
    pub(super) watch: Watch,
}

/// What a check is made of: as long as it stays the same, the check goes on over a reload.
#[derive(PartialEq)]
pub(super) struct Recipe {
    pub(super) timing: Timing,
    pub(super) check: Check,
    header: Option<ProxyHeader>,
    probe: Vec<Vec<String>>,
    script: Option<Script>,
}

/// The scripts that a probe comes from: those of another configuration are others, whatever their names.
struct Script(Arc<[Plugin]>);

impl PartialEq for Script {
    fn eq(&self, other: &Script) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// All checks in the order of the configuration, or all that is wrong with them.
pub(super) fn plan(
    shared: &Shared,
    checked: &Arc<Checked>,
    here: &Here,
) -> Result<Vec<Planned>, Diagnostics> {
    let vocabulary = Vocabulary::new(&checked.plugins);
    let (mut planned, mut diagnostics) = (Vec::new(), Diagnostics::default());
    for proxy in &checked.proxies {
        let files = checked.files(proxy);
        let (directory, common) = (&*shared.directory, &shared.common);
        let context = Context { proxy: &proxy.name, directory, common, files: &files, here: Some(here) };
        let mut found = Diagnostics::default();
        let compiler = Compiler::new(&vocabulary, context, &checked.sources, &mut found);
        let plugins = Plugins { all: &checked.plugins, common, compile: &compiler, here: Some(here) };
        for server in &proxy.servers {
            match server.check.as_ref().map(|check| one((checked, proxy, server, check), &compiler, &plugins))
            {
                Some(Ok(plan)) => planned.push(plan),
                Some(Err(diagnostic)) => diagnostics.push(diagnostic),
                None => {}
            }
        }
        drop(compiler);
        diagnostics.extend(found.iter().cloned());
    }
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(planned) }
}

fn one(
    (checked, proxy, server, check): (&Checked, &Proxy, &Server, &Check),
    compiler: &Compiler<'_>,
    plugins: &Plugins<'_>,
) -> Result<Planned, Diagnostic> {
    let usage = check.probe.as_ref().unwrap_or(&proxy.check);
    let probe = compiler.at(Stage::Check, || plugins.health(&proxy.name, usage))?;
    let timing = Timing::new(check, &proxy.timeouts, checked.global.spread_checks);
    let header = check.send_proxy.then(|| server.send_proxy.unwrap_or(ProxyHeader::V1));
    let script = checked.is_scripted(&usage.name.text).then(|| Script(checked.plugins.clone()));
    // where the words stand in the file is no difference
    let check = Check { probe: None, ..check.clone() };
    Ok(Planned {
        key: (proxy.name.clone(), server.name.clone()),
        recipe: Recipe { timing, check: check.clone(), header, probe: texts(usage), script },
        watch: Watch { limits: Limits { timing, header }, probe, check },
    })
}

fn texts(usage: &PluginUse) -> Vec<Vec<String>> {
    let texts = |words: &[Word]| words.iter().map(|w| w.text.clone()).collect();
    let head = [std::slice::from_ref(&usage.name), &usage.args];
    head.into_iter().chain(usage.lines.iter().map(Vec::as_slice)).map(texts).collect()
}
