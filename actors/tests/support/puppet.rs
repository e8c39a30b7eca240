//! An assistant whose answers the test speaks.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chat_actors::assistant::{Answer, Assistant, Piece, PromptMessage};
use chat_schema::{FailureReason, FinishReason};
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

enum Word {
    Token(String),
    Finish,
    Panic,
}

/// Hands every call to the test.
pub struct Puppet {
    polled: Arc<AtomicUsize>,
    calls: Mutex<UnboundedSender<Call>>,
    received: AsyncMutex<UnboundedReceiver<Call>>,
}

impl Default for Puppet {
    fn default() -> Self {
        let (calls, received) = mpsc::unbounded_channel();
        Self { polled: Arc::default(), calls: Mutex::new(calls), received: AsyncMutex::new(received) }
    }
}

/// One call of the assistant.
pub struct Call {
    history: Vec<PromptMessage>,
    words: UnboundedSender<Word>,
    taken: watch::Receiver<usize>,
    spoken: usize,
}

impl Puppet {
    /// The next call that was made.
    pub async fn next_call(&self) -> Call {
        let mut received = self.received.lock().await;
        timeout(PATIENCE, received.recv()).await.expect("the assistant is not asked").unwrap()
    }

    /// The next call that is still listened to.
    pub async fn skip_dropped_calls(&self) -> Call {
        loop {
            let call = self.next_call().await;
            if !call.words.is_closed() {
                return call;
            }
        }
    }

    /// Calls whose answers were asked for; one that is never polled reaches no model.
    pub fn calls(&self) -> usize {
        self.polled.load(Ordering::SeqCst)
    }
}

impl Call {
    pub fn token(&mut self, token: &str) {
        self.spoken += 1;
        self.words.send(Word::Token(token.into())).unwrap();
    }

    pub fn finish(self) {
        self.words.send(Word::Finish).unwrap();
    }

    pub fn panic(self) {
        self.words.send(Word::Panic).unwrap();
    }

    pub fn say(mut self, answer: &str) {
        self.token(answer);
        self.finish();
    }

    /// Answers, if the call is still listened to.
    pub fn say_unless_dropped(self, answer: &str) {
        let _ = self.words.send(Word::Token(answer.into())).and_then(|()| self.words.send(Word::Finish));
    }

    /// Waits until every spoken word was taken.
    pub async fn until_taken(&mut self) {
        let spoken = self.spoken;
        timeout(PATIENCE, self.taken.wait_for(|taken| *taken == spoken)).await.expect("not taken").unwrap();
    }

    pub async fn until_dropped(&self) {
        timeout(PATIENCE, self.words.closed()).await.expect("the call goes on");
    }

    /// Texts of the prompt.
    pub fn question_history(&self) -> Vec<&str> {
        self.history.iter().map(|message| message.content.as_str()).collect()
    }
}

impl Assistant for Puppet {
    fn answer(&self, history: Vec<PromptMessage>) -> Answer {
        let (words, receiver) = mpsc::unbounded_channel();
        let (taken_sender, taken) = watch::channel(0);
        let _ = self.calls.lock().unwrap().send(Call { history, words, taken, spoken: 0 });
        let polled = Arc::clone(&self.polled);
        let first = stream::once(async move {
            polled.fetch_add(1, Ordering::SeqCst);
        });
        let words = stream::unfold((receiver, taken_sender), |(mut receiver, taken)| async move {
            let piece = match receiver.recv().await? {
                Word::Token(token) => Piece::Tokens(token.as_str().into()),
                Word::Finish => {
                    Piece::Finished { finish_reason: FinishReason::Stop, model: "puppet".into(), usage: None }
                }
                Word::Panic => panic!("the puppet panics, as the test asked"),
            };
            taken.send_modify(|taken| *taken += 1);
            Some((Ok::<_, FailureReason>(piece), (receiver, taken)))
        });
        first.filter_map(|()| async { None }).chain(words).boxed()
    }
}
