//! Blocks of addresses: `10.0.0.0/8`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::canonical;
use crate::config::Text;

/// An address block (RFC 4632 section 3.1, RFC 4291 section 2.3), or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    length: u8,
}

impl Cidr {
    /// Whether the address lies in the block. Expects it [`canonical`].
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        prefix(ip, self.length) == self.network
    }
}

/// Bits behind the prefix must be 0: otherwise address or length is a typing error. A block of IPv4-mapped addresses
/// (`::ffff:10.0.0.0/104`) is the block of IPv4.
impl Text for Cidr {
    const EXPECTED: &'static str =
        "an address, or a block such as \"10.0.0.0/8\" or \"2001:db8::/32\" with no bit set behind the prefix";

    fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let given: IpAddr = address.parse().ok()?;
        let width = if given.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(width), |length| number(length).filter(|length| *length <= width))?;
        let (network, length) = match (canonical(given), length.checked_sub(96)) {
            (short @ IpAddr::V4(_), Some(length)) if given.is_ipv6() => (short, length),
            _ => (given, length),
        };
        (prefix(network, length) == network).then_some(Self { network, length })
    }
}

crate::deserr_text!(Cidr);
crate::described_text!(Cidr: "network");

fn number(text: &str) -> Option<u8> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// The address with all bits behind the first `length` cleared.
pub(super) fn prefix(ip: IpAddr, length: u8) -> IpAddr {
    let behind = |width: u32| width.saturating_sub(u32::from(length));
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & u32::MAX.checked_shl(behind(32)).unwrap_or(0)).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & u128::MAX.checked_shl(behind(128)).unwrap_or(0)).into(),
    }
}
