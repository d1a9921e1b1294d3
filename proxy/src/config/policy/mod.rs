//! Named policies: a group of rules under a name with parameters, applied where it is wanted. See docs/policies.md.
//!
//! ```text
//! policy maintenance
//!     param retry int default 120
//!     http-request return status 503 hdr Retry-After $(retry)
//!
//! frontend web
//!     apply maintenance retry=30 if { path_beg /shop }
//! ```
//!
//! This is a step of its own between the written model and the drafts: every `apply` line gives way to the lines of its
//! policy, and all that comes later sees rules. A line keeps its place in the policy, under a file number that is known
//! to be applied elsewhere ([`Sources::apply`](portero_grammar::Sources::apply)): so messages show both places, and the
//! ACLs of one application are not those of another ([`scope`]).

mod application;
mod definition;
mod expand;
mod fill;
mod guard;
pub(super) mod library;
pub(super) mod scope;
mod value;

use std::collections::BTreeMap;

use portero_grammar::Diagnostic;
use portero_grammar::cfg::{Line, Section};

use super::reading::Reading;
use definition::Policy;
use expand::Expander;

pub(super) use value::NAMES as TYPES;

/// The keyword that applies a policy.
pub(crate) const APPLY: &str = "apply";

/// The section that defines one.
const POLICY: &str = "policy";

/// The sections that policies may be applied in.
const PROXIES: &[&str] = &["defaults", "frontend", "backend", "listen"];

/// What is left when no `apply` line is.
pub(super) struct Expanded {
    pub(super) sections: Vec<Section>,
    /// The tables that policies have to themselves, by name: their `stick-table` lines.
    pub(super) tables: BTreeMap<String, Line>,
}

/// Puts the lines of policies in the place of `apply` lines. Nothing is left of either.
pub(super) fn expand(sections: Vec<Section>, reading: &mut Reading) -> Expanded {
    let (policies, mut others): (Vec<_>, Vec<_>) =
        sections.into_iter().partition(|section| section.header.keyword() == POLICY);
    let policies = collect(&policies, reading);
    let mut expander = Expander::new(&policies, reading);
    for section in others.iter_mut().filter(|section| PROXIES.contains(&section.header.keyword())) {
        expander.section(section);
    }
    let tables = expander.tables();
    Expanded { sections: others, tables }
}

/// The policies by their names.
fn collect(sections: &[Section], reading: &mut Reading) -> BTreeMap<String, Policy> {
    let mut policies: BTreeMap<String, Policy> = BTreeMap::new();
    for section in sections {
        let Some(policy) = Policy::read(section, reading) else { continue };
        if let Some(other) = policies.get(&policy.name.text) {
            let (name, at) = (&policy.name, other.name.span);
            let place = format!("{}:{}", reading.sources.name(at.file), reading.sources.line(at));
            let message = format!("there are two policies named '{}', the other is in {place}", name.text);
            reading.out.push(Diagnostic::error(name.span, message));
        } else {
            policies.insert(policy.name.text.clone(), policy);
        }
    }
    policies
}

#[cfg(test)]
mod tests;
