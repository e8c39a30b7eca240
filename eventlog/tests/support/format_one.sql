-- The events of an embedded log of format 1: the table one would begin with.
CREATE TABLE event (
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    hash         BLOB    NOT NULL CHECK (length(hash) = 32),
    bytes        BLOB    NOT NULL,
    UNIQUE (conversation, version)
) STRICT;
