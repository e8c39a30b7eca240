-- The embedded event log, format 1. Events are only added; erasing a conversation is the one exception.

-- One row.
CREATE TABLE log (
    identity BLOB NOT NULL
) STRICT;

CREATE TABLE event (
    -- AUTOINCREMENT: the position of an erased event is never given to another one.
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    bytes        BLOB    NOT NULL,
    UNIQUE (conversation, version)
) STRICT;
