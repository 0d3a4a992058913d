package metric

import (
	"context"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// PrivacyTasks asks for the privacy tasks that are open at each scrape.
func (s *Set) PrivacyTasks(ask func(ctx context.Context) ([]idv.PrivacyBacklog, error)) {
	open := s.asked("bonafide_privacy_tasks_open",
		"What persons asked for and nobody has answered yet, and what has to be erased at a provider by hand: GET /v1/privacy-tasks?state=open. Every process tells the same number: take the max, not the sum.", "kind")
	oldest := s.asked("bonafide_privacy_task_oldest_seconds",
		"Age of the oldest of them, 0 if there is none. The law gives a month as a rule.", "kind")
	s.source("privacy", func(ctx context.Context) ([]sample, error) {
		waiting, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		opened, ages := newTally(open), newTally(oldest)
		for _, kind := range idv.PrivacyTaskKinds() {
			opened.add(0, string(kind))
			ages.add(0, string(kind))
		}
		for _, b := range waiting {
			kind := among(idv.PrivacyTaskKinds(), b.Kind)
			opened.add(float64(b.Open), kind)
			ages.most(b.Oldest.Seconds(), kind)
		}
		return append(opened.samples(), ages.samples()...), nil
	})
}
