package queue

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// workDriver is River's driver for working jobs, minus what makes River panic: a
// job that is taken from this process while it says that the job is done comes
// back as one that still runs.
type workDriver struct{ *riverpgxv5.Driver }

// GetExecutor gives what runs River's statements.
func (d workDriver) GetExecutor() riverdriver.Executor { return executor{d.Driver.GetExecutor()} }

type executor struct{ riverdriver.Executor }

// JobSetStateIfRunningMany writes what became of jobs, and gives those of which
// it is known.
func (e executor) JobSetStateIfRunningMany(ctx context.Context, params *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	jobs, err := e.Executor.JobSetStateIfRunningMany(ctx, params)
	return slices.DeleteFunc(jobs, func(job *rivertype.JobRow) bool { return job.State == rivertype.JobStateRunning }), err
}

var _ riverdriver.Driver[pgx.Tx] = workDriver{}
