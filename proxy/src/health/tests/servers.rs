//! Servers that come and go, and what a syslog server hears of it.

use std::net::UdpSocket;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Address, Admin, CheckStatus, Common, Counter, Kind, Oper, ProxyState, ServerState};
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::super::backend::Backend;
use super::super::member::{Habits, Member};
use super::super::probe::Limits;
use super::super::testing::{FakeDial, FakeProbe, check_config};
use super::super::timing::Timing;
use super::super::watch::{Watch, watch};
use super::super::words::Cause;
use super::super::{Observer, Seen, Shutdown};
use crate::config::checked::{Check, LogHeader, LogSink, LogTarget, Observe, OnError, Timeouts};
use crate::log::{Identity, LogSinks};

use CheckStatus::{L7Ok, L7OkConditionally, L7Status};

const SECOND: Duration = Duration::from_secs(1);

/// A backend `be` and its syslog server; lines begin with `<24>` (daemon, emergency) to `<31>`.
struct Rig {
    syslog: UdpSocket,
    sinks: LogSinks,
    common: Arc<Common>,
    backend: Rc<Backend>,
}

impl Rig {
    fn new(log_checks: bool) -> Rig {
        let syslog = UdpSocket::bind("127.0.0.1:0").unwrap();
        syslog.set_nonblocking(true).unwrap();
        let target = LogTarget {
            sink: LogSink::Udp(syslog.local_addr().unwrap()),
            max_len: 1024,
            header: LogHeader::Priority,
            sample: None,
            facility: 3,
            level: 7,
            min_level: 0,
        };
        let common: Arc<Common> = Arc::default();
        let sinks = LogSinks::new(common.clone());
        let logger = sinks.logger("be", &[target], Identity { tag: "portero", hostname: None });
        let state = Arc::new(ProxyState::new("be", 1, Kind::Backend, true));
        let backend = Rc::new(Backend::new(state, logger, log_checks, Arc::default()));
        Rig { syslog, sinks, common, backend }
    }

    /// Adds a server with these habits.
    fn server(&self, name: &str, backup: bool, habits: Habits) -> Rc<Member> {
        let address = Address::Ip(([127, 0, 0, 1], 1).into());
        let state = &self.backend.state;
        let server = ServerState::new(state, name, 1, address);
        server.set_backup(backup);
        let server = Arc::new(server);
        state.set_servers(state.servers().iter().cloned().chain([server.clone()]).collect());
        self.backend.look_around();
        Rc::new(Member::new(server, self.backend.clone(), habits, self.common.clone()))
    }

    /// Checks a server from now on with these verdicts.
    fn check(&self, member: &Rc<Member>, check: Check, verdicts: &[CheckStatus]) {
        member.begin(check.rise, check.fall);
        let timing = Timing::new(&check, &Timeouts::default(), 0);
        let probe = Box::new(FakeProbe::answering(verdicts.iter().copied()));
        let task = Watch { limits: Limits { timing, header: None }, probe, check };
        let dial = Rc::new(FakeDial { connects_after: Duration::ZERO, refuses: false });
        tokio::task::spawn_local(watch(member.clone(), task, dial, Duration::ZERO));
    }

    /// The lines that the syslog server heard since the last look.
    fn heard(&self) -> Vec<String> {
        self.sinks.flush();
        let mut buffer = [0; 2048];
        let line = || self.syslog.recv(&mut buffer).ok().map(|n| buffer[..n].to_vec());
        let lines = std::iter::from_fn(line).map(|l| String::from_utf8(l).unwrap());
        lines.map(|l| l.trim_end().to_owned()).collect()
    }
}

fn quick() -> Check {
    Check { inter: SECOND, ..check_config() }
}

