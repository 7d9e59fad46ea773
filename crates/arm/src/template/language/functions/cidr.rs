//! Networks: both families are numbers of 128 bits with a width.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Function, bad, deep, record, want_int, want_string};
use crate::template::language::fault::Outcome;
use crate::template::language::value::Value;

pub(super) const FUNCTIONS: &[Function] =
    &[deep("cidrHost", 2, 2, host), deep("cidrSubnet", 3, 3, subnet), deep("parseCidr", 1, 1, parse)];

struct Network {
    address: u128,
    prefix: u32,
    width: u32,
}

impl Network {
    fn read(text: &str) -> Outcome<Self> {
        let wrong = || bad(format!("`{text}` is no network in CIDR notation"));
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let prefix: u32 = prefix.parse().map_err(|_error| wrong())?;
        let (address, width) = match address.parse().map_err(|_error| wrong())? {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        if prefix > width {
            return Err(wrong());
        }
        Ok(Self { address, prefix, width })
    }

    /// The bits of the hosts.
    fn host_mask(&self) -> u128 {
        mask(self.width - self.prefix)
    }

    fn show(&self, address: u128) -> Value {
        Value::string(if self.width == 32 {
            Ipv4Addr::from_bits(u32::try_from(address & mask(32)).expect("masked to 32 bits")).to_string()
        } else {
            Ipv6Addr::from_bits(address).to_string()
        })
    }
}

fn mask(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1 << bits) - 1 }
}

fn parse(values: &[Value]) -> Outcome {
    let network = Network::read(want_string(values, 0)?)?;
    let hosts = network.host_mask();
    let first = network.address & !hosts;
    let last = network.address | hosts;
    let mut parts =
        vec![("network", network.show(first)), ("netmask", network.show(mask(network.width) & !hosts))];
    // of IPv4 the first and the last address are not for hosts, unless there are no others; IPv6 may use all
    let is_v4 = network.width == 32;
    let spare = u128::from(is_v4 && hosts > 1);
    if is_v4 {
        parts.push(("broadcast", network.show(last)));
    }
    parts.push(("firstUsable", network.show(first + spare)));
    parts.push(("lastUsable", network.show(last - spare)));
    parts.push(("cidr", Value::Int(network.prefix.into())));
    record(parts)
}

fn subnet(values: &[Value]) -> Outcome {
    let network = Network::read(want_string(values, 0)?)?;
    let (prefix, index) = (want_int(values, 1)?, want_int(values, 2)?);
    let prefix = u32::try_from(prefix)
        .ok()
        .filter(|prefix| (network.prefix..=network.width).contains(prefix))
        .ok_or_else(|| bad(format!("/{prefix} does not fit into /{}", network.prefix)))?;
    let index = u128::try_from(index)
        .ok()
        .filter(|index| *index <= mask(prefix - network.prefix))
        .ok_or_else(|| bad(format!("there is no subnet {index}")))?;
    let step = index.checked_shl(network.width - prefix).unwrap_or(0);
    let address = network.show((network.address & !network.host_mask()) + step);
    Ok(Value::string(format!("{}/{prefix}", address.as_str().unwrap_or_default())))
}

/// The host of an index, 0 being the one after the network's own address: in IPv6, too, though that may be used there.
fn host(values: &[Value]) -> Outcome {
    let network = Network::read(want_string(values, 0)?)?;
    let index = want_int(values, 1)?;
    let hosts = network.host_mask();
    let spare = u128::from(hosts > 1);
    u128::try_from(index)
        .ok()
        .map(|index| index + spare)
        .filter(|offset| *offset <= hosts)
        .map(|offset| network.show((network.address & !hosts) + offset))
        .ok_or_else(|| bad(format!("there is no host {index}")))
}
