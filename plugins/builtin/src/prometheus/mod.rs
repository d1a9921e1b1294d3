//! `prometheus-exporter`: the statistics as metrics for Prometheus.

mod counted;
mod metrics;
mod page;
mod plugins;
mod query;

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{BadArg, Body, Common, Exchange, Message, Plugin, Serve, Served, Service};

use query::Query;

/// The plugin.
pub fn plugin() -> Plugin {
    let summary = "the statistics as metrics for Prometheus";
    Plugin::new("prometheus-exporter", summary).service(|setup| {
        if let Some(word) = setup.args.first() {
            return Err(BadArg::at(0, format!("'{word}' is one word too many")));
        }
        if setup.rules == "tcp-req" {
            return Err(BadArg::new("it answers requests: 'http-request use-service' is its place"));
        }
        Ok(Exporter { common: setup.common.clone(), name: "<PROMEX>".into() })
    })
}

struct Exporter {
    common: Arc<Common>,
    /// What the log calls it, as HAProxy's does.
    name: Rc<str>,
}

impl Service for Exporter {
    fn serve(&self, exchange: &mut Exchange) -> Serve {
        exchange.log.service = Some(self.name.clone());
        let Some(query) = Query::read(exchange.request.query()) else {
            let bad = Message::new(400).header("cache-control", "no-cache");
            return whole(bad.header("content-type", "text/plain"), "The query is not understood.\n".into());
        };
        let head = Message::new(200).header("cache-control", "no-cache");
        let head = head.header("content-type", "text/plain; version=0.0.4");
        whole(head, page::render(&query, &self.common))
    }
}

fn whole(head: Message, body: String) -> Serve {
    Serve::Reply(Served { head, body: Body::Whole(body.into()) })
}

#[cfg(test)]
mod tests;
