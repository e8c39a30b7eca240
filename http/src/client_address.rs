//! Who is asking: the address that limits are counted by.
//!
//! Architecture invariant: `X-Forwarded-For` is text anybody can write. Only what a listed proxy appended is believed, so
//! the list is read from the right, and never further than the first address that is not a listed proxy.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use ipnet::IpNet;

/// Finds the client's address behind the proxies of `TRUSTED_PROXIES`.
#[derive(Debug)]
pub(crate) struct ClientAddresses {
    trusted: Vec<IpNet>,
    warned: AtomicBool,
}

impl ClientAddresses {
    /// Believes these proxies and no other.
    pub(crate) fn new(trusted: Vec<IpNet>) -> Self {
        Self { trusted, warned: AtomicBool::new(false) }
    }

    /// The client's address. `forwarded` are the values of all `X-Forwarded-For` headers as they came: leaving out one
    /// that is not readable text would let the walk go on to what a visitor wrote.
    ///
    /// A header from a peer that is not a listed proxy is ignored and, once, warned of: behind an unlisted proxy all
    /// visitors share one limit.
    pub(crate) fn of<'a, Value>(
        &self,
        peer: IpAddr,
        mut forwarded: impl DoubleEndedIterator<Item = &'a Value>,
    ) -> IpAddr
    where
        Value: AsRef<[u8]> + ?Sized + 'a,
    {
        let peer = peer.to_canonical();
        if self.is_trusted(peer) {
            return client_behind(peer, forwarded, |address| self.is_trusted(address));
        }
        if forwarded.next().is_some() && self.is_first_ignored() {
            tracing::warn!(%peer, "x-forwarded-for ignored, peer is not in TRUSTED_PROXIES");
        }
        peer
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }

    fn is_first_ignored(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }
}

/// Walks from the proxy that connected to us towards the client, one claim at a time. Each claim was written by the
/// address before it, so it is believed only while that address is trusted.
fn client_behind<'a, Value>(
    proxy: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a Value>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr
