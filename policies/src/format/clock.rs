//! Dates in logs. The text of a second is made once; lines within the same second copy it.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// In which zone and form a date is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `21/Nov/2026:07:52:41.833`, local.
    Millis,
    /// `21/Nov/2026:07:52:41 +0100`, local.
    Local,
    /// `21/Nov/2026:07:52:41 +0000`.
    Utc,
}

#[derive(Default)]
struct Cache {
    second: i64,
    local: Vec<u8>,
    local_zone: Vec<u8>,
    utc: Vec<u8>,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::new(Cache { second: i64::MIN, ..Cache::default() });
}

/// Appends a date.
pub(super) fn write(date: SystemTime, style: Style, into: &mut Vec<u8>) {
    let (second, millis) = split(date);
    CACHE.with_borrow_mut(|cache| {
        if cache.second != second {
            cache.fill(second);
        }
        match style {
            Style::Millis => {
                into.extend_from_slice(&cache.local);
                into.push(b'.');
                write_millis(millis, into);
            }
            Style::Local => into.extend_from_slice(&cache.local_zone),
            Style::Utc => into.extend_from_slice(&cache.utc),
        }
    });
}

/// Seconds since the epoch and milliseconds of the second.
pub(super) fn split(date: SystemTime) -> (i64, u32) {
    match date.duration_since(UNIX_EPOCH) {
        Ok(since) => (since.as_secs() as i64, since.subsec_millis()),
        Err(_) => (0, 0),
    }
}

/// Appends three digits.
pub(super) fn write_millis(millis: u32, into: &mut Vec<u8>) {
    into.extend([millis / 100, millis / 10 % 10, millis % 10].map(|d| b'0' + d as u8));
}

impl Cache {
    fn fill(&mut self, second: i64) {
        let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = at.to_zoned(TimeZone::system());
        let utc = at.to_zoned(TimeZone::UTC);
        self.second = second;
        self.local = local.strftime("%d/%b/%Y:%H:%M:%S").to_string().into_bytes();
        self.local_zone = local.strftime("%d/%b/%Y:%H:%M:%S %z").to_string().into_bytes();
        self.utc = utc.strftime("%d/%b/%Y:%H:%M:%S %z").to_string().into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_have_the_form_of_the_manual() {
        let date = UNIX_EPOCH + Duration::from_millis(1_795_247_561_033);
        let text = |style| {
            let mut out = Vec::new();
            write(date, style, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(Style::Utc), "21/Nov/2026:07:52:41 +0000");
        assert!(text(Style::Millis).ends_with(":41.033"), "{}", text(Style::Millis));
    }
}
