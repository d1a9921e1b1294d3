//! Checks that only a configuration as a whole can answer: counters that nobody tracks, maps that nobody fills.

use std::collections::{BTreeMap, BTreeSet};

use portero_api::tables::Data;
use portero_grammar::rules::{Call, Cond, Rule, Test};
use portero_grammar::{Diagnostic, Diagnostics};

use super::{UNFILLED_MAP, UNSTORED_COUNTER, UNTRACKED_COUNTER};
use crate::config::checked::{Checked, Proxy};

/// Says what nothing else in the configuration stands behind.
pub(in crate::config) fn whole(checked: &Checked, out: &mut Diagnostics) {
    let tracked = tracked(checked);
    let filled = filled(checked);
    // whoever may talk to the runtime API may fill a map, and so may scripts
    let closed = checked.global.stats_sockets.is_empty() && checked.global.lua.loads.is_empty();
    for test in checked.proxies.iter().flat_map(|proxy| tests(proxy)) {
        counter(&test.expr.fetch, &tracked, checked, out);
        if closed {
            maps(test, &filled, out);
        }
    }
}

/// The tests of a proxy: those of its ACLs and those in braces.
fn tests(proxy: &Proxy) -> Vec<&Test> {
    let mut tests: Vec<&Test> = proxy.acls.iter().map(|acl| &acl.test).collect();
    let conditions = rules(proxy).filter_map(|rule| rule.condition.as_ref());
    conditions.for_each(|condition| anonymous(&condition.cond, &mut tests));
    tests
}

fn rules(proxy: &Proxy) -> impl Iterator<Item = &Rule> {
    proxy.rules.values().flatten()
}

fn anonymous<'a>(cond: &'a Cond, into: &mut Vec<&'a Test>) {
    match cond {
        Cond::Any(parts) | Cond::All(parts) => parts.iter().for_each(|part| anonymous(part, into)),
        Cond::Not(inner, _) => anonymous(inner, into),
        Cond::Test(test) => into.push(test),
        Cond::Named(_) => {}
    }
}

/// For each counter that rules track with, the tables that they count in.
fn tracked(checked: &Checked) -> BTreeMap<u32, BTreeSet<&str>> {
    let mut tracked: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for proxy in &checked.proxies {
        for rule in rules(proxy) {
            let number = rule.action.name.text.strip_prefix("track-sc").and_then(|n| n.parse().ok());
            let Some(number) = number else { continue };
            let words = &rule.action.words;
            let at = words.iter().position(|word| word.text == "table");
            let table = at.and_then(|at| words.get(at + 1)).map_or(&*proxy.name, |word| word.text.as_str());
            tracked.entry(number).or_default().insert(table);
        }
    }
    tracked
}

/// The number and the rest of the name of a fetch that looks at a tracked counter: `sc0_conn_cur`, `sc_conn_cur(0)`.
fn counter_of(call: &Call) -> Option<(u32, &str)> {
    let rest = call.name.strip_prefix("sc")?;
    let (number, what) = rest.split_once('_')?;
    let number = match number {
        "" => call.args.as_ref()?.first()?.text.trim(),
        digits => digits,
    };
    Some((number.parse().ok()?, what))
}

fn counter(call: &Call, tracked: &BTreeMap<u32, BTreeSet<&str>>, checked: &Checked, out: &mut Diagnostics) {
    let Some((number, what)) = counter_of(call) else { return };
    let Some(tables) = tracked.get(&number) else {
        let message = format!("no rule tracks with counter {number}, so '{}' never has a value", call.name);
        let lint = Diagnostic::lint(&UNTRACKED_COUNTER, call.span, message);
        return out.push(lint.help(format!("for instance 'http-request track-sc{number} src table NAME'")));
    };
    // general purpose counters have two forms, and another table may be named
    let explicit =
        call.args.as_ref().is_some_and(|args| args.len() > usize::from(call.name.starts_with("sc_")));
    let Some(data) = Data::parse(what).filter(|_| !what.starts_with("gp") && !explicit) else { return };
    let stores = |name: &str| {
        let table = checked.tables.iter().find(|table| &*table.schema.name == name);
        table.is_none_or(|table| table.schema.columns.iter().any(|column| column.data == data))
    };
    if !tables.iter().any(|name| stores(name)) {
        let names: Vec<_> = tables.iter().map(|name| format!("'{name}'")).collect();
        let message = format!("'{what}' is not stored in {}, so it is always 0 here", names.join(" or "));
        let lint = Diagnostic::lint(&UNSTORED_COUNTER, call.span, message);
        out.push(lint.help(format!("add '{what}' behind 'store' of the table")));
    }
}

/// The maps and lists that rules add to.
fn filled(checked: &Checked) -> BTreeSet<&str> {
    let adds = checked.proxies.iter().flat_map(|proxy| rules(proxy));
    let adds = adds.filter(|rule| matches!(rule.action.name.text.as_str(), "set-map" | "add-acl"));
    adds.filter_map(|rule| Some(rule.action.params.as_ref()?.first()?.text.as_str())).collect()
}

/// Maps and lists without a file that are looked into.
fn maps(test: &Test, filled: &BTreeSet<&str>, out: &mut Diagnostics) {
    let calls = test.expr.converters.iter().filter(|call| call.name.starts_with("map"));
    let converters =
        calls.filter_map(|call| call.args.as_ref()?.first()).map(|arg| (arg.text.as_str(), arg.span));
    let files = test.flags.iter().filter(|flag| flag.name.text == "-f").filter_map(|flag| flag.arg.as_ref());
    for (name, span) in converters.chain(files.map(|word| (word.text.as_str(), word.span))) {
        if name.starts_with("virt@") && !filled.contains(name) {
            let message = format!("nothing ever adds to '{name}', and it begins empty");
            let lint = Diagnostic::lint(&UNFILLED_MAP, span, message);
            out.push(
                lint.help("'set-map' or 'add-acl' fill it, or the runtime API by way of a 'stats socket'"),
            );
        }
    }
}
