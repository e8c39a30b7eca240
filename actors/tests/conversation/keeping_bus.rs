//! Several processes whose bus keeps what it carries, so that no word of an answer may go over it.

use std::time::Duration;

use chat_actors::Stage;
use tokio::time::sleep;

use crate::bench::{ended, until};
use crate::memory_bus::MemoryBus;
use crate::replicas::{replicas_on, shows};

const DONE: Stage = Stage::Done { stopped: false };

#[actix::test]
async fn over_a_bus_that_keeps_what_it_carries_an_answer_is_waited_for_until_it_is_stored() {
    let ([one, other], bus) = replicas_on(MemoryBus::that_keeps());
    let (_first, mut call) = one.begin("a", "canary question").await;
    call.token("canary ");
    let mut second = other.send("a", "canary question").await;
    until(&mut second, |progress| progress.stage() == Stage::Answering).await;
    call.token("answer");
    assert!(second.progress.borrow().text().is_empty());
    call.finish();
    assert_eq!(ended(&mut second).await, DONE);
    assert_eq!((second.progress.borrow().text(), other.puppet.calls()), ("canary answer", 0));
    let kept = bus.kept();
    assert!(kept.contains("beat") && !kept.contains("canary"), "{kept}");
}

#[actix::test]
async fn over_a_bus_that_keeps_what_it_carries_a_living_owner_is_waited_for_and_a_dead_one_is_not() {
    let ([one, other], _bus) = replicas_on(MemoryBus::that_keeps());
    let (_first, mut call) = one.begin("a", "hi").await;
    call.token("half");
    let mut second = other.send("a", "hi").await;
    until(&mut second, |progress| progress.stage() == Stage::Answering).await;
    sleep(Duration::from_secs(6)).await;
    assert_eq!(second.progress.borrow().stage(), Stage::Answering, "its owner lives");
    one.connection.cut();
    other.puppet.next_call().await.say("whole");
    assert_eq!(ended(&mut second).await, DONE);
    assert_eq!(other.stored().await, ["user hi", "failed Abandoned", "attempt 2", "assistant whole"]);
}

#[actix::test]
async fn a_stop_goes_over_a_bus_that_keeps_what_it_carries() {
    let ([one, other], _bus) = replicas_on(MemoryBus::that_keeps());
    let (mut first, mut call) = one.begin("a", "hi").await;
    call.token("half");
    shows(&mut first, "half").await;
    let mut second = other.send("a", "hi").await;
    until(&mut second, |progress| progress.stage() == Stage::Answering).await;
    other.stop("a").await.unwrap();
    assert_eq!(ended(&mut second).await, Stage::Done { stopped: true });
    assert_eq!(second.progress.borrow().text(), "half");
}
