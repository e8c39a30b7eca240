//! How much callers may ask for.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};

use super::reader::{Reader, list, quoted};

const DAY_MS: u64 = 86_400_000;

/// The limits of this process.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// `RATE_LIMIT_WINDOW_MS`
    pub(crate) rate_limit_window: Duration,
    /// `RATE_LIMIT_MAX_REQUESTS`: in one window, of one client address.
    pub(crate) rate_limit_max_requests: u32,
    /// `TRUSTED_PROXIES`: networks whose `X-Forwarded-For` is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// `MAX_CONCURRENT_REPLIES`: answers generated at once.
    pub(crate) max_concurrent_replies: usize,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            rate_limit_window: reader.milliseconds("RATE_LIMIT_WINDOW_MS", 60_000, DAY_MS),
            rate_limit_max_requests: reader.number("RATE_LIMIT_MAX_REQUESTS", 30, 1..=1_000_000),
            trusted_proxies: trusted_proxies(reader),
            max_concurrent_replies: reader.number("MAX_CONCURRENT_REPLIES", 1_000, 1..=100_000),
        }
    }
}

fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<IpNet> {
    let proxies = reader.parsed("TRUSTED_PROXIES", |text| list(text).map(network).collect::<Result<Vec<_>, _>>());
    let proxies = proxies.unwrap_or_default();
    if proxies.iter().any(|network| network.prefix_len() == 0) {
        reader
            .warn("TRUSTED_PROXIES holds every address, so anybody can choose the address their limit is counted by.");
    }
    reader.show("TRUSTED_PROXIES", proxies.iter().map(IpNet::to_string).collect::<Vec<_>>().join(","));
    proxies
}

/// A network, or a single address. IPv4-mapped IPv6 becomes IPv4, as addresses of peers do.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| {
        format!("{} is not a network such as 10.0.0.0/8 or 2001:db8::/32, nor an address", quoted(text))
    })?;
    let IpNet::V6(v6) = network else { return Ok(network) };
    let mapped = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    Ok(mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(network, IpNet::V4))
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use crate::config::tests::{load, problems};

    fn proxies(text: &str) -> Vec<String> {
        load(&[("TRUSTED_PROXIES", text)]).limits.trusted_proxies.iter().map(IpNet::to_string).collect()
    }

    #[test]
    fn proxies_are_networks_or_single_addresses() {
        assert_eq!(
            proxies("10.0.0.0/8, 192.0.2.1,2001:db8::/32 ,::1"),
            ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::1/128"]
        );
        assert_eq!(proxies("::ffff:10.0.0.0/104, ::ffff:192.0.2.1"), ["10.0.0.0/8", "192.0.2.1/32"]);
        assert_eq!(
            problems(&[("TRUSTED_PROXIES", "10.0.0.0/8,nginx")]),
            ["TRUSTED_PROXIES: \"nginx\" is not a network such as 10.0.0.0/8 or 2001:db8::/32, nor an address \
                (from environment)"]
        );
    }

    #[test]
    fn trusting_every_address_is_warned_of() {
        assert_eq!(
            load(&[("TRUSTED_PROXIES", "0.0.0.0/0")]).warnings,
            ["TRUSTED_PROXIES holds every address, so anybody can choose the address their limit is counted by."]
        );
    }
}
