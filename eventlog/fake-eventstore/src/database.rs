//! The database behind one server or several: streams of events, in one order over all.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use crate::faults::{AppendFault, Faults};
use crate::file;
use crate::record::{Append, Expected, Proposed, Record, now};

/// The first record of a database is one of its own.
const FIRST: u64 = 4096;

/// A database. Clones share it.
#[derive(Clone, Default)]
pub struct Database(pub(crate) Arc<Shared>);

#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    file: Option<File>,
    pub(crate) faults: Faults,
    /// Grows with every append.
    pub(crate) changes: watch::Sender<u64>,
    /// Grows whenever subscriptions are dropped.
    pub(crate) drops: watch::Sender<u64>,
    /// Grows whenever the subscriptions there are fall silent.
    pub(crate) silences: watch::Sender<u64>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) records: Vec<Record>,
    /// Indices of each stream's records.
    streams: HashMap<String, Vec<usize>>,
}

/// Where the last event of an append stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) revision: u64,
    pub(crate) place: u64,
}

/// The stream is not as expected: the number of its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) Option<u64>);

impl Database {
    /// An empty one in memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// One in a file.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn open(path: &Path) -> io::Result<Self> {
        let (records, file) = file::open(path)?;
        let mut state = State::default();
        records.into_iter().for_each(|record| state.push(record));
        Ok(Self(Arc::new(Shared { state: Mutex::new(state), file: Some(file), ..Shared::default() })))
    }

    /// Has this happen to the next append that nothing else happens to.
    pub fn next_append(&self, fault: AppendFault) {
        self.0.faults.next_append(fault);
    }

    /// Carries out what was held, and says how many of it were stored, or were already.
    pub fn release_held(&self) -> usize {
        self.0.faults.release().into_iter().filter(|append| self.append(append.clone()).is_ok()).count()
    }

    /// Ends every subscription with an error.
    pub fn drop_subscriptions(&self) {
        self.0.drops.send_modify(|drops| *drops += 1);
    }

    /// Has the subscriptions there are bring nothing more, and not end either.
    pub fn silence_subscriptions(&self) {
        self.0.silences.send_modify(|silences| *silences += 1);
    }

    /// Drops what is truncated, and says how many events that were.
    pub fn scavenge(&self) -> usize {
        let mut state = self.state();
        let truncated: Vec<usize> = (0..state.records.len()).filter(|index| state.is_truncated(*index)).collect();
        for index in &truncated {
            let record = &mut state.records[*index];
            record.gone = true;
            record.event.data.clear();
        }
        truncated.len()
    }

    /// The ids of what is stored in a stream, what is truncated included.
    pub fn ids(&self, stream: &str) -> Vec<uuid::Uuid> {
        let state = self.state();
        state.of(stream).iter().map(|index| state.records[*index].event.id).collect()
    }

    /// The data of the last event of a stream.
    pub fn last_data(&self, stream: &str) -> Vec<u8> {
        let state = self.state();
        state.of(stream).last().map(|index| state.records[*index].event.data.clone()).unwrap_or_default()
    }

    /// Replaces words in a stored event, as nobody should be able to.
    pub fn tamper(&self, stream: &str, revision: usize, from: &str, to: &str) {
        let mut state = self.state();
        let Some(index) = state.of(stream).get(revision).copied() else { return };
        let data = &mut state.records[index].event.data;
        *data = String::from_utf8_lossy(data).replace(from, to).into_bytes();
    }

    /// Appends somebody else's event.
    pub fn append_foreign(&self, stream: &str, kind: &str, data: &str) {
        let event = Proposed {
            id: uuid::Uuid::new_v4(),
            kind: kind.into(),
            content_type: "application/json".into(),
            data: data.into(),
            metadata: vec![],
        };
        let written = self.append(Append { stream: stream.into(), expected: Expected::Any, events: vec![event] });
        debug_assert!(written.is_ok(), "nothing is expected");
    }

    pub(crate) fn append(&self, append: Append) -> Result<Option<Written>, Wrong> {
        let Append { stream, expected, events } = append;
        let mut state = self.state();
        let last = state.last(&stream);
        let holds = match expected {
            Expected::Any => true,
            Expected::NoStream => last.is_none(),
            Expected::Exists => last.is_some(),
            Expected::Revision(revision) => last == Some(revision),
        };
        if !holds {
            return state.repetition(&stream, expected, &events).map(Some).ok_or(Wrong(last));
        }
        let mut written = Vec::with_capacity(events.len());
        for (event, revision) in events.into_iter().zip(last.map_or(0, |last| last + 1)..) {
            let place = state.records.last().map_or(FIRST, |before| before.place + before.size());
            let record = Record { place, stream: stream.clone(), revision, created: now(), event, gone: false };
            written.push(record.clone());
            state.push(record);
        }
        if let Some(file) = &self.0.file {
            file::write(file, &written).expect("a database that cannot write ends");
        }
        drop(state);
        self.0.changes.send_modify(|changes| *changes += 1);
        Ok(written.last().map(|last| Written { revision: last.revision, place: last.place }))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, record: Record) {
        self.streams.entry(record.stream.clone()).or_default().push(self.records.len());
        self.records.push(record);
    }

    pub(crate) fn of(&self, stream: &str) -> &[usize] {
        self.streams.get(stream).map_or(&[], Vec::as_slice)
    }

    /// The number of the last event of a stream, be it truncated or not.
    pub(crate) fn last(&self, stream: &str) -> Option<u64> {
        self.of(stream).last().map(|index| self.records[*index].revision)
    }

    /// The events are stored already, in the place where they are to go: by their ids, as the server compares them. What a
    /// scavenge has dropped is not known any more.
    fn repetition(&self, stream: &str, expected: Expected, events: &[Proposed]) -> Option<Written> {
        let first = match expected {
            Expected::NoStream => 0,
            Expected::Revision(revision) => revision.checked_add(1)?,
            Expected::Any | Expected::Exists => return None,
        };
        let mut written = None;
        for (event, revision) in events.iter().zip(first..) {
            let index = self.of(stream).get(usize::try_from(revision).ok()?)?;
            let record = Some(&self.records[*index]).filter(|record| !record.gone && record.event.id == event.id)?;
            written = Some(Written { revision, place: record.place });
        }
        written
    }

    /// What the metadata of a record's stream takes out of reach.
    pub(crate) fn is_truncated(&self, index: usize) -> bool {
        let record = &self.records[index];
        let metadata = self.of(&format!("$${}", record.stream)).last().map(|index| &self.records[*index].event.data);
        let metadata: Option<Value> = metadata.and_then(|data| serde_json::from_slice(data).ok());
        let number = |name: &str| metadata.as_ref().and_then(|metadata| metadata[name].as_u64());
        number("$tb").is_some_and(|before| record.revision < before)
            || number("$maxAge").is_some_and(|seconds| record.created + 1000 * seconds < now())
    }
}
