-- +goose Up

-- What was announced. Rows are written in the transaction of what they tell and
-- never change.
CREATE TABLE events (
    -- Transactions become visible in another order than they number their rows.
    -- Whoever reads in the order of (xid, seq), and only what transactions wrote
    -- that are older than every running one, never skips an event.
    xid              xid8        NOT NULL DEFAULT pg_current_xact_id(),
    seq              bigint      GENERATED ALWAYS AS IDENTITY,
    id               text        NOT NULL,
    type             text        NOT NULL,
    external_user_id text        NOT NULL,
    -- Null for a user whom no session gives a status.
    session_id       text,
    status           text        NOT NULL,
    version          bigint      NOT NULL,
    created_at       timestamptz NOT NULL,

    PRIMARY KEY (xid, seq),
    CONSTRAINT events_id_taken UNIQUE (id)
);
CREATE INDEX events_of_user ON events (external_user_id);

-- How often the status of a session has changed.
ALTER TABLE sessions ADD COLUMN version bigint NOT NULL DEFAULT 1;
