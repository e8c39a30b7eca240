//! `cargo xtask run`: from a fresh checkout to a chat in the browser.

use anyhow::Result;

use crate::steps::Steps;
use crate::{dashboard, node, port, server, widget};

pub(crate) fn run(args: &[String]) -> Result<()> {
    if serves(args) {
        port::require_free()?;
    }
    node::require()?;
    let mut steps = Steps::new(4);
    steps.run("widget", widget::build)?;
    steps.run("dashboard", dashboard::build)?;
    let binary = steps.run("server", server::build_dev)?;
    steps.begin("start");
    match server::become_server(&binary, args)? {}
}

/// `serve` is what the server does when nothing else is asked of it.
fn serves(args: &[String]) -> bool {
    args.is_empty() || args == ["serve"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_asked_for_only_when_the_server_will_bind_it() {
        let args = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(serves(&args("")));
        assert!(serves(&args("serve")));
        assert!(!serves(&args("audit verify")));
        assert!(!serves(&args("--help")));
    }
}
