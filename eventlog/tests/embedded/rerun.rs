//! Runs a test again in a process of its own: to kill it, or to take its disk, its rights or its fsync away.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const DIRECTORY: &str = "OPEN_CHAT_TEST_DIRECTORY";

/// The directory to work in, in the process that [`command`] started.
pub(crate) fn directory() -> Option<PathBuf> {
    env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Starts the test called `name` of this binary in `directory`, through `wrapper`: a program and its arguments, or nothing.
pub(crate) fn command(wrapper: &[&str], name: &str, directory: &Path) -> Command {
    let this = env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(this),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(this);
            command
        }
    };
    command.args([name, "--exact", "--nocapture"]).env(DIRECTORY, directory);
    command
}

/// Runs `body` in a process of its own, in a new directory, through the wrapper that `wrap` makes for that directory.
///
/// Where the wrapper does not work, such as in a container without the rights for it, the test is skipped and says so.
pub(crate) fn inside<Body: Future<Output = ()>>(
    name: &str,
    wrap: impl Fn(&str) -> Vec<String>,
    body: impl FnOnce(PathBuf) -> Body,
) {
    if let Some(directory) = directory() {
        return tokio::runtime::Runtime::new().unwrap().block_on(body(directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let wrapper = wrap(directory.path().to_str().unwrap());
    let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
    if let Some(reason) = why_not(&wrapper) {
        // Past the test harness, which shows nothing of a test that passes.
        std::io::stderr().write_all(format!("test {name} is skipped: {reason}\n").as_bytes()).unwrap();
        return;
    }
    pass(&wrapper, name, directory.path());
}

/// Runs the test called `name` in a process of its own, where it has to pass.
pub(crate) fn pass(wrapper: &[&str], name: &str, directory: &Path) {
    let output = command(wrapper, name, directory).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("1 passed"), "there is no test called {name}: {printed}");
}

fn why_not(wrapper: &[&str]) -> Option<String> {
    let [program, arguments @ ..] = wrapper else { return None };
    match Command::new(program).args(arguments).arg("true").output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(format!("{program}: {error}")),
    }
}

/// The words of a command line.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}
