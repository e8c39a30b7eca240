//! What reads cost as the conversations become more: each read at every size, the sizes in turn in the same run. The last column is
//! the goal: what it costs beside the smallest. `cargo xtask bench reads [--conversations N]`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that meets an error has failed")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_projections::{Filter, Period, Query, ReadModels};
use chat_schema::samples::Samples;
use chat_schema::{ConversationId, StatisticsStep};
use support::{SampleLog, UNTIL, conversations, percentile};

const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];
const ROUNDS: usize = 40;
/// Of each read in each round.
const TIMES: usize = 5;
const PAGE: u32 = 50;
const DAY: u64 = 86_400_000;

/// Read models of one size.
struct Size {
    conversations: u64,
    models: Arc<ReadModels>,
    middle: String,
    thread: ConversationId,
    _dir: tempfile::TempDir,
}

const READS: [&str; 14] = [
    "list, first page",
    "list, a page in the middle",
    "list, failed",
    "list, at least 4 messages",
    "list, at least 50 messages (none)",
    "search, common word (the)",
    "search, less common word (warehouse)",
    "search, rare word (an order number)",
    "search, two words (order refund)",
    "search, common and rare word (order, its number)",
    "search, short beginning (th)",
    "search, a word nobody said",
    "thread",
    "statistics, 30 days by hour",
];

#[tokio::main]
async fn main() {
    let most = conversations(1_000_000);
    let mut sizes = Vec::new();
    for conversations in SIZES.into_iter().filter(|size| *size <= most) {
        sizes.push(Size::build(conversations).await);
    }
    let mut times = vec![vec![Vec::new(); sizes.len()]; READS.len()];
    for round in 0..ROUNDS {
        for (read, times) in times.iter_mut().enumerate() {
            for (size, times) in sizes.iter().zip(times) {
                for _ in 0..TIMES {
                    let begin = Instant::now();
                    size.read(read).await;
                    // The first round fills the caches.
                    times.extend((round > 0).then(|| begin.elapsed()));
                }
            }
        }
    }
    print(&sizes, times);
}

fn print(sizes: &[Size], times: Vec<Vec<Vec<Duration>>>) {
    println!("{:50}{:>15}{:>12}{:>12}{:>10}", "", "conversations", "p50 ms", "p99 ms", "p50 ×");
    for (name, times) in READS.iter().zip(times) {
        let mut smallest = None;
        for (size, mut times) in sizes.iter().zip(times) {
            let [p50, p99] = [50, 99].map(|percent| percentile(&mut times, percent).as_secs_f64() * 1000.0);
            let ratio = p50 / *smallest.get_or_insert(p50);
            println!("{name:50}{:>15}{p50:>12.3}{p99:>12.3}{ratio:>10.2}", size.conversations);
        }
    }
}

impl Size {
    async fn build(conversations: u64) -> Self {
        let dir = support::directory();
        let begin = Instant::now();
        let log = Arc::new(SampleLog::new(conversations));
        let models = support::built(dir.path(), &log).await;
        let bytes = std::fs::metadata(dir.path().join("read-models.sqlite")).unwrap().len();
        println!("{conversations} conversations: built in {:.1?}, {} MB", begin.elapsed(), bytes >> 20);
        let samples = Samples::new(support::SEED, conversations, UNTIL);
        let thread = samples.conversation(conversations / 2)[0].envelope.conversation_id;
        let all = Filter { to: Some(UNTIL - 45 * DAY), ..Filter::default() };
        let middle = models.conversations(all, 1, None).await.unwrap().next_cursor.unwrap();
        Self { conversations, models, middle, thread, _dir: dir }
    }

    async fn read(&self, read: usize) {
        let none = Filter::default();
        let order = Samples::order_number(self.conversations / 3);
        match read {
            0 => self.list(none, false).await,
            1 => self.list(none, true).await,
            2 => self.list(Filter { failed: Some(true), ..none }, false).await,
            3 => self.list(Filter { min_messages: 4, ..none }, false).await,
            4 => self.list(Filter { min_messages: 50, ..none }, false).await,
            5 => self.search("the").await,
            6 => self.search("warehouse").await,
            7 => self.search(&order.to_string()).await,
            8 => self.search("order refund").await,
            9 => self.search(&format!("order {order}")).await,
            10 => self.search("th").await,
            11 => self.search("unheard").await,
            12 => assert!(self.models.thread(self.thread, None, None).await.unwrap().is_some()),
            _ => {
                let period = Period::new(UNTIL - 40 * DAY, UNTIL - 10 * DAY, StatisticsStep::Hour, 0).unwrap();
                assert!(self.models.statistics(period).await.unwrap().total.messages > 0);
            }
        }
    }

    async fn list(&self, filter: Filter, middle: bool) {
        let cursor = middle.then(|| self.middle.parse().unwrap());
        let page = self.models.conversations(filter, PAGE, cursor).await.unwrap();
        assert_eq!(page.conversations.is_empty(), filter.min_messages == 50);
    }

    async fn search(&self, words: &str) {
        let page = self.models.search(Query::parse(words).unwrap(), Filter::default(), PAGE, None).await.unwrap();
        assert_eq!(page.conversations.is_empty(), words == "unheard", "{words}");
    }
}
