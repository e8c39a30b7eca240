//! Finds the nats-server program. A test that needs it and has none fails: it is never skipped.

use std::path::PathBuf;
use std::sync::OnceLock;

/// Where `cargo xtask test` installs it.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/nats-server");

/// `NATS_SERVER`, else the one that the project's own command installs, else the one on the path.
pub(super) fn nats_server() -> PathBuf {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(find).clone()
}

fn find() -> PathBuf {
    if let Some(named) = std::env::var_os("NATS_SERVER") {
        let named = PathBuf::from(named);
        assert!(
            named.is_file(),
            "NATS_SERVER={} is not a file: name the nats-server program, or unset it",
            named.display()
        );
        return named;
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&on_path).map(|folder| folder.join("nats-server"));
    std::iter::once(PathBuf::from(INSTALLED)).chain(on_path).find(|path| path.is_file()).unwrap_or_else(|| {
        panic!(
            "these tests need nats-server 2.11 or later: run `cargo xtask test` once, which installs it as \
             target/tools/nats-server, or set NATS_SERVER to the program"
        )
    })
}
