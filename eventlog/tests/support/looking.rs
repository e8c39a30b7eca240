//! Changing what is stored, and looking for it.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::collections::HashMap;

use chat_eventlog::Position;
use chat_eventlog::archive::{Archive, Chains, Checked};
use chat_schema::ConversationId;

/// What is done to a byte: another letter, the other case of a letter, and what is no ASCII.
const CHANGES: [u8; 3] = [0x01, 0x20, 0x80];

/// Every way to change one byte, and which byte it is.
pub(crate) fn with_one_byte_changed(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).flat_map(|index| CHANGES.map(|change| (index, change))).map(|(index, change)| {
        let mut changed = bytes.to_vec();
        changed[index] ^= change;
        (index, changed)
    })
}

/// Position of the first fault under each conversation that has one, as it is filed.
pub(crate) async fn first_faults(archive: &dyn Archive) -> HashMap<Option<ConversationId>, Position> {
    let (mut chains, mut after, mut faults) = (Chains::new().unwrap(), Position::START, HashMap::new());
    loop {
        let batch = archive.scan(None, after, 1000).await.unwrap();
        let Some(last) = batch.last() else { return faults };
        after = last.position;
        for stored in batch {
            if let Checked::Faulty(place, _) = chains.check(&stored).unwrap() {
                assert_eq!(place.position, Some(stored.position), "another event is named");
                faults.entry(stored.conversation).or_insert(stored.position);
            }
        }
    }
}
