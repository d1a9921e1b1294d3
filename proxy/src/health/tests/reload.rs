//! Configurations one after the other, with real servers and a real syslog server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Admin, Oper};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::LocalSet;

use super::super::{Health, Unknown};
use crate::config::checked::Checked;
use crate::config::{environment, load};
use crate::dial::Direct;
use crate::host::Program;
use crate::log::LogSinks;
use crate::shared::{Shared, common};
use crate::{registry, states};

struct Rig {
    syslog: UdpSocket,
    shared: Arc<Shared>,
    health: Health,
}

impl Rig {
    async fn new() -> Rig {
        let shared = Arc::new(Shared::new(common()));
        let sinks = LogSinks::new(shared.common.clone());
        let runner = sinks.clone();
        tokio::task::spawn_local(async move { runner.run().await });
        let program = Program::new(0, shared.clone(), sinks.clone());
        let health = Health::new(shared.clone(), sinks, Rc::new(Direct), program);
        Rig { syslog: UdpSocket::bind("127.0.0.1:0").await.unwrap(), shared, health }
    }

    /// Uses a configuration with these servers.
    fn apply(&self, servers: &[(&str, SocketAddr, &str)]) {
        let log = self.syslog.local_addr().unwrap();
        let mut text = format!("backend be\n option log-health-checks\n log {log} format raw daemon\n");
        for (name, address, options) in servers {
            text += &format!(" server {name} {address} inter 20ms {options}\n");
        }
        let checked = checked(&text);
        states::apply(&self.shared, &checked);
        self.health.apply(&checked).expect("the configuration can be used");
    }

    async fn heard(&self) -> String {
        let mut buffer = [0; 2048];
        let received = tokio::time::timeout(Duration::from_secs(5), self.syslog.recv(&mut buffer)).await;
        let n = received.expect("a line comes in time").unwrap();
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    }
}

fn checked(text: &str) -> Arc<Checked> {
    let mut env = environment::settings(BTreeMap::new());
    let options = load::Options { plugins: registry::plugins(), ..load::Options::default() };
    let loaded = load::load_text("test.cfg", text, &mut env, &options);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    Arc::new(loaded.checked.unwrap_or_else(|| panic!("{said}")))
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn in_local_set(test: impl Future<Output = ()>) {
    LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn a_check_that_stays_the_same_goes_on_over_a_reload() {
    in_local_set(async {
        let rig = Rig::new().await;
        let ((_s1, address1), (s2, address2)) = (listen().await, listen().await);
        rig.apply(&[("s1", address1, "check")]);
        assert!(rig.heard().await.starts_with("Health check for server be/s1 succeeded"));
        rig.apply(&[("s1", address1, "check"), ("s2", address2, "check")]);
        assert!(rig.heard().await.starts_with("Health check for server be/s2 succeeded"));
        drop(s2);
        // a check that began anew would tell of its first success
        loop {
            let line = rig.heard().await;
            assert!(line.contains("be/s2"), "{line}");
            if line.starts_with("Server be/s2 is DOWN.") {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_check_that_changes_keeps_the_state() {
    in_local_set(async {
        let rig = Rig::new().await;
        let (s1, address) = listen().await;
        drop(s1);
        rig.apply(&[("s1", address, "check fall 1")]);
        while !rig.heard().await.starts_with("backend be has no server available!") {}
        rig.apply(&[("s1", address, "check fall 1 rise 3")]);
        let server = rig.shared.directory.proxy("be", true).unwrap().servers()[0].clone();
        assert_eq!((server.oper(), server.check.lock().unwrap().rise), (Oper::Down, 3));
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_checked_no_more() {
    in_local_set(async {
        let rig = Rig::new().await;
        let ((s1, address1), (_s2, address2)) = (listen().await, listen().await);
        rig.apply(&[("s1", address1, "check"), ("s2", address2, "check")]);
        s1.accept().await.unwrap();
        rig.apply(&[("s2", address2, "check")]);
        drop(s1);
        rig.heard().await;
        assert_eq!(rig.health.set_admin("be", "s1", Admin::Maint), Err(Unknown));
        rig.health.set_admin("be", "s2", Admin::Maint).unwrap();
        loop {
            let line = rig.heard().await;
            assert!(!line.contains("failed"), "{line}");
            if line.starts_with("Server be/s2 is going DOWN for maintenance.") {
                return;
            }
        }
    })
    .await;
}
