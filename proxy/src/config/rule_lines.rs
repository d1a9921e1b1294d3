//! Lines of the rule language in a proxy: where they may stand, and what they tell of its mode.

use portero_grammar::cfg::Line;
use portero_grammar::rules::{self, Family, Rule, Statement};
use portero_grammar::{Diagnostic, Word};

use super::draft::Draft;
use super::keywords::Place;
use super::policy::scope;
use super::reading::Reading;

/// Reads a rule or an ACL into a section.
pub(super) fn read(draft: &mut Draft, line: &Line, reading: &mut Reading) {
    let mut statement = match rules::statement(&line.words) {
        Ok(statement) => statement,
        Err(errors) => return reading.out.extend(errors),
    };
    scope::rename(&mut statement, &reading.sources);
    if draft.section == Place::DEFAULTS && !rule_in_defaults(draft, &statement, line, reading) {
        return;
    }
    match statement {
        Statement::Acl(acl) => draft.acls.push(acl),
        Statement::Rule(mut rule) => {
            if !family_place(rule.family).allows(draft.section) && draft.section != Place::DEFAULTS {
                let message =
                    format!("'{}' means nothing in this kind of section and is left out", line.keyword());
                return reading.out.push(Diagnostic::warning(line.words[0].span, message));
            }
            if is_http(rule.family) && draft.section != Place::DEFAULTS && draft.http_word.is_none() {
                draft.http_word = Some((line.keyword().to_owned(), line.words[0].span));
            }
            declare_capture(draft, &mut rule);
            draft.rules.entry(rule.family).or_default().push(rule);
        }
    }
}

/// `capture EXPR len N` is `declare capture request len N` with `capture EXPR id SLOT`: slots are numbered in the order in
/// which the words that make them were written, those of the defaults first.
fn declare_capture(draft: &mut Draft, rule: &mut Rule) {
    if !matches!(rule.family, Family::HttpRequest | Family::TcpRequestContent)
        || rule.action.name.text != "capture"
    {
        return;
    }
    let [.., len, number] = &mut rule.action.words[..] else { return };
    let (true, Ok(length @ 1..)) = (len.text == "len", number.text.parse::<usize>()) else { return };
    let slot = draft.request_captures.len().to_string();
    draft.request_captures.push((Vec::new(), length));
    (*len, *number) = (Word::plain("id", len.span), Word::plain(&slot, number.span));
}

/// ACLs and rules can stand in named defaults only, and not those that choose a backend or a server.
fn rule_in_defaults(draft: &Draft, statement: &Statement, line: &Line, reading: &mut Reading) -> bool {
    use Family::{
        HttpAfterResponse, HttpRequest, HttpResponse, TcpRequestConnection, TcpRequestContent,
        TcpRequestSession, TcpResponseContent,
    };
    let allowed = match statement {
        Statement::Acl(_) => true,
        Statement::Rule(rule) => matches!(
            rule.family,
            TcpRequestConnection
                | TcpRequestSession
                | TcpRequestContent
                | TcpResponseContent
                | HttpRequest
                | HttpResponse
                | HttpAfterResponse
        ),
    };
    let keyword = line.keyword();
    let span = line.words[0].span;
    if !allowed {
        reading
            .out
            .push(Diagnostic::error(span, format!("'{keyword}' cannot stand in a 'defaults' section")));
    } else if draft.name.is_none() {
        let message = format!("'{keyword}' cannot stand in a 'defaults' section without a name");
        reading.out.push(
            Diagnostic::error(span, message).help("write 'defaults NAME' and 'from NAME' where it is meant"),
        );
        return false;
    }
    allowed
}

fn family_place(family: Family) -> Place {
    let front = Place::FRONTEND.and(Place::LISTEN);
    let back = Place::BACKEND.and(Place::LISTEN);
    match family {
        Family::TcpRequestConnection
        | Family::TcpRequestSession
        | Family::UseBackend
        | Family::ForceBeSwitch
        | Family::MonitorFail => front,
        Family::TcpResponseContent
        | Family::UseServer
        | Family::StickOn
        | Family::StickMatch
        | Family::StickStoreRequest
        | Family::StickStoreResponse
        | Family::ForcePersist
        | Family::IgnorePersist => back,
        _ => front.and(back),
    }
}

fn is_http(family: Family) -> bool {
    use Family::{HttpAfterResponse, HttpRequest, HttpResponse, MonitorFail, Redirect};
    matches!(family, HttpRequest | HttpResponse | HttpAfterResponse | Redirect | MonitorFail)
}
