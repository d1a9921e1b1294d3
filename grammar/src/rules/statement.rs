//! Statements: `acl ...` and the rules (HAProxy manual, sections 4.2, 4.3 and 7).

use super::condition::{acl_name, condition};
use super::expr::action as action_call;
use super::family::{Kind, Shape, Wanted, explain, is_statement, shape_of};
use super::test::test;
use super::tree::{Acl, Action, Condition, Rule, Statement};
use crate::cfg::words::cut;
use crate::cfg::{Environment, raw_lines};
use crate::{Diagnostic, Diagnostics, FileId, Sources, Span, Word};

/// Reads the words of a line. [`is_statement`] tells beforehand whether they are one.
pub fn statement(words: &[Word]) -> Result<Statement, Vec<Diagnostic>> {
    match is_statement(words) {
        Some(Kind::Acl) => acl(words).map(Statement::Acl),
        Some(Kind::Rule(family, head)) => rule(words, shape_of(family), head).map(Statement::Rule),
        Some(Kind::Invalid) | None => Err(vec![explain(words)]),
    }
}

/// Reads a whole text of statements, one a line (`rules = '''...'''` in TOML, or a `.rules` file). Comments, quotes and
/// variables are those of haproxy.cfg.
pub fn parse(sources: &Sources, file: FileId, env: &dyn Environment) -> (Vec<Statement>, Diagnostics) {
    let (mut statements, mut diagnostics) = (Vec::new(), Diagnostics::default());
    for (_, raw) in raw_lines(sources, file) {
        let (words, errors) = cut(raw, &|name| env.var(name));
        let sound = errors.is_empty();
        diagnostics.extend(errors);
        if words.is_empty() || !sound {
            continue;
        }
        match statement(&words) {
            Ok(statement) => statements.push(statement),
            Err(errors) => diagnostics.extend(errors),
        }
    }
    (statements, diagnostics)
}

fn acl(words: &[Word]) -> Result<Acl, Vec<Diagnostic>> {
    let span = whole(words);
    let Some(name) = words.get(1) else {
        let error = Diagnostic::error(span, "'acl' must be followed by a name and a test");
        return Err(vec![error.help("for instance 'acl api path_beg /api'")]);
    };
    let mut errors: Vec<Diagnostic> = acl_name(name).err().into_iter().collect();
    if name.text.eq_ignore_ascii_case("or") {
        let error = Diagnostic::error(name.span, "an ACL named 'or' could never be used");
        errors.push(error.help("'or' joins two conditions; choose another name"));
    }
    match test(&words[2..], span) {
        Ok(test) if errors.is_empty() => Ok(Acl { name: name.clone(), test, span }),
        Ok(_) => Err(errors),
        Err(more) => Err([errors, more].concat()),
    }
}

fn rule(words: &[Word], shape: &Shape, head: usize) -> Result<Rule, Vec<Diagnostic>> {
    let (keyword, body) = words.split_at(head);
    let at = match shape.condition {
        Wanted::Never => body.len(),
        Wanted::Optional | Wanted::Always => body.iter().position(is_condition).unwrap_or(body.len()),
    };
    let (body, tail) = body.split_at(at);
    match (action(keyword, body, shape), wanted_condition(keyword, tail, shape)) {
        (Ok(action), Ok(condition)) => {
            Ok(Rule { family: shape.family, action, condition, span: whole(words) })
        }
        (action, condition) => {
            Err([action.err().unwrap_or_default(), condition.err().unwrap_or_default()].concat())
        }
    }
}

/// Reads the action of a rule, or of a family without an action word the words behind the keyword.
fn action(keyword: &[Word], body: &[Word], shape: &Shape) -> Result<Action, Vec<Diagnostic>> {
    let end = whole(keyword);
    let nowhere = Span { start: end.end, ..end };
    if !shape.action {
        let span = if body.is_empty() { nowhere } else { whole(body) };
        return Ok(Action { name: Word::plain("", nowhere), params: None, words: body.to_vec(), span });
    }
    let Some((first, words)) = body.split_first() else {
        return Err(vec![Diagnostic::error(
            end,
            format!("'{}' must be followed by an action", text(keyword)),
        )]);
    };
    let call = action_call(first).map_err(|error| vec![error])?;
    let name = Word { quoted: first.quoted, ..Word::plain(call.name, call.name_span) };
    Ok(Action { name, params: call.args, words: words.to_vec(), span: whole(body) })
}

fn wanted_condition(
    keyword: &[Word],
    tail: &[Word],
    shape: &Shape,
) -> Result<Option<Condition>, Vec<Diagnostic>> {
    let found = condition(tail)?;
    if found.is_none() && shape.condition == Wanted::Always {
        let error = Diagnostic::error(whole(keyword), format!("'{}' must have a condition", text(keyword)));
        return Err(vec![error.help("add 'if' or 'unless' and the condition behind it")]);
    }
    Ok(found)
}

fn is_condition(word: &Word) -> bool {
    !word.quoted && matches!(word.text.as_str(), "if" | "unless")
}

/// From the first word to the last that lies in the same file (`apply` adds words of another); there must be one.
fn whole(words: &[Word]) -> Span {
    let first = words[0].span;
    let last = words.iter().rev().find(|word| word.span.file == first.file);
    last.map_or(first, |last| first.to(last.span))
}

fn text(words: &[Word]) -> String {
    words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ")
}
