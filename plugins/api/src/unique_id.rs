//! The unique id of an exchange (HAProxy manual, section 4.2, `unique-id-format`).

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::Rc;

use crate::{Exchange, Format};

/// An id that is made when it is first asked for, and stays the same from then on.
#[derive(Default)]
pub struct UniqueId {
    format: Option<Rc<dyn Format>>,
    made: OnceCell<Box<[u8]>>,
    /// True while it is made: a format that names the id itself finds none.
    making: Cell<bool>,
}

impl UniqueId {
    /// Says how the id of the next exchange is made.
    pub fn begin(&mut self, format: Rc<dyn Format>) {
        self.format = Some(format);
        self.made.take();
    }

    /// The id; none when the frontend has no format for it.
    pub fn get<'a>(&'a self, exchange: &Exchange) -> Option<&'a [u8]> {
        if self.made.get().is_none() {
            let format = self.format.as_ref().filter(|_| !self.making.replace(true))?;
            let mut id = Vec::new();
            format.render(exchange, &mut id);
            self.making.set(false);
            // nobody else can have made it meanwhile: `making` was set
            let _ = self.made.set(id.into());
        }
        self.made.get().map(|id| &id[..])
    }

    /// Forgets the id and how it is made.
    pub fn clear(&mut self) {
        self.format = None;
        self.made.take();
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UniqueId").field("made", &self.made).finish_non_exhaustive()
    }
}
