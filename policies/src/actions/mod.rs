//! Actions: what rules do (HAProxy manual, sections 4.3 and 4.4). One table, one file per family of actions.

mod addresses;
mod auth;
mod bandwidth;
mod capture;
mod flow;
mod headers;
mod hints;
mod log;
mod maps;
mod normalize;
mod packed;
mod packets;
mod redirect;
mod replace;
mod reply;
mod request;
mod service;
mod strict;
mod text;
mod track;
mod tuning;
mod variables;
mod words;

use portero_api::{Action, Setup};
use portero_grammar::Diagnostic;
use portero_grammar::rules::{self as tree, Family};

use crate::stage::{family_name, script_name};
use crate::{Compiler, Reported};
pub use bandwidth::{BandwidthFilter, LimitPer};
pub use reply::whole_file;
pub(crate) use text::Text;
use words::Words;

/// An action of the language.
pub struct ActionKind {
    /// Its name: `set-header`.
    pub name: &'static str,
    /// The rules that it may stand in.
    pub families: &'static [Family],
    /// What may follow its name, as the reference shows it.
    pub syntax: &'static str,
    /// One line for the reference and the editor.
    pub summary: &'static str,
    /// True when nothing behind it is evaluated.
    pub(crate) ends: bool,
    pub(crate) make: fn(&mut Words<'_, '_>) -> Made,
}

/// What a maker gives.
pub(crate) type Made = Result<Box<dyn Action>, Reported>;

/// Every action of ours, file by file.
pub static ACTIONS: &[&[ActionKind]] = &[
    flow::ROWS,
    strict::ROWS,
    reply::ROWS,
    auth::ROWS,
    redirect::ROWS,
    headers::ROWS,
    replace::ROWS,
    request::ROWS,
    normalize::ROWS,
    variables::ROWS,
    addresses::ROWS,
    capture::ROWS,
    log::ROWS,
    tuning::ROWS,
    packets::ROWS,
    hints::ROWS,
    packed::ROWS,
    maps::ROWS,
    bandwidth::ROWS,
    service::ROWS,
    track::ROWS,
];

/// Actions of HAProxy that are known and refused.
pub static NOT_YET: &[&str] = &[
    "attach-srv",
    "cache-store",
    "cache-use",
    "dgram-drop",
    "do-resolve",
    "expect-netscaler-cip",
    "send-retry",
    "send-spoe-group",
    "switch-mode",
];

/// Sets of families that many actions share.
pub(crate) mod families {
    use super::Family::{self, *};

    pub(crate) const TCP: &[Family] =
        &[TcpRequestConnection, TcpRequestSession, TcpRequestContent, TcpResponseContent];
    pub(crate) const HTTP: &[Family] = &[HttpRequest, HttpResponse, HttpAfterResponse];
    pub(crate) const HTTP_BOTH: &[Family] = &[HttpRequest, HttpResponse];
    pub(crate) const HTTP_REQUEST: &[Family] = &[HttpRequest];
    pub(crate) const HTTP_ANSWER: &[Family] = &[HttpResponse, HttpAfterResponse];
    pub(crate) const EVERY: &[Family] = &[
        TcpRequestConnection,
        TcpRequestSession,
        TcpRequestContent,
        TcpResponseContent,
        HttpRequest,
        HttpResponse,
        HttpAfterResponse,
    ];
}

/// The action of that name.
pub fn kind(name: &str) -> Option<&'static ActionKind> {
    let name = track::row_of(name);
    ACTIONS.iter().copied().flatten().find(|kind| kind.name == name)
}

/// True when an action lets nothing behind it be evaluated. The `redirect` statement has no name; a redirection that
/// has nowhere to lead is passed over where it says so.
pub(crate) fn ends(action: &tree::Action) -> bool {
    let name = &action.name.text;
    let passes = action.words.iter().any(|word| word.text == "ignore-empty");
    !passes && (name.is_empty() || kind(name).is_some_and(|kind| kind.ends))
}

impl Compiler<'_> {
    /// The action of a rule.
    pub(crate) fn action(&self, rule: &tree::Rule) -> Made {
        let name = &rule.action.name;
        if rule.family == Family::Redirect {
            return redirect::make(&mut Words::new(self, rule));
        }
        if !families::EVERY.contains(&rule.family) {
            let message = format!("'{}' rules are not supported yet", family_name(rule.family));
            return Err(self.error(rule.span, message));
        }
        if let Some(make) = self.vocabulary.action(&name.text) {
            return self.plugin_action(rule, make);
        }
        let Some(kind) = kind(&name.text) else {
            return Err(self.unknown_action(rule));
        };
        if !kind.families.contains(&rule.family) {
            let message = format!("'{}' cannot be used in '{}' rules", kind.name, family_name(rule.family));
            let places: Vec<_> = kind.families.iter().map(|&f| format!("'{}'", family_name(f))).collect();
            let help = format!("it may stand in {}", places.join(", "));
            return Err(self.fail(Diagnostic::error(name.span, message).help(help)));
        }
        let mut words = Words::new(self, rule);
        let made = (kind.make)(&mut words)?;
        words.done()?;
        Ok(made)
    }

    fn unknown_action(&self, rule: &tree::Rule) -> Reported {
        let name = &rule.action.name;
        if NOT_YET.contains(&name.text.as_str()) {
            return self.error(name.span, format!("action '{}' is not supported yet", name.text));
        }
        let message = format!("unknown action '{}' in '{}' rules", name.text, family_name(rule.family));
        let ours = ACTIONS.iter().copied().flatten();
        let here = ours.filter(|kind| kind.families.contains(&rule.family)).map(|kind| kind.name);
        let words = here.chain(self.vocabulary.plugin_actions());
        self.fail(Diagnostic::error(name.span, message).did_you_mean(&name.text, words))
    }

    fn plugin_action(&self, rule: &tree::Rule, make: &portero_api::Make<dyn Action>) -> Made {
        let args: Vec<String> = rule.action.words.iter().map(|w| w.text.clone()).collect();
        let setup = Setup {
            proxy: self.context.proxy,
            args: &args,
            lines: &[],
            common: self.context.common,
            compile: self,
            rules: script_name(rule.family),
            here: self.context.here,
        };
        make(&setup).map_err(|bad| {
            let word = bad.arg.and_then(|i| rule.action.words.get(i));
            let span = word.map_or(rule.action.span, |w| w.span);
            self.error(span, format!("'{}': {}", rule.action.name.text, bad.message))
        })
    }
}
