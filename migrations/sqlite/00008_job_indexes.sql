-- +goose Up

-- The indexes that go on PostgreSQL never were here.
SELECT 1;
