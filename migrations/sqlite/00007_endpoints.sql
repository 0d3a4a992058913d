-- +goose Up

-- Addresses of clients to which events are sent.
CREATE TABLE endpoints (
    id              TEXT     NOT NULL PRIMARY KEY,
    url             TEXT     NOT NULL,
    description     TEXT     NOT NULL,
    -- What it wants to hear of, separated by spaces; empty for everything.
    types           TEXT     NOT NULL,
    enabled         BOOLEAN  NOT NULL,
    disabled_at     DATETIME,
    disabled_reason TEXT,
    -- The first failure since the last success.
    failing_since   DATETIME,
    -- Sealed JSON of the secrets that sign.
    secrets         BLOB     NOT NULL,
    version         INTEGER  NOT NULL,
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
    -- The place in the feed after which it hears of events: whoever makes it
    -- writes the last one.
    xid             INTEGER  NOT NULL DEFAULT 0,
    seq             INTEGER  NOT NULL DEFAULT 0,

    CONSTRAINT endpoints_disabled_reason_known CHECK (disabled_reason IN ('client', 'gone', 'failing')),
    CONSTRAINT endpoints_disabled_whole CHECK (
        enabled = (disabled_at IS NULL) AND enabled = (disabled_reason IS NULL)),
    CONSTRAINT endpoints_secrets_sealed CHECK (substr(secrets, 1, 1) = x'01')
);

-- Events on their way to an endpoint. There is no foreign key to events: an
-- event that is gone is sent to nobody any more.
CREATE TABLE messages (
    endpoint_id TEXT     NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
    event_id    TEXT     NOT NULL,
    state       TEXT     NOT NULL,
    -- How often it was tried since it was last queued.
    tries       INTEGER  NOT NULL,
    -- When it is tried next. Whoever takes it moves this on, so that it is tried
    -- again should they die.
    next_at     DATETIME,

    PRIMARY KEY (endpoint_id, event_id),
    CONSTRAINT messages_state_known CHECK (state IN ('pending', 'delivered', 'failed')),
    CONSTRAINT messages_pending_has_next CHECK ((state = 'pending') = (next_at IS NOT NULL))
);
CREATE INDEX messages_due    ON messages (endpoint_id, next_at, event_id) WHERE state = 'pending';
CREATE INDEX messages_failed ON messages (endpoint_id, event_id) WHERE state = 'failed';

-- Every try to send a message.
CREATE TABLE attempts (
    endpoint_id TEXT     NOT NULL,
    event_id    TEXT     NOT NULL,
    id          INTEGER  PRIMARY KEY AUTOINCREMENT,
    at          DATETIME NOT NULL,
    took_ms     INTEGER  NOT NULL,
    -- Null if there was no answer.
    status_code INTEGER,
    -- Null if the endpoint took it.
    fault       TEXT,

    CONSTRAINT attempts_of_message FOREIGN KEY (endpoint_id, event_id)
        REFERENCES messages (endpoint_id, event_id) ON DELETE CASCADE,
    CONSTRAINT attempts_fault_known CHECK (fault IN (
        'status', 'redirect', 'timeout', 'name', 'address', 'connect', 'tls'))
);
CREATE INDEX attempts_of ON attempts (endpoint_id, event_id, id);

-- How far a follower of the feed has got.
CREATE TABLE followers (
    name TEXT    NOT NULL PRIMARY KEY,
    xid  INTEGER NOT NULL,
    seq  INTEGER NOT NULL
);
-- No endpoint hears of what was announced before there were any.
INSERT INTO followers (name, xid, seq) SELECT 'endpoints', 0, coalesce(max(seq), 0) FROM events;

ALTER TABLE events ADD COLUMN endpoint_id TEXT;
CREATE INDEX events_at ON events (created_at);
