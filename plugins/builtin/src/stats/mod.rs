//! `stats`: the statistics page, and the same figures as CSV and JSON.

mod auth;
mod change;
mod config;
mod fields;
mod page;
pub mod rows;
mod scripts;
pub mod text;

use std::sync::Arc;
use std::time::Instant;

use portero_api::{
    Body, Control, Directory, Exchange, Figures, Message, Method, Metrics, Plugin, Process, ProxyState,
};
use portero_api::{Serve, Served, Service};

use change::Outcome;
use config::Config;
use rows::{Pick, View};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("stats", "the statistics page, and its figures as CSV and JSON").service(|setup| {
        let config = Config::read(setup)?;
        let (directory, process) = (setup.common.directory.clone(), setup.common.process.clone());
        let (figures, metrics) = (setup.common.figures.clone(), setup.common.metrics.clone());
        Ok(Stats { config, directory, process, figures, metrics, control: setup.common.control.clone() })
    })
}

/// Answers all requests that the proxy finds to be for statistics.
struct Stats {
    config: Config,
    directory: Arc<Directory>,
    process: Arc<Process>,
    figures: Arc<Figures>,
    metrics: Arc<Metrics>,
    control: Arc<dyn Control>,
}

/// What stands behind a semicolon in the URI: `/stats;up;norefresh`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Wish {
    format: Format,
    /// `up`: servers that are down are left out.
    up: bool,
    /// `norefresh`: the page stays as it is.
    still: bool,
    /// `scope=TEXT`, behind a question mark as well: only proxies with that in their names.
    scope: String,
    /// `st=WORD`: what became of a change.
    outcome: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Page,
    Csv,
    Json,
    /// The table of scripts alone.
    Scripts,
}

impl Wish {
    fn of(target: &[u8]) -> Wish {
        let mut wish = Wish { scope: scope(target), ..Wish::default() };
        for word in target.split(|&b| b == b';').skip(1) {
            match word {
                b"csv" => wish.format = Format::Csv,
                b"json" => wish.format = Format::Json,
                b"scripts" => wish.format = Format::Scripts,
                b"up" => wish.up = true,
                b"norefresh" => wish.still = true,
                word => {
                    let outcome = word.strip_prefix(b"st=").map(String::from_utf8_lossy);
                    wish.outcome = outcome.and_then(|word| Outcome::sentence(&word)).or(wish.outcome);
                }
            }
        }
        wish
    }
}

/// What stands behind `scope=`, wherever that is.
fn scope(target: &[u8]) -> String {
    let target = String::from_utf8_lossy(target);
    let behind = target.split_once("scope=").map_or("", |(_, behind)| behind);
    behind.split([';', '&']).next().unwrap_or_default().to_ascii_lowercase()
}

impl Stats {
    fn proxies(&self) -> Vec<Arc<ProxyState>> {
        let mut all = self.directory.all();
        let scope = &self.config.scope;
        all.retain(|proxy| scope.is_empty() || scope.iter().any(|name| **name == *proxy.name));
        all
    }
}

impl Service for Stats {
    fn serve(&self, exchange: &mut Exchange) -> Serve {
        Serve::Reply(self.answer(exchange))
    }
}

impl Stats {
    fn answer(&self, exchange: &mut Exchange) -> Served {
        let request = &exchange.request;
        if !self.config.users.is_empty() && !auth::allowed(request, &self.config.users) {
            return stranger(&self.config.realm);
        }
        let admin = exchange.tuning.as_ref().is_some_and(|tuning| tuning.admin);
        let uri = request.target.split(|&b| b == b';').next().unwrap_or_default();
        let uri = String::from_utf8_lossy(uri);
        match request.method {
            Method::Get | Method::Head => {}
            Method::Post => {
                let outcome = change::apply(exchange, &self.proxies(), &*self.control);
                let head = Message::new(303).header("location", format!("{uri};st={}", outcome.word()));
                return whole(head.header("cache-control", "no-cache"), "text/plain", "");
            }
            _ => {
                let head = Message::new(405).header("allow", "GET, HEAD, POST");
                return whole(head, "text/plain", "Look, do not touch.\n");
            }
        }
        let wish = Wish::of(&request.target);
        let view = View { now: Instant::now(), legends: self.config.legends, pick: Pick::default() };
        let mut proxies = self.proxies();
        proxies.retain(|proxy| proxy.name.to_ascii_lowercase().contains(&wish.scope));
        let head = Message::new(200).header("cache-control", "no-cache");
        match wish.format {
            Format::Csv => whole(head, "text/plain", text::csv(&proxies, &view)),
            Format::Json => whole(head, "application/json", text::json(&proxies, &view)),
            Format::Scripts => {
                let tables = scripts::tables(&self.figures.read(), &self.metrics.read());
                whole(head, "text/html; charset=utf-8", tables)
            }
            Format::Page => {
                let page = page::Page {
                    uri: &uri,
                    wish,
                    admin,
                    config: &self.config,
                    process: &self.process,
                    figures: &self.figures,
                    metrics: &self.metrics,
                };
                whole(head, "text/html; charset=utf-8", page.render(&proxies, &view))
            }
        }
    }
}

fn stranger(realm: &str) -> Served {
    let realm = realm.replace('\\', "\\\\").replace('"', "\\\"");
    let head = Message::new(401).header("www-authenticate", format!("Basic realm=\"{realm}\""));
    let head = head.header("cache-control", "no-cache");
    whole(head, "text/plain", "A user name and a password are needed.\n")
}

fn whole(head: Message, content_type: &str, body: impl Into<String>) -> Served {
    let head = head.header("content-type", content_type);
    Served { head, body: Body::Whole(body.into().into()) }
}

#[cfg(test)]
mod tests;
