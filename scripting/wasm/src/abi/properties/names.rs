//! Names: of the plugin, of the node, and of what Envoy has in the place of frontends and backends.

use portero_api::{Exchange, Process};

use super::Path;
use super::value::Value;
use crate::guest::Guest;
use crate::scene;

/// The direction of a listener that clients come in through (`INBOUND` of Envoy's `TrafficDirection`).
const INBOUND: i64 = 1;

/// A name; those of frontend and backend only where the exchange is lent.
pub(super) fn find(guest: &Guest, path: &Path) -> Option<Value<'static>> {
    let (load, process) = (&guest.plan.load, &guest.plan.common.process);
    Some(match path.text()? {
        "plugin_name" => Value::owned(&load.name[..]),
        "plugin_root_id" => Value::owned(&load.root_id[..]),
        "plugin_vm_id" => Value::owned(&load.vm_id[..]),
        "listener_direction" | "xds.listener_direction" => Value::Int(INBOUND),
        path @ ("cluster_name"
        | "xds.cluster_name"
        | "route_name"
        | "xds.route_name"
        | "xds.virtual_host_name"
        | "xds.filter_chain_name") => {
            let name = guest.is_lent().then(|| scene::see(|exchange| of_exchange(exchange, path)));
            Value::owned(name.flatten().flatten()?)
        }
        path => node(process, path.strip_prefix("xds.").unwrap_or(path))?,
    })
}

fn of_exchange(exchange: &Exchange, path: &str) -> Option<Vec<u8>> {
    let backend = || exchange.backend.as_ref().map(|backend| backend.name.as_bytes().to_vec());
    match path.strip_prefix("xds.").unwrap_or(path) {
        // what is chosen of a request is its backend, which is both in one here
        "cluster_name" | "route_name" => backend(),
        "virtual_host_name" => Some(exchange.conn.frontend.name.as_bytes().to_vec()),
        _ => Some(exchange.conn.listener.as_bytes().to_vec()),
    }
}

fn node(process: &Process, path: &str) -> Option<Value<'static>> {
    Some(match path {
        "node.id" | "node.metadata.NAME" | "node.metadata.host" => Value::owned(process.node()),
        "node.cluster" | "node.metadata.description" => Value::owned(process.description()),
        "node.user_agent_name" => Value::text("portero"),
        "node.user_agent_version" => Value::text(Process::VERSION),
        "node.metadata" => Value::Map(vec![
            (b"NAME".to_vec(), Value::owned(process.node())),
            (b"host".to_vec(), Value::owned(process.node())),
            (b"description".to_vec(), Value::owned(process.description())),
        ]),
        _ => return None,
    })
}
