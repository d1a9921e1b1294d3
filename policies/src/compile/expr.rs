//! Sample expressions: names are looked up, arguments counted, casts put between the steps.

use portero_api::{BadArg, Convert, Fetch, Make, SampleType, Setup};
use portero_grammar::rules::{self as tree, Arg, Call};
use portero_grammar::{Diagnostic, Word};

use super::{Compiler, Reported};
use crate::cast::castable;
use crate::expr::Step;
use crate::lookup::{ConvertWord, FetchWord};
use crate::vocabulary::{Args, Needs};
use crate::{Expr, fetches};

impl Compiler<'_> {
    /// An expression whose fetch must be able to have a value at the present stage.
    pub(crate) fn build_expr(&self, expr: &tree::Expr) -> Result<Expr, Reported> {
        let (built, needs) = self.build_expr_anywhere(expr)?;
        if self.stage().has(needs) {
            return Ok(built);
        }
        let message = format!("'{}' has no value in {}", expr.fetch.name, self.place());
        Err(self.fail(Diagnostic::error(expr.fetch.name_span, message).help(needs_what(needs))))
    }

    /// The expression that a word of an action says.
    pub(crate) fn expr_of(&self, word: &Word) -> Result<Expr, Reported> {
        let expr = self.parsed(tree::expr(word))?;
        self.build_expr(&expr)
    }

    /// An expression and what its fetch looks at.
    pub(crate) fn build_expr_anywhere(&self, expr: &tree::Expr) -> Result<(Expr, Needs), Reported> {
        let fetch = self.fetch(&expr.fetch);
        let mut steps = Vec::new();
        let mut kind = fetch.as_ref().map_or(SampleType::Any, |(_, kind, _)| *kind);
        let mut before = &expr.fetch;
        let mut failed = None;
        for call in &expr.converters {
            match self.converter(call, kind, before, &mut steps) {
                Ok(output) => kind = output,
                Err(reported) => (kind, failed) = (SampleType::Any, Some(reported)),
            }
            before = call;
        }
        let (fetch, _, needs) = fetch?;
        match failed {
            Some(reported) => Err(reported),
            None => Ok((Expr { fetch, steps: steps.into(), output: kind }, needs)),
        }
    }

    pub(super) fn fetch(&self, call: &Call) -> Result<(Box<dyn Fetch>, SampleType, Needs), Reported> {
        let Some(word) = self.vocabulary.fetch(&call.name) else {
            return Err(self.unknown_fetch(call));
        };
        self.note_use(&call.name);
        let fetch = match word {
            FetchWord::Ours(kind) => {
                self.count_args(call, kind.args, "fetch")?;
                self.made(call, (kind.make)(&self.args(call)))?
            }
            FetchWord::Plugin(make) => self.plugin_made(call, make)?,
        };
        Ok((fetch, word.output(), word.needs()))
    }

    fn unknown_fetch(&self, call: &Call) -> Reported {
        let name = &call.name;
        let message = match fetches::NOT_YET.iter().any(|known| known == name) {
            true => with_reason(format!("fetch '{name}' is not supported yet"), fetches::waits_for(name)),
            false => format!("unknown fetch '{name}'"),
        };
        let error = Diagnostic::error(call.name_span, message);
        self.fail(match self.vocabulary.converter(name) {
            Some(_) => error.help(format!("'{name}' is a converter: write it behind a fetch and a comma")),
            None => error.did_you_mean(name, self.vocabulary.fetches()),
        })
    }

    /// Adds a converter to the steps and gives the type behind it.
    pub(super) fn converter(
        &self,
        call: &Call,
        input: SampleType,
        before: &Call,
        steps: &mut Vec<Step>,
    ) -> Result<SampleType, Reported> {
        let Some(word) = self.vocabulary.converter(&call.name) else {
            return Err(self.unknown_converter(call));
        };
        match word {
            ConvertWord::Ours(kind) => {
                self.count_args(call, kind.args, "converter")?;
                if !castable(input, kind.input) {
                    let (has, wants) = (type_name(input), type_name(kind.input));
                    let message = format!(
                        "converter '{}' takes {wants}, but '{}' gives {has}, which cannot be cast to it",
                        call.name, before.name
                    );
                    return Err(self.error(call.name_span, message));
                }
                let convert = self.made(call, (kind.make)(&self.args(call)))?;
                if kind.input != input && kind.input != SampleType::Any {
                    steps.push(Step::Cast(kind.input));
                }
                steps.push(Step::Convert(convert));
                Ok(if kind.output == SampleType::Any && keeps_type(kind.name) { input } else { kind.output })
            }
            ConvertWord::Plugin(make) => {
                let convert: Box<dyn Convert> = self.plugin_made(call, make)?;
                steps.push(Step::Convert(convert));
                Ok(SampleType::Any)
            }
        }
    }

    fn unknown_converter(&self, call: &Call) -> Reported {
        let name = &call.name;
        let message = match crate::converters::NOT_YET.iter().any(|known| known == name) {
            true => {
                let reason = crate::converters::waits_for(name);
                with_reason(format!("converter '{name}' is not supported yet"), reason)
            }
            false => format!("unknown converter '{name}'"),
        };
        let error = Diagnostic::error(call.name_span, message);
        self.fail(error.did_you_mean(name, self.vocabulary.converters()))
    }

    fn args<'c>(&'c self, call: &'c Call) -> Args<'c> {
        Args { list: call.args.as_deref().unwrap_or_default(), context: &self.context, acls: self }
    }

    fn count_args(&self, call: &Call, (least, most): (usize, usize), what: &str) -> Result<(), Reported> {
        let args = call.args.as_deref().unwrap_or_default();
        // An empty argument counts where one is wanted (`regsub(x,,)`), and is nothing where none may stand (`f()`).
        let given = if args.len() < least { args.len() } else { filled(args).max(least) };
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (_, 0) => "takes no argument".to_owned(),
            (1, 1) => "takes one argument".to_owned(),
            (least, most) if least == most => format!("takes {least} arguments"),
            (least, _) if given < least => format!("takes at least {}", plural(least)),
            (_, most) => format!("takes at most {}", plural(most)),
        };
        let extra = args.get(most);
        let span = extra.map_or(call.span, |arg| arg.span);
        Err(self.error(span, format!("{what} '{}' {wanted}, {given} given", call.name)))
    }

    fn made<T: ?Sized>(&self, call: &Call, made: Result<Box<T>, BadArg>) -> Result<Box<T>, Reported> {
        made.map_err(|bad| {
            let arg = bad.arg.and_then(|i| call.args.as_deref()?.get(i));
            let span = arg.map(|a| a.span).filter(|s| s.end > s.start).unwrap_or(call.span);
            self.error(span, format!("'{}': {}", call.name, bad.message))
        })
    }

    fn plugin_made<T: ?Sized>(&self, call: &Call, make: &Make<T>) -> Result<Box<T>, Reported> {
        let texts: Vec<String> = call.args.iter().flatten().map(|a| a.text.clone()).collect();
        let setup = Setup {
            proxy: self.context.proxy,
            args: &texts,
            lines: &[],
            common: self.context.common,
            compile: self,
            rules: "",
            here: self.context.here,
        };
        self.made(call, make(&setup))
    }

    /// What messages call the present stage.
    pub(crate) fn place(&self) -> String {
        match self.stage() {
            crate::Stage::Rule(_) => format!("'{}' rules", self.stage().name()),
            other => other.name().to_owned(),
        }
    }
}

