-- +goose Up

-- What was announced. Rows are written in the transaction of what they tell and
-- never change. There is one writer, so that seq is the order of the commits.
CREATE TABLE events (
    seq              INTEGER  PRIMARY KEY AUTOINCREMENT,
    xid              INTEGER  NOT NULL DEFAULT 0,
    id               TEXT     NOT NULL,
    type             TEXT     NOT NULL,
    external_user_id TEXT     NOT NULL,
    -- Null for a user whom no session gives a status.
    session_id       TEXT,
    status           TEXT     NOT NULL,
    version          INTEGER  NOT NULL,
    created_at       DATETIME NOT NULL,

    CONSTRAINT events_id_taken UNIQUE (id)
);
CREATE INDEX events_of_user ON events (external_user_id);

-- How often the status of a session has changed.
ALTER TABLE sessions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
