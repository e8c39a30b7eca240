//! Generates the services of EventStoreDB from the protocol files that its client ships.

use std::error::Error;
use std::path::PathBuf;

use cargo_metadata::MetadataCommand;

const CLIENT: &str = "kurrentdb";
const PROTOCOLS: [&str; 3] = ["streams.proto", "serverfeatures.proto", "gossip.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = protocols()?;
    let files = protox::compile(PROTOCOLS.map(|file| folder.join(file)), [&folder])?;
    tonic_build::configure().build_client(false).bytes(["."]).compile_fds(files)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Where cargo has unpacked the client.
fn protocols() -> Result<PathBuf, Box<dyn Error>> {
    let metadata = MetadataCommand::new().other_options(["--locked".into(), "--offline".into()]).exec()?;
    let client = metadata.packages.iter().find(|package| package.name == CLIENT);
    let manifest = client.ok_or("the client is not among the dependencies")?.manifest_path.clone();
    let folder = manifest.parent().ok_or("the client's manifest is in no folder")?;
    Ok(folder.join("protos").into())
}
