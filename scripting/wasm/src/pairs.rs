//! Header maps as the ABI writes them: the number of pairs, the lengths of all names and values, then each name and each
//! value with a NUL behind it. Numbers are 32 bits, little-endian.

/// The pairs a guest may give at once.
const MOST: usize = 10_000;

/// Writes pairs. No pairs are the number 0 alone.
pub(crate) fn write<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Vec<u8> {
    let size = pairs.clone().map(|(name, value)| name.len() + value.len() + 10).sum::<usize>() + 4;
    let mut out = Vec::with_capacity(size);
    push(&mut out, pairs.clone().count());
    for (name, value) in pairs.clone() {
        push(&mut out, name.len());
        push(&mut out, value.len());
    }
    for (name, value) in pairs {
        out.extend_from_slice(name);
        out.push(0);
        out.extend_from_slice(value);
        out.push(0);
    }
    out
}

/// Reads pairs. No bytes at all, a single NUL and the number 0 are no pairs; none when they are malformed.
pub(crate) fn read(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    if matches!(bytes, [] | [0]) {
        return Some(Vec::new());
    }
    let (count, rest) = number(bytes)?;
    if count > MOST {
        return None;
    }
    let (mut lengths, mut rest) = rest.split_at_checked(count * 8)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        let (name_length, behind) = number(lengths)?;
        let (value_length, behind) = number(behind)?;
        lengths = behind;
        let (name, behind) = word(rest, name_length)?;
        let (value, behind) = word(behind, value_length)?;
        rest = behind;
        pairs.push((name, value));
    }
    rest.is_empty().then_some(pairs)
}

fn push(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

fn word(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (word, rest) = bytes.split_at_checked(length)?;
    match rest {
        [0, rest @ ..] => Some((word, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let pairs = [(&b":path"[..], &b"/a"[..]), (b"x", b"")];
        let bytes = write(pairs.iter().copied());
        assert_eq!(&bytes[..4], &[2, 0, 0, 0]);
        assert_eq!(bytes.len(), 4 + 16 + 5 + 1 + 2 + 1 + 1 + 1 + 1);
        assert_eq!(read(&bytes), Some(pairs.to_vec()));
    }

    #[test]
    fn no_pairs_are_written_in_three_ways() {
        for nothing in [&b""[..], &[0], &[0, 0, 0, 0]] {
            assert_eq!(read(nothing), Some(vec![]), "{nothing:?}");
        }
        assert_eq!(write([].into_iter()), [0, 0, 0, 0]);
    }

    #[test]
    fn malformed_pairs_are_none() {
        let good = write([(&b"a"[..], &b"b"[..])].into_iter());
        for cut in 1..good.len() {
            assert_eq!(read(&good[..cut]), None, "cut at {cut}");
        }
        let mut long = good.clone();
        long.push(0);
        assert_eq!(read(&long), None, "something behind the last");
        assert_eq!(read(&[255, 255, 255, 255]), None, "more than there can be");
        let mut unterminated = good;
        *unterminated.last_mut().expect("it has bytes") = b'x';
        assert_eq!(read(&unterminated), None);
    }

    #[test]
    fn whatever_a_guest_writes_is_read_as_the_same_pairs_or_as_none() {
        // a sequence that repeats only after 2^32 steps (Numerical Recipes' generator), the same in each run
        let mut state: u32 = 1;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..2_000 {
            let word =
                |next: &mut dyn FnMut(u32) -> u32| (0..next(6)).map(|_| next(256) as u8).collect::<Vec<_>>();
            let pairs: Vec<_> = (0..next(5)).map(|_| (word(&mut next), word(&mut next))).collect();
            let borrowed: Vec<_> = pairs.iter().map(|(name, value)| (&name[..], &value[..])).collect();
            let mut bytes = write(borrowed.iter().copied());
            assert_eq!(read(&bytes), Some(borrowed));
            let at = next(bytes.len() as u32) as usize;
            bytes[at] = next(256) as u8;
            if let Some(changed) = read(&bytes) {
                assert_eq!(write(changed.iter().copied()), bytes, "what is read is all there is");
            }
        }
    }
}
