//! A process that is killed while it erases: the next one finishes what was asked for.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::Value;

use crate::audit::{embedded, printed_of};
use crate::erase::{CANARY, id_of, traces, until_no_trace};
use crate::nats;
use crate::support::{ADMIN_KEY, Server, Upstream, model};

/// Rounds until a kill fell into an erasure. It takes several times as long as the kill, so that more than a few are not needed.
const ROUNDS: usize = 20;
/// Messages of the conversation that is erased.
const MESSAGES: usize = 40;

/// Types of what operators did, newest first.
async fn acts(server: &Server) -> Vec<String> {
    let page = server.admin("/v1/admin/operators/events?limit=2").await;
    let kind = |event: &Value| event["act"]["type"].as_str().unwrap().to_owned();
    page["events"].as_array().unwrap().iter().map(kind).collect()
}

/// Kills the process as soon as an erasure was asked for.
async fn kill_while_it_erases(server: &mut Server, session: &str) {
    let path = format!("/v1/admin/conversations/{}/erase", id_of(session));
    let request = server.request(Method::POST, &path).header("x-admin-api-key", ADMIN_KEY);
    let erasing = tokio::spawn(request.send());
    while acts(server).await.first().is_none_or(|act| act == "ErasureCompleted") && !erasing.is_finished() {}
    server.kill();
    let _ = erasing.await;
}

/// Erases one conversation after another, each time with a kill; whether one was cut short.
async fn erase_and_kill(server: &mut Server, upstream: &Upstream, log: &str, stores: &[PathBuf]) -> bool {
    let mut cut_short = false;
    for round in 0..ROUNDS {
        let session = format!("secret-{round}");
        for _ in 0..MESSAGES {
            upstream.answer(&[&CANARY.repeat(20)]);
            assert_eq!(server.say(&session, &CANARY.repeat(20)).await.status(), 200);
        }
        assert!(stores.iter().all(|store| !traces(store).is_empty()), "the search finds what is there");
        kill_while_it_erases(server, &session).await;
        let left = !traces(&stores[0]).is_empty();
        server.restart();
        for store in stores {
            until_no_trace(store).await;
        }
        while acts(server).await.first().is_none_or(|act| act != "ErasureCompleted") {}
        assert!(server.thread(&session).await.is_empty());
        let verified = printed_of(log, &["verify"], 0);
        assert!(verified.contains(&format!("erased: conversation {}", id_of(&session))), "{verified}");
        assert!(verified.contains("every chain is whole") && !verified.contains("not finished"), "{verified}");
        cut_short |= left;
        if cut_short {
            break;
        }
    }
    cut_short
}

#[tokio::test]
async fn an_erasure_from_the_embedded_log_that_a_kill_cut_short_is_finished_at_start() {
    let upstream = Upstream::start().await;
    let mut server = Server::start(embedded(&upstream).var("RATE_LIMIT_MAX_REQUESTS", 1_000_000));
    let stores = ["log", "read-models"].map(|store| server.dir().join(store));
    let log = format!("embedded:{}", stores[0].display());
    assert!(erase_and_kill(&mut server, &upstream, &log, &stores).await, "no kill fell into an erasure");
}

#[tokio::test]
async fn an_erasure_from_jetstream_that_a_kill_cut_short_is_finished_at_start() {
    let (upstream, nats) = (Upstream::start().await, nats::Server::start());
    let options = model(&upstream.base_url()).var("EVENT_LOG", nats.url()).var("READ_MODELS", "read-models");
    let mut server = Server::start(options.var("RATE_LIMIT_MAX_REQUESTS", 1_000_000));
    let stores = [nats.store(), server.dir().join("read-models")];
    assert!(erase_and_kill(&mut server, &upstream, &nats.url(), &stores).await, "no kill fell into an erasure");
}
