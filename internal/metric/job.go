package metric

import (
	"context"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func (s *Set) addJobs() {
	s.jobs = s.counter("bonafide_jobs_worked_total",
		"Jobs worked: ok is done, later is put off without a failure, error and panic are tried again after a growing pause. Any panic is a defect.",
		"kind", "outcome")
	s.jobDuration = s.histogram("bonafide_job_duration_seconds", "How long one try of a job took.", fast, "kind")
	for _, kind := range idv.JobKinds() {
		for _, outcome := range s.Options.Jobs {
			s.jobs.WithLabelValues(string(kind), outcome)
		}
		s.jobDuration.WithLabelValues(string(kind))
	}
}

// Job counts one try of a job.
func (s *Set) Job(k idv.JobKind, outcome string, took time.Duration) {
	s.jobs.WithLabelValues(kind(k), among(s.Options.Jobs, outcome)).Inc()
	s.jobDuration.WithLabelValues(kind(k)).Observe(took.Seconds())
}

// JobsWaiting asks for the jobs that wait at each scrape.
func (s *Set) JobsWaiting(ask func(ctx context.Context) ([]idv.JobBacklog, error)) {
	due := s.asked("bonafide_jobs_due",
		"Jobs that could be worked now and wait for a worker. Every process tells the same number: take the max, not the sum.", "kind")
	failed := s.asked("bonafide_jobs_failed",
		"Jobs that failed and wait for their next try. The logs say why, by the id of what each is about.", "kind")
	oldest := s.asked("bonafide_job_oldest_due_seconds",
		"How long the job that is due for longest has waited, 0 if none is due. It rises when no worker runs, or when they cannot keep up.", "kind")
	s.source("jobs", func(ctx context.Context) ([]sample, error) {
		backlog, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		dues, failures, ages := newTally(due), newTally(failed), newTally(oldest)
		for _, k := range idv.JobKinds() {
			dues.add(0, kind(k))
			failures.add(0, kind(k))
			ages.most(0, kind(k))
		}
		for _, b := range backlog {
			dues.add(float64(b.Due), kind(b.Kind))
			failures.add(float64(b.Failed), kind(b.Kind))
			ages.most(b.Oldest.Seconds(), kind(b.Kind))
		}
		return append(append(dues.samples(), failures.samples()...), ages.samples()...), nil
	})
}
