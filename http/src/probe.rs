//! `open-chat health`: asks the server beside it whether it lives, for images that have no other program to do it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::config::Config;

/// For all of it: less than the 5 s that the health checks of image and compose give it.
const PATIENCE: Duration = Duration::from_secs(3);
/// How an answer begins: version, status, and the blank after it.
const STATUS: std::ops::Range<usize> = 9..12;

/// Says in one line whether the server of the configuration lives; the exit code says it too.
pub(crate) fn run() -> ExitCode {
    match address().and_then(|address| probe(address).map(|()| address)) {
        Ok(address) => {
            println!("open-chat lives at {address}");
            ExitCode::SUCCESS
        }
        Err(error) => crate::fail(&format_args!("{error:#}")),
    }
}

fn address() -> anyhow::Result<SocketAddr> {
    let address = Config::load_own_address(crate::environment(), Path::new("."))?;
    if address.port() == 0 {
        bail!("PORT: 0 is any free port, which only the server knows; name the one to ask");
    }
    Ok(address)
}

fn probe(address: SocketAddr) -> anyhow::Result<()> {
    let status = ask(address).with_context(|| format!("open-chat does not answer at {address}"))?;
    if &status != b"200" {
        bail!("what answers at {address} says {}, which open-chat does not", status.escape_ascii());
    }
    Ok(())
}

/// The status with which `/health` is answered.
fn ask(address: SocketAddr) -> io::Result<[u8; STATUS.end - STATUS.start]> {
    let deadline = Instant::now() + PATIENCE;
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_write_timeout(Some(PATIENCE))?;
    write!(connection, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let (mut head, mut read) = ([0; STATUS.end], 0);
    while read < head.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        connection.set_read_timeout(Some(left))?;
        read += match connection.read(&mut head[read..])? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => length,
        };
    }
    head[STATUS].try_into().map_err(io::Error::other)
}
