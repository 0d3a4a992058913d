-- +goose Up

-- River's search by arguments and metadata, which nobody here does. Each is
-- written three times in the life of a job.
DROP INDEX river_job_args_index;
DROP INDEX river_job_metadata_index;
