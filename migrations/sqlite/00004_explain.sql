-- +goose Up

-- What is odd about an observation, for operators. Nothing personal.
ALTER TABLE observations ADD COLUMN why TEXT NOT NULL DEFAULT '';

-- A delivery that is read anew replaces what it was read to say before. Ids of
-- deliveries rise, so that this is written at its end.
CREATE INDEX observations_of_delivery ON observations (delivery_id) WHERE delivery_id IS NOT NULL;

-- Creates of which nobody knows what became of them, for an operator.
CREATE INDEX sessions_unsettled ON sessions (created_at, id) WHERE start_unanswered AND ref IS NULL;
