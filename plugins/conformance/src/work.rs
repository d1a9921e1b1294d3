//! What waits and speaks: `Work`, and services that answer with it.

use portero_api::{Answer, Exchange, Plugin, Serve, Service, Wait, Work};

use crate::rig::{Bench, Guest, Manner, exchange, work_through};

/// Polls after which work is taken to hang. A slow client needs two for each byte.
const PATIENCE: usize = 100_000;

/// A service under test that speaks with the client itself.
pub struct Talking<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: &'a dyn Fn() -> Bench,
    /// A target that it answers.
    pub target: &'a str,
    /// The body of the request.
    pub body: &'a [u8],
    /// Looks at status and body of the answer; panics when they are wrong.
    pub answered: &'a dyn Fn(u16, &[u8]),
}

/// What every service that speaks keeps to.
pub fn talk(talking: &Talking<'_>) {
    let service = (talking.bench)().service(talking.plugin).expect("the setup is good");
    for manner in [Manner::Prompt, Manner::Slow, Manner::Prompt] {
        let (mut exchange, mut work) = begin(talking, &*service);
        let mut guest = Guest::new(talking.body, manner);
        let answer = work_through(&mut *work, &mut exchange, &mut guest, PATIENCE);
        assert!(matches!(answer, Some(Answer::Continue | Answer::Stop)), "{manner:?}: ended with {answer:?}");
        let head = guest.head.unwrap_or_else(|| panic!("{manner:?}: it has ended without an answer"));
        assert!((200..=599).contains(&head.status), "no status of a whole response: {}", head.status);
        (talking.answered)(head.status, &guest.heard);
    }
    a_guest_that_leaves_ends_it(talking, &*service);
    it_can_be_dropped_at_any_time(talking, &*service);
}

fn begin(talking: &Talking<'_>, service: &dyn Service) -> (Exchange, Box<dyn Work>) {
    let mut exchange = exchange(talking.target);
    match service.serve(&mut exchange) {
        Serve::Talk(work) => (exchange, work),
        other => panic!("it does not speak with the client: {other:?}"),
    }
}

fn a_guest_that_leaves_ends_it(talking: &Talking<'_>, service: &dyn Service) {
    let (mut exchange, mut work) = begin(talking, service);
    let mut gone = Guest::new(talking.body, Manner::Gone);
    let answer = work_through(&mut *work, &mut exchange, &mut gone, PATIENCE);
    assert!(answer.is_some(), "it goes on for a client that has left");
}

/// Two of them under way at once, one of which is given up after each number of polls.
fn it_can_be_dropped_at_any_time(talking: &Talking<'_>, service: &dyn Service) {
    for polls in 0..8 {
        let (mut exchange, mut dropped) = begin(talking, service);
        let (mut other_exchange, mut stays) = begin(talking, service);
        let mut guest = Guest::new(talking.body, Manner::Slow);
        work_through(&mut *dropped, &mut exchange, &mut guest, polls);
        let mut other = Guest::new(talking.body, Manner::Slow);
        work_through(&mut *stays, &mut other_exchange, &mut other, polls);
        drop(dropped);
        let answer = work_through(&mut *stays, &mut other_exchange, &mut other, PATIENCE);
        assert!(matches!(answer, Some(Answer::Continue | Answer::Stop)), "beside one dropped: {answer:?}");
        let head = other.head.expect("it has answered");
        (talking.answered)(head.status, &other.heard);
    }
}

/// An action under test that waits before it answers.
pub struct Waiting<'a> {
    /// The plugin.
    pub plugin: &'a Plugin,
    /// Its setup.
    pub bench: &'a dyn Fn() -> Bench,
    /// The body of the request that it may look at.
    pub body: &'a [u8],
    /// Looks at what it did to a `GET /` and at its last answer; panics when that is wrong.
    pub done: &'a dyn Fn(&Exchange, &Answer),
}

/// What every action that waits keeps to.
pub fn wait(waiting: &Waiting<'_>) {
    let bench = (waiting.bench)();
    let make = waiting.plugin.action.as_ref().expect("the plugin gives Action");
    let action = make(&bench.setup()).expect("the setup is good");
    for manner in [Manner::Prompt, Manner::Slow] {
        for given_up in 0..4 {
            let mut exchange = exchange("/");
            let mut answer = action.run(&mut exchange);
            let mut guest = Guest::new(waiting.body, manner);
            if let Answer::Wait(Wait::For(work)) = &mut answer {
                // one that is given up leaves nothing behind
                work_through(&mut **work, &mut exchange, &mut guest, given_up);
            }
        }
        let mut exchange = exchange("/");
        let mut guest = Guest::new(waiting.body, manner);
        let mut answer = action.run(&mut exchange);
        while let Answer::Wait(Wait::For(mut work)) = answer {
            let ended = work_through(&mut *work, &mut exchange, &mut guest, PATIENCE);
            answer = ended.unwrap_or_else(|| panic!("{manner:?}: it never ends"));
        }
        assert!(guest.head.is_none(), "an action does not answer behind the back of the road");
        (waiting.done)(&exchange, &answer);
    }
}
