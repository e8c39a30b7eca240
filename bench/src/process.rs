//! Processes under measurement: started on free loopback ports, looked at from outside, ended with the bench.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

const LISTENING: &str = "listening on ";
/// Of the times in /proc: the same on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

/// Says where this process listens, as `open-chat` does.
pub(crate) fn announce(address: Option<&SocketAddr>) {
    if let Some(address) = address {
        println!("{LISTENING}http://{address}");
    }
}

/// A process that serves.
pub(crate) struct Process {
    child: Child,
    /// Where it listens on the loopback interface.
    pub(crate) address: String,
}

impl Process {
    /// Starts `command` in `dir`, with nothing of this process's environment but `vars`, and waits until it listens. What it logs
    /// goes to a file there.
    pub(crate) fn serve(mut command: Command, dir: &Path, vars: &[(&str, OsString)]) -> Result<Self> {
        let name = command.get_program().to_owned();
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(vars.iter().map(|(name, value)| (name, value))).current_dir(dir);
        let log = File::options().create(true).append(true).open(dir.join("stderr.log"))?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
        let stdout = child.stdout.take().context("its output was not piped")?;
        let mut process = Self { child, address: String::new() };
        for line in BufReader::new(stdout).lines() {
            if let Some((_, url)) = line?.split_once(LISTENING) {
                let port = url.trim().rsplit(':').next().unwrap_or_default().trim_end_matches('/').to_owned();
                process.address = format!("127.0.0.1:{port}");
                return Ok(process);
            }
        }
        let log = fs::read_to_string(dir.join("stderr.log")).unwrap_or_default();
        bail!("{} does not serve:\n{log}", name.to_string_lossy())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Err: it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This very program, which is the model, the proxy and the visitors too.
pub(crate) fn myself(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

/// Processor time a process has used, all its threads together, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    // After the program's name, which may hold anything, come the state and ten numbers, then utime and stime.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    let (user, system) = ticks(11).zip(ticks(12)).context("/proc is not as expected")?;
    Ok((user + system) / TICKS_A_SECOND)
}

/// Memory of a process that is in RAM, in bytes.
pub(crate) fn rss(pid: u32) -> Result<u64> {
    memory(pid, "VmRSS:")
}

/// The most that was since its start, in bytes.
pub(crate) fn peak_rss(pid: u32) -> Result<u64> {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, field: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("/proc is not as expected")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// The directory that benches write to: `BENCH_DIR`, else the temporary one.
pub(crate) fn directory() -> Result<tempfile::TempDir> {
    let parent = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    tempfile::Builder::new().prefix("open-chat-bench").tempdir_in(parent).context("no directory for the bench")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_memory_and_time() {
        let me = std::process::id();
        assert!(rss(me).unwrap() > 1 << 20);
        assert!(cpu_seconds(me).unwrap() >= 0.0);
        assert!(cpu_seconds(u32::MAX).is_err());
    }
}