async fn in_local_set(test: impl Future<Output = ()>) {
    LocalSet::new().run_until(test).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_goes_down_after_fall_failures_and_comes_back_after_rise_successes() {
    in_local_set(async {
        let rig = Rig::new(false);
        let s1 = rig.server("s1", false, Habits::default());
        rig.check(&s1, quick(), &[L7Ok, L7Status, L7Status, L7Status, L7Ok, L7Ok]);
        sleep(SECOND * 5 / 2).await;
        assert_eq!((s1.server.oper(), rig.heard()), (Oper::Up, vec![]));
        sleep(SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Down);
        assert_eq!(
            rig.heard(),
            [
                "<25>Server be/s1 is DOWN, reason: Layer7 wrong status, check duration: 0ms. \
                 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
                "<24>backend be has no server available!",
            ]
        );
        sleep(SECOND).await;
        assert_eq!((s1.server.oper(), rig.heard()), (Oper::Down, vec![]));
        sleep(SECOND).await;
        assert_eq!(
            rig.heard(),
            ["<29>Server be/s1 is UP, reason: Layer7 check passed, check duration: 0ms. \
              1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue."]
        );
        let counters = &s1.server.counters;
        assert_eq!((counters.get(Counter::ChecksFailed), counters.get(Counter::WentDown)), (3, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn with_log_health_checks_every_change_of_a_check_is_logged() {
    in_local_set(async {
        let rig = Rig::new(true);
        let s1 = rig.server("s1", false, Habits::default());
        rig.check(&s1, Check { fall: 2, ..quick() }, &[L7Ok, L7Ok, L7Status, L7Status, L7Status, L7Ok]);
        sleep(SECOND * 13 / 2).await;
        let check = |result: &str, progress: &str| {
            format!("<29>Health check for server be/s1 {result}, check duration: 0ms, status: {progress}.")
        };
        let good = "succeeded, reason: Layer7 check passed";
        let bad = "failed, reason: Layer7 wrong status";
        assert_eq!(
            rig.heard(),
            [
                &check(good, "2/2 UP"),
                &check(bad, "1/2 UP"),
                &check(bad, "0/2 DOWN"),
                "<25>Server be/s1 is DOWN. 0 active and 0 backup servers left. \
                 0 sessions active, 0 requeued, 0 remaining in queue.",
                "<24>backend be has no server available!",
                &check(good, "1/2 DOWN"),
                &check(good, "2/2 UP"),
                "<29>Server be/s1 is UP. 1 active and 0 backup servers online. \
                 0 sessions requeued, 0 total in queue.",
            ]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_be_left_alone_stops_and_its_fall_is_no_alert() {
    in_local_set(async {
        let rig = Rig::new(true);
        let s1 = rig.server("s1", false, Habits::default());
        rig.server("s2", false, Habits::default());
        let verdicts = [L7Ok, L7OkConditionally, L7Status, L7OkConditionally, L7Ok];
        rig.check(&s1, Check { rise: 1, fall: 1, ..quick() }, &verdicts);
        sleep(SECOND * 3 / 2).await;
        assert_eq!(s1.server.oper(), Oper::Stopping);
        let heard = rig.heard();
        assert!(heard[1].contains("conditionally succeeded, reason: Layer7 check conditionally passed"));
        assert_eq!(
            heard[2],
            "<29>Server be/s1 is stopping. 1 active and 0 backup servers online. \
             0 sessions requeued, 0 total in queue."
        );
        sleep(SECOND).await;
        assert!(rig.heard()[1].starts_with("<29>Server be/s1 is DOWN."));
        sleep(SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Down, "what is down stays down when it passes on condition");
        sleep(SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Up);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_tracks_another_follows_it() {
    in_local_set(async {
        let rig = Rig::new(true);
        let s1 = rig.server("s1", false, Habits::default());
        let s2 = rig.server("s2", true, Habits::default());
        s1.lead(&s2);
        s1.set_oper(Oper::Down, &Cause::Check(None));
        assert_eq!(
            rig.heard()[..2],
            [
                "<25>Server be/s1 is DOWN. 0 active and 1 backup servers left. Running on backup. \
                 0 sessions active, 0 requeued, 0 remaining in queue.",
                "<25>Backup Server be/s2 is DOWN via be/s1. 0 active and 0 backup servers left. \
                 0 sessions active, 0 requeued, 0 remaining in queue.",
            ]
        );
        s1.set_oper(Oper::Up, &Cause::Check(None));
        assert_eq!(s2.server.oper(), Oper::Up);
        rig.heard();
        s1.set_admin(Admin::Maint, &Cause::Operator);
        s1.set_admin(Admin::Ready, &Cause::Operator);
        let heard = rig.heard();
        assert!(heard[1].starts_with("<25>Backup Server be/s2 is going DOWN for maintenance via be/s1. "));
        assert_eq!(
            heard[3..],
            [
                "<29>Server be/s1 is UP/READY (leaving forced maintenance).",
                "<29>Backup Server be/s2 is UP/READY (leaving maintenance).",
            ]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn own_maintenance_outlives_that_of_the_tracked_server() {
    in_local_set(async {
        let rig = Rig::new(true);
        let s1 = rig.server("s1", false, Habits::default());
        let s2 = rig.server("s2", false, Habits::default());
        s1.lead(&s2);
        s2.set_admin(Admin::Maint, &Cause::Operator);
        s1.set_admin(Admin::Drain, &Cause::Operator);
        s1.set_admin(Admin::Ready, &Cause::Operator);
        assert_eq!((s1.server.admin(), s2.server.admin()), (Admin::Ready, Admin::Maint));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_in_maintenance_is_not_checked() {
    in_local_set(async {
        let rig = Rig::new(false);
        let s1 = rig.server("s1", false, Habits::default());
        s1.set_admin(Admin::Maint, &Cause::Operator);
        rig.check(&s1, quick(), &[L7Status]);
        sleep(10 * SECOND).await;
        assert_eq!(s1.server.check.lock().unwrap().status, CheckStatus::Init);
        s1.set_admin(Admin::Ready, &Cause::Operator);
        assert_eq!(s1.server.oper(), Oper::Up);
        sleep(2 * SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Down);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_in_doubt_is_checked_faster() {
    in_local_set(async {
        let rig = Rig::new(true);
        let s1 = rig.server("s1", false, Habits::default());
        let check = Check { fastinter: Some(SECOND), downinter: Some(20 * SECOND), ..check_config() };
        let check = Check { inter: 10 * SECOND, ..check };
        rig.check(&s1, check, &[L7Ok, L7Status, L7Status, L7Status, L7Ok]);
        sleep(SECOND / 2).await;
        assert_eq!(rig.heard().len(), 1);
        sleep(9 * SECOND).await;
        assert_eq!((rig.heard(), s1.server.oper()), (vec![], Oper::Up));
        sleep(3 * SECOND).await;
        assert_eq!((rig.heard().len(), s1.server.oper()), (5, Oper::Down));
        sleep(19 * SECOND).await;
        assert_eq!((rig.heard(), s1.server.oper()), (vec![], Oper::Down));
        sleep(2 * SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Up);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn errors_in_the_traffic_count_as_checks() {
    in_local_set(async {
        let rig = Rig::new(false);
        let s1 = rig.server("s1", false, Habits::default());
        let observe = Observe { layer7: true, limit: 2, on_error: OnError::MarkDown };
        let check = Check { inter: 3600 * SECOND, observe: Some(observe), ..check_config() };
        rig.check(&s1, check, &[L7Ok]);
        sleep(SECOND).await;
        let observer = Observer::of(&s1.server, &rig.common);
        (0..2).for_each(|_| observer.note(&observe, Seen::response(500)));
        sleep(SECOND).await;
        assert_eq!(
            rig.heard()[0],
            "<25>Server be/s1 is DOWN, reason: Health analyze, info: \"Detected 2 consecutive errors, \
             last one was: Wrong http response\". 0 active and 0 backup servers left. \
             0 sessions active, 0 requeued, 0 remaining in queue."
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn sudden_death_leaves_one_failure() {
    in_local_set(async {
        let rig = Rig::new(false);
        let s1 = rig.server("s1", false, Habits::default());
        let observe = Observe { layer7: true, limit: 1, on_error: OnError::SuddenDeath };
        let check = Check { fastinter: Some(SECOND), observe: Some(observe), ..check_config() };
        rig.check(&s1, Check { inter: 3600 * SECOND, ..check }, &[L7Ok, L7Ok, L7Status]);
        sleep(5 * SECOND).await;
        Observer::of(&s1.server, &rig.common).note(&observe, Seen::Closed);
        sleep(SECOND / 2).await;
        assert_eq!(s1.server.oper(), Oper::Up);
        sleep(SECOND).await;
        assert_eq!(s1.server.check.lock().unwrap().status, L7Ok, "an error asks for a check soon");
        Observer::of(&s1.server, &rig.common).note(&observe, Seen::Closed);
        sleep(2 * SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Down);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn sessions_end_where_the_configuration_says_so() {
    in_local_set(async {
        let rig = Rig::new(false);
        let habits = Habits { shutdown_sessions: true, shutdown_backups: true, ..Habits::default() };
        let s1 = rig.server("s1", false, habits);
        let spare = rig.server("spare", true, Habits::default());
        let session = |m: &Member| Shutdown::of(&m.server, &rig.common).subscribe();
        let (on_s1, on_spare) = (session(&s1), session(&spare));
        s1.set_oper(Oper::Down, &Cause::Check(None));
        assert!(on_s1.has_changed().unwrap() && !on_spare.has_changed().unwrap());
        s1.set_oper(Oper::Up, &Cause::Check(None));
        assert!(on_spare.has_changed().unwrap());
        assert!(!session(&s1).has_changed().unwrap(), "a session that begins later goes on");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_health_set_by_hand_is_where_checks_go_on_from() {
    in_local_set(async {
        let rig = Rig::new(true);
        let s1 = rig.server("s1", false, Habits::default());
        rig.check(&s1, quick(), &[L7Ok]);
        sleep(SECOND / 2).await;
        rig.heard();
        s1.force_oper(Oper::Down);
        assert!(rig.heard()[0].starts_with("<25>Server be/s1 is DOWN, changed from CLI. 0 active"));
        sleep(SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Down);
        sleep(SECOND).await;
        assert_eq!(s1.server.oper(), Oper::Up);
    })
    .await;
}

/// The events since the last look, in words.
fn told(subscription: &portero_api::events::Subscription) -> Vec<String> {
    use portero_api::EventKind::{ServerAdmin, ServerCheck, ServerDown, ServerState, ServerUp};
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut told = Vec::new();
    while let std::task::Poll::Ready(event) = subscription.poll_next(&mut cx) {
        told.push(match event.kind {
            ServerUp(server) => format!("{} up", server.name),
            ServerDown(server) => format!("{} down", server.name),
            ServerState(server, c) => {
                format!("{} {}-{} '{}' {}", server.name, c.before, c.after, c.cause, c.by_check)
            }
            ServerAdmin(server, c) => format!("{} admin {}-{} '{}'", server.name, c.before, c.after, c.cause),
            ServerCheck(server, c) => format!("{} check {} {:?}", server.name, c.passed, c.health),
            other => format!("{other:?}"),
        });
    }
    told
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_to_those_who_subscribed() {
    LocalSet::new()
        .run_until(async {
            let rig = Rig::new(false);
            let (a, b) =
                (rig.server("a", false, Habits::default()), rig.server("b", false, Habits::default()));
            a.lead(&b);
            a.begin(1, 1);
            let subscription = rig.common.events.subscribe();
            let finding = |status| super::super::words::Finding {
                status,
                code: None,
                info: String::new(),
                millis: None,
            };
            a.conclude(&finding(L7Status));
            assert_eq!(
                told(&subscription),
                [
                    "a check false (0, 1, 1)",
                    "a down",
                    "a RUNNING-STOPPED '' true",
                    "b down",
                    "b RUNNING-STOPPED 'via be/a' false"
                ]
            );
            a.conclude(&finding(L7OkConditionally));
            assert_eq!(told(&subscription), ["a check false (0, 1, 1)"], "one that is down is never missed");
            a.force_oper(Oper::Up);
            assert_eq!(told(&subscription)[..2], ["a up", "a STOPPED-RUNNING 'changed from CLI' false"]);
            b.set_admin(Admin::Maint, &Cause::Operator);
            a.set_admin(Admin::Drain, &Cause::Operator);
            assert_eq!(
                told(&subscription),
                [
                    "b admin 0-1 'changed from CLI'",
                    "b down",
                    "b RUNNING-STOPPED 'changed from CLI' false",
                    "a admin 0-8 'changed from CLI'"
                ]
            );
            b.set_admin(Admin::Ready, &Cause::Operator);
            assert_eq!(
                told(&subscription),
                ["b admin 1-0 'changed from CLI'", "b up", "b STOPPED-RUNNING 'changed from CLI' false"]
            );
        })
        .await;
}
