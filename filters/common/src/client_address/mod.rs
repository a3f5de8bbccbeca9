//! Whose address counts as the client's.
//!
//! 1. By default it is the one the host names (`source.address`). In Envoy that is the connection's peer only under
//!    `use_remote_address: true`; without it, what the client wrote in X-Forwarded-For, told by port 0.
//! 2. With `"from": "x_forwarded_for"` the header's list is walked from its end, where the nearest proxy wrote. What
//!    clients can write themselves is never reached: `trusted_hops` says how many proxies write an entry each, the
//!    first of them its client's; `trusted_proxies` says whose entries are believed, the peer's first of all.
//! 3. `peer_appended`: the host has added its peer to the list before filters run (Envoy with
//!    `use_remote_address: true`); that entry is passed over.
//! 4. Where the entry is missing or no address: the host's address, never text of a client.
//!
//! `Forwarded` (RFC 7239), X-Real-IP and their like are not read.

mod cidr;
mod config;
mod parse;

use std::net::{IpAddr, Ipv6Addr};

pub use cidr::Cidr;
pub use parse::{HostAddress, parse_address};

/// The header that proxies append their peer to.
pub const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// `client_ip`: where the client's address is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIp {
    from: Source,
    ipv6_prefix: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Host,
    ForwardedFor { trust: Trust, peer_appended: bool },
}

/// Which entries of X-Forwarded-For are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trust {
    /// That many from the end.
    Hops(u8),
    /// Those that these proxies wrote.
    Proxies(Vec<Cidr>),
}

impl Default for ClientIp {
    fn default() -> Self {
        Self { from: Source::Host, ipv6_prefix: 64 }
    }
}

impl ClientIp {
    /// Whether [`ClientIp::choose`] looks at the lines of X-Forwarded-For.
    #[must_use]
    pub fn reads_header(&self) -> bool {
        self.from != Source::Host
    }

    /// The client's address, canonical; `None` when not even the host knows one.
    #[must_use]
    pub fn choose(&self, host: Option<IpAddr>, forwarded_for: &[&[u8]]) -> Option<IpAddr> {
        let Source::ForwardedFor { trust, peer_appended } = &self.from else { return host };
        let entries = forwarded_for.iter().rev().flat_map(|line| line.rsplit(|&byte| byte == b','));
        let mut entries = entries.skip(usize::from(*peer_appended));
        let found = match trust {
            Trust::Hops(hops) => {
                hops.checked_sub(1).and_then(|last| entries.nth(usize::from(last))).and_then(parse_address)
            }
            Trust::Proxies(proxies) => first_untrusted(host?, entries, proxies),
        };
        found.or(host)
    }

    /// What limits count under for this address: IPv4 as it is, of IPv6 the prefix, as a client has at least a /64.
    #[must_use]
    pub fn key(&self, ip: IpAddr) -> IpAddr {
        if ip.is_ipv6() { cidr::prefix(ip, self.ipv6_prefix) } else { ip }
    }
}

/// The address nearest to us that is no proxy of ours; the farthest where all are. `None` behind an unreadable entry.
fn first_untrusted<'a>(peer: IpAddr, entries: impl Iterator<Item = &'a [u8]>, proxies: &[Cidr]) -> Option<IpAddr> {
    let mut nearest = peer;
    for entry in entries {
        if !proxies.iter().any(|proxy| proxy.contains(nearest)) {
            break;
        }
        nearest = parse_address(entry)?;
    }
    Some(nearest)
}

/// The one form of an address: an IPv4 address that is written as IPv6, mapped (`::ffff:10.0.0.1`) or compatible
/// (`::10.0.0.1`, RFC 4291 section 2.5.5), is IPv4. `::` and `::1` are not.
#[must_use]
pub fn canonical(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(Ipv6Addr::UNSPECIFIED | Ipv6Addr::LOCALHOST) | IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => ip.to_ipv4().map_or(ip.into(), IpAddr::V4),
    }
}

#[cfg(test)]
mod tests;
