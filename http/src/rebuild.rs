//! `open-chat projections rebuild`: the read models built anew from the log, while no server runs on them.

use std::time::{Duration, Instant};

use anyhow::Context;
use chat_eventlog::Position;
use chat_projections::Rebuild;

use crate::config::Config;
use crate::startup;

/// Between two lines about how far it is.
const LINE: Duration = Duration::from_secs(1);

/// Builds the read models of the configured log anew and puts them in the place of those that are there.
pub(crate) async fn rebuild(config: Config) -> anyhow::Result<()> {
    let directory = &config.storage.read_models;
    // First, so that a server that runs is named by the directory this command is about.
    let rebuild = Rebuild::of(directory).with_context(|| format!("READ_MODELS={}", directory.display()))?;
    startup::use_ring();
    let (log, _) = startup::open_log(&config).await?;
    let (started, mut last) = (Instant::now(), Instant::now());
    let progress = |position, end| {
        if last.elapsed() >= LINE {
            last = Instant::now();
            eprintln!("{}", line(position, end, started.elapsed()));
        }
    };
    let position = rebuild.run(log, progress).await?;
    println!("read models built anew up to position {position} in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// How far it is, how fast it goes, and how long it will still take at that.
fn line(position: Position, end: Position, elapsed: Duration) -> String {
    let rate = position.get() as f64 / elapsed.as_secs_f64().max(0.001);
    let left = end.get().saturating_sub(position.get()) as f64 / rate.max(1.0);
    format!("position {position} of {end}, {rate:.0} events/s, about {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_tells_rate_and_remaining_time() {
        let line = line(Position::new(3_000), Position::new(9_000), Duration::from_secs(2));
        assert_eq!(line, "position 3000 of 9000, 1500 events/s, about 4 s left");
    }
}
