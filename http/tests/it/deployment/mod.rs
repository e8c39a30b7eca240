//! What the files of `deploy/` give to a container is enough for the real binary, as they stand: variables, secrets by reference, mounts,
//! the user, probes, and the time to stop. Only what cannot exist here is another: the log's addresses, and the ports.

mod compose;
mod container;
mod kubernetes;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use crate::nats;
use crate::support::body_of;
use container::{Container, can_contain};

/// Stands for the secret that the dashboard's password is.
const DASHBOARD_PASSWORD: &str = "password of the dashboard: 32 characters";

/// Starts the container beside these log servers, uses it a little and stops it; what it complained of.
async fn serves_and_stops(container: &Container, log_servers: &[u16], password: &str) -> Vec<String> {
    let (mut server, _root) = container.start(log_servers);
    for probe in &container.probes {
        assert_eq!(server.get(probe).await.status(), 200, "{probe}");
    }
    let (_, ready) = body_of(server.get("/ready").await).await;
    assert_eq!(ready["log"]["state"], "available", "{ready}");
    // An append, by a user that may do no more than `accounts.conf` says.
    let signing_in = server.request(Method::POST, "/v1/admin/session").json(&json!({"password": password}));
    assert_eq!(signing_in.send().await.unwrap().status(), 200, "the dashboard is off");
    if container.variables.contains_key("METRICS_ADDRESS") {
        assert!(server.metrics().await.has("open_chat_open_streams"));
    }
    server.terminate();
    let status = timeout(container.grace, server.wait()).await.expect("it outlasts its grace period");
    assert_eq!(status.code(), Some(0));
    server.log().lines().filter(|line| complains(line)).map(ToOwned::to_owned).collect()
}

/// But for what tests are built without.
fn complains(line: &str) -> bool {
    let serious = ["\"level\":\"WARN\"", "\"level\":\"ERROR\"", "panicked"];
    serious.iter().any(|level| line.contains(level)) && !line.contains("this binary was built without")
}

#[tokio::test]
async fn the_production_overlay_starts_the_binary_as_it_is() {
    let Some(manifests) = kubernetes::rendered("production") else { return };
    if !can_contain() {
        return;
    }
    let container = kubernetes::container(&manifests);
    assert_eq!(container.probes, ["/health", "/health", "/ready"]);
    let cluster = nats::Cluster::start();
    let ports = [0, 1, 2].map(|node| cluster.port(node));
    assert_eq!(serves_and_stops(&container, &ports, DASHBOARD_PASSWORD).await, [""; 0]);
}

#[test]
fn a_pod_has_time_for_the_longest_answer_between_the_request_to_stop_and_its_end() {
    let Some(manifests) = kubernetes::rendered("production") else { return };
    let (container, pre_stop) = (kubernetes::container(&manifests), kubernetes::pre_stop(&manifests));
    let drain = Duration::from_millis(container.variables["SHUTDOWN_TIMEOUT_MS"].parse().unwrap());
    assert!(drain >= Duration::from_millis(300_000), "an answer may take longer than {drain:?}");
    assert!(pre_stop + drain + Duration::from_secs(5) <= container.grace, "{pre_stop:?} + {drain:?}");
}

#[tokio::test]
async fn compose_starts_the_binary_as_it_is() {
    if !can_contain() {
        return;
    }
    // compose.yaml puts a letter before the secret, which makes it the log's password too.
    let secret = nats::PASSWORD.strip_prefix('p').unwrap();
    let container = compose::container(secret);
    assert_eq!(container.variables["NATS_PASSWORD"], nats::PASSWORD);
    let log = nats::Server::start();
    let complaints = serves_and_stops(&container, &[log.port()], secret).await;
    // It is one machine, for a site whose name nobody has said yet.
    let [origins, replicas] = &complaints[..] else { panic!("{complaints:?}") };
    assert!(origins.contains("CORS_ORIGIN is not set") && replicas.contains("has one replica"), "{complaints:?}");
}
