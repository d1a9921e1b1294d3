//! What is captured of a message for the log (HAProxy manual, sections 8.7 and 8.8).

use std::cell::{Ref, RefCell};

/// The capture slots of one side of an exchange. Setting needs no exclusive access: converters capture too.
#[derive(Debug, Default)]
pub struct Captures {
    slots: RefCell<Vec<Slot>>,
}

/// One slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The most bytes that it keeps.
    pub length: usize,
    /// What is in it.
    pub value: Option<Vec<u8>>,
}

impl Captures {
    /// Empty slots of these lengths: those that the frontend declares.
    pub fn of_lengths(lengths: impl IntoIterator<Item = usize>) -> Captures {
        let slots = lengths.into_iter().map(|length| Slot { length, value: None }).collect();
        Captures { slots: RefCell::new(slots) }
    }

    /// True when no slot is declared.
    pub fn is_empty(&self) -> bool {
        self.slots.borrow().is_empty()
    }

    /// All slots by number.
    pub fn all(&self) -> Ref<'_, [Slot]> {
        Ref::map(self.slots.borrow(), Vec::as_slice)
    }

    /// What is in a slot.
    pub fn get(&self, slot: usize) -> Option<Vec<u8>> {
        self.slots.borrow().get(slot)?.value.clone()
    }

    /// Keeps as much of the bytes as the slot holds. A frontend may not have the slot: nothing is kept then.
    pub fn set(&self, slot: usize, value: &[u8]) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(slot) {
            slot.value = Some(value[..value.len().min(slot.length)].to_vec());
        }
    }

    /// Empties a slot.
    pub fn unset(&self, slot: usize) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(slot) {
            slot.value = None;
        }
    }

    /// Empties all slots.
    pub fn clear(&mut self) {
        self.slots.get_mut().iter_mut().for_each(|slot| slot.value = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_keeps_what_fits_and_one_that_is_not_there_nothing() {
        let mut captures = Captures::of_lengths([3, 9]);
        captures.set(0, b"abcdef");
        captures.set(2, b"x");
        assert_eq!(captures.get(0).as_deref(), Some(&b"abc"[..]));
        assert_eq!((captures.get(1), captures.get(2)), (None, None));
        captures.clear();
        assert_eq!((captures.get(0), captures.all().len()), (None, 2));
    }
}
