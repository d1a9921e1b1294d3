//! The manager's ear for what plugins want.

use std::rc::Rc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::operator::Deed;
use crate::daemon::Daemon;

/// Does one deed after the other, as long as the process lives.
pub async fn obey(daemon: Rc<Daemon>, mut deeds: UnboundedReceiver<Deed>) {
    while let Some(deed) = deeds.recv().await {
        if let Err(why) = act(&daemon, deed).await {
            tracing::warn!("a plugin could not be obeyed: {}", why.trim_end());
        }
    }
}

async fn act(daemon: &Rc<Daemon>, deed: Deed) -> Result<(), String> {
    let health = &daemon.health;
    let done = match deed {
        Deed::State(server, was, now) => health.admin_was_set(&server, was, now),
        Deed::Health(server, was, now) => health.oper_was_set(&server, was, now),
        Deed::Checking(server, on) => health.set_checking(&server.backend, &server.name, on),
        Deed::Frontend(name, door) => return daemon.set_door(&name, door).await.map_err(|e| e.to_string()),
    };
    done.map_err(|unknown| unknown.to_string())
}
