//! `stats`: the statistics page, and the same figures as CSV and JSON.

mod auth;
mod config;
mod fields;
mod page;
pub mod rows;
mod scripts;
pub mod text;

use std::sync::Arc;
use std::time::Instant;

use portero_api::{Body, Directory, Exchange, Figures, Message, Method, Plugin, Process, ProxyState};
use portero_api::{Serve, Served, Service};

use config::Config;
use rows::{Pick, View};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("stats", "the statistics page, and its figures as CSV and JSON").service(|setup| {
        let config = Config::read(setup)?;
        let (directory, process) = (setup.common.directory.clone(), setup.common.process.clone());
        Ok(Stats { config, directory, process, figures: setup.common.figures.clone() })
    })
}

/// Answers all requests that the proxy finds to be for statistics.
struct Stats {
    config: Config,
    directory: Arc<Directory>,
    process: Arc<Process>,
    figures: Arc<Figures>,
}

/// What stands behind a semicolon in the URI: `/stats;up;norefresh`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wish {
    format: Format,
    /// `up`: servers that are down are left out.
    up: bool,
    /// `norefresh`: the page stays as it is.
    still: bool,
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
        let mut wish = Wish::default();
        for word in target.split(|&b| b == b';').skip(1) {
            match word {
                b"csv" => wish.format = Format::Csv,
                b"json" => wish.format = Format::Json,
                b"scripts" => wish.format = Format::Scripts,
                b"up" => wish.up = true,
                b"norefresh" => wish.still = true,
                _ => {}
            }
        }
        wish
    }
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
        if !matches!(request.method, Method::Get | Method::Head) {
            let head = Message::new(405).header("allow", "GET, HEAD");
            return whole(head, "text/plain", "Look, do not touch.\n");
        }
        let wish = Wish::of(&request.target);
        let view = View { now: Instant::now(), legends: self.config.legends, pick: Pick::default() };
        let proxies = self.proxies();
        let head = Message::new(200).header("cache-control", "no-cache");
        match wish.format {
            Format::Csv => whole(head, "text/plain", text::csv(&proxies, &view)),
            Format::Json => whole(head, "application/json", text::json(&proxies, &view)),
            Format::Scripts => whole(head, "text/html; charset=utf-8", scripts::table(&self.figures.read())),
            Format::Page => {
                let uri = request.target.split(|&b| b == b';').next().unwrap_or_default();
                let uri = String::from_utf8_lossy(uri);
                let page = page::Page {
                    uri: &uri,
                    wish,
                    config: &self.config,
                    process: &self.process,
                    figures: &self.figures,
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
