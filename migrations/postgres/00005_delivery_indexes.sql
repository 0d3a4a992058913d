-- +goose Up

-- Every index is written with every webhook, and again when it is worked. Ids
-- rise with time, so that the primary key gives the newest first; what was
-- processed is looked for by nobody in particular.
DROP INDEX deliveries_newest;
DROP INDEX deliveries_newest_in;
DROP INDEX deliveries_newest_at;
CREATE INDEX deliveries_not_processed ON deliveries (state, id) WHERE state <> 'processed';
