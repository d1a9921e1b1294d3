//! Plugins that wait or speak, on the offline road: native ones, made for these tests.

mod rules;
mod services;
mod stand_ins;
mod wanted;

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{Plugin, Trace};

use crate::config::{environment, load};
use crate::offline::{Answer, Ask, Outcome, Stage};
use crate::registry;

/// Sends bytes to a configuration that may name the plugins, whose servers answer with an empty 200.
fn send(plugins: Vec<Plugin>, text: &str, bytes: &str) -> Outcome {
    told(plugins, text, bytes).0
}

/// The same with the trace.
fn told(plugins: Vec<Plugin>, text: &str, bytes: &str) -> (Outcome, Rc<Trace>) {
    answered(plugins, text, bytes, vec![Answer::message("HTTP/1.1 200 OK", &[], b"")])
}

/// The same where servers give these answers.
fn answered(mut plugins: Vec<Plugin>, text: &str, bytes: &str, answers: Vec<Answer>) -> (Outcome, Rc<Trace>) {
    plugins.extend(registry::plugins());
    let options = load::Options { plugins, ..load::Options::default() };
    let mut env = environment::settings(Default::default());
    let loaded = load::load_text("test.cfg", text, &mut env, &options);
    let checked = loaded.checked.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let stage = Stage::open(Arc::new(checked)).expect("it was checked");
    let entry = stage.enter(None, None).expect("a frontend");
    let ask = Ask { src: None, dst: None, bytes: bytes.into() };
    let trace = Rc::<Trace>::default();
    let outcome = stage.ask(&entry, &ask, answers, Some(trace.clone()));
    assert!(!outcome.stuck, "it waits for ever");
    (outcome, trace)
}

/// What the client was sent.
fn reply(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.reply).into_owned()
}
