-- The embedded event log, format 2. Events are only added; erasing a conversation is the one exception.

-- One row.
CREATE TABLE log (
    identity BLOB NOT NULL
) STRICT;

-- In the order in which they began. Ids are spread evenly: an index of events by them would change a page of its own for each
-- event, while those that are active together mostly began together, and have neighbouring numbers.
CREATE TABLE conversation (
    number INTEGER PRIMARY KEY,
    id     BLOB    NOT NULL UNIQUE CHECK (length(id) = 16)
) STRICT;

CREATE TABLE event (
    -- Never given to another event: what is deleted stands before an erasure, so the last one always stays.
    position     INTEGER PRIMARY KEY,
    -- Its number. In format 1 it was the id itself.
    conversation INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    bytes        BLOB    NOT NULL,
    UNIQUE (conversation, version)
) STRICT;
