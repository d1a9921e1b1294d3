//! What changes of a list look at, and look-ups never.

use std::collections::BTreeMap;

use super::index::Kind;
use super::list::{Refused, Use};
use super::output::Output;
use super::view::View;

/// What only changes look at.
#[derive(Default)]
pub(super) struct Writer {
    /// The ways that the list is asked.
    pub(super) kinds: Vec<Kind>,
    /// What its values must be.
    pub(super) outputs: Vec<Output>,
    /// Who names it.
    pub(super) uses: Vec<Use>,
    /// The number that the configuration gives it (`-u`).
    pub(super) number: Option<u32>,
    /// The highest id in use.
    pub(super) last_id: u32,
    /// The version that counts.
    pub(super) version: u32,
    /// The highest one that was prepared.
    pub(super) next: u32,
    pub(super) prepared: BTreeMap<u32, View>,
}

impl Writer {
    pub(super) fn new_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// Whether an entry can be asked in all the ways that the list is.
    pub(super) fn check(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), Refused> {
        let bad = self.kinds.iter().find_map(|kind| kind.check(key).err());
        bad.map_or(Ok(()), |message| Err(Refused::Bad(message)))?;
        value.map_or(Ok(()), |value| self.check_value(value))
    }

    pub(super) fn check_value(&self, value: &[u8]) -> Result<(), Refused> {
        let bad = self.outputs.iter().find_map(|output| output.check(value).err());
        bad.map_or(Ok(()), |message| Err(Refused::Bad(message)))
    }

    /// A version to change: none for the one that counts, an error for one that was never prepared.
    pub(super) fn prepared_one(&self, version: Option<u32>) -> Result<Option<u32>, Refused> {
        match version.filter(|&version| version != self.version) {
            Some(version) if !self.is_prepared(version) => Err(Refused::Future),
            version => Ok(version),
        }
    }

    /// True for versions that were prepared and neither committed nor forgotten.
    pub(super) fn is_prepared(&self, version: u32) -> bool {
        is_between(version, self.version, self.next)
    }

    pub(super) fn prepared(&mut self, version: u32) -> &mut View {
        self.prepared.entry(version).or_insert_with(|| View::new(&self.kinds))
    }
}

/// True for a version behind one and up to another; the numbers begin anew after the last.
pub(super) fn is_between(version: u32, behind: u32, to: u32) -> bool {
    (1..=to.wrapping_sub(behind)).contains(&version.wrapping_sub(behind))
}
