//! The configuration: environment over `.env` over `open-chat.toml`, checked as a whole before anything starts.
//!
//! Architecture invariant: secrets stay in [`secrecy::SecretString`]; no text that this module makes, errors, warnings,
//! `Debug` and [`Config::print`] included, ever carries one.

mod assistant;
mod collector;
mod dotenv_file;
mod error;
#[cfg(feature = "eventstore")]
mod eventstore_address;
mod keys;
mod limits;
mod nats_access;
mod nats_address;
mod origin;
mod origins;
mod place;
mod reader;
mod server;
mod sources;
mod storage;
mod telemetry;
#[cfg(test)]
mod tests;
mod toml_file;
mod variables;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use chat_schema::SystemSetting;

pub(crate) use assistant::{Assistant, AssistantKind};
pub(crate) use collector::Collector;
pub(crate) use error::ConfigError;
#[cfg(feature = "eventstore")]
pub(crate) use eventstore_address::EventStoreAddress;
pub(crate) use keys::Keys;
pub(crate) use limits::Limits;
pub(crate) use nats_access::{Identity, NatsAccess};
pub(crate) use nats_address::NatsAddress;
pub(crate) use origin::Origin;
pub(crate) use origins::{OriginRules, Origins};
pub(crate) use server::Server;
pub(crate) use storage::{EventLogAddress, Storage};
pub(crate) use telemetry::Telemetry;

use reader::{Reader, Setting};
use sources::Sources;
use variables::{VARIABLES, Variable};

/// Everything that can be set. How each variable is called is said at its field.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) assistant: Assistant,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) storage: Storage,
    pub(crate) origins: OriginRules,
    pub(crate) telemetry: Telemetry,
    /// What the log should say at start, in whole sentences.
    pub(crate) warnings: Vec<String>,
    /// Given variables of the upstream product that have no meaning here (`CONVEX_URL`, `NEXT_PUBLIC_*`), by name.
    pub(crate) ignored: Vec<String>,
    settings: Vec<Setting>,
}

impl Config {
    /// Reads the configuration: `env` over `.env` over `open-chat.toml` of `dir`. An empty value counts as not given.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub(crate) fn load(env: impl Iterator<Item = (String, String)>, dir: &Path) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let sources = Sources::read(env, dir, &mut problems);
        let mut reader = Reader::new(&sources, problems);
        let server = Server::read(&mut reader);
        let assistant = Assistant::read(&mut reader, server.mode);
        let keys = Keys::read(&mut reader, server.mode);
        let limits = Limits::read(&mut reader);
        let storage = Storage::read(&mut reader);
        let origins = OriginRules::read(&mut reader, server.mode, server.port);
        let telemetry = Telemetry::read(&mut reader);
        let Reader { problems, warnings, settings, .. } = reader;
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        let ignored = sources.ignored();
        Ok(Self { server, assistant, keys, limits, storage, origins, telemetry, warnings, ignored, settings })
    }

    /// Reads only where the log is; `log` stands for `EVENT_LOG` if it is given. Everything else may be wrong.
    ///
    /// # Errors
    /// What is wrong with that.
    pub(crate) fn load_storage(
        env: impl Iterator<Item = (String, String)>,
        dir: &Path,
        log: Option<String>,
    ) -> Result<Storage, ConfigError> {
        let mut problems = Vec::new();
        let env = env.chain(log.map(|log| ("EVENT_LOG".to_owned(), log)));
        let sources = Sources::read(env, dir, &mut problems);
        let mut reader = Reader::new(&sources, problems);
        let storage = Storage::read(&mut reader);
        if reader.problems.is_empty() { Ok(storage) } else { Err(ConfigError { problems: reader.problems }) }
    }

    /// Reads only where the server is to be reached from its own machine. Everything else may be wrong, the files included.
    ///
    /// # Errors
    /// What is wrong with `HOST` or `PORT`.
    pub(crate) fn load_own_address(
        env: impl Iterator<Item = (String, String)>,
        dir: &Path,
    ) -> Result<SocketAddr, ConfigError> {
        let sources = Sources::read(env, dir, &mut Vec::new());
        let mut reader = Reader::new(&sources, Vec::new());
        let address = server::own_address(&mut reader);
        if reader.problems.is_empty() { Ok(address) } else { Err(ConfigError { problems: reader.problems }) }
    }

    /// The configuration as it took effect, in the order of the documentation; secrets only as set or not.
    pub(crate) fn settings(&self) -> Vec<SystemSetting> {
        let shown = VARIABLES.iter().filter_map(|variable| self.settings.iter().find(|one| one.name == variable.name));
        shown
            .map(|Setting { name, value, source }| SystemSetting {
                name: (*name).to_owned(),
                value: value.clone(),
                source: source.to_string(),
            })
            .collect()
    }

    /// The configuration as it took effect, one `NAME=value   # source` a line; secrets only as set or not.
    pub(crate) fn print(&self) -> String {
        let mut text = String::new();
        for Variable { name, secret } in VARIABLES {
            let Some(Setting { value, source, .. }) = self.settings.iter().find(|setting| setting.name == *name) else {
                continue;
            };
            let value = if *secret { value.clone() } else { on_one_line(value) };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}={value}   # {source}");
        }
        text
    }
}

/// The value as `.env` takes it.
fn on_one_line(value: &str) -> String {
    if value.contains(|c: char| c.is_whitespace() || "#\"'`".contains(c)) {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
        format!("\"{escaped}\"")
    } else {
        value.to_owned()
    }
}
