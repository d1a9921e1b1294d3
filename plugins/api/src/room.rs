//! How far rules may let a head grow (HAProxy manual, "tune.maxrewrite" and "strict-mode").

use crate::{Counter, Exchange, Headers};

/// Bytes of a request line or status line beside the target or the reason phrase, at most as rules are concerned.
const LINE: usize = 16;

/// The room that a message has: its head, as rules have made it, and what is held of its body share one buffer.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes of a message that are held at once (`tune.bufsize`).
    pub whole: usize,
    /// Bytes that a head may grow by whatever came behind it (`tune.maxrewrite`).
    pub reserve: usize,
    /// Bytes of the response body that wait behind its head, beside those in the payload.
    pub waiting: usize,
    /// True while a rewrite that finds no room is passed over instead of ending the exchange (`strict-mode off`).
    pub lenient: bool,
}

impl Default for Room {
    fn default() -> Self {
        Room { whole: usize::MAX, reserve: 0, waiting: 0, lenient: false }
    }
}

impl Room {
    /// Whether a head with these fields, and so many bytes beside them, fits when it has grown. The exact length is
    /// asked for only where the longest possible one does not fit.
    fn takes(&self, headers: &Headers, beside: usize, held: usize) -> bool {
        let received = headers.received();
        // a head that did not come as text was never in a buffer that its body could have filled
        let held = if received == 0 { 0 } else { held };
        let fits = |fields: usize| {
            let head = fields + beside;
            head.saturating_add(held) <= self.whole || head <= received + self.reserve
        };
        fits(headers.len_at_most()) || fits(headers.written_len())
    }
}

impl Exchange {
    /// Whether the head of the request may grow by so many bytes.
    pub fn request_may_grow(&self, by: usize) -> bool {
        let beside = LINE + self.request.target.len() + by;
        self.room.takes(&self.request.headers, beside, self.payload.data.len())
    }

    /// Whether the head of the response may grow by so many bytes.
    pub fn response_may_grow(&self, by: usize) -> bool {
        let held = self.response_payload.data.len() + self.room.waiting;
        self.room.takes(&self.response.headers, LINE + self.response.reason.len() + by, held)
    }

    /// Counts for all who have to do with the exchange: the frontend, and backend and server where they are chosen.
    pub fn count_everywhere(&self, counter: Counter) {
        self.conn.frontend.front.inc(counter);
        if let Some(backend) = &self.backend {
            backend.back.inc(counter);
        }
        if let Some(server) = &self.server {
            server.counters.inc(counter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Standing;

    fn head() -> Headers {
        let mut headers = Headers::new();
        headers.place(0..4, 6..40, Standing::Whole);
        headers.load(b"Name: 7890123456789012345678901234567890\r\n");
        headers
    }

    #[test]
    fn what_is_held_of_the_body_takes_room_but_never_the_reserve() {
        let room = Room { whole: 100, reserve: 20, ..Room::default() };
        let headers = head();
        let exact = headers.written_len();
        assert!(room.takes(&headers, 100 - exact, 0));
        assert!(!room.takes(&headers, 101 - exact, 0));
        assert!(room.takes(&headers, 20, 1_000), "the reserve is there whatever came of the body");
        assert!(!room.takes(&headers, 21, 1_000));
        assert!(room.takes(&Headers::new(), 90, 1_000), "it never stood in a buffer with its body");
    }

    #[test]
    fn what_was_taken_out_makes_room() {
        let room = Room { whole: 100, reserve: 0, ..Room::default() };
        let mut headers = head();
        for _ in 0..9 {
            headers.set(b"name", &[b'x'; 50]);
        }
        assert!(room.takes(&headers, 30, 0));
        assert!(!room.takes(&headers, 50, 0));
    }
}
