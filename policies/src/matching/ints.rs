//! Integer patterns: values, ranges, comparisons (HAProxy manual, section 7.1.2).

/// A set of integers as disjoint ranges in order.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ints(Vec<(i64, i64)>);

/// The words that compare; they hold for the patterns behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ge,
    Gt,
    Le,
    Lt,
}

impl Operator {
    pub(crate) fn named(word: &str) -> Option<Operator> {
        Some(match word {
            "eq" => Operator::Eq,
            "ge" => Operator::Ge,
            "gt" => Operator::Gt,
            "le" => Operator::Le,
            "lt" => Operator::Lt,
            _ => return None,
        })
    }
}

impl Ints {
    /// The union of ranges (both ends included); empty ones are left out.
    pub(crate) fn new(mut ranges: Vec<(i64, i64)>) -> Ints {
        ranges.retain(|(min, max)| min <= max);
        ranges.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
        for (min, max) in ranges {
            match merged.last_mut() {
                Some(last) if min <= last.1.saturating_add(1) => last.1 = last.1.max(max),
                _ => merged.push((min, max)),
            }
        }
        Ints(merged)
    }

    /// The pattern that means a range: `5`, `1:7`, `1:`.
    pub(crate) fn show((min, max): (i64, i64)) -> Vec<u8> {
        let end = |value: i64, open: i64| if value == open { String::new() } else { value.to_string() };
        match min == max {
            true => min.to_string(),
            false => format!("{}:{}", end(min, i64::MIN), end(max, i64::MAX)),
        }
        .into_bytes()
    }

    pub(crate) fn contains(&self, value: i64) -> bool {
        match self.0.as_slice() {
            [(min, max)] => *min <= value && value <= *max,
            ranges => {
                let after = ranges.partition_point(|&(min, _)| min <= value);
                after > 0 && value <= ranges[after - 1].1
            }
        }
    }

    /// True when the other set holds all of these.
    pub(crate) fn within(&self, other: &Ints) -> bool {
        let held = |(min, max): &(i64, i64)| other.0.iter().any(|(least, most)| least <= min && max <= most);
        self.0.iter().all(held)
    }

    /// True when the other set holds none of these.
    pub(crate) fn apart(&self, other: &Ints) -> bool {
        let clear = |(min, max): &(i64, i64)| other.0.iter().all(|(least, most)| max < least || most < min);
        self.0.iter().all(clear)
    }

    /// True when no integer from `min` to `max` is in the set.
    pub(crate) fn misses(&self, min: i64, max: i64) -> bool {
        self.apart(&Ints(vec![(min, max)]))
    }

    /// True when every integer from `min` to `max` is in the set.
    pub(crate) fn covers(&self, min: i64, max: i64) -> bool {
        Ints(vec![(min, max)]).within(self)
    }

    /// The range that a pattern means under an operator; the error is a sentence for the user. An operator in front of
    /// a range moves the bound on its own side: `gt 1:5` is 2:5 (as HAProxy 3.5 does, which advises against it).
    pub(crate) fn parse(operator: Operator, pattern: &str) -> Result<(i64, i64), String> {
        let (min, max) = bounds(pattern)?;
        let single = !pattern.contains(':');
        let (least, most) = if single { (i64::MIN, i64::MAX) } else { (min, max) };
        const NONE: (i64, i64) = (1, 0);
        Ok(match operator {
            Operator::Eq => (min, max),
            Operator::Ge => (min, most),
            Operator::Gt => min.checked_add(1).map_or(NONE, |min| (min, most)),
            Operator::Le => (least, max),
            Operator::Lt => max.checked_sub(1).map_or(NONE, |max| (least, max)),
        })
    }
}

fn bounds(pattern: &str) -> Result<(i64, i64), String> {
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| format!("'{pattern}' is neither a number nor an operator (eq, ge, gt, le, lt)"))
    };
    let Some((min, max)) = pattern.split_once(':') else {
        let value = number(pattern)?;
        return Ok((value, value));
    };
    let min = if min.is_empty() { i64::MIN } else { number(min)? };
    let max = if max.is_empty() { i64::MAX } else { number(max)? };
    if min > max {
        return Err(format!("'{pattern}' is no range: its end lies before its start"));
    }
    Ok((min, max))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(operator: Operator, pattern: &str, value: i64) -> bool {
        Ints::new(vec![Ints::parse(operator, pattern).unwrap()]).contains(value)
    }

    #[test]
    fn operators_and_ranges_have_the_documented_bounds() {
        use Operator::{Eq, Ge, Gt, Le, Lt};
        for (operator, pattern, inside, outside) in [
            (Eq, "5", 5, 6),
            (Eq, "1024:65535", 65535, 1023),
            (Eq, "1024:", i64::MAX, 1023),
            (Eq, ":1023", -4, 1024),
            (Ge, "5", 5, 4),
            (Gt, "5", 6, 5),
            (Le, "5", 5, 6),
            (Lt, "0", -1, 0),
            (Gt, "1:2", 2, 3),
            (Lt, "2:5", 3, 5),
            (Ge, "1:2", 1, 3),
        ] {
            assert!(holds(operator, pattern, inside), "{operator:?} {pattern} {inside}");
            assert!(!holds(operator, pattern, outside), "{operator:?} {pattern} {outside}");
        }
    }

    #[test]
    fn many_ranges_are_merged() {
        let ints = Ints::new(vec![(10, 20), (1, 3), (4, 5), (15, 30)]);
        assert_eq!(ints, Ints(vec![(1, 5), (10, 30)]));
        assert!(ints.contains(4) && ints.contains(30) && !ints.contains(7) && !ints.contains(0));
    }

    #[test]
    fn bad_patterns_are_named() {
        assert!(Ints::parse(Operator::Eq, "abc").unwrap_err().contains("'abc'"));
        assert!(Ints::parse(Operator::Eq, "5:3").unwrap_err().contains("'5:3' is no range"));
    }

    #[test]
    fn nothing_is_greater_than_the_greatest() {
        assert!(!holds(Operator::Gt, "9223372036854775807", i64::MAX));
    }
}
