package metric

import (
	"context"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func (s *Set) addQuestions() {
	s.questions = s.counter("bonafide_reconcile_questions_total",
		"Questions to providers about sessions of which nothing was heard: moved ones changed a status, so that a webhook was lost or is late; same ones did not; failed ones got no answer. A rise of moved means that webhooks do not arrive: see whether the provider has the right address.",
		"provider", "outcome")
	for _, provider := range s.Providers {
		for _, outcome := range s.Options.Questions {
			s.questions.WithLabelValues(provider, outcome)
		}
	}
}

// Asked counts a question to a provider about a session.
func (s *Set) Asked(provider, outcome string) {
	s.questions.WithLabelValues(s.provider(provider), among(s.Options.Questions, outcome)).Inc()
}

// QuestionsDue asks for the questions that are due at each scrape, account by
// account.
func (s *Set) QuestionsDue(ask func(ctx context.Context, provider string) (idv.QuestionBacklog, error)) {
	due := s.asked("bonafide_reconcile_due_sessions",
		"Sessions about which the provider should have been asked by now. Every process tells the same number: take the max, not the sum. More than a few mean that the provider's limit binds.", "provider")
	overdue := s.asked("bonafide_reconcile_overdue_seconds",
		"How long the session that has waited longest for such a question is overdue, 0 if none is. A status may be as much older than docs/reconcile.md states.", "provider")
	s.source("reconcile", func(ctx context.Context) ([]sample, error) {
		var samples []sample
		for _, provider := range s.Providers {
			b, err := ask(ctx, provider)
			if err != nil {
				return nil, err
			}
			samples = append(samples,
				sample{due, float64(b.Due), []string{provider}},
				sample{overdue, b.Overdue.Seconds(), []string{provider}})
		}
		return samples, nil
	})
}
