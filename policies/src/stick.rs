//! `stick` rules: tables that remember which server a key belongs to (HAProxy manual, section 4.2, `stick match`, `stick on`,
//! `stick store-request`, `stick store-response`).

use std::rc::Rc;
use std::sync::Arc;

use portero_api::Exchange;
use portero_api::tables::{Data, Entry, KeyBuf, Table};
use portero_api::trace::{SetName, Step};
use portero_grammar::rules::{self as tree, Family};

use crate::compile::Keyed;
use crate::tables::ask::{key_buf, with_key};
use crate::trace::{self, Outline, Written};
use crate::{Compiler, Cond, Expr, Reported, Stage};

/// The `stick` rules of a backend.
#[derive(Default)]
pub struct Stick {
    matches: Box<[Rule]>,
    requests: Box<[Rule]>,
    responses: Box<[Rule]>,
}

struct Rule {
    cond: Option<Cond>,
    key: Expr,
    table: Arc<dyn Table>,
    written: Box<Written>,
    /// What traces call the set.
    name: Rc<SetName>,
}

/// Keys that are to lead to the server of an exchange, once it has one.
#[derive(Debug, Default)]
pub struct Stores(Vec<(Arc<dyn Table>, KeyBuf)>);

/// How many keys an exchange stores at the most, those of the request and those of the response each.
const MOST: usize = 8;

impl Stick {
    /// True when there are no rules.
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty() && self.requests.is_empty() && self.responses.is_empty()
    }

    /// The rules as they were written.
    pub fn outline(&self) -> impl Iterator<Item = Outline> + '_ {
        let all = self.matches.iter().chain(&self.requests).chain(&self.responses);
        all.map(|rule| rule.written.outline())
    }

    /// The first server that a key of the request leads to and that `server` accepts: it is asked with what the table holds.
    pub fn server<S>(&self, exchange: &Exchange, mut server: impl FnMut(&Entry) -> Option<S>) -> Option<S> {
        self.matches.iter().filter(|rule| rule.applies(exchange)).find_map(|rule| {
            let sample = rule.key.get(exchange)?;
            let entry = with_key(sample, rule.table.schema().key, |key| rule.table.find(key)).flatten()?;
            entry.touch();
            let found = server(&entry);
            if let Some(trace) = &exchange.trace {
                trace.did("stick", rule.found(&entry, found.is_some()));
            }
            found
        })
    }

    /// Notes the keys of the request that are to be stored.
    pub fn store_request(&self, exchange: &Exchange, stores: &mut Stores) {
        stores.add(&self.requests, exchange);
    }

    /// Notes the keys of the response that are to be stored.
    pub fn store_response(&self, exchange: &Exchange, stores: &mut Stores) {
        stores.add(&self.responses, exchange);
    }
}

impl std::fmt::Debug for Stick {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stick").finish_non_exhaustive()
    }
}

impl Rule {
    fn applies(&self, exchange: &Exchange) -> bool {
        let Some(trace) = &exchange.trace else {
            return self.cond.as_ref().is_none_or(|cond| cond.holds(exchange));
        };
        trace.push(Step::Set(self.name.clone()));
        let key = || self.key.get(exchange).map_or_else(|| "no key".to_owned(), |key| trace::text_of(&key));
        trace::holds(trace, &self.written, exchange, || {
            format!("{} in table {}", key(), self.table.schema().name)
        })
    }

    /// What the entry of a key says, for traces.
    fn found(&self, entry: &Entry, usable: bool) -> String {
        let server = entry.text(Data::ServerKey).map(|key| key.to_string());
        let server = server.or_else(|| entry.get(Data::ServerId).map(|id| format!("number {id}")));
        let server = server.unwrap_or_else(|| "of no name".to_owned());
        let not = if usable { "" } else { ", which cannot be used" };
        format!("table {} leads to server {server}{not}", self.table.schema().name)
    }
}

impl Stores {
    /// For each table the first key there is.
    fn add(&mut self, rules: &[Rule], exchange: &Exchange) {
        let before = self.0.len();
        for rule in rules {
            let new = &self.0[before..];
            if new.len() == MOST || new.iter().any(|(table, _)| Arc::ptr_eq(table, &rule.table)) {
                continue;
            }
            let key = || key_buf(rule.key.get(exchange)?, rule.table.schema().key);
            if rule.applies(exchange)
                && let Some(key) = key()
            {
                self.0.push((rule.table.clone(), key));
            }
        }
    }

    /// Stores the server under all keys: its number, and the text that a table knows servers by.
    pub fn store(&mut self, id: u32, key: impl Fn(&dyn Table) -> String) {
        for (table, buf) in self.0.drain(..) {
            let Some(entry) = table.enter(buf.as_key()) else { continue };
            entry.set(Data::ServerId, u64::from(id));
            if table.schema().stores(Data::ServerKey) {
                entry.set_text(Data::ServerKey, &key(&*table));
            }
        }
    }

    /// Forgets all keys; memory is kept.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Compiler<'_> {
    /// Compiles `stick` rules; those of other families are passed over.
    pub fn stick<'t>(&self, rules: impl IntoIterator<Item = &'t tree::Rule>) -> Stick {
        let mut stick: [Vec<Rule>; 3] = Default::default();
        let [matches, requests, responses] = &mut stick;
        for rule in rules {
            let into: &mut [&mut Vec<Rule>] = match rule.family {
                Family::StickOn => &mut [matches, requests],
                Family::StickMatch => &mut [matches],
                Family::StickStoreRequest => &mut [requests],
                Family::StickStoreResponse => &mut [responses],
                _ => continue,
            };
            for rules in into {
                // what is wrong with it is said once
                let Ok(built) = self.at(Stage::Rule(rule.family), || self.stick_rule(rule)) else { break };
                rules.push(built);
            }
        }
        let [matches, requests, responses] = stick.map(Vec::into_boxed_slice);
        Stick { matches, requests, responses }
    }

    fn stick_rule(&self, rule: &tree::Rule) -> Result<Rule, Reported> {
        let cond = rule.condition.as_ref().map(|c| self.build_condition(c)).transpose();
        let Keyed { key, table } = self.keyed(&rule.action.words, rule.span)?;
        let cond = cond?;
        let written = Box::new(self.written(rule, cond.as_ref()));
        let cond = cond.filter(|c| c.constant() != Some(true));
        Ok(Rule { cond, key, table, written, name: self.set_name(rule.family) })
    }
}
