//! Dates in a cookie: when it was sent last (`maxidle`) and first (`maxlife`). Written as HAProxy writes them, so that
//! clients keep their servers when one proxy takes the other's place: `id|LAST|FIRST`, each date five characters of
//! base64, in units of four seconds.

use std::time::Duration;

use crate::config::checked::Cookie;

/// The two dates, in seconds of the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) last: Option<u64>,
    pub(super) first: Option<u64>,
}

/// Dates further in the future than this are no dates of ours (a day).
const FUTURE: u64 = 86_400;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Cuts a value into the server's id and the dates behind it.
pub(super) fn cut(value: &[u8]) -> (&[u8], Dates) {
    let mut parts = value.splitn(3, |&b| b == b'|');
    let id = parts.next().unwrap_or_default();
    let mut date = || parts.next().and_then(decode);
    let last = date();
    (id, Dates { last, first: date() })
}

impl Dates {
    /// The letter of a cookie that is too old to be used: `E` (`maxidle`), `O` (`maxlife`).
    pub(super) fn refused(&self, cookie: &Cookie, now: u64) -> Option<u8> {
        if outside(self.first, cookie.maxlife, now) {
            return Some(b'O');
        }
        outside(self.last, cookie.maxidle, now).then_some(b'E')
    }

    /// True when a cookie that is good must be sent anew all the same: its dates are not what the options ask for.
    pub(super) fn is_stale(&self, cookie: &Cookie, now: u64) -> bool {
        let idle = match (cookie.maxidle, self.last) {
            (Some(_), Some(last)) => last < now,
            (Some(_), None) => true,
            (None, last) => last.is_some(),
        };
        idle || cookie.maxlife.is_some() != self.first.is_some()
    }

    /// The dates of the cookie that is sent now.
    pub(super) fn renewed(&self, cookie: &Cookie, same_server: bool, now: u64) -> Dates {
        let first = self.first.filter(|_| same_server).unwrap_or(now);
        Dates { last: cookie.maxidle.map(|_| now), first: cookie.maxlife.map(|_| first) }
    }

    /// Appends them to a value.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        if self.last.is_none() && self.first.is_none() {
            return;
        }
        line.push(b'|');
        self.last.iter().for_each(|date| encode(*date, line));
        if let Some(first) = self.first {
            line.push(b'|');
            encode(first, line);
        }
    }
}

fn outside(date: Option<u64>, limit: Option<Duration>, now: u64) -> bool {
    let (Some(date), Some(limit)) = (date, limit) else { return false };
    date > now + FUTURE || date + limit.as_secs() < now
}

fn encode(date: u64, line: &mut Vec<u8>) {
    let units = date.div_ceil(4);
    line.extend((0..5).rev().map(|place| DIGITS[(units >> (6 * place)) as usize & 63]));
}

fn decode(text: &[u8]) -> Option<u64> {
    if text.len() != 5 {
        return None;
    }
    let digit = |byte: &u8| DIGITS.iter().position(|d| d == byte).map(|d| d as u64);
    let units = text.iter().try_fold(0, |sum, byte| Some(sum << 6 | digit(byte)?))?;
    Some(units * 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_haproxy() {
        let mut line = b"srv1".to_vec();
        Dates { last: Some(1_795_250_839), first: Some(1_795_250_839) }.write(&mut line);
        assert_eq!(line, b"srv1|awFam|awFam");
        let (id, dates) = cut(&line);
        assert_eq!((id, dates.last, dates.first), (&b"srv1"[..], Some(1_795_250_840), Some(1_795_250_840)));
    }

    #[test]
    fn a_missing_date_leaves_its_place_empty() {
        let mut line = Vec::new();
        Dates { last: None, first: Some(4) }.write(&mut line);
        assert_eq!(line, b"||AAAAB");
        assert_eq!(cut(b"a||AAAAB").1, Dates { last: None, first: Some(4) });
        assert_eq!(cut(b"a|broken").1, Dates::default());
    }

    #[test]
    fn too_old_and_too_new_dates_are_outside() {
        let limit = Some(Duration::from_secs(10));
        assert!(!outside(Some(100), limit, 110));
        assert!(outside(Some(100), limit, 111));
        assert!(outside(Some(100 + FUTURE), limit, 99));
        assert!(!outside(None, limit, 1_000));
        assert!(!outside(Some(1), None, 1_000));
    }
}
