//! What all algorithms that hash have in common: a key becomes a number, the number a server.
//!
//! Placement is HAProxy's, number for number, so that caches behind a fleet of both stay warm; `placement.txt` holds
//! what HAProxy 3.5 answered, and a test compares.

pub mod function;
mod ring;

use std::cell::RefCell;
use std::net::IpAddr;

use portero_api::{BadArg, Balance, Candidates, Exchange, Sample, ServerState, Setup};

use super::load::Bound;
use super::options::{self, Function, HashType, Options};
use super::roundrobin::RoundRobin;
use super::schedule::{Order, Schedule};
use ring::Ring;

/// What the key of a request is.
pub trait Key {
    /// The key's number, or none: the request then goes by round robin.
    fn number(&self, exchange: &Exchange, hasher: Hasher) -> Option<u32>;
}

/// A balancer that goes by a key.
pub struct Keyed<K> {
    key: K,
    hasher: Hasher,
    options: Options,
    place: Place,
    otherwise: RoundRobin,
}

enum Place {
    Map(RefCell<Schedule>),
    Ring(RefCell<Ring>),
}

impl<K: Key> Keyed<K> {
    /// The balancer `name` with the lines of its backend.
    pub fn new(key: K, setup: &Setup<'_>, name: &str) -> Result<Keyed<K>, BadArg> {
        let options = options::parse(setup)?;
        let (place, order) = match options.hash.consistent {
            true => (Place::Ring(RefCell::default()), Order::Smooth),
            false => (Place::Map(RefCell::new(Schedule::new(Order::Map))), Order::Map),
        };
        let otherwise = RoundRobin::new(setup, name, order);
        Ok(Keyed { key, hasher: Hasher::new(options.hash), options, place, otherwise })
    }

    fn place(&self, number: u32, candidates: &Candidates<'_>, may: impl Fn(usize) -> bool) -> Option<usize> {
        match &self.place {
            Place::Map(map) => {
                let mut map = map.borrow_mut();
                let turns = map.refresh(candidates);
                let start = (number as usize).checked_rem(turns.len())?;
                let (before, after) = turns.split_at(start);
                after.iter().chain(before).map(|&server| server as usize).find(|&s| may(s))
            }
            Place::Ring(ring) => {
                ring.borrow_mut().refresh(candidates).from(number).find(|&server| may(server))
            }
        }
    }
}

impl<K: Key> Balance for Keyed<K> {
    fn is_deterministic(&self) -> bool {
        true
    }

    fn pick(&self, exchange: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        let Some(number) = self.key.number(exchange, self.hasher) else {
            return self.otherwise.next(candidates);
        };
        let factor = if self.options.hash.consistent { self.options.factor } else { 0 };
        let bound = Bound::new(factor, candidates);
        if bound.is_some() || self.options.skip_full {
            let allowed = |s: &ServerState| bound.as_ref().is_none_or(|b| b.allows(s));
            let full = |s: &ServerState| self.options.skip_full && s.is_full();
            let all = candidates.all();
            let may = |s: usize| candidates.untried(s) && allowed(&all[s]) && !full(&all[s]);
            if let Some(server) = self.place(number, candidates, may) {
                return Some(server);
            }
        }
        self.place(number, candidates, |server| candidates.untried(server))
    }
}

/// Makes numbers of keys, as `hash-type` says.
#[derive(Clone, Copy, Debug)]
pub struct Hasher {
    function: Function,
    avalanche: bool,
}

impl Hasher {
    /// Without a function in the line it is sdbm, and with consistent hashing an avalanche behind it.
    pub fn new(hash: HashType) -> Hasher {
        let default = hash.consistent && hash.function.is_none();
        let function = hash.function.unwrap_or(Function::Sdbm);
        Hasher { function, avalanche: hash.avalanche || default }
    }

    /// The number of a key of bytes.
    pub fn bytes(self, key: &[u8]) -> u32 {
        self.finish(match self.function {
            Function::Sdbm => function::sdbm(key),
            Function::Djb2 => function::djb2(key),
            Function::Wt6 => function::wt6(key),
            Function::Crc32 => function::crc32(key),
            Function::None => function::leading_number(key),
        })
    }

    /// The number of a key that is an address: its words folded, whatever the function.
    pub fn address(self, address: IpAddr) -> u32 {
        self.finish(match address {
            IpAddr::V4(v4) => v4.to_bits(),
            IpAddr::V6(v6) => (0..4).fold(0, |all, word| all ^ (v6.to_bits() >> (32 * word)) as u32),
        })
    }

    /// The number of a sample: of its bytes, those of integers and addresses in network order.
    pub fn sample(self, sample: &Sample<'_>) -> u32 {
        match (sample, self.function) {
            (Sample::Int(number), Function::None) => self.finish(*number as u32),
            (Sample::Bool(bit), _) => self.bytes(&i64::from(*bit).to_be_bytes()),
            (Sample::Int(number), _) => self.bytes(&number.to_be_bytes()),
            (Sample::Ip(IpAddr::V4(v4)), _) => self.bytes(&v4.octets()),
            (Sample::Ip(IpAddr::V6(v6)), _) => self.bytes(&v6.octets()),
            (Sample::Str(s) | Sample::Bin(s) | Sample::Method(s), _) => self.bytes(s),
        }
    }

    fn finish(self, number: u32) -> u32 {
        if self.avalanche { function::avalanche(number) } else { number }
    }
}

#[cfg(test)]
mod tests;