/// A message with why it is so, where that is known.
fn with_reason(message: String, reason: &str) -> String {
    if reason.is_empty() { message } else { format!("{message}: {reason}") }
}

/// The arguments up to the last that is not empty.
fn filled(args: &[Arg]) -> usize {
    args.iter().rposition(|a| !a.text.is_empty()).map_or(0, |last| last + 1)
}

fn plural(count: usize) -> String {
    if count == 1 { "one argument".to_owned() } else { format!("{count} arguments") }
}

/// Converters that hand their sample through.
fn keeps_type(name: &str) -> bool {
    matches!(name, "debug" | "set-var" | "unset-var" | "when")
}

pub(crate) fn type_name(kind: SampleType) -> &'static str {
    match kind {
        SampleType::Bool => "a boolean",
        SampleType::Int => "an integer",
        SampleType::Ip => "an address",
        SampleType::Str => "a string",
        SampleType::Bin => "binary data",
        SampleType::Method => "a method",
        SampleType::Any => "any type",
    }
}

/// What a fetch looks at, in words.
pub(crate) fn needs_what(needs: Needs) -> &'static str {
    match needs {
        Needs::Nothing => "it needs nothing",
        Needs::Connection => "it looks at the client's connection",
        Needs::RequestBytes => "it looks at bytes from the client before they are forwarded",
        Needs::Request => {
            "it looks at the request, which is gone once it was forwarded: keep it in a variable"
        }
        Needs::RequestKept => "it looks at the request",
        Needs::RequestBody => "it looks at the body of the request before it is forwarded",
        Needs::Server => "it looks at the server, which is not chosen yet",
        Needs::Response => "it looks at the response, which has not come yet",
        Needs::ResponseBytes => "it looks at bytes from the server",
        Needs::Log => "it has a value in log formats only",
    }
}
