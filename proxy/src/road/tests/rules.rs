//! Rules that wait for a plugin.

use portero_api::trace::Step;
use portero_api::{Answer, Close, Plugin, Reply};

use super::stand_ins::{Do, action};
use super::{reply, send, told};

const POST: &str = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
const GET: &str = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// A frontend with these rules, and a backend with one server.
fn config(front: &str, back: &str) -> String {
    format!(
        "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n log global\n\
         global\n log 127.0.0.1 local0\n\
         frontend f\n bind 127.0.0.1:80\n log-format '%s %ST %ts %[last_rule_line] %[waiting_entity]'\n{front}\n default_backend b\n\
         backend b\n{back}\n server s 127.0.0.1:81\n"
    )
}

fn asked(plugins: Vec<Plugin>, front: &str, bytes: &str) -> String {
    let outcome = send(plugins, &config(front, ""), bytes);
    let call = outcome.calls.first().expect("a server was asked");
    let sent = call.connection.as_ref().expect("it was reached").sent();
    String::from_utf8_lossy(&sent).into_owned()
}

#[test]
fn the_next_rule_follows_when_the_work_is_done() {
    let steps = &[Do::Wait(2), Do::Note("x-first")];
    let rules = " http-request act\n http-request set-header x-second 1";
    let sent = asked(vec![action(steps)], rules, GET);
    let (first, second) = (sent.find("x-first").expect("it acted"), sent.find("x-second").expect("it too"));
    assert!(first < second, "{sent}");
}

#[test]
fn an_action_looks_at_the_body_and_the_server_gets_it_all_the_same() {
    let steps = &[Do::Look, Do::Note("x-seen")];
    for rule in [" http-request act", " tcp-request content act"] {
        let sent = asked(vec![action(steps)], rule, POST);
        assert!(sent.contains("x-seen: hello\r\n") && sent.ends_with("\r\n\r\nhello"), "{rule}: {sent}");
    }
}

#[test]
fn an_action_neither_takes_the_body_nor_answers_behind_the_back_of_the_road() {
    for step in [&[Do::Read][..], &[Do::Begin(200, &[])], &[Do::Write("x")]] {
        let steps: &'static [Do] = Box::leak(step.to_vec().into());
        let outcome = send(vec![action(steps)], &config(" http-request act", ""), POST);
        assert!(reply(&outcome).starts_with("HTTP/1.1 500 "), "{}", reply(&outcome));
    }
}

#[test]
fn the_promise_to_take_a_body_is_made_once() {
    let head = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let rules = " http-request act\n http-request wait-for-body time 1s";
    let outcome = send(vec![action(&[Do::Look])], &config(rules, ""), &format!("{head}hello"));
    assert_eq!(reply(&outcome).matches("100 Continue").count(), 0, "the body is there already");
}

#[test]
fn the_answer_of_the_work_is_that_of_the_rule() {
    for (answer, line, log) in [
        (&[Do::Wait(1), Do::End(|| Answer::Deny(Reply::Status(403)))], "HTTP/1.1 403 ", "PR"),
        (&[Do::Wait(1), Do::End(|| Answer::Reply(Reply::Status(410)))], "HTTP/1.1 410 ", "LR"),
        (&[Do::Wait(1), Do::End(|| Answer::Fail)], "HTTP/1.1 500 ", "PR"),
        (&[Do::Wait(1), Do::End(|| Answer::Close(Close::Reject))], "", "PR"),
        (&[Do::Wait(1), Do::End(|| Answer::Stop)], "HTTP/1.1 200 ", "--"),
    ] {
        let rules = " http-request act\n http-request deny deny_status 429";
        let rules = if log == "--" { rules } else { " http-request act" };
        let outcome = send(vec![action(answer)], &config(rules, ""), GET);
        assert!(reply(&outcome).starts_with(line), "{line}: {}", reply(&outcome));
        let logged = &outcome.log[0];
        assert!(logged.contains(&format!(" {log} ")), "{log}: {logged}");
        assert!(logged.ends_with(" -"), "nothing is waited for any more: {logged}");
        assert_ne!(logged.split(' ').nth(3), Some("-"), "the rule is named: {logged}");
    }
}

#[test]
fn responses_wait_for_work_as_well() {
    let steps = &[Do::Wait(1), Do::End(|| Answer::Deny(Reply::Status(403)))];
    for rule in [" http-response act", " tcp-response content act"] {
        let outcome = send(vec![action(steps)], &config("", rule), GET);
        assert!(reply(&outcome).starts_with("HTTP/1.1 403 "), "{rule}: {}", reply(&outcome));
    }
    let steps = &[Do::Wait(1)];
    let rules = " http-after-response act\n http-after-response set-header x-after 1";
    let outcome = send(vec![action(steps)], &config("", rules), GET);
    assert!(reply(&outcome).contains("x-after: 1\r\n"), "{}", reply(&outcome));
}

#[test]
fn a_trace_says_how_long_a_plugin_worked() {
    let steps = &[Do::Wait(3), Do::Note("x-seen")];
    let (_, trace) = told(vec![action(steps)], &config(" http-request act", ""), GET);
    let acts: Vec<_> = trace
        .take()
        .into_iter()
        .filter_map(|step| match step {
            Step::Did(act) if act.part == "plugin" => Some(act),
            _ => None,
        })
        .collect();
    let [act] = &acts[..] else { panic!("{acts:?}") };
    assert!(act.text.starts_with("worked for 3."), "{act:?}");
    assert_eq!(act.changes[0].after.as_deref(), Some("x-seen: "));
}

#[test]
fn rules_of_connections_cannot_wait() {
    for family in ["connection", "session"] {
        let rules = format!(" tcp-request {family} act");
        let outcome = send(vec![action(&[Do::Wait(1)])], &config(&rules, ""), GET);
        assert_eq!(reply(&outcome), "", "{family}");
    }
}
