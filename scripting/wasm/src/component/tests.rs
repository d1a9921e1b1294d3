//! Components as text, against the hooks.

mod text;

use std::sync::Arc;
use std::time::Duration;

use portero_api::{Answer, BadArg, Close, Common, Exchange, Outcome, Reply, Sample, Setup};
use portero_conformance::rig::{Bench, Farm, exchange};
use portero_conformance::{Acting, Balancer, Converting, Fetching, action, balance, convert, fetch};

use self::text::{ACT, CHOOSE, CONFIGURE, CONVERT, ENDED, FETCH, component};
use crate::settings::Load;
use crate::testing::{Running, load, load_all, on_a_thread};

/// The first server at the first try, later the last; nobody where there is none.
const CHOOSES: &str = r#"
  (func (export "choose-server") (param $number i32) (param $servers i32) (param $count i32) (param $failed i32)
      (param $failures i32) (param $args i32) (param $arguments i32) (result i32)
    (i32.store (i32.const 0) (i32.ne (local.get $count) (i32.const 0)))
    (i32.store (i32.const 4) (select (i32.const 0) (i32.sub (local.get $count) (i32.const 1))
      (i32.eq (local.get $number) (i32.const 1))))
    (i32.const 0))"#;

fn balancer(running: &Running) -> Box<dyn portero_api::Balance> {
    bench(running).balancer(&running.plugin).expect("it is a balancer")
}

fn bench(running: &Running) -> Bench {
    let mut bench = Bench::default();
    bench.here = Some(running.desk.here());
    bench
}

/// What is said of a component that cannot be loaded.
fn mistake(text: &str) -> String {
    load(text, |_| ()).expect_err("it cannot be loaded").message
}

#[test]
fn a_balancer_of_a_component_keeps_to_the_hook() {
    let running = Running::new(&component(&[CHOOSE], CHOOSES), |_| ());
    balance(&Balancer { plugin: &on_a_thread(running.plugin), args: "", lines: &[], live: false });
}

#[test]
fn a_server_is_chosen_for_each_attempt_with_what_failed_before() {
    // the place is the number of the attempt, counted from 0, less that of the servers that failed
    let text = component(
        &[CHOOSE],
        r#"(func (export "choose-server") (param $number i32) (param i32 i32 i32) (param $failed i32) (param i32 i32)
          (result i32)
          (i32.store (i32.const 0) (i32.const 1))
          (i32.store (i32.const 4) (i32.sub (i32.sub (local.get $number) (i32.const 1)) (local.get $failed)))
          (i32.const 0))"#,
    );
    let running = Running::new(&text, |_| ());
    let (made, farm, mut exchange) = (balancer(&running), Farm::new(&[1, 1, 1]), exchange("/"));
    assert_eq!(farm.pick(&*made, &exchange, &[]), Some(0), "the first attempt");
    exchange.log.retries = 1;
    assert_eq!(farm.pick(&*made, &exchange, &[0]), Some(1), "the second, and one has failed");
    exchange.log.retries = 2;
    assert_eq!(farm.pick(&*made, &exchange, &[0]), Some(2), "the third, and one has failed");
    exchange.log.retries = 3;
    assert_eq!(farm.pick(&*made, &exchange, &[1]), None, "a place that there is not");
}

#[test]
fn servers_are_shown_with_what_is_known_of_them() {
    // answers with the weight and the sessions of the first server, as a place
    let text = component(
        &[CHOOSE],
        r#"(func (export "choose-server") (param i32) (param $servers i32) (param i32 i32 i32 i32 i32) (result i32)
          (i32.store (i32.const 0) (i32.const 1))
          (i32.store (i32.const 4) (i32.add
            (i32.load offset=16 (local.get $servers)) (i32.load offset=20 (local.get $servers))))
          (i32.const 0))"#,
    );
    let running = Running::new(&text, |_| ());
    let (made, farm) = (balancer(&running), Farm::new(&[1, 1, 1]));
    assert_eq!(farm.pick(&*made, &exchange("/"), &[]), Some(1));
    assert!(farm.servers[0].try_enter());
    assert_eq!(farm.pick(&*made, &exchange("/"), &[]), Some(2));
}

