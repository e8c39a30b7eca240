//! The replicas of one deployment, and where visitors find them.

use std::process::Command;
use std::sync::{Arc, RwLock};

use crate::support::{Options, Server, model};

/// The replicas' addresses as a load balancer knows them: one changes when its replica is started again.
#[derive(Clone, Default)]
pub struct Addresses(Arc<RwLock<Vec<String>>>);

impl Addresses {
    /// Of one place, which stays.
    pub fn only(url: String) -> Self {
        Self(Arc::new(RwLock::new(vec![url])))
    }

    pub fn count(&self) -> usize {
        self.0.read().unwrap().len()
    }

    pub fn of(&self, replica: usize) -> String {
        self.0.read().unwrap()[replica].clone()
    }
}

pub struct Replica {
    number: usize,
    server: Server,
    addresses: Addresses,
}

impl Replica {
    /// A replica on this log, whose model is at `base_url`.
    pub fn start(addresses: &Addresses, event_log: &str, base_url: &str) -> Self {
        let options: Options = model(base_url)
            .var("EVENT_LOG", event_log)
            .var("RATE_LIMIT_MAX_REQUESTS", 1_000_000)
            .var("TRUSTED_PROXIES", "127.0.0.1/32")
            .var("RUST_LOG", "info,actix_server=warn");
        let server = Server::start(options);
        let mut known = addresses.0.write().unwrap();
        known.push(server.url.clone());
        Self { number: known.len() - 1, server, addresses: addresses.clone() }
    }

    /// Where it serves.
    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// Ends the process with SIGKILL.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Asks the process to stop, and waits until it has.
    pub fn stop(&mut self) {
        self.server.terminate();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let status = runtime.block_on(self.server.wait());
        assert!(status.success(), "replica {} did not stop in order: {status}", self.number);
    }

    /// Starts the ended process again on its directory.
    pub fn restart(&mut self) {
        self.server.restart();
        self.addresses.0.write().unwrap()[self.number] = self.server.url.clone();
    }

    /// Stands still with SIGSTOP.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.server.pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// The directory of its data.
    pub fn data(&self) -> std::path::PathBuf {
        self.server.dir().join("data")
    }

    /// What the process wrote to its log.
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Panics of the process, which no fault excuses.
    pub fn panics(&self) -> Vec<String> {
        self.log().lines().filter(|line| line.contains("panicked at")).map(str::to_owned).collect()
    }
}
