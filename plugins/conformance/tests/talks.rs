//! Tiny plugins that wait and speak, and some that do it wrong: the suites must tell them apart.

use std::io;
use std::task::{Context, Poll, ready};

use portero_api::{Action, Answer, Client, Exchange, Message, Plugin, Serve, Service, Wait, Work};
use portero_conformance::rig::Bench;
use portero_conformance::{Talking, Waiting, talk, wait};

/// Says back what it is told.
struct Echo;

#[derive(Default)]
struct Echoing {
    read: Vec<u8>,
    whole: bool,
    begun: bool,
    written: usize,
}

impl Service for Echo {
    fn serve(&self, _: &mut Exchange) -> Serve {
        Serve::Talk(Box::new(Echoing::default()))
    }
}

impl Echoing {
    fn go_on(
        &mut self,
        cx: &mut Context<'_>,
        x: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<io::Result<()>> {
        while !self.whole {
            match ready!(client.poll_read(cx, x, 4))? {
                Some(bytes) => self.read.extend_from_slice(&bytes),
                None => self.whole = true,
            }
        }
        if !std::mem::replace(&mut self.begun, true) {
            client.begin(x, Message::new(200))?;
        }
        while self.written < self.read.len() {
            self.written += ready!(client.poll_write(cx, x, &self.read[self.written..]))?;
        }
        client.poll_flush(cx, x)
    }
}

impl Work for Echoing {
    fn poll(&mut self, cx: &mut Context<'_>, x: &mut Exchange, client: &mut dyn Client) -> Poll<Answer> {
        let ended = ready!(self.go_on(cx, x, client));
        Poll::Ready(if ended.is_ok() { Answer::Continue } else { Answer::Fail })
    }
}

/// Sets a header to the length of the body, once that is there.
struct Measure;

impl Action for Measure {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Wait(Wait::For(Box::new(Measure)))
    }
}

impl Work for Measure {
    fn poll(&mut self, cx: &mut Context<'_>, x: &mut Exchange, client: &mut dyn Client) -> Poll<Answer> {
        while let Ok(true) = ready!(client.poll_more(cx, x)) {}
        let length = x.payload.data.len().to_string();
        x.request.headers.set(b"x-length", length.as_bytes());
        Poll::Ready(Answer::Continue)
    }
}

/// Waits, and tells nobody to wake it.
struct Sleeper;

impl Service for Sleeper {
    fn serve(&self, _: &mut Exchange) -> Serve {
        Serve::Talk(Box::new(Sleeper))
    }
}

impl Work for Sleeper {
    fn poll(&mut self, _: &mut Context<'_>, _: &mut Exchange, _: &mut dyn Client) -> Poll<Answer> {
        Poll::Pending
    }
}

/// Ends without a word.
struct Mute;

impl Service for Mute {
    fn serve(&self, _: &mut Exchange) -> Serve {
        Serve::Talk(Box::new(Mute))
    }
}

impl Work for Mute {
    fn poll(&mut self, _: &mut Context<'_>, _: &mut Exchange, _: &mut dyn Client) -> Poll<Answer> {
        Poll::Ready(Answer::Continue)
    }
}

fn talking(plugin: &Plugin) {
    talk(&Talking {
        plugin,
        bench: &Bench::default,
        target: "/echo",
        body: b"hello, world",
        answered: &|status, body| assert_eq!((status, body), (200, &b"hello, world"[..])),
    });
}

#[test]
fn a_service_that_speaks_keeps_to_the_hook() {
    talking(&Plugin::new("demo", "").service(|_| Ok(Echo)));
}

#[test]
fn an_action_that_waits_keeps_to_the_hook() {
    wait(&Waiting {
        plugin: &Plugin::new("demo", "").action(|_| Ok(Measure)),
        bench: &Bench::default,
        body: b"hello",
        done: &|exchange, answer| {
            assert!(matches!(answer, Answer::Continue));
            assert_eq!(exchange.request.headers.get(b"x-length"), Some(&b"5"[..]));
        },
    });
}

#[test]
#[should_panic(expected = "nobody will wake it")]
fn work_that_nobody_wakes_is_found() {
    talking(&Plugin::new("demo", "").service(|_| Ok(Sleeper)));
}

#[test]
#[should_panic(expected = "ended without an answer")]
fn a_service_without_an_answer_is_found() {
    talking(&Plugin::new("demo", "").service(|_| Ok(Mute)));
}
