-- +goose Up

-- The key of a user, wrapped by the operator's: it seals what is kept of the
-- person. Null until something is, and again once the person's data was erased.
ALTER TABLE users ADD COLUMN key_id      TEXT;
ALTER TABLE users ADD COLUMN wrapped_key BLOB
    CONSTRAINT users_key_whole CHECK ((key_id IS NULL) = (wrapped_key IS NULL))
    CONSTRAINT users_wrapped_key_sealed CHECK (substr(wrapped_key, 1, 1) = x'01');
-- When the person's data was erased, if nothing was begun since.
ALTER TABLE users ADD COLUMN erased_at   DATETIME;
-- The name of the key that was destroyed last.
ALTER TABLE users ADD COLUMN erased_key  TEXT;
-- Since when nothing of the user may be erased; null if nobody says so.
ALTER TABLE users ADD COLUMN held_since  DATETIME;
CREATE UNIQUE INDEX users_key_taken ON users (key_id);

-- When all that is personal of a session was removed. What is left of what was
-- sealed is the first byte of its envelope, which opens nowhere.
ALTER TABLE sessions ADD COLUMN redacted_at DATETIME;

-- The key of a webhook, wrapped by the operator's key, and by that of its user as
-- soon as the user is known. Null for webhooks that were kept before they had
-- keys, and for those that are gone.
ALTER TABLE deliveries ADD COLUMN key     BLOB
    CONSTRAINT deliveries_key_sealed CHECK (substr(key, 1, 1) = x'01');
-- The user whose key wraps it; null while that is the operator's.
ALTER TABLE deliveries ADD COLUMN owner   TEXT;
-- When the webhook itself was removed.
ALTER TABLE deliveries ADD COLUMN gone_at DATETIME;

CREATE INDEX results_by_age ON results (updated_at);

-- What providers were asked to erase, and what came of it.
CREATE TABLE erasures (
    session_id       TEXT     NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    external_user_id TEXT     NOT NULL,
    provider         TEXT     NOT NULL,
    outcome          TEXT     NOT NULL,
    -- For people; nothing personal.
    detail           TEXT     NOT NULL,
    -- How often the provider was asked.
    tries            INTEGER  NOT NULL,
    -- Nobody asks it any more.
    settled          BOOLEAN  NOT NULL,
    created_at       DATETIME NOT NULL,
    updated_at       DATETIME NOT NULL,

    CONSTRAINT erasures_outcome_known CHECK (outcome IN ('erased', 'requested', 'unsupported', 'failed'))
);
CREATE INDEX erasures_of_user ON erasures (external_user_id, created_at);

-- What a person asked for that only people can answer.
CREATE TABLE privacy_tasks (
    id               TEXT     NOT NULL PRIMARY KEY,
    kind             TEXT     NOT NULL,
    external_user_id TEXT     NOT NULL,
    session_id       TEXT     NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    provider         TEXT     NOT NULL,
    created_at       DATETIME NOT NULL,
    done_at          DATETIME,
    -- The credential of whoever said so.
    done_by          TEXT,

    CONSTRAINT privacy_tasks_kind_known CHECK (kind IN ('data_request', 'data_erasure', 'review_requested', 'provider_erasure')),
    CONSTRAINT privacy_tasks_done_whole CHECK ((done_at IS NULL) = (done_by IS NULL))
);
CREATE INDEX privacy_tasks_open    ON privacy_tasks (id) WHERE done_at IS NULL;
CREATE INDEX privacy_tasks_of_user ON privacy_tasks (external_user_id) WHERE done_at IS NULL;

-- Who did what with people's data and with credentials, each row chained to the
-- one before. result_reads holds who read results before there was this.
CREATE TABLE audit_log (
    seq      INTEGER  NOT NULL PRIMARY KEY,
    at       DATETIME NOT NULL,
    -- The credential, or "cli" for whoever runs commands beside the database.
    actor    TEXT     NOT NULL,
    action   TEXT     NOT NULL,
    -- What it was done to: an id of ours, or a user's of the client's.
    object   TEXT     NOT NULL,
    previous BLOB     NOT NULL,
    hash     BLOB     NOT NULL,

    CONSTRAINT audit_log_hash_whole CHECK (length(hash) = 32 AND length(previous) = 32)
);
-- The last row of the log, under whose lock the next one is added: a log that was
-- cut short ends elsewhere.
CREATE TABLE audit_head (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB    NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, zeroblob(32));

-- +goose StatementBegin
CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_log_loses_none BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd

-- How far what goes through a whole table now and then has got.
CREATE TABLE sweeps (
    name  TEXT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL
);
INSERT INTO sweeps (name, place) VALUES ('bodies', '');

-- A value that the operator's key sealed, by which a wrong key is known at once.
CREATE TABLE seal_probe (
    one   INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    probe BLOB    NOT NULL
);
