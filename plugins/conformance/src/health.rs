//! The hook `Health`.

use std::io::ErrorKind;
use std::rc::Rc;

use portero_api::{CheckStatus, Health, Plugin, Verdict};

use crate::rig::{Answer, Bench, Farm, Net, Turn, say};

/// A health check under test: how it is configured, and what a server that is well says to it.
pub struct Check<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: Bench,
    /// What a server that is well says.
    pub well: Vec<Turn>,
    /// The status for that.
    pub passed: CheckStatus,
    /// True when the check waits for an answer of the server.
    pub listens: bool,
}

impl Check<'_> {
    fn probe(&self, net: Net) -> Verdict {
        let health = self.bench.health(self.plugin).expect("the setup is good");
        self.probe_with(&*health, &Rc::new(net))
    }

    fn probe_with(&self, health: &dyn Health, net: &Rc<Net>) -> Verdict {
        if let Some(desk) = &self.bench.desk {
            desk.plug(net.clone());
        }
        net.probe(health, &Farm::new(&[1]).servers[0])
    }
}

/// What every health check keeps to.
pub fn health(check: &Check<'_>) {
    a_server_that_is_well_passes(check);
    a_server_that_cannot_be_reached_fails_in_layer_4(check);
    one_instance_probes_again_and_again(check);
    if check.listens {
        a_silent_server_runs_out_of_time(check);
        an_answer_may_come_byte_by_byte(check);
        servers_that_close_reset_or_babble_fail(check);
    }
}

fn a_server_that_is_well_passes(check: &Check<'_>) {
    let verdict = check.probe(Net::talk(check.well.clone()));
    assert_eq!(verdict.status, check.passed, "{}", verdict.reason);
    assert!(verdict.status.passed());
}

fn a_server_that_cannot_be_reached_fails_in_layer_4(check: &Check<'_>) {
    for (kind, status, reason) in [
        (ErrorKind::ConnectionRefused, CheckStatus::L4Connection, "no connection: ConnectionRefused"),
        (ErrorKind::NetworkUnreachable, CheckStatus::L4Connection, "no connection: NetworkUnreachable"),
        (ErrorKind::TimedOut, CheckStatus::L4Timeout, ""),
    ] {
        let verdict = check.probe(Net::default().with(1, Answer::Fails(kind)));
        assert_eq!(verdict.status, status, "{kind}");
        assert!(verdict.reason.starts_with(reason), "{kind}: {}", verdict.reason);
    }
    let verdict = check.probe(Net::default().with(1, Answer::Hangs));
    assert!(!verdict.status.passed(), "passed without a connection");
}

fn one_instance_probes_again_and_again(check: &Check<'_>) {
    let health = check.bench.health(check.plugin).expect("the setup is good");
    let (well, dead) = (Rc::new(Net::talk(check.well.clone())), Rc::default());
    let all = [&well, &dead, &well].map(|net| check.probe_with(&*health, net).status.passed());
    assert_eq!(all, [true, false, true]);
}

fn a_silent_server_runs_out_of_time(check: &Check<'_>) {
    let verdict = check.probe(Net::talk([Turn::Silence]));
    let timeouts = [CheckStatus::L7Timeout, CheckStatus::L6Timeout, CheckStatus::L4Timeout];
    assert!(timeouts.contains(&verdict.status), "{:?}", verdict);
}

fn an_answer_may_come_byte_by_byte(check: &Check<'_>) {
    let bytewise = |turn: &Turn| match turn {
        Turn::Say(bytes) => bytes.iter().map(|&b| say([b])).collect(),
        other => vec![other.clone()],
    };
    let verdict = check.probe(Net::talk(check.well.iter().flat_map(bytewise)));
    assert_eq!(verdict.status, check.passed, "{}", verdict.reason);
}

fn servers_that_close_reset_or_babble_fail(check: &Check<'_>) {
    let babble: Vec<u8> = (0..40_000u32).map(|n| (n % 251) as u8).collect();
    for turns in [vec![], vec![Turn::Hear], vec![Turn::Reset], vec![say(&babble)], vec![say([0; 8])]] {
        let verdict = check.probe(Net::talk(turns));
        assert!(!verdict.status.passed(), "{verdict:?}");
    }
}
