//! `core.register_cli`: a function of a script is a verb of the runtime API.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use mlua::{MultiValue, Value};
use portero_api::{
    BadArg, Client, Command, Conn, Exchange, Kind, LocalFuture, Message, ProxyState, Setup, Wire,
};

use crate::api::Applet;
use crate::class::object;
use crate::hooks::Bound;
use crate::lot::Seat;
use crate::run::{Outcome, Run};
use crate::scene::{self, Scene};
use crate::state::Purpose;

/// A verb.
pub(crate) struct LuaCommand {
    bound: Rc<Bound>,
    words: Vec<String>,
    usage: String,
}

impl LuaCommand {
    /// Finds the function.
    pub(crate) fn new(seat: Rc<Seat>, name: &str, _: &Setup<'_>) -> Result<LuaCommand, BadArg> {
        let bound = Bound::new(seat, name, |purpose| matches!(purpose, Purpose::Command { .. }))?;
        let Purpose::Command { words, usage } = bound.registered().purpose else {
            return Err(BadArg::new(format!("'{name}' is no command")));
        };
        Ok(LuaCommand { bound: Rc::new(bound), words, usage })
    }
}

impl Command for LuaCommand {
    fn words(&self) -> &[String] {
        &self.words
    }

    fn usage(&self) -> &str {
        &self.usage
    }

    fn run(&self, line: &[String], operator: Box<dyn Wire>) -> LocalFuture<'static, ()> {
        let (bound, line) = (self.bound.clone(), line.to_vec());
        Box::pin(async move {
            if let Err(error) = talk(&bound, &line, Operator::Idle(operator)).await {
                bound.note(&error);
                scene::log(3, &format!("Lua cli '{}': {error}", bound.name()));
            }
        })
    }
}

/// Runs the function with the words of the line, and what it says to the operator.
async fn talk(bound: &Bound, line: &[String], mut operator: Operator) -> mlua::Result<()> {
    let found = bound.get();
    let state = &found.state;
    let applet = Applet::new(false);
    let mut args = MultiValue::from_iter([Value::Table(object(&state.lua, Applet::class(false))?)]);
    for word in line {
        args.push_back(Value::String(state.lua.create_string(word)?));
    }
    let mut run = Run::new(state, &found.function, args, state.settings.service_timeout, &bound.figure)?;
    let nobody = Arc::new(ProxyState::new("CLI", 0, Kind::Frontend, false));
    let mut exchange = Exchange::new(Conn::of_nobody(nobody));
    let mut ended = None;
    poll_fn(|cx| {
        if ended.is_none()
            && let Poll::Ready(outcome) =
                applet.lend(|| run.poll(cx, &mut Scene::Exchange(&mut exchange, &mut operator)))
        {
            ended = Some(outcome);
        }
        let said = applet.poll_out(cx, &mut exchange, &mut operator);
        match (said, &ended) {
            // an operator who left hears no more
            (Poll::Ready(_), Some(_)) | (Poll::Ready(Err(_)), None) => Poll::Ready(()),
            (Poll::Ready(Ok(())), None) | (Poll::Pending, _) => Poll::Pending,
        }
    })
    .await;
    match ended {
        Some(Outcome::Failed(error)) => Err(error),
        _ => Ok(()),
    }
}

/// The operator's connection as a client: one thing at a time goes on there.
enum Operator {
    Idle(Box<dyn Wire>),
    Reading(LocalFuture<'static, (Box<dyn Wire>, io::Result<Vec<u8>>)>),
    Writing(LocalFuture<'static, (Box<dyn Wire>, io::Result<usize>)>),
    /// Between two of them.
    Taken,
}

impl Operator {
    fn take(&mut self) -> io::Result<Box<dyn Wire>> {
        match std::mem::replace(self, Operator::Taken) {
            Operator::Idle(wire) => Ok(wire),
            busy => {
                *self = busy;
                Err(io::Error::other("the operator's connection is in use"))
            }
        }
    }
}

impl Client for Operator {
    fn poll_more(&mut self, _: &mut Context<'_>, _: &mut Exchange) -> Poll<io::Result<bool>> {
        Poll::Ready(Ok(false))
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        _: &mut Exchange,
        most: usize,
    ) -> Poll<io::Result<Option<Bytes>>> {
        if let Operator::Idle(_) = self {
            let mut wire = self.take()?;
            *self = Operator::Reading(Box::pin(async move {
                let mut buffer = vec![0; most.clamp(1, 16 * 1024)];
                let read = wire.read(&mut buffer).await;
                let read = read.map(|n| {
                    buffer.truncate(n);
                    buffer
                });
                (wire, read)
            }));
        }
        let Operator::Reading(reading) = self else { return Poll::Pending };
        let Poll::Ready((wire, read)) = reading.as_mut().poll(cx) else { return Poll::Pending };
        *self = Operator::Idle(wire);
        Poll::Ready(read.map(|bytes| (!bytes.is_empty()).then(|| Bytes::from(bytes))))
    }

    fn begin(&mut self, _: &mut Exchange, _: Message) -> io::Result<()> {
        Err(io::Error::other("the runtime API speaks no HTTP"))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        _: &mut Exchange,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Operator::Idle(_) = self {
            let (mut wire, bytes) = (self.take()?, bytes.to_vec());
            *self = Operator::Writing(Box::pin(async move {
                let written = wire.write_all(&bytes).await.map(|()| bytes.len());
                (wire, written)
            }));
        }
        let Operator::Writing(writing) = self else { return Poll::Pending };
        let Poll::Ready((wire, written)) = writing.as_mut().poll(cx) else { return Poll::Pending };
        *self = Operator::Idle(wire);
        Poll::Ready(written)
    }

    fn poll_flush(&mut self, _: &mut Context<'_>, _: &mut Exchange) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use portero_api::{Address, Dial, Target};
    use portero_conformance::rig::{Net, Turn, now, say};
    use std::time::Duration;

    use crate::testing::script;

    #[test]
    fn a_command_reads_its_words_and_answers_the_operator() {
        let stage = script(
            r#"core.register_cli({ "show", "tokens" }, "show tokens of <name>", function(applet, show, tokens, name)
                applet:send(show .. " " .. tokens .. " of " .. tostring(name) .. ", " .. applet:getline())
            end)"#,
        );
        let plugin =
            stage.plugins.iter().find(|plugin| plugin.command.is_some()).expect("there is a command");
        let make = plugin.command.as_ref().expect("it is one");
        let command = make(&stage.bench("").setup()).unwrap_or_else(|bad| panic!("{}", bad.message));
        assert_eq!(
            (command.words().join(" "), command.usage()),
            ("show tokens".into(), "show tokens of <name>")
        );
        let net = Net::talk([say("and more\n"), Turn::Silence]);
        let target =
            Target { address: Address::Ip(([127, 0, 0, 1], 1).into()), timeout: Duration::from_secs(1) };
        let wire = now(net.connect(&target)).expect("at once").expect("it answers");
        let line = ["show", "tokens", "ann"].map(str::to_owned);
        assert!(now(command.run(&line, wire)).is_some(), "{:?}", stage.desk.lines());
        assert_eq!(String::from_utf8_lossy(&net.heard()), "show tokens of ann, and more\n");
    }
}
