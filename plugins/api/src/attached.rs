//! What plugins keep with an exchange.

use std::any::Any;

/// Values that plugins attach to an exchange, by a key of their own; dropped at its end.
#[derive(Default)]
pub struct Attached(Vec<(u64, Box<dyn Any>)>);

impl Attached {
    /// The value under a key, where there is one of that type.
    pub fn get<T: 'static>(&self, key: u64) -> Option<&T> {
        self.0.iter().find(|(k, _)| *k == key).and_then(|(_, value)| value.downcast_ref())
    }

    /// The same, to be changed.
    pub fn get_mut<T: 'static>(&mut self, key: u64) -> Option<&mut T> {
        self.0.iter_mut().find(|(k, _)| *k == key).and_then(|(_, value)| value.downcast_mut())
    }

    /// Puts a value under a key, in the place of the one before.
    pub fn set<T: 'static>(&mut self, key: u64, value: T) {
        self.0.retain(|(k, _)| *k != key);
        self.0.push((key, Box::new(value)));
    }

    /// Drops everything; memory is kept.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl std::fmt::Debug for Attached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attached({})", self.0.len())
    }
}
