//! What `apply` lines become, and what is said about them.

use std::collections::BTreeMap;

use portero_grammar::Severity;

use crate::config::environment;
use crate::config::load::{Loaded, Options, load_text};

const LIBRARY: &str = "\
policy limit
    param rate int default 20
    param who expr default src
    param except cond default FALSE
    acl known req.hdr(x-known) -m found
    acl many req.hdr_cnt(x) gt $(rate)
    http-request set-header X-Who \"%[$(who)]\" if many !known !$(except)
    http-response set-header X-Rate $(rate) unless { status 500 }
policy methods
    param allow list default GET HEAD
    http-request deny unless { method $(allow) }
policy both
    param allow list
    param except cond default { src 10.0.0.1 }
    apply methods allow=$(allow) if !$(except)
    apply limit except=$(except)
";

fn loaded(text: &str) -> Loaded {
    let text = format!("{LIBRARY}{text}");
    load_text("test.cfg", &text, &mut environment::settings(BTreeMap::new()), &Options::default())
}

/// The rules of the last proxy, family after family, and its ACLs.
fn rules(lines: &str) -> Vec<String> {
    let text = format!("frontend f\n mode http\n bind :80\n timeout client 1s\n{lines}\n");
    let loaded = loaded(&text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    let checked = loaded.checked.unwrap_or_else(|| panic!("{text}\n{said}"));
    let proxy = checked.proxies.last().expect("a proxy");
    let acls = proxy.acls.iter().map(|acl| format!("acl {}", acl.name.text));
    let rules = proxy.rules.values().flatten().map(|rule| {
        let words: Vec<_> = rule.action.words.iter().map(|word| &*word.text).collect();
        let condition = rule.condition.as_ref().map(|condition| {
            let keyword = if condition.unless { "unless" } else { "if" };
            format!(" {keyword} {}", shown(&condition.cond))
        });
        format!("{} {}{}", rule.action.name.text, words.join(" "), condition.unwrap_or_default())
    });
    acls.chain(rules).collect()
}

fn shown(cond: &portero_grammar::rules::Cond) -> String {
    use portero_grammar::rules::Cond;
    let all = |list: &[Cond], between: &str| list.iter().map(shown).collect::<Vec<_>>().join(between);
    match cond {
        Cond::Any(list) if list.len() > 1 => format!("({})", all(list, " or ")),
        Cond::Any(list) | Cond::All(list) => all(list, " "),
        Cond::Not(inner, _) => format!("!{}", shown(inner)),
        Cond::Named(word) => word.text.clone(),
        Cond::Test(test) => {
            let patterns: Vec<_> = test.patterns.iter().map(|word| &*word.text).collect();
            let args =
                test.expr.fetch.args.iter().flatten().map(|arg| &*arg.text).collect::<Vec<_>>().join(",");
            format!("{{{}({args})={}}}", test.expr.fetch.name, patterns.join("|"))
        }
    }
}

/// Messages with the text that each points at.
fn errors(text: &str) -> Vec<(String, String)> {
    let loaded = loaded(text);
    let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let place = |d: &portero_grammar::Diagnostic| {
        d.span.map_or(String::new(), |span| loaded.sources.slice(span).to_owned())
    };
    errors.map(|d| (d.message.clone(), place(d))).collect()
}

/// The one message about lines of a frontend.
fn error(lines: &str) -> (String, String) {
    let text = format!("frontend f\n mode http\n bind :80\n timeout client 1s\n{lines}\n");
    let mut errors = errors(&text);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

#[test]
fn rules_stand_in_the_place_of_the_line_that_applies_them() {
    assert_eq!(
        rules(" http-request set-header A 1\n apply methods\n http-request set-header B 1"),
        ["set-header A 1", "deny  unless {method()=GET|HEAD}", "set-header B 1"]
    );
}

#[test]
fn a_policy_takes_other_values_in_each_place() {
    let found = rules(" apply methods allow=PUT\n apply methods allow=\"GET POST\" allow=PATCH");
    assert_eq!(found, ["deny  unless {method()=PUT}", "deny  unless {method()=GET|POST|PATCH}"]);
}

#[test]
fn acls_of_a_policy_are_its_own() {
    let found = rules(" acl many path /many\n apply limit rate=5 who=path except=many\n apply limit rate=6");
    assert_eq!(
        found,
        [
            "acl many",
            "acl limit/known",
            "acl limit/many",
            "acl limit#2/known",
            "acl limit#2/many",
            // the condition handed over means the ACL of the frontend
            "set-header X-Who %[path] if limit/many !limit/known !many",
            "set-header X-Who %[src] if limit#2/many !limit#2/known !FALSE",
            "set-header X-Rate 5 unless {status()=500}",
            "set-header X-Rate 6 unless {status()=500}",
        ]
    );
}

#[test]
fn a_condition_is_asked_once_and_holds_for_the_response() {
    let found = rules(" acl api path_beg /api\n apply limit unless api or { src 10.0.0.1 }");
    assert_eq!(
        found[3..],
        [
            "set-var bool(true) unless (api or {src()=10.0.0.1})",
            "set-header X-Who %[src] if {var(txn.portero.applied.1)=} limit/many !limit/known !FALSE",
            "set-header X-Rate 20 if {var(txn.portero.applied.1)=} !{status()=500}",
        ]
    );
}

#[test]
fn policies_apply_others_and_hand_on_what_they_were_given() {
    let found = rules(" acl internal src 10.0.0.0/8\n apply both allow=PUT except=internal");
    assert_eq!(
        found[3..],
        [
            "set-var bool(true) if !internal",
            "deny  if {var(txn.portero.applied.2)=} !{method()=PUT}",
            "set-header X-Who %[src] if limit/many !limit/known !internal",
            "set-header X-Rate 20 unless {status()=500}",
        ]
    );
}

#[test]
fn a_mistake_in_an_apply_line_points_at_its_word() {
    assert_eq!(error(" apply limt"), ("there is no policy 'limt'".into(), "limt".into()));
    assert_eq!(error(" apply limit rat=5").0, "policy 'limit' has no parameter 'rat'");
    assert_eq!(
        error(" apply limit rate=many"),
        ("parameter 'rate': 'many' is not a whole number".into(), "rate=many".into())
    );
    assert_eq!(error(" apply limit rate=1 rate=2"), ("'rate' is given twice".into(), "rate".into()));
    assert_eq!(error(" apply both").0, "policy 'both' needs 'allow'");
    assert_eq!(error(" apply limit 5").0, "'5' is no 'PARAM=VALUE'");
    assert_eq!(error(" apply").0, "'apply' must be followed by the name of a policy");
    assert_eq!(error(" apply limit if a &").1, "&");
    assert_eq!(error(" apply limit except=nobody"), ("no such ACL: 'nobody'".into(), "nobody".into()));
    assert_eq!(error(" apply limit who=nothing(").1, "(");
}

/// The names of the tables of a configuration, and the errors about it.
fn tables(lines: &str) -> (Vec<String>, Vec<(String, String)>) {
    let text = format!(
        "policy counted\n param size size default 1k\n stick-table type ip size $(size) store http_req_cnt\n \
         http-request track-sc0 src table $(table)\npolicy outer\n apply counted size=2k\n{lines}"
    );
    let names = loaded(&text)
        .checked
        .iter()
        .flat_map(|c| &c.tables)
        .map(|table| table.schema.name.to_string())
        .collect();
    (names, errors(&text))
}

#[test]
fn each_application_has_a_table_of_its_own_unless_it_names_one() {
    let proxy = |name: &str, lines: &str| {
        format!("frontend {name}\n mode http\n bind :80\n timeout client 1s\n{lines}")
    };
    let (names, errors) = tables(&format!(
        "{}{}",
        proxy("f", " apply counted\n apply outer\n apply counted table=common\n"),
        proxy("g", " apply counted\n apply counted table=common\n"),
    ));
    assert_eq!(errors, []);
    assert_eq!(names, ["common", "counted.f", "counted.f.2", "counted.g"]);

    let (_, errors) = tables(&proxy("f", " apply counted table=t\n apply counted table=t size=5k\n"));
    assert_eq!(errors[0].0, "the table 't' is there already, with other words");
    let (_, errors) = tables(&proxy("f", " apply counted size=much\n"));
    assert_eq!(errors[0].1, "size=much");
}

#[test]
fn circles_of_policies_are_refused() {
    let found = errors(
        "policy a\n apply b\npolicy b\n apply a\nfrontend f\n mode http\n bind :80\n timeout client 1s\n apply a\n",
    );
    assert_eq!(found, [("policy 'a' applies itself: a -> b -> a".to_owned(), "a".to_owned())]);
}

#[test]
fn policies_that_apply_others_without_measure_are_refused() {
    let mut text = String::from("policy p0\n http-request set-header A 1\n");
    for level in 1..30 {
        text += &format!("policy p{level}\n apply p{0}\n apply p{0}\n", level - 1);
    }
    let found = errors(&(text + "frontend f\n mode http\n bind :80\n timeout client 1s\n apply p29\n"));
    assert!(found.iter().any(|(message, _)| message.contains("more than 10000 times")), "{found:?}");
}

#[test]
fn no_broken_policy_panics() {
    let text = include_str!("../load/tests/cases/policies.cfg");
    let options = Options::default();
    let load =
        |text: &str| load_text("test.cfg", text, &mut environment::settings(BTreeMap::new()), &options);
    for (at, _) in text.char_indices().step_by(13) {
        load(&text[..at]);
        for broken in ["$(", ")", "\"", "=", "é", "\n", " if ", "!", "\\xff"] {
            load(&format!("{}{broken}{}", &text[..at], &text[at..]));
        }
    }
}

#[test]
fn a_mistake_in_a_policy_is_found_where_it_is_defined() {
    let found = errors(
        "policy a b\npolicy\npolicy limit\npolicy c\n param x\n param y number\n param if int\n param z int default\n \
         param z int default 1 2\n param w int default no\n maxconn 5\n http-request deny if { src $(u) }\n reqadd x\n \
         acl TRUE src 1.1.1.1\n",
    );
    let messages: Vec<_> = found.iter().map(|(message, _)| message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "unexpected 'b' in a section header",
            "a 'policy' section needs a name",
            "there are two policies named 'limit', the other is in test.cfg:1",
            "'param' needs a name and a type",
            "unknown 'number' behind 'param'",
            "the name 'if' is taken",
            "a value must follow 'default'",
            "unexpected '2': 'z' takes one word",
            "parameter 'w': 'no' is not a whole number",
            "'maxconn' cannot stand in a policy",
            "policy 'c' has no parameter 'u'",
            "'reqadd' is not supported, HAProxy removed it in version 2.1",
            "'TRUE' is a predefined ACL",
        ]
    );
}

#[test]
fn a_mistake_that_a_value_makes_shows_the_policy_and_who_applied_it() {
    let text = "policy p\n param where text\n http-request set-path \"/x%[$(where)]\"\nfrontend f\n mode http\n \
                bind :80\n timeout client 1s\n apply p where=nowhere\n apply p where=nowhere\n";
    let loaded = loaded(text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    let lines = LIBRARY.lines().count();
    for part in [
        "unknown fetch 'nowhere'",
        "http-request set-path \"/x%[$(where)]\"",
        &format!("test.cfg:{}:", lines + 3),
        "'p' is applied here",
        &format!("test.cfg:{}:", lines + 8),
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    assert_eq!(said.matches("error:").count(), 1, "{said}");
}

#[test]
fn lints_look_into_policies_and_say_once_what_holds_wherever_they_are_applied() {
    let text = "policy p\n acl a path /a\n http-request deny if a !a\n acl unused path /b\nfrontend f\n mode http\n \
                bind :80\n timeout client 1s\n apply p\n apply p\n";
    let loaded = loaded(text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    for lint in ["contradiction", "unused-acl"] {
        assert_eq!(said.matches(lint).count(), 1, "{lint} in\n{said}");
    }
    assert!(said.contains("'p' is applied here"), "{said}");
}
