package store

import (
	"database/sql"
	"time"
)

// PoolState is how the connections of one pool are used at a moment.
type PoolState struct {
	Name       string // a word of few
	InUse, Max int
	// Waits counts those who had to wait for a connection so far, and Waited is how
	// long they did together.
	Waits  int64
	Waited time.Duration
}

// The names of the pools.
const (
	poolPostgres     = "postgres"
	poolSQLiteWriter = "sqlite_write"
	poolSQLiteReader = "sqlite_read"
)

// PoolStates tells how the connections are used, without asking the database.
func (s *Store) PoolStates() []PoolState {
	if s.pool != nil {
		stat := s.pool.Stat()
		return []PoolState{{
			Name: poolPostgres, InUse: int(stat.AcquiredConns()), Max: int(stat.MaxConns()),
			Waits: stat.EmptyAcquireCount(), Waited: stat.EmptyAcquireWaitTime(),
		}}
	}
	states := []PoolState{poolState(poolSQLiteWriter, s.sql)}
	if reader, err := s.reader.DB(); err == nil {
		states = append(states, poolState(poolSQLiteReader, reader))
	}
	return states
}

func poolState(name string, db *sql.DB) PoolState {
	stat := db.Stats()
	return PoolState{Name: name, InUse: stat.InUse, Max: stat.MaxOpenConnections, Waits: stat.WaitCount, Waited: stat.WaitDuration}
}
