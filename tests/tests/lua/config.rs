//! How scripts come in, and what is said of those that do not.

use std::process::Command;

use portero_tests::{Folder, Proxy, eventually, portero};

const HEAD: &str = "
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
    ";

/// A configuration with these lines in its global section and in its frontend.
fn config(global: &str, front: &str) -> String {
    format!(
        "global\n tune.lua.bool-sample-conversion normal\n {}\n{HEAD}    {}\n",
        global.replace(';', "\n "),
        front.replace(';', "\n        ")
    )
}

/// What `portero check` says of a script, and of a frontend that names what it registers.
fn complaint(script: &str, rule: &str) -> String {
    let folder = Folder::new();
    folder.write("x.lua", script);
    let head = HEAD.replace("${front}", "127.0.0.1:0");
    let file = folder.write(
        "a.cfg",
        format!("global\n tune.lua.bool-sample-conversion normal\n lua-load x.lua\n{head} {rule}\n"),
    );
    let mut command = Command::new(portero());
    let output = command.args(["check"]).arg(file).current_dir(folder.path()).output().expect("it runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_script_that_fails_is_an_error_at_its_line_with_what_lua_said() {
    let said = complaint("local function f()\n  error('no luck')\nend\nf()\n", "http-request lua.x");
    for part in ["'x.lua' cannot be loaded", "x.lua:2: no luck", "x.lua:4:", "a.cfg:3:11", "^^^^^"] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains("lua.x'"), "what follows from it is not said:\n{said}");
    let said = complaint("x = = 1", "");
    assert!(said.contains("x.lua:1: unexpected symbol near '='"), "{said}");
}

#[test]
fn words_of_scripts_are_checked_as_all_others() {
    let script = "core.register_action('say', { 'http-req' }, function(txn) end)";
    let said = complaint(script, "http-request lua.sya");
    assert!(said.contains("unknown action 'lua.sya'") && said.contains("did you mean 'lua.say'?"), "{said}");
    let said = complaint(script, "http-response lua.say");
    assert!(said.contains("'lua.say'") && said.contains("a.cfg:"), "it is for requests alone:\n{said}");
    let said = complaint(script, "http-request set-var(txn.a) lua.say");
    assert!(said.contains("unknown fetch 'lua.say'"), "{said}");
}

#[test]
fn arguments_and_paths_of_scripts() {
    let script = "local args = table.pack(...)\nlocal greeting = require('greeting')\n\
                  core.register_fetches('hello', function(txn, what) return greeting .. args[2] .. what end)";
    let front = "http-request return status 200 hdr x \"%[lua.hello(!)]\"";
    let global = "lua-prepend-path ${dir}/lib-?.lua;lua-load-per-thread ${dir}/x.lua first second";
    let starting = Proxy::with(&config(global, front)).file("x.lua", script);
    let proxy = starting.file("lib-greeting.lua", "return 'hello '").start();
    assert_eq!(proxy.get("/").header("x"), Some("hello second!"));
}

#[test]
fn the_same_in_toml() {
    let script = "local name = ...\ncore.register_fetches('name', function() return name end)";
    let toml = "
[global]
lua_load = ['${dir}/x.lua Ann']
tune.lua = { bool_sample_conversion = 'normal', forced_yield = 5000, maxmem = 16, log = { stderr = 'off' } }
[frontend.front]
bind = '${front}'
timeouts.client = '5s'
rules = 'http-request return status 200 hdr x \"%[lua.name]\"'
";
    let proxy = Proxy::with_toml(toml).file("x.lua", script).start();
    assert_eq!(proxy.get("/").header("x"), Some("Ann"));
}

/// Counts requests in a global variable.
const COUNTER: &str =
    "count = 0\ncore.register_fetches('count', function() count = count + 1; return count end)";

/// Values of many connections, which come to all workers.
fn counts(load: &str) -> Vec<u32> {
    let front = "http-request return status 200 hdr x \"%[lua.count]\"";
    let global = format!("nbthread 2;{load} ${{dir}}/x.lua");
    let proxy = Proxy::with(&config(&global, front)).file("x.lua", COUNTER).start();
    let count = || proxy.get("/").header("x").and_then(|x| x.parse().ok()).expect("a number");
    (0..40).map(|_| count()).collect()
}

#[test]
fn one_state_is_shared_by_all_threads_and_others_belong_to_one() {
    assert_eq!(counts("lua-load"), (1..=40).collect::<Vec<_>>());
    let own = counts("lua-load-per-thread");
    // two counts, one into the other: taking the ones that go on from one of them leaves those of the other
    let mut counts = [0, 0];
    for seen in &own {
        let mine = counts.iter_mut().find(|count| **count + 1 == *seen);
        *mine.unwrap_or_else(|| panic!("each thread counts for itself: {own:?}")) += 1;
    }
    assert_eq!(counts.iter().sum::<u32>(), 40);
}

#[test]
fn an_action_that_fails_is_passed_over_unless_it_shall_fail_the_request() {
    let script = "core.register_action('bad', { 'http-req' }, function(txn) local x; x.y = 1 end)";
    let front = "http-request lua.bad;http-request return status 200 hdr x passed";
    for (global, status, x) in [("", 200, Some("passed")), ("lua-on-error fail", 500, None)] {
        let global = format!("{global};lua-load ${{dir}}/x.lua");
        let proxy = Proxy::with(&config(&global, front)).file("x.lua", script).start();
        let response = proxy.get("/");
        assert_eq!((response.status(), response.header("x")), (status, x), "{global}");
        proxy.output_with("attempt to index a nil value (local 'x')");
    }
}

#[test]
fn init_functions_and_tasks_run_once_per_state() {
    let script = "core.register_init(function() core.Warning('begun') end)\n\
                  core.register_task(function() while true do core.msleep(10) ticks = (ticks or 0) + 1 end end)\n\
                  core.register_fetches('ticks', function() return ticks or 0 end)";
    let front = "http-request return status 200 hdr x \"%[lua.ticks]\"";
    let global = "nbthread 2;lua-load ${dir}/x.lua";
    let proxy = Proxy::with(&config(global, front)).file("x.lua", script).start();
    eventually("the task at work", || {
        proxy.get("/").header("x").and_then(|x| x.parse::<u32>().ok()).filter(|&ticks| ticks > 3)
    });
    assert_eq!(proxy.output().iter().filter(|line| line.contains("begun")).count(), 1);
}

/// As haproxy-lua-oauth is told of its keys: `setenv` in the configuration, `os.getenv` in the script.
#[test]
fn scripts_and_rules_see_the_environment_as_the_configuration_leaves_it() {
    let proxy = Proxy::with(&config(
        "setenv SITE north;presetenv PATH nowhere;setenv GONE x;unsetenv GONE;lua-load ${dir}/x.lua",
        "http-request return status 200 content-type text/plain lf-string '%[env(SITE)] %[lua.env(SITE)] %[lua.env(GONE)]%[env(GONE)] %[lua.env(PATH)]'",
    ))
    .file("x.lua", "core.register_fetches('env', function(txn, name) return os.getenv(name) end)")
    .start();
    let path = std::env::var("PATH").expect("there is one");
    assert_eq!(proxy.get("/").text(), format!("north north  {path}"));
}

#[test]
fn a_configuration_can_ask_whether_there_is_lua() {
    let cond = |text: &str| Command::new(portero()).args(["-cc", text]).status().expect("it runs").success();
    assert!(cond("feature(LUA)") && !cond("feature(NOTHING)"));
    let output = Command::new(portero()).arg("-vv").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("+LUA") && text.contains("Built with Lua version : Lua 5.4"), "{text}");
}
