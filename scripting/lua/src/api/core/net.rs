//! `core.parse_addr` and `core.match_addr`: addresses and networks.

use std::net::{IpAddr, Ipv4Addr};

use mlua::{Lua, LuaString, UserData, Value};

use crate::api::address;
use crate::class::{Method, now};

/// The rows.
pub(crate) const CORE: &[Method] = &[
    now!("parse_addr", "(address: string): userdata?", "an address or network: `127.0.0.1/8`", parse_addr),
    now!(
        "match_addr",
        "(one: userdata, other: userdata): boolean",
        "whether one network lies in the other",
        match_addr
    ),
];

/// An address and the length of its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    length: u32,
}

impl UserData for Network {}

impl Network {
    fn parse(text: &str) -> Option<Network> {
        let (address, mask) =
            text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
        let address = address::ip(address)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match mask {
            None => most,
            Some(mask) => match mask.parse::<Ipv4Addr>().map(u32::from) {
                Ok(bits) if address.is_ipv4() && bits.count_ones() == bits.leading_ones() => {
                    bits.leading_ones()
                }
                Ok(_) => return None,
                Err(_) => mask.parse().ok()?,
            },
        };
        (length <= most).then_some(Network { address, length })
    }

    /// Whether both have the network of the wider one in common.
    fn matches(self, other: Network) -> bool {
        let length = self.length.min(other.length);
        let differ = match (self.address, other.address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => {
                u128::from(u32::from(one) ^ u32::from(other)).leading_zeros().saturating_sub(96)
            }
            (IpAddr::V6(one), IpAddr::V6(other)) => (u128::from(one) ^ u128::from(other)).leading_zeros(),
            _ => return false,
        };
        differ >= length
    }
}

fn parse_addr(lua: &Lua, text: LuaString) -> mlua::Result<Value> {
    match Network::parse(&text.to_string_lossy()) {
        Some(network) => lua.create_userdata(network).map(Value::UserData),
        None => Ok(Value::Nil),
    }
}

fn match_addr(_: &Lua, (one, other): (Value, Value)) -> mlua::Result<bool> {
    let network =
        |value: &Value| value.as_userdata().and_then(|data| data.borrow::<Network>().ok().map(|n| *n));
    Ok(network(&one).zip(network(&other)).is_some_and(|(one, other)| one.matches(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_match_by_their_common_length() {
        let matches = |one, other| {
            let network = |text| Network::parse(text).unwrap_or_else(|| panic!("{text} is a network"));
            network(one).matches(network(other))
        };
        assert!(matches("127.0.0.1/32", "127.0.0.0/8"));
        assert!(matches("127.0.0.0/255.0.0.0", "127.1.2.3"));
        assert!(!matches("127.0.0.1", "127.0.0.2"));
        assert!(matches("10.0.0.1", "0.0.0.0/0"));
        assert!(matches("aaaa::1234/32", "aaaa:0:1::1"));
        assert!(!matches("::1", "127.0.0.1"));
        for none in ["", "x", "127.0.0.1/33", "127.0.0.1/255.0.255.0", "::1/129"] {
            assert_eq!(Network::parse(none), None, "{none}");
        }
    }
}