#[test]
fn a_balancer_hears_how_tries_ended() {
    let text = component(
        &[CHOOSE, ENDED],
        r#"(global $status (mut i32) (i32.const 0))
        (func (export "try-ended") (param i32 i32) (param $outcome i32) (param $status i32) (param i32 i32)
          (if (i32.eqz (local.get $outcome)) (then (global.set $status (local.get $status)))))
        (func (export "choose-server") (param i32 i32 i32 i32 i32 i32 i32) (result i32)
          (i32.store (i32.const 0) (i32.eq (global.get $status) (i32.const 503)))
          (i32.store (i32.const 4) (i32.const 0))
          (i32.const 0))"#,
    );
    let running = Running::new(&text, |_| ());
    let (made, farm) = (balancer(&running), Farm::new(&[1]));
    assert_eq!(farm.pick(&*made, &exchange("/"), &[]), None);
    made.finished(&farm.servers[0], Outcome::Response(503));
    assert_eq!(farm.pick(&*made, &exchange("/"), &[]), Some(0));
}

/// Stops behind a field; finds "yes" where `x-ask` is set; gives samples back.
const RULES: &str = r#"
  (data (i32.const 100) "x-status0x-askyes")
  (func (export "act") (param i32 i32 i32 i32) (result i32)
    (call $set (i32.const 0) (i32.const 100) (i32.const 8) (i32.const 108) (i32.const 1) (i32.const 32))
    (i32.store8 (i32.const 0) (i32.const 1))
    (i32.const 0))
  (func (export "fetch") (param i32 i32) (result i32)
    (call $get (i32.const 0) (i32.const 109) (i32.const 5) (i32.const 0))
    ;; that there is something, the first byte says already
    (i32.store8 (i32.const 8) (i32.const 3))
    (i32.store (i32.const 16) (i32.const 114))
    (i32.store (i32.const 20) (i32.const 3))
    (i32.const 0))
  (func (export "convert") (param $case i32) (param $value i64) (param $size i32) (param i32 i32) (result i32)
    (i32.store8 (i32.const 0) (i32.const 1))
    (i32.store8 (i32.const 8) (local.get $case))
    (i64.store (i32.const 16) (local.get $value))
    (if (i32.ge_u (local.get $case) (i32.const 2)) (then (i32.store (i32.const 20) (local.get $size))))
    (i32.const 0))"#;

#[test]
fn rules_of_a_component_keep_to_their_hooks() {
    let running = Running::new(&component(&[ACT, FETCH, CONVERT], RULES), |_| ());
    let (plugin, bench) = (&running.plugin, || bench(&running));
    let done = |exchange: &Exchange, answer: &Answer| {
        assert!(matches!(answer, Answer::Stop), "{answer:?}");
        assert_eq!(exchange.request.headers.get(b"x-status"), Some(&b"0"[..]));
    };
    action(&Acting { plugin, bench: bench(), done: &done });
    let cases: &[(fn(&mut Exchange), Option<Sample<'_>>)] = &[
        (|exchange| exchange.request.headers.add(b"x-ask", b"1"), Some(Sample::str("yes"))),
        (|_| (), None),
    ];
    fetch(&Fetching { plugin, bench: bench(), cases });
    let same = [
        Sample::Bool(true),
        Sample::Int(-5),
        Sample::Ip([1, 2, 3, 4].into()),
        Sample::str("a"),
        Sample::bytes([0]),
        Sample::Method(b"GET"[..].into()),
    ];
    let cases: Vec<_> = same.into_iter().map(|sample| (sample.clone(), Some(sample))).collect();
    convert(&Converting { plugin, bench: bench(), cases: &cases });
}

/// Answers with the verdict of its first argument's first letter, as a number; as a reply with what stands in memory at 256.
fn judge() -> String {
    let body = r#"(func (export "act") (param i32 i32) (param $args i32) (param i32) (result i32)
      (i32.store8 (i32.const 0) (i32.sub (i32.load8_u (i32.load (local.get $args))) (i32.const 48)))
      (i32.store16 (i32.const 4) (i32.const 429))
      ;; so many headers, each a name without a letter and a megabyte
      (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 5)) (then
        (i32.store8 (i32.const 0) (i32.const 3))
        (i32.store (i32.const 8) (i32.const 65536))
        (i32.store (i32.const 12) (i32.const 1000))
        (call $fill (i32.const 65536))))
      (i32.const 0))
    (func $fill (param $at i32)
      (loop $on
        (i32.store offset=12 (local.get $at) (i32.const 1048576))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br_if $on (i32.lt_u (local.get $at) (i32.const 81536)))))"#;
    component(&[ACT], body)
}

