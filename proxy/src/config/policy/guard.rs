//! The condition of an `apply` line, put upon each of the policy's rules.
//!
//! What comes before the rules of a request (connections, contents in TCP) asks the condition itself. For requests and
//! responses it is asked once, where the request comes by, and its answer is kept in a variable: so it holds for the
//! response as well, which has no path any more, and does not change when the policy rewrites what it asks for.

use portero_grammar::cfg::Line;
use portero_grammar::rules::{self, Family};
use portero_grammar::{Span, Word};

use super::application::Application;

/// Puts the condition of an application, which has a number of its own, on all rules.
pub(super) fn guard(lines: Vec<Line>, application: &Application, number: usize) -> Vec<Line> {
    let condition = &application.condition[..];
    if condition.is_empty() {
        return lines;
    }
    // what is said of the answer points at `apply NAME`, what is said of the question at the whole line
    let span = Span { end: application.policy.span.end, ..application.span };
    let variable = format!("txn.portero.applied.{number}");
    let remembered = [
        Word::plain("if", span),
        Word::plain("{", span),
        Word::plain(format!("var({variable})"), span),
        Word::plain("-m", span),
        Word::plain("found", span),
        Word::plain("}", span),
    ];
    let is_http = lines.iter().filter_map(family).any(is_http);
    let mut guarded = Vec::new();
    if is_http {
        guarded.push(asks(&variable, condition, application.span));
    }
    for line in lines {
        guarded.push(match family(&line) {
            None => line,
            Some(family) if is_http && !is_early(family) => both(line, &remembered),
            Some(_) => both(line, condition),
        });
    }
    guarded
}

/// The rule that asks the condition and keeps the answer.
fn asks(variable: &str, condition: &[Word], span: Span) -> Line {
    let words = ["http-request", &format!("set-var({variable})"), "bool(true)"];
    let words = words.into_iter().map(|word| Word::plain(word, span));
    Line { words: words.chain(condition.iter().cloned()).collect(), span }
}

/// A rule that needs a condition beside its own.
fn both(line: Line, condition: &[Word]) -> Line {
    let is_condition = |word: &Word| !word.quoted && matches!(&*word.text, "if" | "unless");
    let at = line.words.iter().position(is_condition).unwrap_or(line.words.len());
    let (body, own) = line.words.split_at(at);
    let words = match own {
        [] => [body, condition].concat(),
        // a condition is missing: said when the rule is read
        [_] => return line,
        [keyword, ..] => {
            let start = Word::plain("if", keyword.span);
            [body, &[start], &grouped(condition), &grouped(own)].concat()
        }
    };
    Line { words, span: line.span }
}

/// `if a or b` as `( a or b )`, `unless` with a `!` before it.
fn grouped(condition: &[Word]) -> Vec<Word> {
    let [keyword, rest @ ..] = condition else { return Vec::new() };
    let mut words = Vec::new();
    if keyword.text == "unless" {
        words.push(Word::plain("!", keyword.span));
    }
    words.push(Word::plain("(", keyword.span));
    words.extend_from_slice(rest);
    words.push(Word::plain(")", condition[condition.len() - 1].span));
    words
}

fn family(line: &Line) -> Option<Family> {
    match rules::is_statement(&line.words) {
        Some(rules::Kind::Rule(family, _)) => Some(family),
        _ => None,
    }
}

fn is_http(family: Family) -> bool {
    use Family::{HttpAfterResponse, HttpRequest, HttpResponse, Redirect};
    matches!(family, HttpRequest | HttpResponse | HttpAfterResponse | Redirect)
}

/// Whether the rules of a family come before those of a request, or do not know of requests.
fn is_early(family: Family) -> bool {
    use Family::{
        MonitorFail, TcpRequestConnection, TcpRequestContent, TcpRequestSession, TcpResponseContent,
    };
    matches!(
        family,
        TcpRequestConnection | TcpRequestSession | TcpRequestContent | TcpResponseContent | MonitorFail
    )
}
