//! `cargo xtask test`: everything that must hold, in an order that fails early. CI runs the same.
//!
//! A step that cannot run fails; none is left out.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::{cargo, relay, relay_tests};
use crate::steps::Steps;
use crate::tally::Tally;
use crate::{
    bench, chromium, dashboard, deploy, nats_server, nginx, node, process, rust_tests, server, side_by_side, tidy,
    wasm, widget,
};

/// What the steps leave for later ones.
#[derive(Default)]
struct State {
    tally: Tally,
    browser: Option<PathBuf>,
    nats_server: Option<PathBuf>,
    nginx: Option<PathBuf>,
    deploy: Option<deploy::Tools>,
    server: Option<PathBuf>,
}

type Step = (&'static str, fn(&mut State) -> Result<()>);

/// The server embeds the widget and the dashboard, so that both come before everything that compiles the server.
const STEPS: &[Step] = &[
    ("tools", tools),
    ("format", |_| relay(cargo(&["fmt", "--all", "--check"]))),
    ("widget packages", |_| widget::install()),
    ("widget check", |_| widget::check()),
    ("widget unit tests", |state| widget::test(&mut state.tally)),
    ("widget build", |_| widget::build()),
    ("dashboard build", |_| dashboard::build()),
    ("tidy", |_| tidy::tidy()),
    ("deployment files", deployment_files),
    ("clippy", |_| relay(rust_tests::workspace("clippy", &["--all-targets", "--", "-D", "warnings"]))),
    ("schema for wasm", |_| relay(cargo(&["check", "--package", "chat-schema", "--target", wasm::TARGET]))),
    ("test build", |_| relay(rust_tests::tests(&["--no-run"]))),
    ("rust tests", rust_tests),
    ("soak", |state| {
        relay_tests(with_tools(rust_tests::tests(&["--test", rust_tests::SOAK]), state)?, &mut state.tally)
    }),
    ("documentation tests", |_| relay(rust_tests::tests(&["--doc"]))),
    ("server", build_server),
    ("bench smoke test", bench_smoke_test),
    ("browser tests", browser_tests),
    ("dashboard browser tests", dashboard_browser_tests),
];

pub(crate) fn test() -> Result<()> {
    let mut steps = Steps::new(STEPS.len());
    let mut state = State::default();
    let result = STEPS.iter().try_for_each(|(name, work)| {
        steps.run(name, || work(&mut state)).with_context(|| format!("step `{name}` failed"))
    });
    println!("\n{}{}", steps.table(), state.tally);
    result
}

/// `cargo xtask tools`: the first step alone, for whoever calls `cargo test` by hand.
pub(crate) fn install_tools() -> Result<()> {
    let mut state = State::default();
    tools(&mut state)?;
    let kubectl = state.deploy.map(|tools| tools.kubectl);
    for tool in [state.browser, state.nats_server, state.nginx, kubectl].into_iter().flatten() {
        println!("{}", tool.display());
    }
    Ok(())
}

fn tools(state: &mut State) -> Result<()> {
    node::require()?;
    wasm::ensure()?;
    state.browser = Some(chromium::ensure()?);
    state.nats_server = Some(nats_server::ensure()?);
    state.nginx = nginx::ensure()?;
    state.deploy = Some(deploy::Tools::ensure()?);
    Ok(())
}

fn deployment_files(state: &mut State) -> Result<()> {
    deploy::check(state.deploy.as_ref().context("nothing to check with: the step `tools` did not run")?)
}

fn rust_tests(state: &mut State) -> Result<()> {
    let [beside, shown] = rust_tests::rows()?
        .map(|row| row.into_iter().map(|tests| with_tools(tests, state)).collect::<Result<Vec<_>>>());
    side_by_side::run(beside?, shown?, &mut state.tally)
}

fn with_tools(mut tests: Command, state: &State) -> Result<Command> {
    let nats_server = state.nats_server.as_ref().context("no nats-server: the step `tools` did not run")?;
    tests.env(nats_server::VARIABLE, nats_server);
    if let Some(tools) = &state.deploy {
        tests.env(deploy::KUBECTL, &tools.kubectl);
    }
    if let Some(nginx) = &state.nginx {
        tests.env(nginx::VARIABLE, nginx);
    }
    Ok(tests)
}

fn build_server(state: &mut State) -> Result<()> {
    state.server = Some(server::build_dev()?);
    Ok(())
}

/// Whether what is measured runs and is counted right; how long it took says nothing here.
fn bench_smoke_test(state: &mut State) -> Result<()> {
    let server = state.server.as_ref().context("no server: the step `server` did not run")?;
    let nats_server = state.nats_server.as_ref().context("no nats-server: the step `tools` did not run")?;
    bench::smoke(server, nats_server)
}

/// Alone, as those of the dashboard are: some look at how long the page is busy.
fn browser_tests(state: &mut State) -> Result<()> {
    in_browser("e2e", state)
}

fn dashboard_browser_tests(state: &mut State) -> Result<()> {
    in_browser("e2e:dashboard", state)
}

/// Runs one of the widget's npm scripts, which have the packages for both.
fn in_browser(script: &str, state: &mut State) -> Result<()> {
    let browser = state.browser.as_ref().context("no browser: the step `tools` did not run")?;
    let server = state.server.as_ref().context("no server: the step `server` did not run")?;
    let mut npm = process::npm(&["run", "--silent", script]);
    npm.env("CHROMIUM", browser).env("OPEN_CHAT_BIN", server);
    relay_tests(npm, &mut state.tally)
}
