package queue

import (
	"context"
	"log/slog"
)

// atLeast passes on records of a level and above. River tells of every failed
// job at lower levels, which the worker does already, by ids.
type atLeast struct {
	level slog.Level
	slog.Handler
}

// Enabled reports whether the record is passed on.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the level.
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.level, h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the level.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.level, h.Handler.WithGroup(name)}
}
