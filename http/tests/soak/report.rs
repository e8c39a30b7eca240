//! The table of a soak, for people, and the same as JSON lines.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use chat_eventlog::Recorded;
use serde_json::json;

use crate::checker::Violation;
use crate::measure::Measures;
use crate::seen::Seen;
use crate::stand::Stand;

/// Where everything is written.
fn dir() -> PathBuf {
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/soak"));
    fs::create_dir_all(&dir).unwrap();
    dir.canonicalize().unwrap()
}

/// Keeps what explains a broken promise: the log's events, what visitors saw, and the replicas' own logs.
pub fn keep_evidence(fault: &str, stand: &Stand, events: &[Recorded], seen: &[Seen]) -> PathBuf {
    let dir = dir().join(fault.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    fs::create_dir_all(&dir).unwrap();
    let line =
        |recorded: &Recorded| format!("{} {}", recorded.position, String::from_utf8_lossy(&recorded.event.bytes));
    fs::write(dir.join("events.txt"), events.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let line = |seen: &Seen| format!("{seen:?}");
    fs::write(dir.join("seen.txt"), seen.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    for (number, replica) in stand.replicas.iter().enumerate() {
        fs::write(dir.join(format!("replica-{number}.log")), replica.log()).unwrap();
    }
    dir
}

/// What came of one fault.
pub struct Row {
    pub fault: &'static str,
    pub measures: Measures,
    /// Answers that the model was asked for, and those that it gave to the end.
    pub asked: usize,
    pub given: usize,
    pub events: usize,
    pub violations: Vec<Violation>,
    pub panics: Vec<String>,
    /// Whether visitors should not have noticed anything.
    pub unnoticed: bool,
}

impl Row {
    /// What is wrong with it; empty when nothing is.
    pub fn faults(&self) -> Vec<String> {
        let unanswered = self.measures.messages - self.measures.answered;
        let mut wrong: Vec<String> = self.violations.iter().map(|violation| format!("{violation:?}")).collect();
        wrong.extend(self.panics.iter().cloned());
        if unanswered > 0 {
            wrong.push(format!("{unanswered} messages were never answered"));
        }
        if self.unnoticed {
            wrong.extend(self.measures.ends.iter().map(|(end, count)| format!("{count} tries ended with: {end}")));
        }
        wrong
    }

    fn json(&self) -> String {
        let Measures { messages, acknowledged, answered, tries, ends, before, interruption, recovery, slowest } =
            &self.measures;
        let ends: serde_json::Map<_, _> = ends.iter().map(|(end, count)| (end.clone(), json!(count))).collect();
        let ms = |time: &Duration| time.as_millis() as u64;
        json!({
            "fault": self.fault, "messages": messages, "acknowledged": acknowledged, "answered": answered, "tries": tries,
            "unsuccessfulTries": ends, "events": self.events, "modelAsked": self.asked, "modelGiven": self.given,
            "longestGapBeforeMs": ms(before), "interruptionMs": ms(interruption), "recoveryMs": ms(recovery),
            "slowestAnswerMs": ms(slowest), "violations": self.faults(),
        })
        .to_string()
    }
}

/// Every fault's row, in `target/soak/faults.jsonl` from the moment it is known.
pub struct Report {
    file: File,
    path: PathBuf,
    rows: Vec<Row>,
}

impl Report {
    pub fn create() -> Self {
        // Evidence of another run would mislead.
        let _ = fs::remove_dir_all(dir());
        let path = dir().join("faults.jsonl");
        Self { file: File::create(&path).unwrap(), path, rows: Vec::new() }
    }

    pub fn add(&mut self, row: Row) {
        writeln!(self.file, "{}", row.json()).unwrap();
        self.rows.push(row);
    }

    /// All that is wrong, with the fault's name.
    pub fn faults(&self) -> Vec<String> {
        let of = |row: &Row| row.faults().into_iter().map(|what| format!("{}: {what}", row.fault)).collect::<Vec<_>>();
        self.rows.iter().flat_map(of).collect()
    }

    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<34} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>8} {:>6}\n",
            "fault", "messages", "stored", "answered", "retries", "gap ms", "outage ms", "back ms", "slowest", "wrong"
        );
        for row in &self.rows {
            let it = &row.measures;
            let retries: usize = it.ends.iter().map(|(_, count)| count).sum();
            writeln!(
                table,
                "{:<34} {:>8} {:>8} {:>8} {retries:>8} {:>8} {:>9} {:>8} {:>8} {:>6}",
                row.fault,
                it.messages,
                it.acknowledged,
                it.answered,
                it.before.as_millis(),
                it.interruption.as_millis(),
                it.recovery.as_millis(),
                it.slowest.as_millis(),
                row.faults().len(),
            )
            .unwrap();
        }
        let explanation = "gap: longest time without a new acknowledgement before the fault; outage: the same from the fault on; \
             back: from the fault to the end of that; slowest: from a message's first try to its answer";
        format!("{table}{explanation}\n{}\n", self.path.display())
    }
}
