//! nginx with the site of `deploy/proxy/nginx.conf`, in which only the addresses and the certificate are the test's own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Certificate, ClientBuilder};
use tempfile::TempDir;

use super::process::PATIENCE;
use crate::identities::Signed;

const SITE: &str = include_str!("../../../../deploy/proxy/nginx.conf");
/// Where `cargo xtask test` unpacks it.
const UNPACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/nginx/usr/sbin/nginx");
/// Processes that serve; each has connections of its own.
const WORKERS: usize = 2;

pub struct ReverseProxy {
    child: Child,
    port: u16,
    authority: Certificate,
    dir: TempDir,
    /// How often it was told other servers.
    reloads: usize,
}

impl ReverseProxy {
    /// Whether there is an nginx; says so if there is none.
    pub fn is_there() -> bool {
        let found = nginx().is_some();
        if !found {
            eprintln!(
                "skipped, since there is no nginx: install it, name it in NGINX_PROGRAM, or run `cargo xtask tools` as root on Debian"
            );
        }
        found
    }

    /// A proxy before these servers, once it listens.
    pub fn start(servers: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let Signed { authority, certificate, key } = Signed::new();
        let authority = Certificate::from_pem(authority.as_bytes()).unwrap();
        loop {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("certificate.pem"), &certificate).unwrap();
            fs::write(dir.path().join("key.pem"), &key).unwrap();
            fs::write(dir.path().join("nginx.conf"), main_file(dir.path())).unwrap();
            let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
            fs::write(dir.path().join("site.conf"), site(dir.path(), port, servers)).unwrap();
            let child = spawn(dir.path());
            let mut proxy = Self { child, port, authority: authority.clone(), dir, reloads: 0 };
            if proxy.until_workers(WORKERS, "start worker process ") {
                return proxy;
            }
            assert!(proxy.log().contains("Address already in use"), "nginx ended:\n{}", proxy.log());
        }
    }

    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Whom clients have to believe.
    pub fn authority(&self) -> Certificate {
        self.authority.clone()
    }

    /// A client that believes its certificate.
    pub fn client(&self) -> ClientBuilder {
        reqwest::Client::builder().no_proxy().tls_certs_only([self.authority()])
    }

    /// Sends what comes from now on to these servers; what runs goes on where it is. Returns once every process knows.
    pub fn send_to(&mut self, servers: &[&str]) {
        fs::write(self.dir.path().join("site.conf"), site(self.dir.path(), self.port, servers)).unwrap();
        assert!(Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap().success());
        self.reloads += 1;
        assert!(self.until_workers(self.reloads * WORKERS, "gracefully shutting down"), "nginx ended:\n{}", self.log());
    }

    /// Waits until so many of its processes have said this; false when nginx ended.
    fn until_workers(&mut self, count: usize, words: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while self.log().matches(words).count() < count {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(Instant::now() < deadline, "nginx does not say {words:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        true
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("nginx.log")).unwrap()
    }
}

impl Drop for ReverseProxy {
    fn drop(&mut self) {
        // SIGTERM: it ends its own processes, which SIGKILL would leave alone.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of nginx ---\n{}", self.log());
        }
    }
}

/// `NGINX_PROGRAM`, else the first on the path, else the one that the project's own command unpacks.
fn nginx() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("NGINX_PROGRAM").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("nginx"));
    on_path.chain([UNPACKED.into()]).find(|file| file.is_file())
}

fn spawn(dir: &Path) -> Child {
    let log = File::create(dir.join("nginx.log")).unwrap();
    let mut command = Command::new(nginx().expect("there is no nginx: ask ReverseProxy::is_there"));
    command.arg("-p").arg(dir).arg("-e").arg("stderr").arg("-c").arg(dir.join("nginx.conf"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// What on a machine of its own /etc/nginx/nginx.conf says.
fn main_file(dir: &Path) -> String {
    // Otherwise nginx gives root's rights up, and cannot read this directory.
    let user = if fs::metadata(dir).unwrap().uid() == 0 { "user root;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = temporary.iter().map(|what| format!("{what}_temp_path {what}_temp; ")).collect();
    format!(
        "{user} daemon off; worker_processes {WORKERS}; pid nginx.pid; error_log stderr notice; \
         events {{ worker_connections 4096; }} http {{ access_log off; {temporary} include site.conf; }}"
    )
}

/// The site with other addresses and another certificate.
fn site(dir: &Path, port: u16, servers: &[&str]) -> String {
    let servers: String = servers.iter().map(|url| format!("server {};", url.trim_start_matches("http://"))).collect();
    let file = |name: &str| dir.join(name).display().to_string();
    [
        ("server 127.0.0.1:4000;", servers),
        ("listen 443 ", format!("listen 127.0.0.1:{port} ")),
        ("/etc/ssl/chat.example.com.pem", file("certificate.pem")),
        ("/etc/ssl/private/chat.example.com.key", file("key.pem")),
    ]
    .iter()
    .fold(SITE.to_owned(), |site, (theirs, ours)| {
        assert!(site.contains(theirs), "deploy/proxy/nginx.conf has no `{theirs}`: adapt this file to it");
        site.replace(theirs, ours)
    })
}
