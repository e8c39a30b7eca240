//! What the server tells of itself to those who watch it.

use std::net::{Ipv4Addr, SocketAddr};

use super::collector::Collector;
use super::reader::{Reader, quoted};

/// Where metrics are served, and where traces go.
#[derive(Debug, Clone)]
pub(crate) struct Telemetry {
    /// `METRICS_ADDRESS`: of a listener of its own; port 0 is any free one. Not served without.
    pub(crate) metrics: Option<SocketAddr>,
    /// Without a collector there are no traces.
    pub(crate) traces: Option<Collector>,
}

impl Telemetry {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let metrics = reader.parsed("METRICS_ADDRESS", address);
        reader.show("METRICS_ADDRESS", metrics.map_or_else(String::new, |address| address.to_string()));
        Self { metrics, traces: Collector::read(reader) }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let local = local.map(|port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    local.or_else(|| text.parse().ok()).ok_or_else(|| {
        format!(
            "{} is not an address and port to bind, such as 127.0.0.1:9464, [::]:9464 or localhost:9464",
            quoted(text)
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{load, problems};

    #[test]
    fn metrics_are_off_unless_an_address_is_given() {
        assert_eq!(load(&[]).telemetry.metrics, None);
        assert_eq!(load(&[("METRICS_ADDRESS", "")]).telemetry.metrics, None);
        for (given, address) in
            [("0.0.0.0:9464", "0.0.0.0:9464"), ("[::]:9464", "[::]:9464"), ("localhost:0", "127.0.0.1:0")]
        {
            let config = load(&[("METRICS_ADDRESS", given)]);
            assert_eq!(config.telemetry.metrics.unwrap().to_string(), address);
            assert!(
                config.print().contains(&format!("METRICS_ADDRESS={address}   # environment")),
                "{}",
                config.print()
            );
        }
    }

    #[test]
    fn an_address_has_a_port_and_no_name() {
        for given in
            ["9464", ":9464", "0.0.0.0", "metrics.example.com:9464", "localhost:70000", "http://127.0.0.1:9464"]
        {
            assert_eq!(
                problems(&[("METRICS_ADDRESS", given)]),
                [format!(
                    "METRICS_ADDRESS: {given:?} is not an address and port to bind, such as 127.0.0.1:9464, [::]:9464 or \
                     localhost:9464 (from environment)"
                )]
            );
        }
    }
}