#[test]
fn verdicts_are_answers() {
    let running = Running::new(&judge(), |load| load.max_memory = 8 << 20);
    let answer = |word: &str| {
        let bench = bench(&running).args(&[word]);
        let made = running.plugin.action.as_ref().expect("it may be one")(&bench.setup());
        made.expect("it is one").run(&mut exchange("/"))
    };
    assert!(matches!(answer("0"), Answer::Continue));
    assert!(matches!(answer("1"), Answer::Stop));
    assert!(matches!(answer("2"), Answer::Deny(Reply::Status(429))));
    let Answer::Reply(Reply::Message(message)) = answer("3") else { panic!("it does not reply") };
    assert_eq!((message.status, message.headers.len()), (429, 0));
    assert!(matches!(answer("4"), Answer::Close(Close::Reject)));
    assert_eq!(running.said(), [""; 0]);
    assert!(matches!(answer("5"), Answer::Fail), "it hands over more than it may have");
    assert!(running.said()[0].starts_with("act: "), "{:?}", running.said());
}

#[test]
fn a_hook_that_a_component_does_not_export_is_named() {
    let running = Running::new(&component(&[CHOOSE], CHOOSES), |_| ());
    let bench = Bench::default().in_rules("http-req");
    let no = |error: Option<BadArg>| error.expect("it has none").message;
    let setup: &Setup<'_> = &bench.setup();
    let act = running.plugin.action.as_ref().expect("it may be one")(setup);
    assert_eq!(no(act.err()), "the component 'x' has no action: it exports functions for 'balancer'");
    let check = running.plugin.health.as_ref().expect("it may be one")(setup);
    assert_eq!(no(check.err()), "the component 'x' has no check: it exports functions for 'balancer'");
    assert!(running.plugin.filter.is_none());
}

/// The second call traps.
const SECOND_TRAPS: &str = r#"(global $calls (mut i32) (i32.const 0))
  (func (export "choose-server") (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eq (global.get $calls) (i32.const 2)) (then unreachable))
    (i32.store (i32.const 0) (i32.const 1))
    (i32.store (i32.const 4) (i32.const 0))
    (i32.const 0))"#;

#[test]
fn a_trap_chooses_nobody_and_the_instance_is_made_anew() {
    let running = Running::new(&component(&[CHOOSE], SECOND_TRAPS), |_| ());
    let (made, farm) = (balancer(&running), Farm::new(&[1]));
    let picks = farm.picks(&*made, &exchange("/"), 4);
    // made anew, it counts from 1 again
    assert_eq!(picks, [Some(0), None, Some(0), None]);
    let said = running.said();
    assert!(said[0].starts_with("choose-server: wasm trap: wasm `unreachable`"), "{said:?}");
    assert!(said[0].contains("wasm backtrace") && said[0].ends_with("the instance is made anew"), "{said:?}");
}

/// Calls that use a budget up.
#[test]
fn time_and_memory_have_their_bounds() {
    let body = |work: &str| {
        format!(
            r#"(func (export "choose-server") (param i32 i32 i32 i32 i32 i32 i32) (result i32) {work} (i32.const 0))"#
        )
    };
    let cases = [
        ("(loop $on (br $on))", "choose-server: it ran longer than 20ms"),
        (
            "(if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable))",
            "choose-server: it wanted more than 8388608 bytes of memory",
        ),
    ];
    for (work, expected) in cases {
        let common = Arc::<Common>::default();
        let running = Running::among(&common, &component(&[CHOOSE], &body(work)), |load| {
            load.timeout = Duration::from_millis(20);
            load.max_memory = 8 << 20;
        });
        let (made, farm) = (balancer(&running), Farm::new(&[1]));
        assert_eq!(farm.pick(&*made, &exchange("/"), &[]), None);
        assert!(running.said()[0].starts_with(expected), "{:?}", running.said());
        let reading = common.figures.read().remove(0);
        assert_eq!((reading.errors, reading.stopped), (1, 1));
    }
}

