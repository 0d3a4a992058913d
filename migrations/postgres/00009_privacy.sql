-- +goose Up

-- The key of a user, wrapped by the operator's: it seals what is kept of the
-- person. Null until something is, and again once the person's data was erased.
ALTER TABLE users ADD COLUMN key_id      text;
ALTER TABLE users ADD COLUMN wrapped_key bytea;
-- When the person's data was erased, if nothing was begun since.
ALTER TABLE users ADD COLUMN erased_at   timestamptz;
-- The name of the key that was destroyed last.
ALTER TABLE users ADD COLUMN erased_key  text;
-- Since when nothing of the user may be erased; null if nobody says so.
ALTER TABLE users ADD COLUMN held_since  timestamptz;
ALTER TABLE users ADD CONSTRAINT users_key_taken UNIQUE (key_id);
ALTER TABLE users ADD CONSTRAINT users_key_whole CHECK ((key_id IS NULL) = (wrapped_key IS NULL));
ALTER TABLE users ADD CONSTRAINT users_wrapped_key_sealed CHECK (substr(wrapped_key, 1, 1) = '\x01'::bytea);

-- When all that is personal of a session was removed. What is left of what was
-- sealed is the first byte of its envelope, which opens nowhere.
ALTER TABLE sessions ADD COLUMN redacted_at timestamptz;

-- The key of a webhook, wrapped by the operator's key, and by that of its user as
-- soon as the user is known. Null for webhooks that were kept before they had
-- keys, and for those that are gone.
ALTER TABLE deliveries ADD COLUMN key     bytea;
-- The user whose key wraps it; null while that is the operator's.
ALTER TABLE deliveries ADD COLUMN owner   text;
-- When the webhook itself was removed.
ALTER TABLE deliveries ADD COLUMN gone_at timestamptz;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_key_sealed CHECK (substr(key, 1, 1) = '\x01'::bytea);

CREATE INDEX results_by_age ON results (updated_at);

-- What providers were asked to erase, and what came of it.
CREATE TABLE erasures (
    session_id       text        NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    external_user_id text        NOT NULL,
    provider         text        NOT NULL,
    outcome          text        NOT NULL,
    -- For people; nothing personal.
    detail           text        NOT NULL,
    -- How often the provider was asked.
    tries            integer     NOT NULL,
    -- Nobody asks it any more.
    settled          boolean     NOT NULL,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,

    CONSTRAINT erasures_outcome_known CHECK (outcome IN ('erased', 'requested', 'unsupported', 'failed'))
);
CREATE INDEX erasures_of_user ON erasures (external_user_id, created_at);

-- What a person asked for that only people can answer.
CREATE TABLE privacy_tasks (
    id               text        NOT NULL PRIMARY KEY,
    kind             text        NOT NULL,
    external_user_id text        NOT NULL,
    session_id       text        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    provider         text        NOT NULL,
    created_at       timestamptz NOT NULL,
    done_at          timestamptz,
    -- The credential of whoever said so.
    done_by          text,

    CONSTRAINT privacy_tasks_kind_known CHECK (kind IN ('data_request', 'data_erasure', 'review_requested', 'provider_erasure')),
    CONSTRAINT privacy_tasks_done_whole CHECK ((done_at IS NULL) = (done_by IS NULL))
);
CREATE INDEX privacy_tasks_open    ON privacy_tasks (id) WHERE done_at IS NULL;
CREATE INDEX privacy_tasks_of_user ON privacy_tasks (external_user_id) WHERE done_at IS NULL;

-- Who did what with people's data and with credentials, each row chained to the
-- one before. result_reads holds who read results before there was this.
CREATE TABLE audit_log (
    seq      bigint      NOT NULL PRIMARY KEY,
    at       timestamptz NOT NULL,
    -- The credential, or "cli" for whoever runs commands beside the database.
    actor    text        NOT NULL,
    action   text        NOT NULL,
    -- What it was done to: an id of ours, or a user's of the client's.
    object   text        NOT NULL,
    previous bytea       NOT NULL,
    hash     bytea       NOT NULL,

    CONSTRAINT audit_log_hash_whole CHECK (length(hash) = 32 AND length(previous) = 32)
);
-- The last row of the log, under whose lock the next one is added: a log that was
-- cut short ends elsewhere.
CREATE TABLE audit_head (
    one  integer NOT NULL PRIMARY KEY CHECK (one = 1),
    seq  bigint  NOT NULL,
    hash bytea   NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

-- +goose StatementBegin
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

-- How far what goes through a whole table now and then has got.
CREATE TABLE sweeps (
    name  text NOT NULL PRIMARY KEY,
    place text NOT NULL
);
INSERT INTO sweeps (name, place) VALUES ('bodies', '');

-- A value that the operator's key sealed, by which a wrong key is known at once.
CREATE TABLE seal_probe (
    one   integer NOT NULL PRIMARY KEY CHECK (one = 1),
    probe bytea   NOT NULL
);
