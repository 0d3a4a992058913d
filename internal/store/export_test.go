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
	}
}
