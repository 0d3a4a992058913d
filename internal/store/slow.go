package store

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm/logger"
)

// slowAfter is how long a statement takes before it is worth a warning.
const slowAfter = time.Second

// slowLog tells of slow statements, without their values, which may be personal.
// Errors are told by whoever they are returned to.
type slowLog struct{ logger.Interface }

func newSlowLog(log *slog.Logger) slowLog {
	return slowLog{logger.NewSlogLogger(log, logger.Config{
		LogLevel:             logger.Warn,
		SlowThreshold:        slowAfter,
		ParameterizedQueries: true,
	})}
}

// Trace is told of every statement.
func (l slowLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if err == nil && time.Since(begin) > slowAfter {
		l.Interface.Trace(ctx, begin, statement, nil)
	}
}

// ParamsFilter keeps values out of the text of a statement.
func (slowLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
