//! The words behind a keyword, as the vocabulary of portero.toml knows them.

use super::{Icon, List};
use crate::config::toml::vocabulary::{Form, Kind, Record, Shape, keys};

impl List<'_> {
    /// A word behind a keyword: names where one is wanted, else what the vocabulary of portero.toml knows.
    pub(super) fn argument(&mut self, keyword: &str, index: usize) {
        match keyword {
            "balance" if index == 1 => {
                let balancers: Vec<_> = self
                    .plugins
                    .iter()
                    .filter(|plugin| plugin.balance.is_some() && plugin.balances)
                    .collect();
                balancers.iter().for_each(|plugin| self.add(&*plugin.name, Icon::METHOD, &*plugin.summary));
            }
            "errorfiles" if index == 1 => self.sections(&["http-errors"]),
            "track" => self.servers_of_all(),
            _ => {}
        }
        let known = keys(&self.cursor.section.kind).iter().find(|key| {
            let words = key.keyword.split(' ').count();
            key.keyword == self.cursor.words[..words.min(self.cursor.words.len())].join(" ")
        });
        match known.map(|key| &key.shape) {
            Some(Shape::Word(Kind::OneOf(choices)) | Shape::SwitchOr(Kind::OneOf(choices))) => {
                self.all(choices.iter().copied(), Icon::ENUM_MEMBER, "");
            }
            Some(Shape::Record(record) | Shape::Records(record) | Shape::Named(record)) => {
                self.parameters(record)
            }
            _ => {}
        }
    }

    fn parameters(&mut self, record: &Record) {
        let before = self.cursor.words.len().checked_sub(2).map_or("", |at| self.cursor.words[at]);
        let fields = || record.params.iter().chain(record.tail);
        let of_field = fields().find(|field| field.word == before).map(|field| &field.form);
        match of_field {
            Some(Form::Value(Kind::OneOf(choices))) => {
                self.all(choices.iter().copied(), Icon::ENUM_MEMBER, before);
            }
            _ => record.params.iter().for_each(|field| self.add(field.word, Icon::PROPERTY, "parameter")),
        }
        if before == "track" {
            self.servers_of_all();
        }
    }
}
