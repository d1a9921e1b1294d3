//! Lines that wait to be sent, one behind the other in a buffer that is used again and again.

/// Lines in the order written.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where each line ends in `bytes`.
    ends: Vec<usize>,
}

impl Lines {
    /// Adds what `write` appends as a line of at most `max_len` bytes, the end of line included.
    pub(super) fn push(&mut self, max_len: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.bytes.truncate(start + max_len.saturating_sub(1));
        self.bytes.push(b'\n');
        self.ends.push(self.bytes.len());
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// True when nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A line with its end of line.
    pub(super) fn line(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }

    /// How many bytes the first `count` lines have.
    pub(super) fn bytes_of(&self, count: usize) -> usize {
        if count == 0 { 0 } else { self.ends[count - 1] }
    }

    /// As many whole lines from the front as fit into `most` bytes, but one at least.
    pub(super) fn front(&self, most: usize) -> &[u8] {
        let fitting = self.ends.partition_point(|&end| end <= most).max(1);
        &self.bytes[..self.bytes_of(fitting.min(self.len()))]
    }

    /// Takes bytes from the front away; what is left of a line that was cut stays as a line.
    pub(super) fn consume(&mut self, bytes: usize) {
        if bytes == self.bytes.len() {
            self.clear();
            return;
        }
        self.bytes.drain(..bytes);
        let gone = self.ends.partition_point(|&end| end <= bytes);
        self.ends.drain(..gone);
        self.ends.iter_mut().for_each(|end| *end -= bytes);
    }

    /// Forgets all lines.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Lines {
        let mut lines = Lines::default();
        texts.iter().for_each(|t| lines.push(1024, |b| b.extend_from_slice(t.as_bytes())));
        lines
    }

    #[test]
    fn a_long_line_is_cut_and_keeps_its_end() {
        let mut lines = Lines::default();
        lines.push(5, |b| b.extend_from_slice(b"abcdefgh"));
        assert_eq!(lines.line(0), b"abcd\n");
    }

    #[test]
    fn the_rest_of_a_cut_line_stays_in_front() {
        let mut lines = lines(&["one", "two", "three"]);
        lines.consume(6);
        assert_eq!((lines.line(0), lines.line(1), lines.len()), (&b"o\n"[..], &b"three\n"[..], 2));
    }

    #[test]
    fn whole_lines_are_taken_as_far_as_they_fit() {
        let lines = lines(&["one", "two", "three"]);
        assert_eq!(lines.front(9), b"one\ntwo\n");
        assert_eq!(lines.front(2), b"one\n");
        assert_eq!(lines.front(usize::MAX), b"one\ntwo\nthree\n");
    }
}