where
    Value: AsRef<[u8]> + ?Sized + 'a,
{
    let mut client = proxy;
    for claim in forwarded.rev().flat_map(|value| value.as_ref().rsplit(|byte| *byte == b',')) {
        let Some(address) = parse_claim(claim) else { break };
        client = address;
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn parse_claim(claim: &[u8]) -> Option<IpAddr> {
    let claim = str::from_utf8(claim).ok()?.trim();
    let bare = claim.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(claim);
    let address = bare.parse().or_else(|_| claim.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?;
    Some(IpAddr::to_canonical(&address))
}

/// What a limit is counted by: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address there has all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LimitKey {
    /// One IPv4 address, also when it came as IPv4-mapped IPv6.
    V4(Ipv4Addr),
    /// The upper 64 bits of an IPv6 address.
    V6Network(u64),
}

impl From<IpAddr> for LimitKey {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6Network((address.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn behind(trusted: &[&str]) -> ClientAddresses {
        ClientAddresses::new(trusted.iter().map(|net| net.parse().unwrap()).collect())
    }

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> IpAddr {
        behind(trusted).of(ip(peer), forwarded.iter().copied())
    }

    const PROXIES: &[&str] = &["10.0.0.0/8", "2001:db8:ffff::/48"];

    #[test]
    fn without_a_trusted_proxy_the_peer_is_the_client_whatever_the_header_says() {
        assert_eq!(client(&[], "203.0.113.9", &["198.51.100.1"]), ip("203.0.113.9"));
        assert_eq!(client(PROXIES, "203.0.113.9", &["198.51.100.1, 10.0.0.1"]), ip("203.0.113.9"));
        assert_eq!(client(PROXIES, "203.0.113.9", &[]), ip("203.0.113.9"));
    }

    #[test]
    fn a_trusted_proxy_is_believed_about_the_one_that_connected_to_it() {
        assert_eq!(client(PROXIES, "10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(client(PROXIES, "2001:db8:ffff::1", &["2001:db8:1::5"]), ip("2001:db8:1::5"));
    }

    #[test]
    fn forged_leftmost_values_are_never_reached() {
        let forged = "1.1.1.1, 127.0.0.1, 10.0.0.7, 198.51.100.1";
        assert_eq!(client(PROXIES, "10.0.0.1", &[forged]), ip("198.51.100.1"));
        assert_eq!(client(PROXIES, "10.0.0.1", &["1.1.1.1", "10.9.9.9, 198.51.100.1, 10.0.0.2"]), ip("198.51.100.1"));
    }

    #[test]
    fn trusted_proxies_in_between_are_skipped() {
        assert_eq!(client(PROXIES, "10.0.0.1", &["198.51.100.1, 10.0.0.3,10.0.0.2"]), ip("198.51.100.1"));
    }

    #[test]
    fn several_header_lines_are_one_list_in_their_order() {
        assert_eq!(client(PROXIES, "10.0.0.1", &["1.1.1.1, 198.51.100.1", "10.0.0.3", "10.0.0.2"]), ip("198.51.100.1"));
    }

    #[test]
    fn garbage_ends_the_walk_at_the_proxy_that_passed_it_on() {
        for garbage in ["unknown", "", " ", "198.51.100.1 x", "198.51.100", "[::1", "fe80::1%eth0", "a,"] {
            assert_eq!(client(PROXIES, "10.0.0.1", &[garbage]), ip("10.0.0.1"), "{garbage:?}");
            let line = format!("198.51.100.1, {garbage}, 10.0.0.2");
            assert_eq!(client(PROXIES, "10.0.0.1", &[&line]), ip("10.0.0.2"), "{garbage:?}");
        }
    }

    #[test]
    fn unreadable_bytes_spoil_only_the_claim_they_are_in() {
        let lines: [&[u8]; 2] = [b"1.1.1.1", b"\xff, 198.51.100.1"];
        assert_eq!(behind(PROXIES).of(ip("10.0.0.1"), lines.into_iter()), ip("198.51.100.1"));
        let lines: [&[u8]; 2] = [b"1.1.1.1", b"10.0.0.3, \xff, 10.0.0.2"];
        assert_eq!(behind(PROXIES).of(ip("10.0.0.1"), lines.into_iter()), ip("10.0.0.2"));
    }

    #[test]
    fn when_every_claim_is_trusted_the_leftmost_is_the_client() {
        assert_eq!(client(PROXIES, "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), ip("10.0.0.3"));
    }

    #[test]
    fn ports_and_brackets_of_a_claim_are_dropped() {
        for claim in ["198.51.100.1:4711", "::ffff:198.51.100.1", "[::ffff:198.51.100.1]:80"] {
            assert_eq!(client(PROXIES, "10.0.0.1", &[claim]), ip("198.51.100.1"), "{claim}");
        }
        for claim in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"] {
            assert_eq!(client(PROXIES, "10.0.0.1", &[claim]), ip("2001:db8::1"), "{claim}");
        }
    }

    #[test]
    fn a_mapped_ipv4_peer_is_the_ipv4_address_it_stands_for() {
        assert_eq!(client(PROXIES, "::ffff:10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(client(&[], "::ffff:203.0.113.9", &[]), ip("203.0.113.9"));
    }

    #[test]
    fn an_ignored_header_is_warned_of_once() {
        let addresses = behind(PROXIES);
        addresses.of(ip("203.0.113.9"), [""; 0].into_iter());
        addresses.of(ip("10.0.0.1"), ["198.51.100.1"].into_iter());
        assert!(!addresses.warned.load(Ordering::Relaxed), "nothing was ignored yet");
        addresses.of(ip("203.0.113.9"), ["198.51.100.1"].into_iter());
        assert!(!addresses.is_first_ignored(), "the first ignored header was the one to warn of");
    }

    #[test]
    fn ipv6_clients_of_one_network_share_a_limit_and_others_do_not() {
        let key = |text| LimitKey::from(ip(text));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
