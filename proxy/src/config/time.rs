//! Numbers with units: times, sizes, plain numbers (HAProxy manual, sections 2.5 and 2.6).

use std::ops::RangeInclusive;
use std::time::Duration;

/// The unit of a time that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Seconds,
}

/// The longest time that HAProxy takes, in milliseconds (about 24.8 days).
const LONGEST: u64 = i32::MAX as u64;

/// A time such as `500`, `30s` or `2h`, with the sentence that says what is wrong with it.
pub(super) fn duration(text: &str, unit: Unit) -> Result<Duration, String> {
    let (digits, suffix) = split(text);
    let bad = || format!("'{text}' is not a time such as '500ms', '30s', '5m', '2h' or '1d'");
    if digits.is_empty() {
        return Err(bad());
    }
    let micros: u64 = match suffix {
        "" if unit == Unit::Millis => 1_000,
        "" => 1_000_000,
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return Err(bad()),
    };
    let total = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(micros));
    let total = total.filter(|&t| t / 1_000 <= LONGEST);
    let Some(total) = total else {
        return Err(format!("'{text}' is longer than the longest time, {LONGEST} ms (24.8 days)"));
    };
    match total {
        1..1_000 => Err(format!("'{text}' is shorter than the shortest time, 1 ms")),
        _ => Ok(Duration::from_micros(total)),
    }
}

/// A size in bytes such as `16384`, `16k` or `1g`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (digits, suffix) = split(text);
    let bad = || format!("'{text}' is not a size such as '16384', '16k', '1m' or '1g'");
    let factor: u64 = match suffix {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return Err(bad()),
    };
    let number: u64 = digits.parse().map_err(|_| bad())?;
    number.checked_mul(factor).ok_or_else(|| format!("'{text}' is too large"))
}

/// A whole number within bounds.
pub(super) fn number(text: &str, bounds: RangeInclusive<i64>) -> Result<i64, String> {
    let number: i64 = text.parse().map_err(|_| format!("'{text}' is not a whole number"))?;
    if bounds.contains(&number) {
        return Ok(number);
    }
    let (low, high) = (bounds.start(), bounds.end());
    match *high {
        i64::MAX => Err(format!("'{text}' is less than {low}")),
        _ => Err(format!("'{text}' is not between {low} and {high}")),
    }
}

fn split(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_are_milliseconds_without() {
        let cases = [("0", 0), ("500", 500), ("5000us", 5), ("2s", 2_000), ("1m", 60_000), ("2h", 7_200_000)];
        for (text, millis) in cases {
            assert_eq!(duration(text, Unit::Millis), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("3", Unit::Seconds), Ok(Duration::from_secs(3)));
        assert_eq!(duration("24d", Unit::Millis), Ok(Duration::from_secs(24 * 86_400)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "s", "1.5s", "-1", "5 s", "5sec", "25d", "999us", "99999999999999999999"] {
            assert!(duration(text, Unit::Millis).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_count_by_1024() {
        let sizes = ["5", "16k", "2M", "1g"].map(|s| size(s).expect(s));
        assert_eq!(sizes, [5, 16_384, 2 << 20, 1 << 30]);
        for text in ["", "k", "1.5k", "1t", "-1", "99999999999999999g"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_outside_their_bounds_say_the_bounds() {
        assert_eq!(number("7", 0..=256), Ok(7));
        assert_eq!(number("300", 0..=256), Err("'300' is not between 0 and 256".to_owned()));
        assert_eq!(number("-1", 0..=i64::MAX), Err("'-1' is less than 0".to_owned()));
        assert!(number("x", 0..=1).is_err());
    }
}
