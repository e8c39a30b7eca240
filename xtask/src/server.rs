//! The server's binary, `open-chat`: building it and becoming it.

use std::convert::Infallible;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::Message;

use crate::process;

const BUILD: &[&str] =
    &["build", "--package", "chat-http", "--bin", "open-chat", "--message-format", "json-render-diagnostics"];
/// The log on EventStoreDB, which only those get who ask for it: its client takes long to build.
pub(crate) const EVENTSTORE: [&str; 2] = ["--features", "chat-http/eventstore"];

/// Builds with debug information, quickly; the answer is the binary.
pub(crate) fn build_dev() -> Result<PathBuf> {
    build(process::cargo(BUILD))
}

/// Builds optimised, with the log on EventStoreDB or without; the answer is the binary.
pub(crate) fn build_release(eventstore: bool) -> Result<PathBuf> {
    let mut cargo = process::cargo(BUILD);
    cargo.arg("--release");
    if eventstore {
        cargo.args(EVENTSTORE);
    }
    build(cargo)
}

fn build(cargo: Command) -> Result<PathBuf> {
    artifact(cargo, "the server")
}

/// Builds what is a program; the answer is its file. Progress and errors are cargo's own, only the message that names the file
/// is read.
pub(crate) fn artifact(mut cargo: Command, what: &str) -> Result<PathBuf> {
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("cargo cannot be started: is it on PATH?")?;
    let output = child.stdout.take().context("cargo's output was not piped")?;
    let mut binary = None;
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::CompilerArtifact(artifact) = message.context("cargo's messages cannot be read")? {
            binary = artifact.executable.map(PathBuf::from).or(binary);
        }
    }
    if !child.wait()?.success() {
        bail!("{what} does not build: what cargo printed above says why");
    }
    binary.with_context(|| format!("cargo built no program: is {what} still one?"))
}

/// Starts the server in the place of this process, so that signals and the exit status are its own.
#[cfg(unix)]
pub(crate) fn become_server(binary: &Path, args: &[String]) -> Result<Infallible> {
    use std::os::unix::process::CommandExt;
    let error = Command::new(binary).args(args).exec();
    Err(error).with_context(|| format!("{} cannot be started: run this again", binary.display()))
}

/// Starts the server and ends with its exit status; Ctrl-C reaches the whole console.
#[cfg(not(unix))]
pub(crate) fn become_server(binary: &Path, args: &[String]) -> Result<Infallible> {
    let status = Command::new(binary)
        .args(args)
        .status()
        .with_context(|| format!("{} cannot be started: run this again", binary.display()))?;
    std::process::exit(status.code().unwrap_or(1))
}
