//! Reads, beside the writer: a few read-only connections, used off the async threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chat_schema::{ConversationId, Hash, SealedEvent};
use rusqlite::{Connection, OpenFlags, Params, Row};
use tokio::sync::Semaphore;

use super::format::Format;
use crate::log::{LogError, Position, Recorded};

/// Reads at the same time; further ones wait.
const CONNECTIONS: usize = 4;

/// Bytes of a batch of the whole log after which it takes no further event.
pub(super) const BATCH_BYTES: usize = 4 << 20;

/// Opens connections when they are needed and keeps them.
pub(super) struct Readers {
    file: PathBuf,
    format: Format,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// What a read found. An event that cannot be read is an error in its place.
pub(super) type Found = Vec<Result<Recorded, LogError>>;

impl Readers {
    /// Readers of the database `file`.
    pub(super) fn new(file: PathBuf, format: Format) -> Self {
        Self { file, format, idle: Mutex::default(), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    /// The events of a conversation above version `after`.
    pub(super) async fn conversation(self: &Arc<Self>, conversation: ConversationId, after: u64) -> Found {
        self.find(self.format.select_events(), (conversation.as_uuid().into_bytes(), storable(after)), usize::MAX).await
    }

    /// The next `limit` events of the whole log, or fewer if they are large: then there may be more.
    pub(super) async fn log(self: &Arc<Self>, after: Position, limit: usize) -> Found {
        let sql = "SELECT position, hash, bytes FROM event WHERE position > ?1 ORDER BY position LIMIT ?2";
        self.find(sql, (storable(after.get()), limit), BATCH_BYTES).await
    }

    async fn find(self: &Arc<Self>, sql: &'static str, params: impl Params + Send + 'static, most: usize) -> Found {
        let unavailable = |cause: &dyn ToString| vec![Err(LogError::Unavailable(cause.to_string()))];
        let permit = match self.permits.clone().acquire_owned().await {
            Ok(permit) => permit,
            Err(closed) => return unavailable(&closed),
        };
        let readers = self.clone();
        let found = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            readers.query(sql, params, most).map(decode)
        });
        match found.await {
            Ok(Ok(found)) => found,
            Ok(Err(cause)) => unavailable(&cause),
            Err(cause) => unavailable(&cause),
        }
    }

    /// A connection that failed is not kept.
    fn query(&self, sql: &str, params: impl Params, most: usize) -> rusqlite::Result<Vec<Stored>> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let connection = kept.map_or_else(|| self.connect(), Ok)?;
        let mut rows = Vec::new();
        let mut bytes = 0;
        for row in connection.prepare_cached(sql)?.query_map(params, Stored::from_row)? {
            let row = row?;
            bytes += row.bytes.len();
            rows.push(row);
            if bytes >= most {
                break;
            }
        }
        idle().push(connection);
        Ok(rows)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(&self.file, flags)
    }
}

/// A row of the log.
struct Stored {
    position: u64,
    hash: [u8; 32],
    bytes: Vec<u8>,
}

impl Stored {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { position: row.get(0)?, hash: row.get(1)?, bytes: row.get(2)? })
    }
}

fn decode(rows: Vec<Stored>) -> Found {
    let decode = |row: Stored| {
        let position = Position::new(row.position);
        match SealedEvent::open(row.bytes.into(), Hash::from(row.hash)) {
            Ok(event) => Ok(Recorded { position, event }),
            Err(source) => Err(LogError::Unreadable { position, source }),
        }
    };
    rows.into_iter().map(decode).collect()
}

/// SQLite's integers end at 2⁶³ − 1, and so do versions and positions.
fn storable(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
