//! Times and sizes as HAProxy writes them (HAProxy manual, section 2.5).

use std::time::Duration;

/// A time: `10`, `10ms`, `5s`, `2m`, `1h`, `1d`, `100us`; milliseconds without a unit. The error is a sentence.
pub fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let number = number.ok_or_else(|| format!("'{text}' is no time: for instance '500ms', '5s', '1h'"))?;
    let micros: u64 = match unit {
        "us" => 1,
        "" | "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        other => return Err(format!("'{other}' in '{text}' is no unit of time: us, ms, s, m, h and d are")),
    };
    let micros = number.checked_mul(micros).ok_or_else(|| format!("'{text}' is too long"))?;
    Ok(Duration::from_micros(micros))
}

/// A size in bytes: `10`, `10k`, `10m`, `10g`. The error is a sentence.
pub fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let number = number.ok_or_else(|| format!("'{text}' is no size: for instance '512', '16k', '1m'"))?;
    let shift = match unit {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        other => return Err(format!("'{other}' in '{text}' is no unit of size: k, m and g are")),
    };
    number.checked_mul(1 << shift).ok_or_else(|| format!("'{text}' is too large"))
}

fn split(text: &str) -> (Option<u64>, &str) {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    (digits.parse().ok(), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_and_milliseconds_without() {
        for (text, millis) in [("10", 10), ("10ms", 10), ("5s", 5_000), ("2m", 120_000), ("1d", 86_400_000)] {
            assert_eq!(time(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(time("100us"), Ok(Duration::from_micros(100)));
    }

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!((size("7"), size("1k"), size("2m")), (Ok(7), Ok(1024), Ok(2 << 20)));
    }

    #[test]
    fn bad_units_are_named() {
        assert!(time("1x").unwrap_err().contains("'x' in '1x'"));
        assert!(time("s").unwrap_err().contains("'s' is no time"));
        assert!(size("1z").unwrap_err().contains("'z' in '1z'"));
        assert!(time("99999999999999999d").unwrap_err().contains("too long"));
    }
}
