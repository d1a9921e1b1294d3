//! The vocabulary as a whole: our tables and what plugins add to them, found by name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use portero_api::{Action, Convert, Fetch, Make, Plugin, SampleType, Service};

use crate::Method;
use crate::compile::{PREDEFINED, derivative, derivatives};
use crate::converters::CONVERTERS;
use crate::fetches::FETCHES;
use crate::vocabulary::{ConvertKind, FetchKind, Needs};

/// All words of the rule language. Made once; every compiler looks into it.
pub struct Vocabulary {
    fetches: BTreeMap<Cow<'static, str>, FetchWord>,
    converters: BTreeMap<Cow<'static, str>, ConvertWord>,
    actions: BTreeMap<Cow<'static, str>, Make<dyn Action>>,
    services: BTreeMap<Cow<'static, str>, Make<dyn Service>>,
}

/// A fetch by name.
#[derive(Clone)]
pub(crate) enum FetchWord {
    Ours(&'static FetchKind),
    Plugin(Make<dyn Fetch>),
}

/// A converter by name.
#[derive(Clone)]
pub(crate) enum ConvertWord {
    Ours(&'static ConvertKind),
    Plugin(Make<dyn Convert>),
}

impl Vocabulary {
    /// Our own words and those of the plugins; a plugin's word hides one of ours.
    pub fn new(plugins: &[Plugin]) -> Vocabulary {
        let mut all = Vocabulary {
            fetches: BTreeMap::new(),
            converters: BTreeMap::new(),
            actions: BTreeMap::new(),
            services: BTreeMap::new(),
        };
        for kind in FETCHES.iter().copied().flatten() {
            for name in std::iter::once(&kind.name).chain(kind.aliases) {
                all.fetches.insert((*name).into(), FetchWord::Ours(kind));
            }
        }
        for kind in CONVERTERS.iter().copied().flatten() {
            all.converters.insert(kind.name.into(), ConvertWord::Ours(kind));
        }
        for plugin in plugins {
            if let Some(make) = &plugin.fetch {
                all.fetches.insert(plugin.name.clone(), FetchWord::Plugin(make.clone()));
            }
            if let Some(make) = &plugin.convert {
                all.converters.insert(plugin.name.clone(), ConvertWord::Plugin(make.clone()));
            }
            if let Some(make) = &plugin.action {
                all.actions.insert(plugin.name.clone(), make.clone());
            }
            if let Some(make) = &plugin.service {
                all.services.insert(plugin.name.clone(), make.clone());
            }
        }
        all
    }

    /// The names of all fetches, aliases included.
    pub fn fetches(&self) -> impl Iterator<Item = &str> {
        self.fetches.keys().map(|name| &**name)
    }

    /// The names of all converters.
    pub fn converters(&self) -> impl Iterator<Item = &str> {
        self.converters.keys().map(|name| &**name)
    }

    /// The names of the actions that plugins give.
    pub fn plugin_actions(&self) -> impl Iterator<Item = &str> {
        self.actions.keys().map(|name| &**name)
    }

    /// The names of the services that plugins give.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(|name| &**name)
    }

    /// The words that name a fetch and a way of matching at once, in ACLs only: `path_beg`.
    pub fn acl_words(&self) -> impl Iterator<Item = String> {
        derivatives().filter(|word| acl_word(word).is_some_and(|(fetch, _)| self.fetches.contains_key(fetch)))
    }

    pub(crate) fn fetch(&self, name: &str) -> Option<&FetchWord> {
        self.fetches.get(name)
    }

    pub(crate) fn converter(&self, name: &str) -> Option<&ConvertWord> {
        self.converters.get(name)
    }

    pub(crate) fn action(&self, name: &str) -> Option<&Make<dyn Action>> {
        self.actions.get(name)
    }

    pub(crate) fn service(&self, name: &str) -> Option<&Make<dyn Service>> {
        self.services.get(name)
    }
}

impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vocabulary")
    }
}

/// What a word such as `path_beg` stands for: a fetch and a way of matching.
pub fn acl_word(word: &str) -> Option<(&'static str, Method)> {
    derivative(word)
}

/// The predefined ACLs, and the test that each stands for (HAProxy manual, section 7.4).
pub fn predefined_acls() -> impl Iterator<Item = (&'static str, &'static str)> {
    PREDEFINED.iter().copied()
}

impl FetchWord {
    pub(crate) fn output(&self) -> SampleType {
        match self {
            FetchWord::Ours(kind) => kind.output,
            FetchWord::Plugin(_) => SampleType::Any,
        }
    }

    pub(crate) fn needs(&self) -> Needs {
        match self {
            FetchWord::Ours(kind) => kind.needs,
            FetchWord::Plugin(_) => Needs::Nothing,
        }
    }
}
