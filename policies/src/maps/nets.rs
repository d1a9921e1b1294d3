//! Addresses by networks: the longest network that holds an address (HAProxy manual, section 7.1.6).
//!
//! Networks of a family lie in order of their first address, shorter ones first. The nearest one below an address either
//! holds it, and is then the longest that does, or shows how many leading bits a network that holds it can have at the
//! most: the search goes on with so many. Two or three rounds are usual, and nothing but the networks is stored.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::entry::{Entry, Hits, earlier};
use super::sorted::Sorted;
use crate::matching::{Net, embedded};

/// Entries by networks of both families.
#[derive(Clone, Default)]
pub(super) struct Nets {
    v4: Sorted<(u32, u8)>,
    v6: Sorted<(u128, u8)>,
    /// IPv4 masks that are no prefix, which are rare: looked at one by one.
    holes: Arc<Vec<(u32, u32, Entry)>>,
}

/// An address as a number.
trait Bits: Copy + Ord {
    const COUNT: u8;
    fn leading(self, count: u8) -> Self;
    fn common(self, other: Self) -> u8;
}

impl Nets {
    /// The entry that an address finds; the families meet as the manual says.
    pub(super) fn find(&self, ip: IpAddr) -> Option<&Entry> {
        match ip {
            IpAddr::V4(ip) => {
                self.find_v4(ip.into()).or_else(|| longest(&self.v6, u128::from(ip.to_ipv6_mapped())))
            }
            IpAddr::V6(ip) => self.find_v6(ip),
        }
    }

    fn find_v6(&self, ip: Ipv6Addr) -> Option<&Entry> {
        longest(&self.v6, u128::from(ip)).or_else(|| self.find_v4(embedded(ip)?.into()))
    }

    fn find_v4(&self, ip: u32) -> Option<&Entry> {
        longest(&self.v4, ip).or_else(|| {
            let fitting = self.holes.iter().filter(|&&(address, mask, _)| ip & mask == address);
            fitting.fold(None, |best, (_, _, entry)| earlier(best, Some(entry)))
        })
    }

    pub(super) fn insert(&mut self, net: Net, entry: Entry) {
        match place(net) {
            Place::V4(key) => self.v4.insert(key, entry),
            Place::V6(key) => self.v6.insert(key, entry),
            Place::Hole(address, mask) => Arc::make_mut(&mut self.holes).push((address, mask, entry)),
        }
    }

    pub(super) fn remove(&mut self, net: Net, id: u32) {
        match place(net) {
            Place::V4(key) => self.v4.remove(key, id),
            Place::V6(key) => self.v6.remove(key, id),
            Place::Hole(..) => Arc::make_mut(&mut self.holes).retain(|(_, _, entry)| entry.id() != id),
        }
    }
}

enum Place {
    V4((u32, u8)),
    V6((u128, u8)),
    Hole(u32, u32),
}

fn place(net: Net) -> Place {
    match net {
        Net::V4 { address, mask } if mask.leading_ones() + mask.trailing_zeros() >= 32 => {
            Place::V4((address & mask, mask.leading_ones() as u8))
        }
        Net::V4 { address, mask } => Place::Hole(address & mask, mask),
        Net::V6 { address, mask } => Place::V6((address & mask, mask.leading_ones() as u8)),
    }
}

/// The first entry of the longest network that holds an address.
fn longest<A: Bits>(nets: &Sorted<(A, u8)>, address: A) -> Option<&Entry> {
    let mut most = A::COUNT;
    loop {
        let ((net, bits), hits): (_, &Hits) = nets.floor((address.leading(most), most))?;
        let common = net.common(address);
        if common >= bits {
            return Some(hits.first());
        }
        // smaller in every round: a network of 'most' bits or fewer that agreed so far would hold the address
        most = common;
    }
}

impl Bits for u32 {
    const COUNT: u8 = 32;

    fn leading(self, count: u8) -> u32 {
        self & u32::MAX.checked_shl(32 - u32::from(count)).unwrap_or(0)
    }

    fn common(self, other: u32) -> u8 {
        (self ^ other).leading_zeros() as u8
    }
}

impl Bits for u128 {
    const COUNT: u8 = 128;

    fn leading(self, count: u8) -> u128 {
        self & u128::MAX.checked_shl(128 - u32::from(count)).unwrap_or(0)
    }

    fn common(self, other: u128) -> u8 {
        (self ^ other).leading_zeros() as u8
    }
}
