//! The action `use-service`: a plugin answers in the place of a server (HAProxy manual, section 4.4).

use std::rc::Rc;

use portero_api::{Action, Answer, Exchange, Serve, Service, Setup};
use portero_grammar::Diagnostic;
use portero_grammar::rules::Family::{HttpRequest, TcpRequestContent};

use super::{ActionKind, Made, Words};
use crate::stage::script_name;

pub(super) const ROWS: &[ActionKind] = &[ActionKind {
    name: "use-service",
    families: &[TcpRequestContent, HttpRequest],
    syntax: "<service> [<argument>...]",
    summary: "lets a service of a plugin or a script answer; nothing behind it is evaluated",
    ends: true,
    make,
}];

fn make(words: &mut Words<'_, '_>) -> Made {
    let compiler = words.compiler;
    let name = words.need("a service")?;
    let Some(make) = compiler.vocabulary.service(&name.text) else {
        let unknown = Diagnostic::error(name.span, format!("unknown service '{}'", name.text));
        return Err(compiler.fail(unknown.did_you_mean(&name.text, compiler.vocabulary.services())));
    };
    let rest = words.rest();
    let args: Vec<String> = rest.iter().map(|word| word.text.clone()).collect();
    let setup = Setup {
        proxy: compiler.context.proxy,
        args: &args,
        lines: &[],
        common: compiler.context.common,
        compile: compiler,
        rules: script_name(words.family),
        here: compiler.context.here,
    };
    let service = make(&setup).map_err(|bad| {
        let word = bad.arg.and_then(|i| rest.get(i)).unwrap_or(name);
        compiler.error(word.span, format!("'{}': {}", name.text, bad.message))
    })?;
    Ok(Box::new(UseService { name: format!("<{}>", name.text).into(), service }))
}

struct UseService {
    /// What stands in the place of a server's name in the log.
    name: Rc<str>,
    service: Box<dyn Service>,
}

impl Action for UseService {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        match self.service.serve(exchange) {
            Serve::Pass => Answer::Continue,
            serve => {
                // a service may call itself something else
                exchange.log.service.get_or_insert_with(|| self.name.clone());
                Answer::Serve(serve)
            }
        }
    }
}
