//! kill -9: what was acknowledged is there afterwards.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use chat_eventlog::Append;
use chat_eventlog::EventLog;
use chat_eventlog::conformance::{Author, append, history};
use chat_eventlog::embedded::EmbeddedLog;
use uuid::Uuid;

use crate::rerun;

const NAME: &str = "kill::every_acknowledged_event_survives_a_kill_at_any_moment";
const ACKNOWLEDGED: &str = "acknowledged ";
const ROUNDS: usize = 12;

/// Appends until killed, and prints each event's id when it is acknowledged.
async fn append_until_killed(directory: &Path) {
    let log = Arc::new(EmbeddedLog::open(directory).unwrap());
    let writers = (0..16).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            let mut author = Author::new();
            let mut events = author.events(2);
            while let Append::Appended(_) = append(&*log, &events).await {
                println!("{ACKNOWLEDGED}{} {}", events[0].envelope.id, events[1].envelope.id);
                events = author.events(2);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// Runs that in a process of its own, kills it after `count` acknowledgements, and returns the ids it printed.
fn kill_after(count: usize, directory: &Path) -> Vec<String> {
    let mut child = rerun::command(&[], NAME, directory).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 2 * count {
        let line = lines.next().expect("the process ended by itself");
        acknowledged.extend(ids(&line));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    acknowledged.extend(lines.flat_map(|line| ids(&line)));
    acknowledged
}

/// The ids in a line, unless it is the test harness's or was cut off.
fn ids(line: &str) -> Vec<String> {
    let ids = line.split_once(ACKNOWLEDGED).map_or("", |(_, ids)| ids);
    let whole = ids.len() == 2 * Uuid::nil().to_string().len() + 1;
    if whole { ids.split(' ').map(str::to_owned).collect() } else { vec![] }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_event_survives_a_kill_at_any_moment() {
    if let Some(directory) = rerun::directory() {
        return append_until_killed(&directory).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for _ in 0..ROUNDS {
        let random = Uuid::new_v4().as_bytes()[0];
        acknowledged.extend(kill_after(1 + usize::from(random), directory.path()));

        let log = EmbeddedLog::open(directory.path()).unwrap();
        let events = history(&log).await;
        let stored: HashSet<String> = events.iter().map(|recorded| recorded.event.envelope.id.to_string()).collect();
        let lost = acknowledged.iter().filter(|id| !stored.contains(*id)).count();
        assert_eq!(lost, 0, "of {} acknowledged events", acknowledged.len());
        assert_eq!(log.end().await.unwrap(), events.last().unwrap().position);
    }
}
