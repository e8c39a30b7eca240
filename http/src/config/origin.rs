//! One web origin in its normal form, so that two spellings of it compare equal.

use std::fmt;

use url::{Host, Url};

/// `scheme://host[:port]`: lower case, without the scheme's default port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin(String);

impl Origin {
    /// The origin that a text names, which may end in one `/`. `None` for anything else, `null` and `*` included.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, after_scheme) = text.split_once("://")?;
        let rest = after_scheme.strip_suffix('/').unwrap_or(after_scheme);
        // What the parser would repair, or read as more than an origin.
        let stray = |c: char| c.is_whitespace() || c.is_control() || "/\\?#@*,".contains(c);
        if rest.is_empty() || scheme.contains(stray) || rest.contains(stray) {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let host = match url.host()? {
            Host::Domain(name) => name.to_ascii_lowercase(),
            address => address.to_string(),
        };
        if host.is_empty() {
            return None;
        }
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        Some(Self(format!("{}://{host}{port}", url.scheme())))
    }

    /// Whether web pages come from there, and not, say, an app's own pages.
    pub(super) fn is_http(&self) -> bool {
        self.0.starts_with("http://") || self.0.starts_with("https://")
    }

    /// The origin as browsers write it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        Origin::parse(text).map(|origin| origin.to_string())
    }

    #[test]
    fn spellings_of_one_origin_have_one_normal_form() {
        for text in ["https://Example.COM", "HTTPS://example.com/", "https://example.com:443"] {
            assert_eq!(normal(text).as_deref(), Some("https://example.com"), "{text}");
        }
        assert_eq!(normal("http://[2001:DB8::1]:80").as_deref(), Some("http://[2001:db8::1]"));
        assert_eq!(normal("http://localhost:3000").as_deref(), Some("http://localhost:3000"));
        assert_eq!(normal("https://münchen.example").as_deref(), Some("https://xn--mnchen-3ya.example"));
        assert_eq!(normal("capacitor://LocalHost").as_deref(), Some("capacitor://localhost"));
    }

    #[test]
    fn a_default_port_is_only_dropped_from_its_own_scheme() {
        assert_eq!(normal("http://example.com:443").as_deref(), Some("http://example.com:443"));
        assert_eq!(normal("https://example.com:80").as_deref(), Some("https://example.com:80"));
    }

    #[test]
    fn anything_that_is_not_an_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "example.com",
            "https:example.com",
            "https://",
            "https:///",
            "https://example.com//",
            "https://example.com/shop",
            "https://example.com?x",
            "https://example.com#x",
            "https://user@example.com",
            "https://*.example.com",
            "https://exa mple.com",
            "https://example.com\\evil",
            " https://example.com",
            "https://example.com\t",
            "https://a.example,https://b.example",
            "https://example.com:99999",
            "file:///etc",
        ] {
            assert_eq!(normal(text), None, "{text:?}");
        }
    }
}
