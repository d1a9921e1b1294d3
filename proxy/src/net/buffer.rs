//! Buffers of a fixed size, and the memory of heads.
//!
//! A buffer has memory while there is something in it, or something may come any moment; the memory is the thread's. So a connection that waits,
//! for its next request or for a server, holds none, and the next that has something to say is given what is still in the caches of the processor.

use std::cell::RefCell;

use portero_api::{Exchange, Request, Response};

use super::lead;

/// A byte buffer with a filled part; bytes enter at its end and leave at its start.
#[derive(Debug)]
pub struct Buffer {
    /// Nothing while the buffer rests.
    data: Box<[u8]>,
    start: usize,
    end: usize,
    /// How much it holds.
    size: usize,
}

thread_local! {
    /// Memory that no buffer of this thread needs now.
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { usual: Vec::new(), large: Vec::new() }) };
}

struct Spare {
    /// Of the size that the configuration says; what is left of another one is let go when it comes up.
    usual: Vec<Box<[u8]>>,
    large: Vec<Box<[u8]>>,
}

impl Buffer {
    /// A buffer for that many bytes.
    pub fn new(size: usize) -> Buffer {
        Buffer { data: Box::default(), start: 0, end: 0, size }
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
        self.len() == self.size
    }

    /// The room behind the filled part; what is in the buffer moves to its front when the end is reached.
    pub fn room(&mut self) -> &mut [u8] {
        if self.data.is_empty() {
            self.data = lend(self.size);
        } else if self.end == self.data.len() && self.start > 0 {
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

    /// Gives its memory back, when nothing is in it: for who waits.
    #[inline]
    pub fn rest(&mut self) {
        if self.is_empty() && !self.data.is_empty() {
            take_back(std::mem::take(&mut self.data));
        }
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

fn lend(size: usize) -> Box<[u8]> {
    let spare = SPARE.with_borrow_mut(|spare| spare.of(size).pop());
    match spare {
        Some(memory) if memory.len() == size => memory,
        _ => vec![0; size].into_boxed_slice(),
    }
}

fn take_back(memory: Box<[u8]>) {
    SPARE.with_borrow_mut(|spare| spare.of(memory.len()).push(memory));
}

impl Spare {
    fn of(&mut self, size: usize) -> &mut Vec<Box<[u8]>> {
        if size == LARGE { &mut self.large } else { &mut self.usual }
    }
}

/// The store of a worker: buffers of its size, and the memory of heads.
#[derive(Debug)]
pub struct Buffers {
    size: usize,
    heads: RefCell<Vec<(Request, Response)>>,
}

/// The size of the buffers that large bodies go through: fewer, longer reads and writes.
const LARGE: usize = 128 * 1024;
/// Heads of which one has grown beyond this are not kept.
const KEEP_HEAD: usize = 32 * 1024;

impl Buffers {
    /// A store of buffers of that many bytes.
    pub fn new(size: usize) -> Buffers {
        Buffers { size, heads: RefCell::default() }
    }

    /// An empty buffer.
    pub fn take(&self) -> Buffer {
        Buffer::new(self.size)
    }

    /// Makes a buffer a large one.
    pub fn enlarge(&self, small: &mut Buffer) {
        if small.size >= LARGE {
            return;
        }
        let mut large = Buffer::new(LARGE);
        large.put(small.filled());
        self.give(std::mem::replace(small, large));
    }

    /// Takes the memory of a buffer back.
    pub fn give(&self, mut buffer: Buffer) {
        buffer.clear();
        buffer.rest();
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

    /// Returns to the system a part of what nobody needs, on this thread. Called every second: after a rush the stores shrink.
    pub fn trim(&self) {
        SPARE.with_borrow_mut(|spare| {
            halve(&mut spare.usual);
            halve(&mut spare.large);
        });
        halve(&mut self.heads.borrow_mut());
        lead::trim();
    }
}

/// Forgets the half of a list.
pub fn halve<T>(list: &mut Vec<T>) {
    let keep = list.len() / 2;
    list.truncate(keep);
    list.shrink_to(keep);
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
    fn who_waits_leaves_the_memory_to_others() {
        let buffers = Buffers::new(8);
        let (mut first, mut second) = (buffers.take(), buffers.take());
        assert!(!first.is_full());
        first.put(b"old");
        first.rest();
        assert_eq!(first.filled(), b"old", "what is not empty does not rest");
        let memory = first.filled().as_ptr();
        first.consume(3);
        first.rest();
        second.put(b"new");
        assert_eq!((second.filled(), second.filled().as_ptr()), (&b"new"[..], memory));
        assert_eq!(first.put(b"123456789"), 8);
        assert!(first.is_full());
        buffers.give(first);
        assert_eq!(Buffers::new(4).take().room().len(), 4, "memory of another size is of no use");
    }
}