#[test]
fn a_component_may_refuse_its_configuration_with_a_reason() {
    // an error with the text of the configuration itself
    let text = component(
        &[CONFIGURE],
        r#"(func (export "configure") (param $at i32) (param $size i32) (result i32)
          (i32.store8 (i32.const 0) (i32.ne (local.get $size) (i32.const 0)))
          (i32.store (i32.const 4) (local.get $at))
          (i32.store (i32.const 8) (local.get $size))
          (i32.const 0))"#,
    );
    load(&text, |_| ()).expect("nothing is said against nothing");
    let refused = load(&text, |load| load.configuration = b"no tables".to_vec()).expect_err("it says no");
    assert_eq!(refused.message, "configure says that it cannot run with this configuration: no tables");
}

#[test]
fn what_is_about_the_abi_is_refused_by_its_name() {
    let refused = |change: fn(&mut Load)| load("(component)", change).expect_err("it is refused").message;
    assert_eq!(refused(|load| load.root_id = "x".into()), "'root-id' means nothing to a component");
    assert_eq!(refused(|load| load.max_body = 1), "'max-body' means nothing to a component");
}

#[test]
fn an_export_of_another_type_is_refused_by_its_name() {
    let text =
        component(&[("fetch", "(result u32)")], r#"(func (export "fetch") (result i32) (i32.const 0))"#);
    let said = mistake(&text);
    assert!(said.starts_with("the export 'fetch' is not as portero.wit has it: "), "{said}");
}

/// Imports a function that nobody has, and one of an interface that nobody has, and calls the first.
fn lost() -> String {
    let text = component(
        &[CHOOSE],
        r#"(import "lost" "dance" (func $dance))
        (func (export "choose-server") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (call $dance) (i32.const 0))"#,
    );
    let imports = r#"(component
      (import "portero:plugin/tables@0.1.0" (instance $tables (export "dance" (func))))
      (import "wasi:io/poll@0.2.0" (instance (export "pollable" (type (sub resource))) (export "poll" (func))))
      (core func $dance (canon lower (func $tables "dance")))
      (core instance $lost (export "dance" (func $dance)))"#;
    let text = text.replacen("(component", imports, 1);
    text.replace(r#"(with "host""#, r#"(with "lost" (instance $lost)) (with "host""#)
}

#[test]
fn what_nobody_knows_is_warned_of_and_a_call_of_it_fails() {
    let modules = load_all(&lost(), &Arc::default(), |_| ()).expect("it can be loaded");
    assert_eq!(
        modules.warnings()[0].message,
        "nobody knows the imports 'portero:plugin/tables@0.1.0.dance', 'wasi:io/poll@0.2.0': a call of one fails"
    );
    let running = Running::new(&lost(), |_| ());
    assert_eq!(Farm::new(&[1]).pick(&*balancer(&running), &exchange("/"), &[]), None);
    let said = running.said();
    let expected = "choose-server: there is no host function 'portero:plugin/tables@0.1.0.dance'";
    assert!(said[0].starts_with(expected), "{said:?}");
}

#[test]
fn what_the_configuration_does_not_allow_is_not_there() {
    let text = component(&[ACT, FETCH, CONVERT], RULES);
    let allow = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let running = Running::new(&text, |load| load.allowed_capabilities = allow(&["act"]));
    let made = running.plugin.action.as_ref().expect("it may be one")(&bench(&running).setup());
    assert!(matches!(made.expect("it is one").run(&mut exchange("/")), Answer::Fail));
    let said = running.said();
    let expected = "act: the configuration does not allow 'portero:plugin/exchange@0.1.0.set-header'";
    assert!(said[0].starts_with(expected), "{said:?}");
    assert!(running.plugin.fetch.as_ref().expect("it may be one")(&bench(&running).setup()).is_err());
}

#[test]
fn components_are_told_from_modules_in_both_formats() {
    for text in ["(component)", "  (component $x", ";; a comment\n\n(component)", "\0asm\x0d\0\x01\0"] {
        assert!(super::is_one(text.as_bytes()), "{text:?}");
    }
    for text in ["(module)", "", ";; (component)\n(module)", "\0asm\x01\0\0\0"] {
        assert!(!super::is_one(text.as_bytes()), "{text:?}");
    }
}
