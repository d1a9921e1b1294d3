//! An action and a service that do what a test tells them, step by step.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use portero_api::{
    Action, Answer, Client, Exchange, Message, Plugin, Serve, Service, Wait, WantedServer, Work, clock,
};

/// What stands in for a plugin does, in order.
#[derive(Clone)]
pub enum Do {
    /// Waits until it is polled again, while so many seconds pass.
    Wait(u64),
    /// Takes the body in.
    Look,
    /// Reads the body to its end and drops it.
    Read,
    /// Begins a response with these fields.
    Begin(u16, &'static [(&'static str, &'static str)]),
    /// Writes this.
    Write(&'static str),
    /// Writes what it has read.
    Echo,
    /// Sets a header of the request to what it has read or looked at.
    Note(&'static str),
    /// Waits until all is written.
    Flush,
    /// Wants a server.
    Want(WantedServer),
    /// Wants a backend.
    WantBackend(&'static str),
    /// Ends with this.
    End(fn() -> Answer),
}

/// An action `act` that does these things.
pub fn action(steps: &'static [Do]) -> Plugin {
    Plugin::new("act", "does what a test says").action(move |_| Ok(Steps(steps.into())))
}

/// A service `talk` that does these things.
pub fn service(steps: &'static [Do]) -> Plugin {
    Plugin::new("talk", "says what a test says").service(move |_| Ok(Steps(steps.into())))
}

struct Steps(Arc<[Do]>);

impl Steps {
    fn begin(&self) -> Box<dyn Work> {
        Box::new(Doing { steps: self.0.clone(), at: 0, done: 0, read: Vec::new() })
    }
}

impl Action for Steps {
    fn run(&self, _: &mut Exchange) -> Answer {
        Answer::Wait(Wait::For(self.begin()))
    }
}

impl Service for Steps {
    fn serve(&self, _: &mut Exchange) -> Serve {
        match self.0.is_empty() {
            true => Serve::Pass,
            false => Serve::Talk(self.begin()),
        }
    }
}

struct Doing {
    steps: Arc<[Do]>,
    at: usize,
    /// How much of a step is done.
    done: usize,
    read: Vec<u8>,
}

impl Work for Doing {
    fn poll(&mut self, cx: &mut Context<'_>, x: &mut Exchange, client: &mut dyn Client) -> Poll<Answer> {
        let steps = self.steps.clone();
        while let Some(step) = steps.get(self.at) {
            if let Do::End(answer) = step {
                return Poll::Ready(answer());
            }
            if ready!(self.step(step, cx, x, client)).is_err() {
                return Poll::Ready(Answer::Fail);
            }
            (self.at, self.done) = (self.at + 1, 0);
        }
        Poll::Ready(Answer::Continue)
    }
}

impl Doing {
    fn step(
        &mut self,
        step: &Do,
        cx: &mut Context<'_>,
        x: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<io::Result<()>> {
        match step {
            Do::Wait(seconds) => {
                if self.done > 0 {
                    return Poll::Ready(Ok(()));
                }
                self.done = 1;
                clock::advance(std::time::Duration::from_secs(*seconds));
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Do::Look => {
                while ready!(client.poll_more(cx, x))? {}
                self.read.clone_from(&x.payload.data);
            }
            Do::Read => {
                while let Some(bytes) = ready!(client.poll_read(cx, x, 3))? {
                    assert!(bytes.len() <= 3, "more than was asked for");
                    self.read.extend_from_slice(&bytes);
                }
            }
            Do::Begin(status, fields) => {
                let head = Message::new(*status);
                client.begin(x, fields.iter().fold(head, |head, (name, value)| head.header(name, value)))?;
            }
            Do::Write(text) => ready!(self.write(text.as_bytes(), cx, x, client))?,
            Do::Echo => {
                let read = std::mem::take(&mut self.read);
                let written = self.write(&read, cx, x, client);
                self.read = read;
                ready!(written)?;
            }
            Do::Note(name) => x.request.headers.set(name.as_bytes(), &self.read),
            Do::Flush => ready!(client.poll_flush(cx, x))?,
            Do::Want(server) => x.tune().server = Some(server.clone()),
            Do::WantBackend(name) => x.tune().backend = Some((*name).into()),
            Do::End(_) => {}
        }
        Poll::Ready(Ok(()))
    }

    fn write(
        &mut self,
        bytes: &[u8],
        cx: &mut Context<'_>,
        x: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<io::Result<()>> {
        while self.done < bytes.len() {
            self.done += ready!(client.poll_write(cx, x, &bytes[self.done..]))?;
        }
        Poll::Ready(Ok(()))
    }
}
