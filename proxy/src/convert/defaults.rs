//! Who inherits from whom. In `haproxy.cfg` the last `defaults` section above a proxy holds where none is named; in TOML
//! `[defaults]` does, wherever it stands, so a file with several of them gives them names.

use portero_grammar::Word;
use portero_grammar::cfg::{Line, Section};

use super::print::{self, Entries, Item};
use crate::config::toml::vocabulary;

/// The `defaults` sections of a file.
pub(super) struct Defaults<'a> {
    sections: &'a [Section],
    /// For each section the place of the one it starts from.
    origins: Vec<Option<usize>>,
    /// The place of the one that becomes `[defaults]`.
    plain: Option<usize>,
}

impl<'a> Defaults<'a> {
    pub(super) fn new(sections: &'a [Section]) -> Self {
        let origins = origins(sections);
        // a file of defaults alone is one of several
        if !sections.iter().any(is_proxy) {
            let plain = sections.iter().rposition(|section| is_defaults(section) && name(section).is_none());
            return Defaults { sections, origins, plain };
        }
        let mut proxies =
            sections.iter().zip(&origins).filter(|(section, _)| is_proxy(section)).map(|(_, origin)| *origin);
        // only what all proxies start from can be theirs without a word
        let first = proxies.next().flatten().filter(|&place| name(&sections[place]).is_none());
        let plain = first.filter(|&place| proxies.all(|origin| origin == Some(place)));
        Defaults { sections, origins, plain }
    }

    /// The header of a `defaults` section.
    pub(super) fn header(&self, place: usize) -> String {
        match Some(place) == self.plain {
            true => "defaults".to_owned(),
            false => format!("defaults.{}", print::key(&self.name(place))),
        }
    }

    /// The key `from` of a section, where it needs one.
    pub(super) fn from(&self, place: usize) -> Entries {
        let origin = self.origins[place].filter(|origin| Some(*origin) != self.plain);
        origin.map(|origin| ("from".to_owned(), Item::Text(self.name(origin)))).into_iter().collect()
    }

    /// Whether a section, or one that it starts from, says its mode.
    pub(super) fn has_mode(&self, place: usize) -> bool {
        let says = |section: &Section| section.lines.iter().any(|line| line.keyword() == "mode");
        says(&self.sections[place]) || self.origins[place].is_some_and(|origin| self.has_mode(origin))
    }

    /// A name that no other has and no setting is called by.
    fn name(&self, place: usize) -> String {
        let same = |name: &str| {
            self.sections.iter().filter(|s| is_defaults(s) && self::name(s) == Some(name)).count()
        };
        match name(&self.sections[place]) {
            Some(name) if same(name) == 1 && !is_taken(name) => name.to_owned(),
            _ => {
                let number = self.sections[..=place].iter().filter(|section| is_defaults(section)).count();
                (number..).map(|n| format!("defaults_{n}")).find(|name| same(name) == 0).unwrap_or_default()
            }
        }
    }
}

/// `listen NAME ADDRESS`, the form of old, as a `bind` line.
pub(super) fn old_address(section: &Section) -> Option<Line> {
    let words = &section.header.words;
    let behind = if words.get(2).is_some_and(|word| word.text == "from") { 4 } else { 2 };
    let address = words.get(behind..).filter(|rest| !rest.is_empty())?;
    let bind = Word::plain("bind", address[0].span);
    Some(Line { words: [&[bind], address].concat(), span: address[0].span.to(section.header.span) })
}

fn origins(sections: &[Section]) -> Vec<Option<usize>> {
    let mut current = None;
    let mut origins = Vec::new();
    for (place, section) in sections.iter().enumerate() {
        let named = from(section).and_then(|wanted| {
            sections[..place].iter().rposition(|other| is_defaults(other) && name(other) == Some(wanted))
        });
        origins.push(match is_proxy(section) {
            true => named.or(current),
            false => named,
        });
        if is_defaults(section) {
            current = Some(place);
        }
    }
    origins
}

/// What stands behind `from`.
fn from(section: &Section) -> Option<&str> {
    let words = &section.header.words;
    let at =
        (1..=2).find(|&at| words.get(at).is_some_and(|word| word.text == "from") && words.len() > at + 1)?;
    Some(&words[at + 1].text)
}

fn name(section: &Section) -> Option<&str> {
    let words = &section.header.words;
    words.get(1).filter(|word| word.text != "from" || words.len() == 2).map(|word| &*word.text)
}

fn is_defaults(section: &Section) -> bool {
    section.header.keyword() == "defaults"
}

fn is_proxy(section: &Section) -> bool {
    matches!(section.header.keyword(), "frontend" | "backend" | "listen")
}

fn is_taken(name: &str) -> bool {
    vocabulary::own_keys("defaults").contains(&name)
        || vocabulary::keys("defaults").iter().any(|key| key.path().split('.').next() == Some(name))
}
