//! The streams of an instance by number, and the memory of those that have ended.

use crate::context::Stream;
use crate::guest::ROOT;

/// Streams by number. The lowest bits of a number are its place: one whose place is taken is not given out.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "they move between the two lists without being copied")]
pub(crate) struct Streams {
    /// As many as a power of two, at most half of them in use.
    places: Vec<Place>,
    open: usize,
    /// What stands for a stream while hooks are called that have none, under the number of the root context.
    root: Option<Box<Stream>>,
    /// What ended ones have left for the next to use again.
    spare: Vec<Box<Stream>>,
}

/// Where a stream is kept.
#[derive(Default)]
struct Place {
    /// 0: nobody's.
    number: u32,
    /// None while it is taken away.
    stream: Option<Box<Stream>>,
}

/// As many ended streams are kept.
const SPARE: usize = 64;

/// Places that there are first.
const FIRST: usize = 16;

impl Streams {
    /// The stream of that number.
    pub(crate) fn get(&self, number: u32) -> Option<&Stream> {
        match number {
            ROOT => self.root.as_deref(),
            _ => {
                self.places.get(self.place(number)).filter(|place| place.number == number)?.stream.as_deref()
            }
        }
    }

    /// The same, to be changed.
    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Stream> {
        self.find(number)?.as_deref_mut()
    }

    /// Opens a stream, unless the number or its place is in use.
    pub(crate) fn open(&mut self, number: u32) -> bool {
        if number != ROOT && self.open * 2 >= self.places.len() {
            self.grow();
        }
        let at = self.place(number);
        let free = match number {
            ROOT if self.root.is_none() => &mut self.root,
            ROOT => return false,
            _ if self.places[at].number == 0 => {
                self.open += 1;
                self.places[at].number = number;
                &mut self.places[at].stream
            }
            _ => return false,
        };
        *free = Some(self.spare.pop().unwrap_or_default());
        true
    }

    /// Takes a stream away, and keeps its place.
    pub(crate) fn take(&mut self, number: u32) -> Option<Box<Stream>> {
        self.find(number)?.take()
    }

    /// Puts a stream in the place of whichever has the number; there is none for one that has ended.
    pub(crate) fn put(&mut self, number: u32, stream: Box<Stream>) {
        if let Some(place) = self.find(number) {
            *place = Some(stream);
        }
    }

    /// Ends a stream.
    pub(crate) fn end(&mut self, number: u32) {
        let at = self.place(number);
        let ended = match self.places.get_mut(at) {
            _ if number == ROOT => self.root.take(),
            Some(place) if place.number == number && number != 0 => {
                self.open -= 1;
                place.number = 0;
                place.stream.take()
            }
            _ => None,
        };
        if let Some(mut stream) = ended
            && self.spare.len() < SPARE
        {
            stream.clear();
            self.spare.push(stream);
        }
    }

    /// Wakes all whose message is held up.
    pub(crate) fn wake(&mut self) {
        let all = self.places.iter_mut().map(|place| &mut place.stream).chain([&mut self.root]);
        all.flatten().for_each(|stream| stream.wake());
    }

    #[inline]
    fn find(&mut self, number: u32) -> Option<&mut Option<Box<Stream>>> {
        if number == ROOT {
            return Some(&mut self.root);
        }
        let at = self.place(number);
        let place = self.places.get_mut(at).filter(|place| place.number == number && number != 0)?;
        Some(&mut place.stream)
    }

    #[inline]
    fn place(&self, number: u32) -> usize {
        number as usize & self.places.len().wrapping_sub(1)
    }

    /// Twice as many places: numbers that were in different ones are so still.
    fn grow(&mut self) {
        let size = (self.places.len() * 2).max(FIRST);
        let before = std::mem::take(&mut self.places);
        self.places.resize_with(size, Place::default);
        for place in before.into_iter().filter(|place| place.number != 0) {
            let at = self.place(place.number);
            self.places[at] = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_found_by_their_numbers_however_many_there_are() {
        let mut streams = Streams::default();
        assert!(streams.get_mut(2).is_none() && streams.get(0).is_none());
        let opened: Vec<u32> = (2..1000).filter(|number| streams.open(*number)).collect();
        assert_eq!(opened.len(), 998);
        opened
            .iter()
            .for_each(|number| streams.get_mut(*number).expect("it is open").closed = number % 2 == 0);
        assert!(
            opened.iter().all(|number| streams.get(*number).is_some_and(|s| s.closed == (number % 2 == 0)))
        );
        opened.iter().for_each(|number| streams.end(*number));
        assert!(opened.iter().all(|number| streams.get(*number).is_none()));
        assert!(streams.open(2) && streams.get(2).is_some_and(|stream| !stream.closed));
    }

    #[test]
    fn a_number_whose_place_is_taken_is_not_given_out() {
        let mut streams = Streams::default();
        assert!(streams.open(2) && !streams.open(2) && !streams.open(2 + FIRST as u32));
        // nobody sees another's stream
        assert!(streams.get(2 + FIRST as u32).is_none() && streams.take(2 + FIRST as u32).is_none());
        streams.end(2 + FIRST as u32);
        assert!(streams.get(2).is_some());
        streams.end(2);
        assert!(streams.open(2 + FIRST as u32) && streams.get(2).is_none());
    }

    #[test]
    fn a_stream_that_is_taken_away_keeps_its_place_until_it_ends() {
        let mut streams = Streams::default();
        assert!(streams.open(2));
        let taken = streams.take(2).expect("it is open");
        assert!(streams.get(2).is_none() && !streams.open(2));
        streams.put(2, taken);
        assert!(streams.get(2).is_some());
        let taken = streams.take(2).expect("it is back");
        streams.end(2);
        streams.put(2, taken);
        assert!(streams.get(2).is_none() && streams.open(2));
    }

    #[test]
    fn the_root_context_has_a_place_of_its_own() {
        let mut streams = Streams::default();
        assert!(streams.open(ROOT) && !streams.open(ROOT));
        assert!(streams.open(ROOT + FIRST as u32));
        assert!(streams.take(ROOT).is_some() && streams.get(ROOT).is_none() && streams.open(ROOT));
    }
}
