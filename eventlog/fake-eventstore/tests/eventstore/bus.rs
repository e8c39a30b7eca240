//! Messages between processes on one database.

use chat_fake_eventstore::Node;
use chat_schema::OwnerId;
use futures_util::StreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use crate::settings::{PATIENCE, open, start};

fn owner() -> OwnerId {
    Uuid::new_v4().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_whom_it_is_for() {
    let (_database, node) = start();
    let (one, other) = (open(&node).await.bus(), open(&node).await.bus());
    let (me, you) = (owner(), owner());
    let (mut mine, mut yours) = (one.listen(me).await, other.listen(you).await);
    one.broadcast("to all".into()).await;
    one.send(you, "to you".into()).await;
    one.send(me, "to me".into()).await;
    for expected in ["to all", "to me"] {
        assert_eq!(timeout(PATIENCE, mine.next()).await.unwrap().unwrap(), expected);
    }
    for expected in ["to all", "to you"] {
        assert_eq!(timeout(PATIENCE, yours.next()).await.unwrap().unwrap(), expected);
    }
    assert!(!one.forgets(), "what is stored is not forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn listening_goes_on_over_a_kill_of_the_server() {
    let (_database, mut node): (_, Node) = start();
    let log = open(&node).await;
    let bus = log.bus();
    let mut heard = bus.listen(owner()).await;
    node.kill();
    node.restart().unwrap();
    let again = async {
        loop {
            bus.broadcast("again".into()).await;
            if let Ok(Some(message)) = timeout(std::time::Duration::from_millis(100), heard.next()).await {
                break message;
            }
        }
    };
    assert_eq!(timeout(PATIENCE, again).await.expect("nothing is heard"), "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_limited_in_age() {
    let (database, node) = start();
    drop((open(&node).await, open(&node).await));
    let metadata: serde_json::Value = serde_json::from_slice(&database.last_data("$$open-chat-peers")).unwrap();
    assert_eq!(metadata, serde_json::json!({"$maxAge": 60}));
    assert_eq!(database.ids("$$open-chat-peers").len(), 1);
}
