//! Maps and lists in the rule language: converters, ACLs, actions that change them.

mod common;

use common::{World, exchange};
use portero_policies::maps::{self, Which};
use portero_policies::{Escape, Stage};

fn world() -> World {
    World::default()
        .with_file("hosts.map", "a.example one\nb.example  two words \na.example three\n")
        .with_file("paths.map", "/ root\n/api api\n/api/v2 new\n")
        .with_file("nets.map", "10.0.0.0/8 1.1.1.1\n10.1.0.0/16 2.2.2.2\n10.1.2.3 3.3.3.3\nfe80::/10 ::1\n")
        .with_file("ports.map", "80 8080\n1:1023 1\n443 2\n1024: 3\n")
        .with_file("words.map", "short 1\ndom.example 2\nexample 3\n")
        .with_file("groups.map", "^(.*)\\.(.*)$ \\2_AND_\\1\n^x y\\\n")
        .with_file("mixed.map", "^ab b1\n(?!x)c c1\n")
}

/// The text of an expression.
fn value(world: &World, expr: &str) -> String {
    world.format(&format!("%[{expr}]"), Stage::Log, Escape::None, &exchange("GET / HTTP/1.1"))
}

#[test]
fn maps_give_what_haproxy_gives() {
    let world = world();
    for (expr, expected) in [
        ("str(a.example),map(hosts.map)", "one"),
        ("str(b.example),map_str(hosts.map)", "two words"),
        ("str(c.example),map(hosts.map)", ""),
        ("str(c.example),map(hosts.map,none)", "none"),
        ("str(a.example),map_str_key(hosts.map)", "a.example"),
        ("str(/api/v1),map_beg(paths.map)", "api"),
        ("str(/api/v2/x),map_beg_key(paths.map)", "/api/v2"),
        ("str(10.1.2.3),map_ip(nets.map)", "3.3.3.3"),
        ("str(10.1.9.9),map_ip_ip(nets.map)", "2.2.2.2"),
        ("str(10.9.9.9),map_ip_key(nets.map)", "10.0.0.0/8"),
        ("str(::ffff:10.9.9.9),map_ip_key(nets.map)", "10.0.0.0/8"),
        ("str(11.9.9.9),map_ip_ip(nets.map,9.9.9.9)", "9.9.9.9"),
        ("int(80),map_int_int(ports.map),add(1)", "8081"),
        ("int(443),map_int(ports.map)", "1"),
        ("int(5000),map_int_key(ports.map)", "1024:"),
        ("int(0),map_int_int(ports.map,7)", "7"),
        ("str(www.dom.example),map_dom(words.map)", "2"),
        ("str(www.example),map_dom_int(words.map)", "3"),
        ("str(/a/short/b),map_dir(words.map)", "1"),
        ("str(a-dom.example),map_end(words.map)", "2"),
        ("str(an example),map_sub(words.map)", "3"),
        ("str(www.org),map_regm(groups.map)", "org_AND_www"),
        ("str(xx),map_regm(groups.map)", "y\\"),
        ("str(nothing),map_regm(groups.map,\"unknown\")", "unknown"),
        ("str(zc),map_reg(mixed.map)", "c1"),
        ("str(abc),map_reg_key(mixed.map)", "^ab"),
        ("str(a),map(virt@anything,-)", "-"),
        ("str(a.example),map(file@hosts.map)", "one"),
    ] {
        assert_eq!(value(&world, expr), expected, "{expr}");
    }
}

#[test]
fn actions_change_what_the_next_look_up_finds() {
    let world = world().with_file("bad.lst", "Bot\n");
    let rules = "http-request set-var(txn.host) path,map(hosts.map)
        http-request set-map(hosts.map) %[path] seen:%[path]
        http-request set-map(hosts.map) a.example all
        http-request del-map(hosts.map) b.example
        http-request add-acl(bad.lst) %[path]
        http-request del-acl(bad.lst) Bot
        http-request deny if { path -f bad.lst }";
    let outcome = world.run(rules, exchange("GET /x HTTP/1.1"));
    assert_eq!(outcome.verdict(), "deny 403");
    assert_eq!(value(&world, "str(/x),map(hosts.map)"), "seen:/x");
    assert_eq!(value(&world, "str(a.example),map(hosts.map)"), "all");
    assert_eq!(value(&world, "str(b.example),map(hosts.map,gone)"), "gone");
    let list = maps::store(&world.common).current().find("bad.lst").expect("it was named");
    let left: Vec<Vec<u8>> = list.entries(None).iter().map(|entry| entry.key().to_vec()).collect();
    assert_eq!(left, [b"/x"]);
}

#[test]
fn one_file_is_one_list_wherever_it_is_named() {
    let world = world();
    let acl = "http-request deny if { path -M -f hosts.map } or { path_beg -i -M -f file@hosts.map }";
    let answer = |path: &str| world.run(acl, exchange(&format!("GET {path} HTTP/1.1"))).verdict();
    assert_eq!(answer("/new"), "-");
    let list = maps::store(&world.common).current().find("hosts.map").expect("it was named");
    list.add(None, b"/new", Some(b"4")).expect("any key will do");
    assert_eq!(
        (answer("/new"), answer("/NEWER"), value(&world, "str(/new),map(hosts.map)").as_str()),
        ("deny 403".into(), "deny 403".into(), "4")
    );
    list.delete(Which::Key(b"/new")).expect("it is there");
    assert_eq!(answer("/new"), "-");
    let mixed = world.check("http-request deny if { path -f hosts.map }");
    assert!(mixed.contains("'hosts.map' is a map in one place and a plain list in another"), "{mixed}");
}

#[test]
fn written_patterns_with_a_number_are_a_list() {
    let world = World::default();
    let acl = "http-request deny if { dst_port -u 77 gt 79 443 }";
    let answer = || world.run(acl, exchange("GET / HTTP/1.1")).verdict();
    assert_eq!(answer(), "deny 403");
    let list = maps::store(&world.common).current().find("#77").expect("it has this number");
    let keys: Vec<Vec<u8>> = list.entries(None).iter().map(|entry| entry.key().to_vec()).collect();
    assert_eq!(keys, [b"80:".to_vec(), b"444:".to_vec()]);
    list.clear(None);
    assert_eq!(answer(), "-");
}

#[test]
fn lists_without_a_file_outlive_a_reload_and_others_are_read_anew() {
    let world = world();
    let store = maps::store(&world.common);
    let look = |name: &str| value(&world, &format!("str(k),map({name},-)"));
    assert_eq!((look("virt@v"), look("hosts.map")), ("-".into(), "-".into()));
    for name in ["virt@v", "hosts.map"] {
        store.current().find(name).expect("it was named").put(b"k", Some(b"new")).expect("it fits");
    }
    assert_eq!((look("virt@v"), look("hosts.map")), ("new".into(), "new".into()));
    let next = World { files: world.files.clone(), ..World::default() };
    assert_eq!(
        (value(&next, "str(k),map(virt@v,-)"), value(&next, "str(k),map(hosts.map,-)")),
        ("-".into(), "-".into())
    );
    store.stage(maps::store(&next.common).current());
    assert_eq!(
        (look("virt@v"), look("hosts.map")),
        ("new".into(), "-".into()),
        "rules compile against the next lists"
    );
    store.abort();
    assert_eq!(look("hosts.map"), "new");
    store.stage(maps::store(&next.common).current());
    store.commit();
    assert_eq!((look("virt@v"), look("hosts.map")), ("new".into(), "-".into()));
}
