//! The environment's proxy. It is read when the assistant is built, so the one that obeys it runs in a process of its own.

use std::env;
use std::process::Command;

use chat_actors::assistant::{Assistant, OpenAiSettings};

use crate::asking::{build, question, settings, whole};
use crate::scripted_upstream::{Script, ScriptedUpstream};

const CHILD: &str = "proxy::the_child_asks_a_server_that_only_the_proxy_reaches";
const IS_CHILD: &str = "OPEN_CHAT_TEST_BEHIND_PROXY";

#[tokio::test]
async fn the_proxy_of_the_environment_is_asked() {
    let proxy = ScriptedUpstream::start().await;
    proxy.push(Script::answer(&["through the proxy"]));
    let mut child = Command::new(env::current_exe().unwrap());
    for variable in ["NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "http_proxy", "REQUEST_METHOD"] {
        child.env_remove(variable);
    }
    child.env("HTTP_PROXY", proxy.origin()).env(IS_CHILD, "1").args(["--exact", CHILD, "--ignored"]);
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let lines: Vec<_> = proxy.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(lines, ["POST http://model.invalid/v1/chat/completions HTTP/1.1"]);
}

#[tokio::test]
#[ignore = "run by the test above, in another environment"]
async fn the_child_asks_a_server_that_only_the_proxy_reaches() {
    if env::var_os(IS_CHILD).is_none() {
        return;
    }
    let settings = OpenAiSettings { system_proxy: true, ..settings("http://model.invalid/v1".to_owned()) };
    assert_eq!(whole(build(settings).answer(question())).await.unwrap().text(), "through the proxy");
}
