//! Lines become steps.

use std::cell::RefCell;
use std::collections::HashMap;

use portero_api::{BadArg, Scope, Setup, VarId};

use super::connect::Connect;
use super::expect::Expect;
use super::http::Request;
use super::text::Text;
use super::words::Words;
use super::{Action, Protocol, Script, Source, Step};

/// Reads the lines of a check; for [`Protocol::Http`] the arguments are those of `option httpchk`.
pub fn parse(setup: &Setup<'_>, protocol: Protocol) -> Result<Script, BadArg> {
    let mut reader =
        Reader { protocol, script: empty(setup, protocol), comment: None, first: None, number: 0 };
    if protocol == Protocol::Http {
        let format =
            |at, text: &str| setup.compile.format(text).map_err(|error| BadArg { arg: Some(at), ..error });
        reader.first = Some(Request::from_option(setup.args, format)?);
    } else if let Some(word) = setup.args.first() {
        return Err(BadArg::at(0, format!("'{word}': 'option tcp-check' takes no arguments")));
    }
    for line in 0..setup.lines.len() {
        reader.line(&mut Words::new(setup, line))?;
    }
    Ok(reader.finish())
}

fn empty(setup: &Setup<'_>, protocol: Protocol) -> Script {
    Script {
        protocol,
        steps: Vec::new(),
        disable_on_404: false,
        send_state: false,
        directory: setup.common.directory.clone(),
        reached: RefCell::new(HashMap::new()),
    }
}

struct Reader {
    protocol: Protocol,
    script: Script,
    /// The last comment line.
    comment: Option<String>,
    /// What `option httpchk` asks for, until a `send` takes it over.
    first: Option<Request>,
    number: usize,
}

impl Reader {
    fn line(&mut self, words: &mut Words<'_>) -> Result<(), BadArg> {
        let http = self.protocol == Protocol::Http;
        let Some(name) = words.next() else {
            return Err(words.bad("a step is missing: 'connect', 'send', 'expect' ..."));
        };
        match name {
            "disable-on-404" if http => self.script.disable_on_404 = true,
            "send-state" if http => self.script.send_state = true,
            _ => {
                self.number += 1;
                return self.step(name, words);
            }
        }
        words.end()
    }

    fn step(&mut self, name: &str, words: &mut Words<'_>) -> Result<(), BadArg> {
        let http = self.protocol == Protocol::Http;
        let (action, comment) = match name {
            "connect" => {
                let (connect, comment) = Connect::parse(words)?;
                (Action::Connect(connect), comment)
            }
            "expect" => {
                let (expect, comment) = Expect::parse(words, self.protocol)?;
                (Action::Expect(Box::new(expect)), comment)
            }
            "send" if http => {
                let mut request = self.first.take().unwrap_or_default();
                let comment = request.parse_send(words)?;
                (Action::Request(Box::new(request)), comment)
            }
            "send" => send(Text::Fixed(words.value()?.as_bytes().to_vec()), words)?,
            "send-lf" if !http => send(Text::Format(words.format()?), words)?,
            "send-binary" if !http => send(Text::Fixed(words.hex()?), words)?,
            "send-binary-lf" if !http => send(Text::HexFormat(words.format()?), words)?,
            "comment" => {
                self.comment = Some(words.value()?.to_owned());
                return words.end();
            }
            _ => (variable(name, words)?, None),
        };
        words.end()?;
        let comment = comment.or_else(|| self.comment.clone());
        self.script.steps.push(Step { action, comment, number: self.number });
        Ok(())
    }

    /// Adds the steps that nobody wrote: a request where none is sent, and what is expected of its answer.
    fn finish(mut self) -> Script {
        let steps = &mut self.script.steps;
        let unwritten = |action| Step { action, comment: None, number: 0 };
        if let Some(request) = self.first.take() {
            let asks = |step: &Step| matches!(step.action, Action::Expect(_));
            let at = steps.iter().position(asks).unwrap_or(steps.len());
            steps.insert(at, unwritten(Action::Request(Box::new(request))));
        }
        let speaks = |step: &&Step| matches!(step.action, Action::Expect(_) | Action::Request(_));
        if self.protocol == Protocol::Http
            && let Some(Step { action: Action::Request(_), .. }) = steps.iter().rev().find(speaks)
        {
            steps.push(unwritten(Action::Expect(Box::new(Expect::good_status()))));
        }
        let acts = |step: &&Step| !matches!(step.action, Action::Set(..) | Action::Unset(_));
        if !matches!(steps.iter().find(acts), Some(Step { action: Action::Connect(_), .. })) {
            steps.insert(0, unwritten(Action::Connect(Connect::default())));
        }
        self.script
    }
}

fn send(text: Text, words: &mut Words<'_>) -> Result<(Action, Option<String>), BadArg> {
    let comment = match words.next() {
        None => None,
        Some("comment") => Some(words.value()?.to_owned()),
        Some(_) => return Err(words.unknown("'comment'")),
    };
    Ok((Action::Send(text), comment))
}

fn variable(name: &str, words: &mut Words<'_>) -> Result<Action, BadArg> {
    let (verb, rest) = name.split_once('(').unwrap_or((name, ""));
    if !matches!(verb, "set-var" | "set-var-fmt" | "unset-var") {
        let known = "'connect', 'send', 'expect', 'comment', 'set-var(...)' and 'unset-var(...)'";
        return Err(words.unknown(known));
    }
    let Some(full) = rest.strip_suffix(')') else {
        return Err(words.bad(format!("'{name}' needs the name of a variable: '{verb}(check.name)'")));
    };
    let variable = VarId::parse(full).map_err(|message| words.bad(message))?;
    if !matches!(variable.scope, Scope::Check | Scope::Proc) {
        return Err(words.bad(format!("'{full}': checks can set variables of 'check.' and 'proc.' only")));
    }
    Ok(match verb {
        "set-var" => Action::Set(variable, Source::Expression(words.expression()?)),
        "set-var-fmt" => Action::Set(variable, Source::Format(words.format()?)),
        _ => Action::Unset(variable),
    })
}
