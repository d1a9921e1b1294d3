//! Conditional blocks and messages: `.if`, `.elif`, `.else`, `.endif`, `.notice` ... (HAProxy manual, section 2.4).

use super::condition;
use super::env::Environment;
use super::tree::Line;
use crate::syntax::MAX_DEPTH;
use crate::{Diagnostic, Diagnostics, Span, Word};

const DIRECTIVES: &[&str] = &[".if", ".elif", ".else", ".endif", ".diag", ".notice", ".warning", ".alert"];

/// The blocks that are open at a line.
#[derive(Default)]
pub(super) struct Blocks {
    stack: Vec<Block>,
}

struct Block {
    opened: Span,
    state: State,
    /// A condition of it could not be read: the ones that follow are read only to find their mistakes.
    broken: bool,
    had_else: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The lines count.
    Taken,
    /// No branch has been taken yet.
    Waiting,
    /// A branch was taken before, or the block lies in one that does not count.
    Done,
}

/// What is to be done after a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Continue,
    /// `.alert`: nothing behind it is read.
    Stop,
}

impl Blocks {
    /// Whether the lines count here.
    pub(super) fn active(&self) -> bool {
        self.stack.last().is_none_or(|b| b.state == State::Taken)
    }

    /// Obeys a line whose first word starts with a dot.
    pub(super) fn directive(&mut self, line: &Line, env: &dyn Environment, out: &mut Diagnostics) -> Next {
        let args = &line.words[1..];
        match line.keyword() {
            ".if" => self.open(line, args, env, out),
            ".elif" => self.elif(line, args, env, out),
            ".else" => self.otherwise(line, args, out),
            ".endif" => self.close(line, args, out),
            ".diag" | ".notice" | ".warning" | ".alert" if !self.active() => {}
            ".diag" | ".notice" | ".warning" | ".alert" => return message(line, args, env, out),
            other => {
                let error = Diagnostic::error(line.words[0].span, format!("unknown directive '{other}'"));
                out.push(error.did_you_mean(other, DIRECTIVES.iter().copied()));
            }
        }
        Next::Continue
    }

    /// Says what was not closed by the end of a file.
    pub(super) fn finish(self, out: &mut Diagnostics) {
        let open = self.stack.into_iter().map(|block| {
            Diagnostic::error(block.opened, "this '.if' is never closed")
                .help("add '.endif' behind the last line of it")
        });
        out.extend(open);
    }

    fn open(&mut self, line: &Line, args: &[Word], env: &dyn Environment, out: &mut Diagnostics) {
        if self.stack.len() == MAX_DEPTH {
            out.push(Diagnostic::error(
                line.span,
                format!("more than {MAX_DEPTH} blocks inside one another"),
            ));
        }
        let mut block = Block { opened: line.span, state: State::Done, broken: false, had_else: false };
        if self.active() {
            block.judge(args, env, out);
        }
        self.stack.push(block);
    }

    fn elif(&mut self, line: &Line, args: &[Word], env: &dyn Environment, out: &mut Diagnostics) {
        let Some(block) = self.branch(line, out) else { return };
        match block.state {
            State::Waiting => block.judge(args, env, out),
            State::Taken | State::Done if block.broken => block.judge(args, env, out),
            State::Taken | State::Done => block.state = State::Done,
        }
    }

    fn otherwise(&mut self, line: &Line, args: &[Word], out: &mut Diagnostics) {
        no_arguments(line, args, out);
        let Some(block) = self.branch(line, out) else { return };
        block.had_else = true;
        block.state = match block.state {
            State::Waiting => State::Taken,
            State::Taken | State::Done => State::Done,
        };
    }

    fn close(&mut self, line: &Line, args: &[Word], out: &mut Diagnostics) {
        no_arguments(line, args, out);
        if self.stack.pop().is_none() {
            out.push(Diagnostic::error(line.words[0].span, "'.endif' without a '.if'"));
        }
    }

    /// The block that a `.elif` or `.else` belongs to.
    fn branch(&mut self, line: &Line, out: &mut Diagnostics) -> Option<&mut Block> {
        let (word, span) = (line.keyword(), line.words[0].span);
        let Some(block) = self.stack.last_mut() else {
            out.push(Diagnostic::error(span, format!("'{word}' without a '.if'")));
            return None;
        };
        if block.had_else {
            out.push(Diagnostic::error(span, format!("'{word}' after the '.else' of this block")));
            return None;
        }
        Some(block)
    }
}

impl Block {
    /// A condition that cannot be read is taken as true, so that the mistakes of its branch are shown as well.
    fn judge(&mut self, args: &[Word], env: &dyn Environment, out: &mut Diagnostics) {
        self.state = match condition::evaluate(args, env) {
            Ok(true) => State::Taken,
            Ok(false) => State::Waiting,
            Err(error) => {
                out.push(error);
                self.broken = true;
                State::Taken
            }
        };
    }
}

fn no_arguments(line: &Line, args: &[Word], out: &mut Diagnostics) {
    if let Some(extra) = args.first() {
        let message = format!("'{}' takes no argument, found '{}'", line.keyword(), extra.text);
        out.push(Diagnostic::error(extra.span, message));
    }
}

fn message(line: &Line, args: &[Word], env: &dyn Environment, out: &mut Diagnostics) -> Next {
    if let Some(extra) = args.get(1) {
        let error = Diagnostic::error(extra.span, format!("'{}' takes one message", line.keyword()));
        out.push(error.help("put quotes around a message with spaces"));
        return Next::Continue;
    }
    let text = args.first().map_or("", |w| &w.text);
    match line.keyword() {
        ".diag" if !env.diagnostic_mode() => {}
        ".diag" | ".notice" => out.push(Diagnostic::note(line.span, text)),
        ".warning" => out.push(Diagnostic::warning(line.span, text)),
        _ => {
            out.push(Diagnostic::error(line.span, text));
            return Next::Stop;
        }
    }
    Next::Continue
}
