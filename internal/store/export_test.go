package store

// Rows gives one row of every table that is this package's own.
func Rows() []any {
	return []any{
		sessionRow{},
		observationRow{},
		resultRow{},
		resultReadRow{},
		userRow{},
		deliveryRow{},
		apiKeyRow{},
		idempotencyRow{},
		eventRow{},
		budgetRow{},
	}
}

// Waiting tells how many deliveries wait to be written.
func (s *Store) Waiting() int { return len(s.intake.waiting) }
