//! Scripts that change while the proxy runs.

use nix::sys::signal::Signal;
use portero_tests::{Load, Origin, Proxy, eventually};

const CONFIG: &str = "
    global
        tune.lua.bool-sample-conversion normal
        lua-load-per-thread ${dir}/mark.lua
        lua-load ${dir}/tick.lua
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        http-request lua.wait if { path /wait }
        http-request lua.mark
        http-request return status 200 hdr x-ticks %[lua.ticks] if { path /ticks }
        http-response set-header x-mark %[var(txn.mark)]
        default_backend app
    backend app
        server s1 ${origin}
    ";

/// Marks each request with a text; the request for `/wait` waits before that.
fn script(mark: &str) -> String {
    format!(
        "core.register_action('mark', {{ 'http-req' }}, function(txn) txn:set_var('txn.mark', '{mark}') end)\n\
         core.register_action('wait', {{ 'http-req' }}, function(txn)\n\
           core.Warning('waiting {mark}')\n\
           core.msleep(700)\n\
           txn:set_var('txn.waited', '{mark}')\n\
         end)\n"
    )
}

/// Counts in a task of its own how often it has run.
const TICK: &str = "
    ticks = 0
    core.register_task(function()
        while true do
            core.msleep(5)
            ticks = ticks + 1
            core.Warning('tick of ${generation}')
        end
    end)
    core.register_fetches('ticks', function() return ticks end)
    ";

fn tick(generation: &str) -> String {
    TICK.replace("${generation}", generation)
}

fn start(origin: &Origin) -> Proxy {
    let starting = Proxy::with(CONFIG).set("origin", origin.address());
    let proxy = starting.file("mark.lua", &script("0")).file("tick.lua", &tick("first")).start();
    wait_for_mark(&proxy, "0");
    proxy
}

fn wait_for_mark(proxy: &Proxy, mark: &str) {
    eventually(&format!("the script {mark}"), || {
        (proxy.get("/").header("x-mark") == Some(mark)).then_some(())
    });
}

#[test]
fn a_script_is_changed_under_load_and_no_request_fails() {
    let origin = Origin::answering("hello");
    let proxy = start(&origin);
    let load = Load::on(proxy.front(), 4);
    for round in 1..=5 {
        proxy.rewrite_file("mark.lua", &script(&round.to_string()));
        proxy.signal(Signal::SIGUSR2);
        wait_for_mark(&proxy, &round.to_string());
        let before = load.answered();
        eventually("requests after the reload", || (load.answered() > before + 50).then_some(()));
    }
    let (answered, failures) = load.stop();
    assert!(failures.is_empty(), "{} of {answered} failed: {:?}", failures.len(), failures.first());
}

#[test]
fn a_script_that_does_not_load_leaves_the_old_one_running_and_says_why() {
    let origin = Origin::answering("hello");
    let proxy = start(&origin);
    proxy.rewrite_file("mark.lua", "error('not this one')");
    proxy.signal(Signal::SIGUSR2);
    proxy.output_with("the old configuration stays in use");
    proxy.output_with("mark.lua:1: not this one");
    assert_eq!(proxy.get("/").header("x-mark"), Some("0"));
    proxy.rewrite_file("mark.lua", &script("1"));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "1");
}

#[test]
fn a_request_under_way_ends_with_the_script_that_it_began_with() {
    let origin = Origin::answering("hello");
    let proxy = start(&origin);
    let mut client = proxy.connect();
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    proxy.output_with("waiting 0");
    proxy.rewrite_file("mark.lua", &script("1"));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "1");
    assert_eq!(client.response().header("x-mark"), Some("0"));
}

#[test]
fn tasks_end_with_their_configuration_and_those_of_the_next_begin() {
    let origin = Origin::answering("hello");
    let proxy = start(&origin);
    proxy.output_with("tick of first");
    proxy.rewrite_file("tick.lua", &tick("second"));
    proxy.signal(Signal::SIGUSR2);
    proxy.output_with("tick of second");
    let ticks = |generation: &str| {
        proxy.output().iter().filter(|line| line.ends_with(&format!("tick of {generation}"))).count()
    };
    let first = ticks("first");
    eventually("more of the second", || (ticks("second") > 20).then_some(()));
    assert_eq!(ticks("first"), first, "the old task has ended");
}

#[test]
fn what_is_watched_is_taken_when_it_changes() {
    let origin = Origin::answering("hello");
    let starting = Proxy::with(CONFIG).set("origin", origin.address()).argument("--watch");
    let proxy = starting.file("mark.lua", &script("0")).file("tick.lua", &tick("first")).start();
    wait_for_mark(&proxy, "0");
    proxy.rewrite_file("mark.lua", &script("changed"));
    wait_for_mark(&proxy, "changed");
    proxy.rewrite(&CONFIG.replace("%[var(txn.mark)]", "%[var(txn.mark)]-too"));
    wait_for_mark(&proxy, "changed-too");
}
