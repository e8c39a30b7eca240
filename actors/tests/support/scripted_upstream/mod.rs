//! A model server on a loopback port that sends exactly the bytes a test gives it, when the test says so.
//!
//! Include it from the tests of any crate with `#[path = ".../scripted_upstream/mod.rs"] mod scripted_upstream;`. Needs tokio with
//! `io-util`, `macros`, `net`, `rt`, `sync`, `time`, and `serde_json`.

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod request;
mod script;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

pub(crate) use request::Request;
pub(crate) use script::{Gate, Script};

/// A bound on hangs, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server. Every request is answered with the next script, in the order they were pushed; without one, with status 500.
/// Dropping it closes the port and all connections.
pub(crate) struct ScriptedUpstream {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    scripts: Mutex<VecDeque<Script>>,
    requests: Mutex<Vec<Request>>,
    counts: watch::Sender<Counts>,
}

/// What the server has seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Connections accepted.
    pub(crate) connections: usize,
    /// Requests received whole.
    pub(crate) requests: usize,
    /// Responses whose script had not ended when the client closed the connection.
    pub(crate) closed_early: usize,
}

impl ScriptedUpstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            scripts: Mutex::default(),
            requests: Mutex::default(),
            counts: watch::Sender::new(Counts::default()),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, accepting }
    }

    /// The server's own address, `http://127.0.0.1:<port>`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `OPENAI_BASE_URL` is set to.
    pub(crate) fn base_url(&self) -> String {
        format!("{}/v1", self.origin())
    }

    pub(crate) fn push(&self, script: Script) {
        self.state.scripts.lock().unwrap().push_back(script);
    }

    /// The requests received so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().unwrap().clone()
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.state.counts.borrow()
    }

    /// Waits until `condition` holds of the counts.
    pub(crate) async fn until(&self, condition: impl FnMut(&Counts) -> bool) {
        let mut counts = self.state.counts.subscribe();
        timeout(PATIENCE, counts.wait_for(condition)).await.expect("the upstream never came to this").unwrap();
    }
}

impl Drop for ScriptedUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        state.counts.send_modify(|counts| counts.connections += 1);
        connections.spawn(serve(socket, Arc::clone(&state)));
    }
}

async fn serve(mut socket: TcpStream, state: Arc<State>) {
    socket.set_nodelay(true).unwrap();
    while let Some(request) = Request::receive(&mut socket).await {
        state.requests.lock().unwrap().push(request);
        state.counts.send_modify(|counts| counts.requests += 1);
        let script = state.scripts.lock().unwrap().pop_front();
        let script = script.unwrap_or_else(|| Script::refusal(500, &[], "no script for this request"));
        match script.play(&mut socket).await {
            script::End::Played => {}
            script::End::Closed => return,
            script::End::ClosedEarly => {
                state.counts.send_modify(|counts| counts.closed_early += 1);
                return;
            }
        }
    }
}
