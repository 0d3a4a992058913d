package store

import "context"

// Rows gives one row of every table that is this package's own.
func Rows() []any {
	return []any{
		sessionRow{},
		observationRow{},
		resultRow{},
		auditRow{},
		auditHeadRow{},
		taskRow{},
		erasureRow{},
		sweepRow{},
		probeRow{},
		userRow{},
		deliveryRow{},
		apiKeyRow{},
		idempotencyRow{},
		eventRow{},
		budgetRow{},
		endpointRow{},
		messageRow{},
		attemptRow{},
		followerRow{},
	}
}

// Waiting tells how many deliveries wait to be written.
func (s *Store) Waiting() int { return len(s.intake.waiting) }

// ShareReads shares the reads of users' rows; ask is one query about the names.
func ShareReads(ask func(ctx context.Context, names []string) error) (read func(ctx context.Context, name string) (found bool, err error), waiting func() int, end func()) {
	s := newShared(func(ctx context.Context, names []string) (map[string]userRow, error) {
		rows := map[string]userRow{}
		for _, name := range names {
			rows[name] = userRow{ExternalUserID: name}
		}
		return rows, ask(ctx, names)
	})
	return func(ctx context.Context, name string) (bool, error) {
		row, found, err := s.get(ctx, name)
		return found && row.ExternalUserID == name, err
	}, func() int { return len(s.waiting) }, s.close
}

// Tell tells of changes.
func (s *Store) Tell(keys []string) { s.news.tell(keys) }
