-- +goose Up

-- When a session's provider is to be asked about it: null is not at all.
ALTER TABLE sessions ADD COLUMN ask_at timestamptz;
-- When the schedule last had it asked.
ALTER TABLE sessions ADD COLUMN asked_at timestamptz;
-- Somebody wants an answer that is newer than the last question.
ALTER TABLE sessions ADD COLUMN ask_wanted boolean NOT NULL DEFAULT FALSE;
CREATE INDEX sessions_to_ask ON sessions (provider, ask_at) WHERE ask_at IS NOT NULL;

-- What is open is asked about at once: a webhook may have been missed.
UPDATE sessions SET ask_at = updated_at WHERE ref IS NOT NULL AND status IN (
    'created', 'pending', 'in_progress', 'processing', 'in_review', 'resubmission_requested');

-- How many more questions an account may be asked, for all replicas together.
-- The row is also the lock under which questions are taken.
CREATE TABLE question_budgets (
    provider     text        PRIMARY KEY,
    -- The generic cell rate algorithm: when the budget would be whole again.
    free_at      timestamptz NOT NULL,
    -- Nothing is asked before this; null if the account is in no trouble.
    paused_until timestamptz,
    -- Questions that failed for the account's sake since the last answer.
    failures     integer     NOT NULL
);

CREATE INDEX users_to_change ON users (changes_at) WHERE changes_at IS NOT NULL;
CREATE INDEX idempotency_keys_expiring ON idempotency_keys (expires_at);
