//! What a server tells on its metrics listener.

use std::collections::BTreeMap;
use std::time::Instant;

use super::process::{Options, PATIENCE};
use super::server::Server;

/// One answer of `/metrics`: each sample by its name and labels, as they are written.
pub struct Metrics {
    pub text: String,
    samples: BTreeMap<String, f64>,
}

impl Metrics {
    /// The value of a sample, `name{label="value"}`.
    pub fn get(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("{sample} is missing in\n{}", self.text))
    }

    /// Whether any sample has this name, whatever its labels.
    pub fn has(&self, name: &str) -> bool {
        self.samples.keys().any(|sample| sample.split('{').next() == Some(name))
    }

    fn parse(text: String) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (sample, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
            (sample.to_owned(), value.parse().unwrap())
        });
        Self { samples: samples.collect(), text }
    }
}

impl Options {
    /// With metrics on a free port.
    pub fn metrics(self) -> Self {
        self.var("METRICS_ADDRESS", "127.0.0.1:0")
    }
}

impl Server {
    /// Where this server's metrics are, if it was started with [`Options::metrics`].
    pub fn metrics_url(&self) -> String {
        let log = self.log();
        let url = log.rsplit("\"url\":\"").next().and_then(|rest| rest.split('"').next());
        url.filter(|url| url.ends_with("/metrics")).unwrap_or_else(|| panic!("no metrics are served: {log}")).to_owned()
    }

    pub async fn metrics(&self) -> Metrics {
        let response = self.http.get(self.metrics_url()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        Metrics::parse(response.text().await.unwrap())
    }

    /// Waits until a sample has this value.
    pub async fn until_metric(&self, sample: &str, value: f64) {
        let deadline = Instant::now() + PATIENCE;
        while self.metrics().await.get(sample) != value {
            assert!(Instant::now() < deadline, "{sample} does not become {value}\n{}", self.metrics().await.text);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
