//! `cargo xtask tidy`: what must hold and the compiler does not check. One file a concern; every complaint says where
//! and what to do.

mod backends;
mod bundle;
mod crates;
mod documents;
mod licences;
mod plain;
mod runbooks;
mod text;
mod tree;

use anyhow::{Context, Result, bail};
use cargo_metadata::{CargoOpt, MetadataCommand};

pub(crate) use tree::Tree;

pub(crate) fn tidy() -> Result<()> {
    let metadata = MetadataCommand::new()
        .features(CargoOpt::AllFeatures)
        .exec()
        .context("`cargo metadata` failed: make the Cargo.toml files resolve first")?;
    let tree = Tree::read(".".as_ref())?;
    let rules = licences::Rules::read(&tree)?;
    let complaints = [
        crates::complaints(&metadata),
        licences::complaints(&metadata, &rules),
        plain::complaints(&rules)?,
        backends::complaints(&tree),
        documents::complaints(&tree),
        runbooks::complaints(&tree),
        text::complaints(&tree),
        bundle::complaints()?,
    ]
    .concat();
    for complaint in &complaints {
        println!("{complaint}");
    }
    for (file, reason) in text::LONG {
        println!("allowed to be long: {file}, {reason}");
    }
    if !complaints.is_empty() {
        bail!("tidy has {} complaints: each line above says what to do", complaints.len());
    }
    println!("tidy: {} packages and {} files are in order", metadata.packages.len(), tree.len());
    Ok(())
}
