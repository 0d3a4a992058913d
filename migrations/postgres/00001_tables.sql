-- +goose Up

-- One attempt to verify one user at one provider. The state (status, decision,
-- reasons, ever_approved, document_expires_at) is read off the observations and
-- kept beside them, in the same transaction.
CREATE TABLE sessions (
    id                    text        PRIMARY KEY,
    external_user_id      text        NOT NULL,
    provider              text        NOT NULL,
    -- The provider's id of the session; null until the provider confirmed it.
    ref                   text,
    -- The user's id while this session holds the user's one open place.
    open_slot             text,
    status                text        NOT NULL,
    -- The create was sent and its answer was lost.
    start_unanswered      boolean     NOT NULL,
    decision_outcome      text,
    decision_version      integer     NOT NULL,
    decision_decided_at   timestamptz,
    decision_revised_from text,
    ever_approved         boolean     NOT NULL,
    -- json and not jsonb: kept as written, and never searched.
    reasons               json        NOT NULL,
    document_expires_at   timestamptz,
    -- Sealed JSON of launch, callbackUrl and metadata.
    private               bytea       NOT NULL,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    expires_at            timestamptz NOT NULL,

    CONSTRAINT sessions_ref_taken UNIQUE (provider, ref),
    CONSTRAINT sessions_open_slot_taken UNIQUE (open_slot),
    CONSTRAINT sessions_open_slot_own CHECK (open_slot = external_user_id),
    CONSTRAINT sessions_status_known CHECK (status IN (
        'created', 'pending', 'in_progress', 'processing', 'in_review', 'resubmission_requested',
        'approved', 'declined', 'expired', 'canceled', 'failed')),
    CONSTRAINT sessions_decision_outcome_known CHECK (decision_outcome IN ('approved', 'declined')),
    CONSTRAINT sessions_decision_revised_from_known CHECK (decision_revised_from IN ('approved', 'declined')),
    CONSTRAINT sessions_decision_whole CHECK (
        (decision_outcome IS NULL) = (decision_version = 0)
        AND (decision_outcome IS NULL) = (decision_decided_at IS NULL)
        AND (decision_revised_from IS NOT NULL) = (decision_version > 1)),
    CONSTRAINT sessions_private_sealed CHECK (substr(private, 1, 1) = '\x01'::bytea)
);
CREATE INDEX sessions_newest         ON sessions (created_at, id);
CREATE INDEX sessions_newest_of_user ON sessions (external_user_id, created_at, id);
CREATE INDEX sessions_newest_at      ON sessions (provider, created_at, id);
CREATE INDEX sessions_newest_in      ON sessions (status, created_at, id);

-- Everything that anybody told us about a session, in the order in which we
-- heard of it. Rows are added; only our own reading of them is ever revised.
CREATE TABLE observations (
    session_id          text        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq                 integer     NOT NULL,
    fingerprint         text        NOT NULL,
    source              text        NOT NULL,
    -- The delivery that brought it. Deliveries may be gone before observations.
    delivery_id         text,
    heard_at            timestamptz NOT NULL,
    occurred_at         timestamptz,
    provider_status     text        NOT NULL,
    -- Null if it moves nothing.
    status              text,
    attempt             text        NOT NULL,
    unknown             boolean     NOT NULL,
    partial             boolean     NOT NULL,
    test                boolean     NOT NULL,
    reasons             json        NOT NULL,
    notice              json,
    document_expires_at timestamptz,

    PRIMARY KEY (session_id, seq),
    CONSTRAINT observations_heard_once UNIQUE (session_id, fingerprint),
    CONSTRAINT observations_source_known CHECK (source IN ('create', 'webhook', 'fetch', 'operator', 'clock')),
    CONSTRAINT observations_status_known CHECK (status IN (
        'created', 'pending', 'in_progress', 'processing', 'in_review', 'resubmission_requested',
        'approved', 'declined', 'expired', 'canceled', 'failed'))
);

