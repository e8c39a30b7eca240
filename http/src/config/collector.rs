//! The collector of traces, by the variables that OpenTelemetry has for it.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::reader::{Reader, list, quoted};

/// Where traces go, by OTLP over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Collector {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: what `/v1/traces` is appended to.
    endpoint: Url,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: `name=value` pairs, for a collector that asks for a key.
    headers: Option<SecretString>,
    /// `OTEL_SERVICE_NAME`
    pub(crate) service_name: String,
    /// `OTEL_TRACES_SAMPLER_ARG`: the part of the traces begun here that is exported; those of callers are as they say.
    pub(crate) sampled: f64,
}

impl Collector {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let endpoint = reader.parsed("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        reader.show("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_ref().map_or("", Url::as_str));
        let headers = reader.secret("OTEL_EXPORTER_OTLP_HEADERS", None);
        if headers.as_ref().is_some_and(|headers| list(headers.expose_secret()).any(|one| pair(one).is_none())) {
            reader.problem("OTEL_EXPORTER_OTLP_HEADERS", "is not a list such as name=value,other=value");
        }
        let service_name = reader.text("OTEL_SERVICE_NAME").unwrap_or("open-chat").to_owned();
        reader.show("OTEL_SERVICE_NAME", &service_name);
        let sampled = reader.parsed("OTEL_TRACES_SAMPLER_ARG", part).unwrap_or(1.0);
        reader.show("OTEL_TRACES_SAMPLER_ARG", sampled);
        endpoint.map(|endpoint| Self { endpoint, headers, service_name, sampled })
    }

    pub(crate) fn traces_url(&self) -> String {
        format!("{}/v1/traces", self.endpoint.as_str().trim_end_matches('/'))
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        self.headers.iter().flat_map(|headers| list(headers.expose_secret()).filter_map(pair))
    }
}

/// The value is not repeated in a problem: an address may carry a password.
fn endpoint(text: &str) -> Result<Url, String> {
    let is_base =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
    let url = Url::parse(text).ok().filter(is_base);
    let url =
        url.ok_or("is not the address of a collector that speaks OTLP over HTTP, such as http://localhost:4318")?;
    if url.username().is_empty() && url.password().is_none() {
        Ok(url)
    } else {
        Err("must not carry a user name or password; they belong into OTEL_EXPORTER_OTLP_HEADERS".to_owned())
    }
}

/// A header; its value may be percent-encoded, as a comma has to be.
fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
    (!name.trim().is_empty()).then(|| (name.trim().to_owned(), value.into_owned()))
}

fn part(text: &str) -> Result<f64, String> {
    let part = text.parse().ok().filter(|part| (0.0..=1.0).contains(part));
    part.ok_or_else(|| format!("{} is not a number from 0 to 1", quoted(text)))
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{load, problems};

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example.com:4318/tenant/");

    #[test]
    fn traces_are_off_unless_a_collector_is_named() {
        assert!(load(&[]).telemetry.traces.is_none());
        let config = load(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cret%2C, x-other=1")]);
        let collector = config.telemetry.traces.as_ref().unwrap();
        assert_eq!(collector.traces_url(), "https://collector.example.com:4318/tenant/v1/traces");
        let headers: Vec<_> = collector.headers().collect();
        assert_eq!(headers, [("x-key".into(), "s3cret,".into()), ("x-other".into(), "1".into())]);
        let shown = format!("{}{config:?}", config.print());
        assert!(shown.contains("OTEL_EXPORTER_OTLP_HEADERS=(set)") && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn what_is_wrong_with_a_collector_is_said_without_its_secrets() {
        for (name, value, what) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "s3cret:4318", "is not the address of a collector"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:s3cret@localhost", "OTEL_EXPORTER_OTLP_HEADERS"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "s3cret", "is not a list such as"),
            ("OTEL_TRACES_SAMPLER_ARG", "1.5", "\"1.5\" is not a number from 0 to 1"),
        ] {
            let [problem] = &problems(&[(name, value)])[..] else { panic!("not one problem with {name}") };
            assert!(problem.starts_with(name) && problem.contains(what) && !problem.contains("s3cret"), "{problem}");
        }
    }
}
