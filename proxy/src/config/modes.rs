//! HTTP or TCP: what is written, and what is assumed where nothing is.
//!
//! HAProxy takes a proxy without `mode` for TCP and then warns that its HTTP words mean nothing. We take a frontend that
//! says an HTTP word for HTTP, and with it the backends that only such frontends use, and say so.

use std::collections::BTreeMap;

use portero_grammar::rules::Family;
use portero_grammar::{Diagnostic, Word};

use super::checked::Mode;
use super::draft::Draft;
use super::keywords::Place;
use super::reading::Reading;

/// Gives every proxy a mode, and says where modes do not fit.
pub(super) fn settle(proxies: &mut [Draft], reading: &mut Reading) {
    for draft in proxies.iter_mut().filter(|d| has_front(d) && d.mode.is_none()) {
        if let Some((word, span)) = &draft.http_word {
            let note =
                format!("'{}' has no 'mode', and '{word}' is for HTTP: 'mode http' is assumed", draft.name());
            reading.out.push(Diagnostic::note(*span, note));
            draft.mode = Some(Mode::Http);
        }
    }
    let users = users(proxies);
    for (index, users) in &users {
        if proxies[*index].mode.is_none()
            && users.iter().all(|&(user, _)| proxies[user].mode == Some(Mode::Http))
        {
            let front = proxies[users[0].0].name().to_owned();
            let draft = &mut proxies[*index];
            let note = format!("'{}' has no 'mode': 'mode http' is assumed, as for '{front}'", draft.name());
            reading.out.push(Diagnostic::note(draft.span, note));
            draft.mode = Some(Mode::Http);
        }
    }
    for draft in proxies.iter() {
        useless_words(draft, reading);
    }
    for (index, users) in &users {
        users.iter().for_each(|(user, word)| compare(&proxies[*user], &proxies[*index], word, reading));
    }
}

/// The backends that each frontend names, and where: `default_backend` and every `use_backend` with a fixed name.
pub(super) fn named(draft: &Draft) -> impl Iterator<Item = &Word> {
    let rules = draft.rules.get(&Family::UseBackend).into_iter().flatten();
    let targets = rules.filter_map(|rule| rule.action.words.first()).filter(|w| !w.text.contains('%'));
    draft.default_backend.iter().filter(|_| has_front(draft)).chain(targets)
}

fn has_front(draft: &Draft) -> bool {
    draft.section != Place::BACKEND
}

/// For each backend the frontends that name it.
fn users(proxies: &[Draft]) -> BTreeMap<usize, Vec<(usize, Word)>> {
    let backends = proxies.iter().enumerate().filter(|(_, d)| d.section != Place::FRONTEND);
    let places: BTreeMap<&str, usize> = backends.map(|(index, d)| (d.name(), index)).collect();
    let mut users: BTreeMap<usize, Vec<(usize, Word)>> = BTreeMap::new();
    for (user, draft) in proxies.iter().enumerate() {
        for word in named(draft) {
            if let Some(&index) = places.get(&*word.text).filter(|&&i| i != user) {
                users.entry(index).or_default().push((user, word.clone()));
            }
        }
    }
    users
}

fn useless_words(draft: &Draft, reading: &mut Reading) {
    let inherited = [("option forwardfor", draft.forwardfor.is_some()), ("cookie", draft.cookie.is_some())];
    if draft.http_word.is_none() && draft.mode != Some(Mode::Http) {
        for (word, _) in inherited.iter().filter(|(_, said)| *said) {
            let message = format!(
                "'{word}' of the defaults means nothing in '{}', which is in 'mode tcp'",
                draft.name()
            );
            reading.out.push(Diagnostic::warning(draft.span, message));
        }
    }
    if let (Some((word, span)), true) = (&draft.http_word, draft.mode != Some(Mode::Http)) {
        let message = format!("'{word}' means nothing in '{}', which is not in 'mode http'", draft.name());
        reading.out.push(
            Diagnostic::warning(*span, message).help("write 'mode http' in the section, or in its defaults"),
        );
    }
}

fn compare(front: &Draft, back: &Draft, word: &Word, reading: &mut Reading) {
    let mode = |d: &Draft| d.mode.unwrap_or(Mode::Tcp);
    let (front_name, back_name) = (front.name(), back.name());
    match (mode(front), mode(back)) {
        (Mode::Http, Mode::Tcp) => {
            let message =
                format!("'{front_name}' is in 'mode http', the backend '{back_name}' is in 'mode tcp'");
            reading.out.push(Diagnostic::error(word.span, message).help("write the same 'mode' in both"));
        }
        (Mode::Tcp, Mode::Http) => {
            let message = format!(
                "the TCP frontend '{front_name}' before the HTTP backend '{back_name}' is not supported yet"
            );
            reading.out.push(Diagnostic::error(word.span, message).help("write 'mode http' in the frontend"));
        }
        _ => {}
    }
}
