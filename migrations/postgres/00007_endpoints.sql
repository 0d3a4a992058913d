-- +goose Up

-- Addresses of clients to which events are sent.
CREATE TABLE endpoints (
    id              text        NOT NULL PRIMARY KEY,
    url             text        NOT NULL,
    description     text        NOT NULL,
    -- What it wants to hear of, separated by spaces; empty for everything.
    types           text        NOT NULL,
    enabled         boolean     NOT NULL,
    disabled_at     timestamptz,
    disabled_reason text,
    -- The first failure since the last success.
    failing_since   timestamptz,
    -- Sealed JSON of the secrets that sign.
    secrets         bytea       NOT NULL,
    version         bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    -- The place in the feed after which it hears of events: transactions that
    -- began to write later than the one that made it.
    xid             xid8        NOT NULL DEFAULT pg_current_xact_id(),
    seq             bigint      NOT NULL DEFAULT 0,

    CONSTRAINT endpoints_disabled_reason_known CHECK (disabled_reason IN ('client', 'gone', 'failing')),
    CONSTRAINT endpoints_disabled_whole CHECK (
        enabled = (disabled_at IS NULL) AND enabled = (disabled_reason IS NULL)),
    CONSTRAINT endpoints_secrets_sealed CHECK (get_byte(secrets, 0) = 1)
);

-- Events on their way to an endpoint. There is no foreign key to events: an
-- event that is gone is sent to nobody any more.
CREATE TABLE messages (
    endpoint_id text        NOT NULL REFERENCES endpoints (id) ON DELETE CASCADE,
    event_id    text        NOT NULL,
    state       text        NOT NULL,
    -- How often it was tried since it was last queued.
    tries       integer     NOT NULL,
    -- When it is tried next. Whoever takes it moves this on, so that it is tried
    -- again should they die.
    next_at     timestamptz,

    PRIMARY KEY (endpoint_id, event_id),
    CONSTRAINT messages_state_known CHECK (state IN ('pending', 'delivered', 'failed')),
    CONSTRAINT messages_pending_has_next CHECK ((state = 'pending') = (next_at IS NOT NULL))
);
CREATE INDEX messages_due    ON messages (endpoint_id, next_at, event_id) WHERE state = 'pending';
CREATE INDEX messages_failed ON messages (endpoint_id, event_id) WHERE state = 'failed';

-- Every try to send a message.
CREATE TABLE attempts (
    endpoint_id text        NOT NULL,
    event_id    text        NOT NULL,
    id          bigint      GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    took_ms     bigint      NOT NULL,
    -- Null if there was no answer.
    status_code integer,
    -- Null if the endpoint took it.
    fault       text,

    PRIMARY KEY (endpoint_id, event_id, id),
    CONSTRAINT attempts_of_message FOREIGN KEY (endpoint_id, event_id)
        REFERENCES messages (endpoint_id, event_id) ON DELETE CASCADE,
    CONSTRAINT attempts_fault_known CHECK (fault IN (
        'status', 'redirect', 'timeout', 'name', 'address', 'connect', 'tls'))
);

-- How far a follower of the feed has got.
CREATE TABLE followers (
    name text   NOT NULL PRIMARY KEY,
    xid  xid8   NOT NULL,
    seq  bigint NOT NULL
);
-- No endpoint hears of what was announced before there were any.
INSERT INTO followers (name, xid, seq) VALUES ('endpoints', '0', 0);
UPDATE followers SET (xid, seq) = (SELECT xid, seq FROM events ORDER BY xid DESC, seq DESC LIMIT 1)
WHERE EXISTS (SELECT FROM events);

ALTER TABLE events ADD COLUMN endpoint_id text;
-- Rows are added in the order of time, nearly.
CREATE INDEX events_at ON events USING brin (created_at);
