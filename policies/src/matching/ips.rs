//! Address patterns: hosts and networks of both families (HAProxy manual, section 7.1.6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of addresses: disjoint ranges in order, one list for each family, and the rare masks with holes.
#[derive(Debug, Default)]
pub(crate) struct IpNets {
    v4: Box<[(u32, u32)]>,
    v6: Box<[(u128, u128)]>,
    /// (address, mask) of IPv4 masks that are no prefix.
    holes: Box<[(u32, u32)]>,
}

/// One pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Net {
    V4 { address: u32, mask: u32 },
    V6 { address: u128, mask: u128 },
}

impl IpNets {
    pub(crate) fn new(nets: impl IntoIterator<Item = Net>) -> IpNets {
        let (mut v4, mut v6, mut holes) = (Vec::new(), Vec::new(), Vec::new());
        for net in nets {
            match net {
                Net::V4 { address, mask } if mask.leading_ones() + mask.trailing_zeros() >= 32 => {
                    v4.push((address & mask, address | !mask));
                }
                Net::V4 { address, mask } => holes.push((address & mask, mask)),
                Net::V6 { address, mask } => v6.push((address & mask, address | !mask)),
            }
        }
        IpNets { v4: merge(v4), v6: merge(v6), holes: holes.into() }
    }

    /// True when one of the networks holds the address; the families meet as section 7.1.6 says.
    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => {
                self.has_v4(ip) || (!self.v6.is_empty() && within(&self.v6, u128::from(ip.to_ipv6_mapped())))
            }
            IpAddr::V6(ip) => {
                within(&self.v6, u128::from(ip)) || embedded(ip).is_some_and(|ip| self.has_v4(ip))
            }
        }
    }

    fn has_v4(&self, ip: Ipv4Addr) -> bool {
        let ip = u32::from(ip);
        within(&self.v4, ip) || self.holes.iter().any(|&(address, mask)| ip & mask == address)
    }
}

impl Net {
    /// Reads `10.0.0.0/8`, `10.12/255.0.0.0`, `::1`, `fe80::/10`.
    pub(crate) fn parse(text: &str) -> Option<Net> {
        let (address, mask) = text.split_once('/').map_or((text, None), |(a, m)| (a, Some(m)));
        if address.contains(':') {
            let bits = mask.map_or(Some(128), |m| m.parse::<u32>().ok()).filter(|&b| b <= 128)?;
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            return Some(Net::V6 { address: address.parse::<Ipv6Addr>().ok()?.into(), mask });
        }
        Some(Net::V4 { address: short_v4(address)?, mask: mask.map_or(Some(u32::MAX), v4_mask)? })
    }
}

/// An IPv4 address whose last part is its end: `10.12` is 10.0.0.12, `10` is 0.0.0.10.
fn short_v4(text: &str) -> Option<u32> {
    let parts: Vec<u32> =
        text.split('.').map(|p| p.parse::<u8>().ok().map(u32::from)).collect::<Option<_>>()?;
    let (last, front) = parts.split_last()?;
    if front.len() > 3 {
        return None;
    }
    let high = front.iter().enumerate().fold(0, |sum, (i, part)| sum | part << (24 - 8 * i));
    Some(high | last)
}

fn v4_mask(text: &str) -> Option<u32> {
    match text.parse::<u32>() {
        Ok(bits) if bits <= 32 => Some(u32::MAX.checked_shl(32 - bits).unwrap_or(0)),
        Ok(_) => None,
        Err(_) => text.parse::<Ipv4Addr>().ok().map(u32::from),
    }
}

/// The IPv4 address inside an IPv6 one: `::ffff:a.b.c.d`, `::a.b.c.d`, `2002:a.b.c.d::`.
pub(crate) fn embedded(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let value = u128::from(ip);
    if value >> 32 == 0xffff || value >> 32 == 0 {
        return Some(Ipv4Addr::from(value as u32));
    }
    (value >> 112 == 0x2002).then(|| Ipv4Addr::from((value >> 80) as u32))
}

fn merge<T: Copy + Ord>(mut ranges: Vec<(T, T)>) -> Box<[(T, T)]> {
    ranges.sort_unstable();
    let mut merged: Vec<(T, T)> = Vec::with_capacity(ranges.len());
    for (min, max) in ranges {
        match merged.last_mut() {
            Some(last) if min <= last.1 => last.1 = last.1.max(max),
            _ => merged.push((min, max)),
        }
    }
    merged.into()
}

fn within<T: Copy + Ord>(ranges: &[(T, T)], value: T) -> bool {
    match ranges {
        [] => false,
        [(min, max)] => *min <= value && value <= *max,
        ranges => {
            let after = ranges.partition_point(|&(min, _)| min <= value);
            after > 0 && value <= ranges[after - 1].1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(patterns: &[&str], ip: &str) -> bool {
        IpNets::new(patterns.iter().map(|p| Net::parse(p).unwrap())).contains(ip.parse().unwrap())
    }

    #[test]
    fn networks_of_both_families_match_as_documented() {
        for (patterns, inside, outside) in [
            (&["10.0.0.0/8"][..], "10.255.0.1", "11.0.0.0"),
            (&["192.168.1/22"], "192.168.3.255", "192.168.4.0"),
            (&["127.1"], "127.0.0.1", "127.1.0.0"),
            (&["10"], "0.0.0.10", "10.0.0.0"),
            (&["10.0.0.0/255.0.255.0"], "10.7.0.9", "10.7.1.9"),
            (&["0.0.0.0/0"], "8.8.8.8", "fe80::1"),
            (&["fe80::/10", "::1"], "fe80::1", "fec0::1"),
            (&["10.0.0.0/8"], "::ffff:10.1.1.1", "::ffff:11.1.1.1"),
            (&["10.0.0.0/8"], "2002:a01:101::1", "2003:a01:101::1"),
            (&["::ffff:10.0.0.0/104"], "10.1.1.1", "11.1.1.1"),
            (&["1.2.3.4", "1.2.3.6", "9.9.0.0/16"], "1.2.3.6", "1.2.3.5"),
        ] {
            assert!(matches(patterns, inside), "{patterns:?} {inside}");
            assert!(!matches(patterns, outside), "{patterns:?} {outside}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in ["", "foo", "10.0.0.0/33", "1.2.3.4.5", "256.1", "::1/129", "1.2.3.4/x"] {
            assert_eq!(Net::parse(bad), None, "{bad}");
        }
    }
}
