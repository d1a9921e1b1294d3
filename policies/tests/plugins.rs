//! What plugins add to the language stands beside our own words.

mod common;

use common::{World, exchange};
use portero_api::{
    Action, Answer, BadArg, Convert, Exchange, Expression, Fetch, Fetched, Format, Plugin, Reply, Sample,
    Setup,
};

struct Length;

impl Fetch for Length {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(Some(Sample::Int(exchange.request.target.len() as i64)))
    }
}

struct Double;

impl Convert for Double {
    fn convert<'a>(&'a self, sample: Sample<'a>, _: &'a Exchange) -> Option<Sample<'a>> {
        match sample {
            Sample::Int(i) => Some(Sample::Int(i * 2)),
            _ => None,
        }
    }
}

/// Adds a header field made by a log format, when an expression has a value.
struct Mark {
    when: Box<dyn Expression>,
    text: Box<dyn Format>,
}

impl Action for Mark {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        if !matches!(self.when.value(exchange), Ok(Some(_))) {
            return Answer::Reply(Reply::Status(204));
        }
        let mut text = Vec::new();
        self.text.render(exchange, &mut text);
        exchange.request.headers.add(b"mark", &text);
        Answer::Continue
    }
}

fn mark(setup: &Setup<'_>) -> Result<Mark, BadArg> {
    let [when, text] = setup.args else { return Err(BadArg::new("two words are needed")) };
    let at = |arg: usize| move |bad: BadArg| BadArg::at(arg, bad.message);
    Ok(Mark {
        when: setup.compile.expression(when).map_err(at(0))?,
        text: setup.compile.format(text).map_err(at(1))?,
    })
}

fn world() -> World {
    World {
        plugins: vec![
            Plugin::new("lua.length", "a fetch").fetch(|_| Ok(Length)),
            Plugin::new("lua.double", "a converter").convert(|_| Ok(Double)),
            Plugin::new("lua.mark", "an action").action(mark),
        ],
        ..World::default()
    }
}

#[test]
fn patterns_are_compared_as_texts_with_what_a_plugin_gives() {
    let rules = "http-request set-header same yes if { lua.length 4 }\n\
                 http-request set-header other yes if { lua.length 5 }";
    let outcome = world().run(rules, exchange("GET /abc HTTP/1.1"));
    assert_eq!(outcome.request_headers(), "same: yes");
}

#[test]
fn plugins_give_fetches_converters_and_actions() {
    let rules = "http-request set-header double %[lua.length,lua.double]\n\
                 http-request lua.mark path,lower '<%[path]>' if { lua.length -m int gt 2 }";
    let outcome = world().run(rules, exchange("GET /abc HTTP/1.1"));
    assert_eq!(outcome.request_headers(), "double: 8\nmark: </abc>");
    let without = world().run("http-request lua.mark hdr(none) x", exchange("GET / HTTP/1.1"));
    assert_eq!(without.verdict(), "reply 204");
}

#[test]
fn a_plugins_bad_argument_is_shown_at_its_word() {
    for (rule, message, guilty) in [
        ("lua.mark", "'lua.mark': two words are needed", "lua.mark"),
        ("lua.mark path,lowr x", "'lua.mark': unknown converter 'lowr'", "path,lowr"),
        ("lua.mark path %zz", "'lua.mark': no such log format alias: '%zz'", "%zz"),
        ("lua.marc a b", "did you mean 'lua.mark'?", "lua.marc"),
    ] {
        let line = format!("http-request {rule}");
        let found = world().check(&line);
        assert!(found.contains(message), "{line}\n{found}");
        let caret = found.lines().find(|l| l.contains('^')).expect("a caret");
        assert_eq!(caret.matches('^').count(), guilty.len(), "{found}");
    }
}
