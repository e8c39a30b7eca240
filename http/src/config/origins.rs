//! Which websites may use this server, and where it is reached itself.

use std::collections::BTreeSet;

use super::origin::Origin;
use super::reader::{Reader, list, quoted};
use super::server::Mode;

/// What `CORS_ORIGIN` and `PUBLIC_URL` say. The port is only known after binding, so it is given to the methods.
#[derive(Debug, Clone)]
pub(crate) struct OriginRules {
    /// `CORS_ORIGIN`: a comma list of origins, of `null` (a page from a file), or `*` (outside production).
    listed: Listed,
    /// `PUBLIC_URL`: where browsers reach this server, by default `http://localhost:<PORT>`.
    public_url: Option<Origin>,
}

#[derive(Debug, Clone, Default)]
struct Listed {
    any: bool,
    null: bool,
    origins: BTreeSet<Origin>,
}

/// The origins that may use this server.
#[derive(Debug, Clone)]
pub(crate) struct Origins(Listed);

impl Origins {
    /// Whether a request with this `Origin` header may be answered.
    pub(crate) fn allows(&self, origin_header: &str) -> bool {
        self.0.any
            || (origin_header == "null" && self.0.null)
            || Origin::parse(origin_header).is_some_and(|origin| self.0.origins.contains(&origin))
    }
}

impl OriginRules {
    pub(super) fn read(reader: &mut Reader<'_>, mode: Mode, port: u16) -> Self {
        Self { listed: listed(reader, mode), public_url: public_url(reader, mode, port) }
    }

    /// Where browsers reach this server, without a `/` at the end.
    pub(crate) fn public_url(&self, actual_port: u16) -> String {
        self.own_origins(actual_port)[0].to_string()
    }

    /// The origins of this server's own pages; at least one, the public one first.
    pub(crate) fn own_origins(&self, actual_port: u16) -> Vec<Origin> {
        match &self.public_url {
            Some(origin) => vec![origin.clone()],
            None => ["localhost", "127.0.0.1"].map(|host| local(host, actual_port)).to_vec(),
        }
    }

    /// The origins that may use this server: the listed ones and its own.
    pub(crate) fn origins(&self, actual_port: u16) -> Origins {
        let mut allowed = self.listed.clone();
        allowed.origins.extend(self.own_origins(actual_port));
        Origins(allowed)
    }
}

fn local(host: &str, port: u16) -> Origin {
    Origin::parse(&format!("http://{host}:{port}")).expect("a local host and a port are an origin")
}

fn listed(reader: &mut Reader<'_>, mode: Mode) -> Listed {
    let given = reader.parsed("CORS_ORIGIN", |text| {
        let mut listed = Listed::default();
        for entry in list(text) {
            match entry {
                "*" if mode.is_production() => return Err(REFUSED_ANY.to_owned()),
                "*" => listed.any = true,
                "null" => listed.null = true,
                _ => drop(listed.origins.insert(Origin::parse(entry).ok_or_else(|| not_an_origin(entry))?)),
            }
        }
        Ok(listed)
    });
    if given.is_none() && mode.is_production() {
        reader.warn("CORS_ORIGIN is not set, so only pages of this server itself may use the chat.");
    }
    let listed = given.unwrap_or_else(|| Listed { any: !mode.is_production(), ..Listed::default() });
    let words =
        [(listed.any, "*"), (listed.null, "null")].into_iter().filter_map(|(given, word)| given.then_some(word));
    reader.show("CORS_ORIGIN", words.chain(listed.origins.iter().map(Origin::as_str)).collect::<Vec<_>>().join(","));
    listed
}

const REFUSED_ANY: &str = "* is refused in production, where any website could spend your model's budget; \
    list the origins of your websites, for example https://www.example.com";

fn not_an_origin(entry: &str) -> String {
    format!("{} is not an origin such as https://www.example.com, nor null, nor *", quoted(entry))
}

/// The value is not repeated in a problem: an address may carry a password.
fn public_url(reader: &mut Reader<'_>, mode: Mode, port: u16) -> Option<Origin> {
    let given = reader.parsed("PUBLIC_URL", |text| {
        let origin = Origin::parse(text).filter(Origin::is_http);
        origin.ok_or_else(|| {
            "is not an http or https address without a path, such as https://chat.example.com".to_owned()
        })
    });
    match &given {
        Some(origin) => reader.show("PUBLIC_URL", origin),
        None => reader.show("PUBLIC_URL", local("localhost", port)),
    }
    if given.is_none() && mode.is_production() {
        reader.warn("PUBLIC_URL is not set, so the dashboard and printed addresses only work on this machine.");
    }
    given
}

