//! `open-chat projections rebuild`: the read models built anew from the log, while no server runs on them.

use anyhow::Context;
use chat_projections::{Built, Rebuild};

use crate::config::Config;
use crate::progress::Progress;
use crate::startup;

/// Builds the read models of the configured log anew and puts them in the place of those that are there.
pub(crate) async fn rebuild(config: Config) -> anyhow::Result<()> {
    let directory = &config.storage.read_models;
    // First, so that a server that runs is named by the directory this command is about.
    let rebuild = Rebuild::of(directory).with_context(|| format!("READ_MODELS={}", directory.display()))?;
    startup::use_ring();
    let (log, _) = startup::open_log(&config).await?;
    let mut progress = Progress::new("positions", Some(log.end().await?.get()));
    let position = rebuild.run(log, |Built { position, events }| progress.tell(position.get(), events)).await;
    let elapsed = progress.end();
    println!("read models built anew up to position {} in {:.1} s", position?, elapsed.as_secs_f64());
    Ok(())
}
