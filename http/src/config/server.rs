//! Where the server listens and how it runs.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::reader::{Reader, quoted};
use super::sources::Source;
use super::variables::MODE_ALIAS;

/// How strict the server is and which defaults it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// For a developer's machine: everything has a default, keys included.
    Development,
    /// For visitors: keys must be given and must be good.
    Production,
    /// For tests: as [`Mode::Development`].
    Test,
}

impl Mode {
    /// Whether visitors use this server.
    pub(crate) fn is_production(self) -> bool {
        self == Self::Production
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "development" => Some(Self::Development),
            "production" => Some(Self::Production),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Test => "test",
        })
    }
}

/// The server itself.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// `NODE_ENV`, or its alias `APP_ENV`.
    pub(crate) mode: Mode,
    /// `HOST`: the address to bind, an IP address or `localhost`.
    pub(crate) host: IpAddr,
    /// `PORT`: 0 is any free one, known after binding.
    pub(crate) port: u16,
    /// `WIDGET_BUNDLE_PATH`: served instead of the built-in bundle; relative to the working directory.
    pub(crate) widget_bundle: Option<PathBuf>,
    /// `SHUTDOWN_TIMEOUT_MS`: how long running answers may take to finish once the server was asked to stop.
    pub(crate) shutdown_timeout: Duration,
}

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mode = mode(reader);
        let widget_bundle = reader.text("WIDGET_BUNDLE_PATH");
        reader.show("WIDGET_BUNDLE_PATH", widget_bundle.unwrap_or_default());
        Self {
            mode,
            host: host(reader, mode),
            port: port(reader),
            widget_bundle: widget_bundle.map(PathBuf::from),
            shutdown_timeout: reader.milliseconds("SHUTDOWN_TIMEOUT_MS", 25_000, 3_600_000),
        }
    }
}

/// The highest source that knows either name decides. There the two must not contradict each other, since the wrong one
/// would silently give a production server the keys of a development one.
fn mode(reader: &mut Reader<'_>) -> Mode {
    let sources = reader.sources();
    let found = [Source::Environment, Source::DotEnv, Source::File].into_iter().find_map(|source| {
        let given = |name| sources.each(name).find(|(text, from)| *from == source && !text.is_empty());
        let (name, alias) = (given("NODE_ENV"), given(MODE_ALIAS));
        name.or(alias).map(|(text, _)| (text, alias.map_or(text, |(text, _)| text), source))
    });
    let Some((text, alias, source)) = found else {
        reader.show("NODE_ENV", Mode::Development);
        return Mode::Development;
    };
    if text != alias {
        reader.problems.push(format!("NODE_ENV: contradicts {MODE_ALIAS}, its alias; set one of them (from {source})"));
    }
    let mode = Mode::parse(text);
    if mode.is_none() {
        let what = format!("{} is not one of development, production, test", quoted(text));
        reader.problems.push(format!("NODE_ENV: {what} (from {source})"));
    }
    let mode = mode.unwrap_or(Mode::Development);
    reader.show_from("NODE_ENV", mode, source);
    mode
}

/// Where a process on the same machine reaches the server. What listens on every address, as a server in production does unless it
/// is told otherwise, is reached on the loopback one.
pub(super) fn own_address(reader: &mut Reader<'_>) -> SocketAddr {
    let host = match host(reader, Mode::Development) {
        IpAddr::V4(every) if every.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(every) if every.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, port(reader))
}

fn port(reader: &mut Reader<'_>) -> u16 {
    reader.number("PORT", 4000, 0..=u16::MAX)
}

fn host(reader: &mut Reader<'_>, mode: Mode) -> IpAddr {
    let default = if mode.is_production() { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let host = reader.parsed("HOST", |text| match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => text.parse().map_err(|_| format!("{} is not an IP address to bind, nor localhost", quoted(text))),
    });
    let host = host.unwrap_or(default.into());
    reader.show("HOST", host);
    host
}

#[cfg(test)]
mod tests {
    use super::Mode;
    use crate::config::tests::{Given, load, problems};

    #[test]
    fn the_mode_is_one_of_three_words() {
        for mode in [Mode::Development, Mode::Test] {
            assert_eq!(load(&[("NODE_ENV", &mode.to_string())]).server.mode, mode);
            assert_eq!(load(&[("APP_ENV", &mode.to_string())]).server.mode, mode);
        }
        let expected = ["NODE_ENV: \"Production\" is not one of development, production, test (from environment)"];
        assert_eq!(problems(&[("NODE_ENV", "Production")]), expected);
        assert_eq!(problems(&[("APP_ENV", "Production")]), expected);
    }

    #[test]
    fn the_alias_decides_by_source_as_the_name_does() {
        let given = Given { env: &[("APP_ENV", "test")], dot_env: "NODE_ENV=production", ..Given::default() };
        assert_eq!(given.load().unwrap().server.mode, Mode::Test);
        let given = Given { env: &[("NODE_ENV", "test")], dot_env: "APP_ENV=production", ..Given::default() };
        assert_eq!(given.load().unwrap().server.mode, Mode::Test);
        let given = Given { env: &[("NODE_ENV", "")], file: "app_env = 'test'", ..Given::default() };
        assert_eq!(given.load().unwrap().server.mode, Mode::Test);
    }

    #[test]
    fn the_name_and_its_alias_must_not_contradict_each_other() {
        assert_eq!(load(&[("NODE_ENV", "test"), ("APP_ENV", "test")]).server.mode, Mode::Test);
        assert_eq!(
            problems(&[("NODE_ENV", "development"), ("APP_ENV", "production")]),
            ["NODE_ENV: contradicts APP_ENV, its alias; set one of them (from environment)"]
        );
    }

    #[test]
    fn the_host_is_an_address_or_localhost() {
        assert_eq!(load(&[("HOST", "::")]).server.host.to_string(), "::");
        assert_eq!(load(&[("HOST", "localhost")]).server.host.to_string(), "127.0.0.1");
        assert_eq!(
            problems(&[("HOST", "chat.example.com")]),
            ["HOST: \"chat.example.com\" is not an IP address to bind, nor localhost (from environment)"]
        );
    }

    #[test]
    fn any_port_goes_and_zero_too() {
        assert_eq!(load(&[("PORT", "0")]).server.port, 0);
        assert_eq!(load(&[("PORT", "65535")]).server.port, 65535);
        assert_eq!(
            problems(&[("PORT", "65536")]),
            ["PORT: \"65536\" is not a whole number from 0 to 65535 (from environment)"]
        );
    }
}