#[cfg(test)]
mod tests {
    use super::Origins;
    use crate::config::tests::{load, problems, production};

    fn development(cors_origin: &str) -> Origins {
        load(&[("CORS_ORIGIN", cors_origin)]).origins.origins(4000)
    }

    #[test]
    fn development_allows_everything_until_told_otherwise() {
        let origins = load(&[]).origins.origins(4000);
        for origin in ["https://any.example", "null", "garbage"] {
            assert!(origins.allows(origin), "{origin}");
        }
        assert!(!development("https://a.example").allows("https://any.example"));
        assert!(development("https://a.example,*").allows("null"));
    }

    #[test]
    fn listed_origins_are_compared_in_their_normal_form() {
        let origins = development(" https://A.example:443/ ,http://b.example:8080");
        for origin in ["https://a.example", "https://a.example:443", "HTTPS://A.EXAMPLE", "http://b.example:8080"] {
            assert!(origins.allows(origin), "{origin}");
        }
        for origin in
            ["http://a.example", "https://a.example:8443", "https://a.example.evil.example", "https://b.example"]
        {
            assert!(!origins.allows(origin), "{origin}");
        }
    }

    #[test]
    fn null_and_garbage_are_not_allowed_by_a_list() {
        for origin in ["null", "", "garbage", "https://a.example/x", "https://a.example, https://b.example"] {
            assert!(!development("https://a.example").allows(origin), "{origin:?}");
        }
        assert!(development("https://a.example,null").allows("null"));
    }

    #[test]
    fn the_servers_own_origins_are_always_allowed() {
        let origins = development("https://a.example");
        assert!(origins.allows("http://localhost:4000") && origins.allows("http://127.0.0.1:4000"));
        assert!(!origins.allows("http://localhost:3000"));
        let config = load(&production(&[("CORS_ORIGIN", ""), ("PUBLIC_URL", "https://Chat.example.com:443/")]));
        let origins = config.origins.origins(4000);
        assert!(origins.allows("https://chat.example.com"));
        assert!(!origins.allows("http://localhost:4000"));
        assert_eq!(config.origins.public_url(4000), "https://chat.example.com");
        assert_eq!(config.warnings, ["CORS_ORIGIN is not set, so only pages of this server itself may use the chat."]);
    }

    #[test]
    fn own_origins_have_the_port_that_was_bound() {
        let rules = load(&[("PORT", "0"), ("CORS_ORIGIN", "null")]).origins;
        assert_eq!(rules.public_url(50123), "http://localhost:50123");
        assert_eq!(rules.public_url(80), "http://localhost");
        assert!(rules.origins(50123).allows("http://127.0.0.1:50123"));
    }

    #[test]
    fn a_list_with_something_else_in_it_is_refused() {
        for bad in ["a.example", "https://a.example/shop", "https://*.example.com", "NULL"] {
            assert_eq!(
                problems(&[("CORS_ORIGIN", &format!("https://b.example,{bad}"))]),
                [format!(
                    "CORS_ORIGIN: {bad:?} is not an origin such as https://www.example.com, nor null, nor * \
                     (from environment)"
                )]
            );
        }
    }

    #[test]
    fn production_refuses_the_star_and_says_why() {
        assert_eq!(
            problems(&production(&[("CORS_ORIGIN", "https://a.example,*")])),
            ["CORS_ORIGIN: * is refused in production, where any website could spend your model's budget; list the \
                origins of your websites, for example https://www.example.com (from environment)"]
        );
    }

    #[test]
    fn the_public_url_is_an_http_address_without_a_path() {
        for bad in
            ["chat.example.com", "https://example.com/chat", "ftp://example.com", "https://user:s3cret@example.com"]
        {
            assert_eq!(
                problems(&[("PUBLIC_URL", bad)]),
                ["PUBLIC_URL: is not an http or https address without a path, such as https://chat.example.com \
                    (from environment)"]
            );
        }
        assert_eq!(
            load(&production(&[("PUBLIC_URL", "")])).warnings,
            ["PUBLIC_URL is not set, so the dashboard and printed addresses only work on this machine."]
        );
    }
}
