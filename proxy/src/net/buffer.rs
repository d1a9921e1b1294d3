//! Buffers of a fixed size and the memory of heads, lent by each worker's store: an idle connection holds none.

use std::cell::RefCell;

use portero_api::{Exchange, Request, Response};

use super::Lead;

/// A byte buffer with a filled part; bytes enter at its end and leave at its start.
#[derive(Debug)]
pub struct Buffer {
    data: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// A buffer of that many bytes.
    pub fn new(size: usize) -> Buffer {
        Buffer { data: vec![0; size].into_boxed_slice(), start: 0, end: 0 }
    }

    /// No buffer: one without any room.
    pub fn none() -> Buffer {
        Buffer::new(0)
    }

    /// True for [`Buffer::none`].
    pub fn is_none(&self) -> bool {
        self.data.is_empty()
    }

    /// The bytes that are in it.
    pub fn filled(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    /// How many bytes are in it.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// True when nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// True when no byte fits any more.
    pub fn is_full(&self) -> bool {
        self.len() == self.data.len()
    }

    /// The room behind the filled part; what is in the buffer moves to its front when the end is reached.
    pub fn room(&mut self) -> &mut [u8] {
        if self.end == self.data.len() && self.start > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.data[self.end..]
    }

    /// Says that `n` bytes of the room were filled.
    pub fn fill(&mut self, n: usize) {
        self.end = (self.end + n).min(self.data.len());
    }

    /// Takes `n` bytes from the front.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Takes all bytes.
    pub fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Copies bytes in, as many as fit, and says how many.
    pub fn put(&mut self, bytes: &[u8]) -> usize {
        let room = self.room();
        let n = bytes.len().min(room.len());
        room[..n].copy_from_slice(&bytes[..n]);
        self.fill(n);
        n
    }
}

/// The store of a worker: buffers that were given back are lent again.
#[derive(Debug)]
pub struct Buffers {
    size: usize,
    free: RefCell<Vec<Buffer>>,
    large: RefCell<Vec<Buffer>>,
    leads: RefCell<Vec<Lead>>,
    heads: RefCell<Vec<(Request, Response)>>,
}

/// The size of the buffers that large bodies go through: fewer, longer reads and writes.
const LARGE: usize = 128 * 1024;
/// A lead that has grown beyond this is not kept.
const KEEP_LEAD: usize = 64 * 1024;
/// Nor are heads, each by itself.
const KEEP_HEAD: usize = 32 * 1024;

impl Buffers {
    /// A store of buffers of that many bytes.
    pub fn new(size: usize) -> Buffers {
        Buffers {
            size,
            free: RefCell::default(),
            large: RefCell::default(),
            leads: RefCell::default(),
            heads: RefCell::default(),
        }
    }

    /// Lends an empty buffer.
    pub fn take(&self) -> Buffer {
        self.free.borrow_mut().pop().unwrap_or_else(|| Buffer::new(self.size))
    }

    /// Lends a large buffer in exchange for one whose content it takes over.
    pub fn enlarge(&self, small: &mut Buffer) {
        if small.data.len() >= LARGE {
            return;
        }
        let mut large = self.large.borrow_mut().pop().unwrap_or_else(|| Buffer::new(LARGE));
        large.put(small.filled());
        self.give(std::mem::replace(small, large));
    }

    /// Takes a buffer back.
    pub fn give(&self, mut buffer: Buffer) {
        buffer.clear();
        match buffer.data.len() {
            LARGE => self.large.borrow_mut().push(buffer),
            len if len == self.size => self.free.borrow_mut().push(buffer),
            _ => {}
        }
    }

    /// Lends an empty lead.
    pub fn take_lead(&self) -> Lead {
        self.leads.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes a lead back.
    pub fn give_lead(&self, mut lead: Lead) {
        if lead.head().capacity() <= KEEP_LEAD {
            lead.clear();
            self.leads.borrow_mut().push(lead);
        }
    }

    /// Lends a new exchange the memory for its heads.
    pub fn lend_heads(&self, exchange: &mut Exchange) {
        if let Some(heads) = self.heads.borrow_mut().pop() {
            (exchange.request, exchange.response) = heads;
        }
    }

    /// Takes the memory of the heads of an exchange that has ended back.
    pub fn take_heads(&self, (mut request, mut response): (Request, Response)) {
        let room = request.headers.capacity().max(request.target.capacity());
        if room.max(response.headers.capacity()).max(response.reason.capacity()) <= KEEP_HEAD {
            request.clear();
            response.clear();
            self.heads.borrow_mut().push((request, response));
        }
    }

    /// Returns to the system a part of what nobody has borrowed. Called every second: after a rush the store shrinks.
    pub fn trim(&self) {
        fn halve<T>(list: &RefCell<Vec<T>>) {
            let mut list = list.borrow_mut();
            let keep = list.len() / 2;
            list.truncate(keep);
            list.shrink_to(keep);
        }
        halve(&self.free);
        halve(&self.large);
        halve(&self.leads);
        halve(&self.heads);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::{Conn, Kind, ProxyState};
    use std::sync::Arc;

    #[test]
    fn what_is_left_moves_to_the_front_when_the_end_is_reached() {
        let mut buffer = Buffer::new(4);
        assert_eq!(buffer.put(b"abcdef"), 4);
        buffer.consume(3);
        assert_eq!(buffer.room().len(), 3);
        assert_eq!(buffer.put(b"xyz"), 3);
        assert_eq!(buffer.filled(), b"dxyz");
        assert!(buffer.is_full());
    }

    #[test]
    fn heads_are_lent_again_empty_and_with_their_memory() {
        let buffers = Buffers::new(8);
        let mut request = Request { target: b"/old".into(), ..Request::default() };
        request.headers.add(b"Host", b"old");
        buffers.take_heads((request, Response { status: 200, ..Response::default() }));
        let huge = Request { target: Vec::with_capacity(KEEP_HEAD + 1), ..Request::default() };
        buffers.take_heads((huge, Response::default()));
        let mut exchange =
            Exchange::new(Conn::of_nobody(Arc::new(ProxyState::new("front", 1, Kind::Frontend, true))));
        buffers.lend_heads(&mut exchange);
        assert!(exchange.request.target.is_empty() && exchange.request.headers.is_empty());
        assert_eq!(exchange.response.status, 0);
        assert!((4..KEEP_HEAD).contains(&exchange.request.target.capacity()));
    }

    #[test]
    fn a_buffer_given_back_is_lent_again_empty() {
        let buffers = Buffers::new(8);
        let mut buffer = buffers.take();
        buffer.put(b"old");
        buffers.give(buffer);
        assert!(buffers.take().is_empty());
    }
}
