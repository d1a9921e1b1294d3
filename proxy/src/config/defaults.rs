//! `defaults` sections, and which of them a proxy starts with (HAProxy manual, section 4).

use std::collections::BTreeSet;

use portero_grammar::rules::{Cond, Rule};
use portero_grammar::{Diagnostic, Span, Word};

use super::draft::Draft;
use super::keywords::Place;
use super::reading::Reading;

/// The `defaults` sections so far.
#[derive(Default)]
pub(super) struct DefaultsList {
    sections: Vec<Defaults>,
}

struct Defaults {
    draft: Draft,
    /// Kinds of sections that took their settings from it.
    used: Vec<Place>,
}

impl DefaultsList {
    /// Adds a section that was read to its end.
    pub(super) fn push(&mut self, mut draft: Draft) {
        hide_acls(&mut draft);
        self.sections.push(Defaults { draft, used: Vec::new() });
    }

    /// What a new section starts with: the defaults it names, else the last ones.
    pub(super) fn begin(
        &mut self,
        kind: Place,
        name: Option<Word>,
        header: Span,
        origin: Origin<'_>,
        reading: &mut Reading,
    ) -> Draft {
        let found = match origin {
            Origin::Named(word) => self.named(word, reading),
            Origin::Last if kind == Place::DEFAULTS => None,
            Origin::Last => self.sections.len().checked_sub(1),
            Origin::Unknown => None,
        };
        let Some(index) = found else { return Draft::new(kind, name, header) };
        let defaults = &mut self.sections[index];
        if !defaults.draft.rules.is_empty() {
            let place = name.as_ref().map_or(header, |n| n.span);
            reading.keep(may_take_rules(defaults, kind, place));
        }
        defaults.used.push(kind);
        defaults.draft.heir(kind, name, header)
    }

    fn named(&self, name: &Word, reading: &mut Reading) -> Option<usize> {
        let is_it = |d: &Defaults| d.draft.name() == name.text;
        match self.sections.iter().filter(|d| is_it(d)).count() {
            0 => {
                let error =
                    Diagnostic::error(name.span, format!("unknown 'defaults' section '{}'", name.text));
                let names = self.sections.iter().filter_map(|d| Some(&*d.draft.name.as_ref()?.text));
                reading.out.push(error.did_you_mean(&name.text, names));
            }
            1 => {}
            _ => {
                let message = format!("there are several 'defaults' sections named '{}'", name.text);
                reading.out.push(Diagnostic::error(name.span, message));
            }
        }
        self.sections.iter().rposition(is_it)
    }
}

/// Where a section says that its settings come from.
pub(super) enum Origin<'w> {
    /// `from NAME`
    Named(&'w Word),
    /// Nowhere: from the last `defaults` section.
    Last,
    /// `from` without a name, which was reported.
    Unknown,
}

/// Rules of defaults belong to one side only: which of a frontend's and a backend's rules come first would be unclear.
fn may_take_rules(defaults: &Defaults, kind: Place, place: Span) -> Result<(), Diagnostic> {
    let name = defaults.draft.name();
    let refused = |message: String| {
        let error = Diagnostic::error(place, message);
        Err(error.help("use two 'defaults' sections, the rules in one of them"))
    };
    let other = match kind {
        Place::FRONTEND => Place::BACKEND,
        Place::BACKEND => Place::FRONTEND,
        Place::LISTEN => {
            return refused(format!("a 'listen' section cannot use 'defaults {name}', which has rules"));
        }
        _ => return refused(format!("a 'defaults' section cannot use 'defaults {name}', which has rules")),
    };
    match defaults.used.contains(&other) {
        true => refused(format!("frontends and backends cannot both use 'defaults {name}', which has rules")),
        false => Ok(()),
    }
}

/// The ACLs of a `defaults` section can be used by its own rules only, so they get names that no section has.
fn hide_acls(draft: &mut Draft) {
    let names: BTreeSet<String> = draft.acls.iter().map(|acl| acl.name.text.clone()).collect();
    if names.is_empty() {
        return;
    }
    let section = draft.name().to_owned();
    let rename = |word: &mut Word| {
        if names.contains(&word.text) {
            *word = Word::plain(format!("defaults:{section}:{}", word.text), word.span);
        }
    };
    draft.acls.iter_mut().for_each(|acl| rename(&mut acl.name));
    let conditions = draft.rules.values_mut().flatten().filter_map(|rule: &mut Rule| rule.condition.as_mut());
    conditions.for_each(|condition| each_name(&mut condition.cond, &rename));
}

/// Changes each name of an ACL in a condition.
pub(super) fn each_name(cond: &mut Cond, change: &impl Fn(&mut Word)) {
    match cond {
        Cond::Any(list) | Cond::All(list) => list.iter_mut().for_each(|c| each_name(c, change)),
        Cond::Not(inner, _) => each_name(inner, change),
        Cond::Named(word) => change(word),
        Cond::Test(_) => {}
    }
}
