use super::log_double::LogDouble;
use super::{Following, conversation};

#[tokio::test]
async fn a_turn_is_open_from_its_question_to_its_end_and_again_while_it_is_tried_anew() {
    let log = LogDouble::new(1);
    log.asks("asked", 1, "m", "?");
    log.asks("answered", 1, "m", "?");
    log.answered("answered", 2, "m", "!");
    log.asks("stopped", 1, "m", "?");
    log.stopped("stopped", 2, "m", "");
    log.asks("failed", 1, "m", "?");
    log.fails("failed", 2, "m");
    log.asks("retried", 1, "m", "?");
    log.fails("retried", 2, "m");
    log.retried("retried", 3, "m");
    log.rated("retried", 4, "m", None);
    log.asks("erased", 1, "m", "?");
    log.erased("erased", 2, 1);
    let models = Following::all_of(log).await;

    let mut open: Vec<_> = models.models.open_turns().await.unwrap().into_iter().map(|(id, _)| id).collect();
    open.sort_by_key(|id| *id.as_uuid());
    let mut expected = [conversation("asked"), conversation("retried")];
    expected.sort_by_key(|id| *id.as_uuid());
    assert_eq!(open, expected);
    for (session, answering) in
        [("asked", true), ("answered", false), ("stopped", false), ("failed", false), ("retried", true)]
    {
        assert_eq!(models.summary(session).await.answering, answering, "{session}");
    }
}
