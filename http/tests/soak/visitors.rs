//! Visitors who send messages to any replica, and send them again, to any replica, until they have the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chat_schema::{MessageId, SessionId};
use reqwest::Certificate;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::replicas::Addresses;
use crate::seen::{Clock, End, Seen};
use crate::support::{Stream, WIDGET_KEY};

/// Sessions of each visitor's own.
const SESSIONS: usize = 2;
/// Sessions that all visitors use at the same time.
const SHARED: usize = 4;
/// Silence after which a visitor goes elsewhere, and after which a patient one does: long enough to see a replica come back.
const SILENCE: Duration = Duration::from_secs(3);
const LONG_SILENCE: Duration = Duration::from_secs(10);
/// Longest pause before another try.
const PAUSE_MS: u64 = 250;
/// Time after which a visitor gives a message up: a bound on hangs, above the minute that a slow machine took for one behind four others.
const PATIENCE: Duration = Duration::from_secs(180);

/// Who visits.
#[derive(Clone)]
pub struct Crowd {
    /// Visitors who come back to their sessions: one that waits for a dead owner's turn keeps its visitor waiting.
    regulars: usize,
    /// Visitors who begin a session with every message: whoever still serves, serves them.
    newcomers: usize,
    /// Longest silences that they bear, each half of the times.
    silences: [Duration; 2],
    /// Whom they believe, where they meet a proxy with TLS.
    authority: Option<Certificate>,
}

impl Crowd {
    /// Some of each kind, who go elsewhere when it suits them.
    pub fn anybody() -> Self {
        Self { regulars: 12, newcomers: 6, silences: [SILENCE, LONG_SILENCE], authority: None }
    }

    /// Many, each with a session for every message, who wait.
    pub fn newcomers(authority: Certificate) -> Self {
        Self { regulars: 0, newcomers: 60, silences: [LONG_SILENCE, LONG_SILENCE], authority: Some(authority) }
    }

    /// What visitors ask with. Behind a proxy it keeps no idle connections: when the proxy is told other servers it closes them, and
    /// browsers send again by themselves what meets one that is just being closed.
    fn browser(&self) -> reqwest::Client {
        let browser = reqwest::Client::builder().no_proxy().connect_timeout(SILENCE);
        match &self.authority {
            Some(authority) => browser.tls_certs_only([authority.clone()]).pool_max_idle_per_host(0).build().unwrap(),
            None => browser.build().unwrap(),
        }
    }
}

/// Visitors at work.
pub struct Load {
    at: Where,
    stop: Arc<AtomicBool>,
    seen: mpsc::UnboundedReceiver<Seen>,
    visitors: JoinSet<()>,
}

/// What a visitor needs to ask.
#[derive(Clone)]
struct Where {
    addresses: Addresses,
    http: reqwest::Client,
    silences: [Duration; 2],
    clock: Clock,
    answered: Arc<AtomicU64>,
    sink: mpsc::UnboundedSender<Seen>,
}

#[derive(Clone)]
struct Message {
    session: SessionId,
    id: MessageId,
    text: String,
}

impl Load {
    /// Starts all visitors.
    pub fn start(addresses: Addresses, crowd: &Crowd, clock: Clock) -> Self {
        let (sink, seen) = mpsc::unbounded_channel();
        let (http, silences) = (crowd.browser(), crowd.silences);
        let at = Where { addresses, http, silences, clock, answered: Arc::default(), sink };
        let stop = Arc::new(AtomicBool::new(false));
        let mut visitors = JoinSet::new();
        for visitor in 0..crowd.regulars + crowd.newcomers {
            let (at, stop) = (at.clone(), Arc::clone(&stop));
            let comes_back = visitor < crowd.regulars;
            visitors.spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    at.converse(Message::new(visitor, comes_back, number)).await;
                }
            });
        }
        Self { at, stop, seen, visitors }
    }

    /// Messages that were answered so far.
    pub fn answered(&self) -> u64 {
        self.at.answered.load(Ordering::SeqCst)
    }

    /// Lets every visitor come to the end of the message at hand; all that they saw.
    pub async fn stop(mut self) -> Vec<Seen> {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(visitor) = self.visitors.join_next().await {
            visitor.unwrap();
        }
        drop(self.at);
        let mut all = Vec::new();
        while let Some(one) = self.seen.recv().await {
            all.push(one);
        }
        all
    }
}

impl Message {
    fn new(visitor: usize, comes_back: bool, number: usize) -> Self {
        let session = match choose(SESSIONS + 1) {
            _ if !comes_back => format!("visitor-{visitor}-{number}"),
            SESSIONS => format!("shared-{}", choose(SHARED)),
            own => format!("visitor-{visitor}-{own}"),
        };
        let id = format!("m-{visitor}-{number}");
        Self { session: session.parse().unwrap(), text: format!("Question {id}?"), id: id.parse().unwrap() }
    }
}

impl Where {
    /// Sends a message until it is answered. Half of them are attached to at the same time, as by a second window.
    async fn converse(&self, message: Message) {
        if choose(2) == 0 {
            let second_window = async {
                sleep(Duration::from_millis(choose(200) as u64)).await;
                self.insist(&message).await;
            };
            tokio::join!(self.insist(&message), second_window);
        } else {
            self.insist(&message).await;
        }
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    async fn insist(&self, message: &Message) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let seen = self.ask(message).await;
            let answered = seen.answer().is_some();
            // The receiver lives until all visitors are done.
            let _ = self.sink.send(seen);
            if answered {
                return;
            }
            sleep(Duration::from_millis(choose(PAUSE_MS as usize) as u64)).await;
        }
    }

    /// One try.
    async fn ask(&self, message: &Message) -> Seen {
        let replica = choose(self.addresses.count());
        let mut seen = Seen {
            session: message.session.clone(),
            message: message.id.clone(),
            text: message.text.clone(),
            replica,
            asked: self.clock.now(),
            started: None,
            tokens: Vec::new(),
            end: End::Silent,
            ended: Duration::ZERO,
        };
        seen.end = self.listen(message, &mut seen).await;
        seen.ended = self.clock.now();
        seen
    }

    async fn listen(&self, message: &Message, seen: &mut Seen) -> End {
        let url = format!("{}/v1/chat/stream", self.addresses.of(seen.replica));
        let body = json!({"sessionId": message.session, "message": message.text, "messageId": message.id});
        let request = self.http.post(url).header("x-api-key", WIDGET_KEY).json(&body);
        let silence = self.silences[choose(2)];
        let response = match timeout(silence, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => return End::Cut,
            Err(_) => return End::Silent,
        };
        if response.status() != 200 {
            let status = response.status().as_u16();
            // A proxy's own refusals are no JSON.
            let body: Value = response.json().await.unwrap_or_default();
            return End::Refused(status, body["code"].as_str().unwrap_or_default().to_owned());
        }
        let mut stream = Stream::new(response);
        loop {
            let Ok(line) = timeout(silence, stream.next()).await else {
                return End::Silent;
            };
            let Some(line) = line else { return End::Cut };
            let now = self.clock.now();
            match line.split_once(' ').unwrap_or((&line, "")) {
                ("start", _) => seen.started = Some(now),
                ("token", token) => seen.tokens.push((now, token.to_owned())),
                ("done", answer) => return End::Done(answer.to_owned()),
                (_, error) => return End::Error(error.to_owned()),
            }
        }
    }
}

/// A number below `below`, by chance.
fn choose(below: usize) -> usize {
    (Uuid::new_v4().as_u128() % below as u128) as usize
}
