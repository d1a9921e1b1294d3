//! Texts that entries hold by their number: names of servers are few, and entries many.

use std::sync::{Arc, RwLock};

/// The texts of a table.
#[derive(Debug, Default)]
pub(super) struct Names(RwLock<Vec<Arc<str>>>);

impl Names {
    /// The text of a number; 0 is none.
    pub(super) fn get(&self, number: u32) -> Option<Arc<str>> {
        let index = number.checked_sub(1)?;
        self.0.read().unwrap_or_else(|e| e.into_inner()).get(index as usize).cloned()
    }

    /// The number of a text.
    pub(super) fn number(&self, text: &str) -> u32 {
        let find = |names: &[Arc<str>]| names.iter().position(|name| **name == *text);
        let known = find(&self.0.read().unwrap_or_else(|e| e.into_inner()));
        let index = known.unwrap_or_else(|| {
            let mut names = self.0.write().unwrap_or_else(|e| e.into_inner());
            find(&names).unwrap_or_else(|| {
                names.push(text.into());
                names.len() - 1
            })
        });
        index as u32 + 1
    }
}
