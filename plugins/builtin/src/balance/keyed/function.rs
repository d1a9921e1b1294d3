//! The hash functions that `hash-type` names (HAProxy manual, 4.2 "hash-type").

/// sdbm: h = c + h * 65599.
pub fn sdbm(key: &[u8]) -> u32 {
    key.iter().fold(0u32, |h, &c| h.wrapping_mul(65599).wrapping_add(u32::from(c)))
}

/// Bernstein's: h = c + h * 33, from 5381.
pub fn djb2(key: &[u8]) -> u32 {
    key.iter().fold(5381u32, |h, &c| h.wrapping_mul(33).wrapping_add(u32::from(c)))
}

/// HAProxy's own: two words that take each byte in and turn one another by amounts that depend on both.
pub fn wt6(key: &[u8]) -> u32 {
    let (mut a, mut b) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut turn_b, mut turn_a) = (6, 18);
    for &byte in key {
        a = !(a ^ u32::from(byte));
        b = !b.wrapping_add(u32::from(byte));
        (a, b) = (b.rotate_left(turn_b), a.rotate_left(turn_a));
        let mixed = ((a >> 16) ^ b) & 0xffff;
        (turn_b, turn_a) = (mixed & 0x1f, mixed >> 11);
    }
    a ^ b
}

/// The CRC-32 of Ethernet, gzip and PNG (polynomial 0x04C11DB7, reflected).
pub fn crc32(key: &[u8]) -> u32 {
    const TABLE: [u32; 256] = crc_table();
    !key.iter().fold(!0, |crc, &byte| (crc >> 8) ^ TABLE[((crc ^ u32::from(byte)) & 0xff) as usize])
}

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let (mut crc, mut bit) = (i as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

/// The decimal number that a key begins with; 0 when it begins with none.
pub fn leading_number(key: &[u8]) -> u32 {
    let digits = key.iter().take_while(|b| b.is_ascii_digit());
    digits.fold(0u32, |n, &b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0')))
}

/// Bob Jenkins' full avalanche of four bytes, then a step by a prime near three quarters of the range, which keeps
/// neighbours apart on the ring.
pub fn avalanche(number: u32) -> u32 {
    let mut n = number;
    n = n.wrapping_add(0x7ed5_5d16).wrapping_add(n << 12);
    n = (n ^ 0xc761_c23c) ^ (n >> 19);
    n = n.wrapping_add(0x1656_67b1).wrapping_add(n << 5);
    n = n.wrapping_add(0xd3a2_646c) ^ (n << 9);
    n = n.wrapping_add(0xfd70_46c5).wrapping_add(n << 3);
    n = (n ^ 0xb55a_4f09) ^ (n >> 16);
    n.wrapping_mul(3_221_225_473)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the converters of HAProxy 3.5 make of these keys.
    #[test]
    fn values_are_those_of_haproxy() {
        for (key, expected) in [
            ("foo", [849955110, 193491849, 3349746274, 2356372769, 2735148936]),
            ("/url1", [4103199409, 194222904, 2463210733, 380733385, 2561722472]),
            ("hello world", [430867652, 894552257, 1866899626, 222957957, 261123301]),
        ] {
            let key = key.as_bytes();
            let first = sdbm(key);
            assert_eq!([first, djb2(key), wt6(key), crc32(key), avalanche(first)], expected);
        }
    }

    #[test]
    fn a_key_may_be_the_number_itself() {
        assert_eq!([b"12345".as_slice(), b"7x", b"foo", b""].map(leading_number), [12345, 7, 0, 0]);
    }
}
