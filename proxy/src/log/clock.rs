//! The time as log headers show it: formatted once per second, not once per line.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The texts of the present second. Local time, as HAProxy writes it.
#[derive(Debug)]
pub(super) struct Clock {
    second: i64,
    micros: u32,
    /// `Nov 21 07:43:01` (RFC 3164, section 4.1.2).
    bsd: Vec<u8>,
    /// `2026-11-21T07:43:01`
    iso: Vec<u8>,
    /// `+00:00`
    offset: Vec<u8>,
}

impl Clock {
    /// A clock that has not been looked at yet.
    pub(super) fn new() -> Clock {
        Clock { second: i64::MIN, micros: 0, bsd: Vec::new(), iso: Vec::new(), offset: Vec::new() }
    }

    /// Reads the system's time.
    pub(super) fn read(&mut self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.set(since.as_secs() as i64, since.subsec_micros(), TimeZone::system);
    }

    fn set(&mut self, second: i64, micros: u32, zone: impl FnOnce() -> TimeZone) {
        self.micros = micros;
        if second == self.second {
            return;
        }
        self.second = second;
        let time = Timestamp::from_second(second).unwrap_or_default().to_zoned(zone());
        write(&mut self.bsd, time.strftime("%b %e %H:%M:%S"));
        write(&mut self.iso, time.strftime("%Y-%m-%dT%H:%M:%S"));
        write(&mut self.offset, time.strftime("%:z"));
    }

    /// Appends the time of RFC 3164.
    pub(super) fn write_bsd(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.bsd);
    }

    /// Appends the time of RFC 5424 with microseconds.
    pub(super) fn write_iso(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.iso);
        let mut fraction = *b".000000";
        let mut rest = self.micros;
        for digit in fraction[1..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        into.extend_from_slice(&fraction);
        into.extend_from_slice(&self.offset);
    }
}

fn write(into: &mut Vec<u8>, text: impl std::fmt::Display) {
    into.clear();
    // jiff reports an error only for directives it does not know, and a Vec takes all bytes
    let _ = write!(into, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(second: i64, micros: u32, zone: TimeZone) -> (String, String) {
        let mut clock = Clock::new();
        clock.set(second, micros, || zone);
        let (mut bsd, mut iso) = (Vec::new(), Vec::new());
        clock.write_bsd(&mut bsd);
        clock.write_iso(&mut iso);
        (String::from_utf8(bsd).unwrap(), String::from_utf8(iso).unwrap())
    }

    #[test]
    fn days_below_ten_are_padded_with_a_space() {
        let (bsd, iso) = texts(1_772_500_000, 42, TimeZone::UTC);
        assert_eq!(bsd, "Mar  3 01:06:40");
        assert_eq!(iso, "2026-03-03T01:06:40.000042+00:00");
    }

    #[test]
    fn the_offset_of_the_zone_is_shown() {
        let zone = TimeZone::fixed(jiff::tz::offset(5));
        let (bsd, iso) = texts(1_772_500_000, 999_999, zone);
        assert_eq!(bsd, "Mar  3 06:06:40");
        assert_eq!(iso, "2026-03-03T06:06:40.999999+05:00");
    }
}