-- What the provider read off the person and the document. Sealed.
CREATE TABLE results (
    session_id text        PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    body       bytea       NOT NULL,
    updated_at timestamptz NOT NULL,

    CONSTRAINT results_body_sealed CHECK (substr(body, 1, 1) = '\x01'::bytea)
);

-- Who read a result, and when. Outlives the result itself.
CREATE TABLE result_reads (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id text        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    credential text        NOT NULL,
    read_at    timestamptz NOT NULL
);
CREATE INDEX result_reads_of_session ON result_reads (session_id, read_at);

-- The status of each user, read off the states of the user's sessions. The row
-- is also the lock under which everything about the user is written.
CREATE TABLE users (
    external_user_id text        PRIMARY KEY,
    status           text        NOT NULL,
    -- The session that says so, and the open one.
    session_id       text,
    provider         text        NOT NULL,
    open_session_id  text,
    reasons          json        NOT NULL,
    verified_at      timestamptz,
    expires_at       timestamptz,
    -- When the passing of time alone changes the status.
    changes_at       timestamptz,
    version          bigint      NOT NULL,
    updated_at       timestamptz NOT NULL,

    CONSTRAINT users_status_known CHECK (status IN (
        'unverified', 'pending', 'in_review', 'action_required', 'verified', 'rejected', 'expired', 'revoked'))
);

-- Webhooks as they came.
CREATE TABLE deliveries (
    id          text        PRIMARY KEY,
    provider    text        NOT NULL,
    digest      text        NOT NULL,
    state       text        NOT NULL,
    reason      text        NOT NULL,
    event_type  text        NOT NULL,
    -- Which session it is about, once it was read. No foreign key: it may name
    -- a session that is none of ours.
    ref         text,
    session_id  text,
    received_at timestamptz NOT NULL,
    attempts    integer     NOT NULL,
    -- Sealed headers and body.
    webhook     bytea       NOT NULL,

    CONSTRAINT deliveries_kept_once UNIQUE (provider, digest),
    CONSTRAINT deliveries_state_known CHECK (state IN ('received', 'processed', 'parked', 'unmatched')),
    CONSTRAINT deliveries_webhook_sealed CHECK (substr(webhook, 1, 1) = '\x01'::bytea)
);
CREATE INDEX deliveries_newest    ON deliveries (received_at, id);
CREATE INDEX deliveries_newest_in ON deliveries (state, received_at, id);
CREATE INDEX deliveries_newest_at ON deliveries (provider, received_at, id);
CREATE INDEX deliveries_unmatched ON deliveries (provider, ref) WHERE state = 'unmatched';

CREATE TABLE api_keys (
    id           text        PRIMARY KEY,
    name         text        NOT NULL,
    -- SHA-256 of the key; the key itself is never kept.
    hash         bytea       NOT NULL,
    -- Separated by spaces.
    scopes       text        NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,

    CONSTRAINT api_keys_hash_taken UNIQUE (hash),
    CONSTRAINT api_keys_hash_whole CHECK (length(hash) = 32)
);

-- A client's name for one request, so that its repetition gets the same answer.
CREATE TABLE idempotency_keys (
    credential  text        NOT NULL,
    key         text        NOT NULL,
    -- Digest of the request: another one under the same key is a mistake.
    request     bytea       NOT NULL,
    -- The session that the request made, where it made one.
    session_id  text        REFERENCES sessions (id) ON DELETE CASCADE,
    -- Sealed; null while there is none.
    answer      bytea,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    -- Until when the first call is taken to be running.
    lease_until timestamptz,

    PRIMARY KEY (credential, key),
    CONSTRAINT idempotency_keys_answer_sealed CHECK (substr(answer, 1, 1) = '\x01'::bytea)
);
CREATE INDEX idempotency_keys_of_session ON idempotency_keys (session_id);
