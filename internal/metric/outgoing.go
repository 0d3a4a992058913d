package metric

import (
	"context"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func (s *Set) addAttempts() {
	s.attempts = s.counter("bonafide_endpoint_attempts_total",
		"Tries to send an event to an endpoint: delivered, or in one word why not: status (an answer other than 2xx), redirect, timeout, name, address (one that may not be called), connect, tls. "+
			"Each is tried ten times in about three days: GET /v1/endpoints/{id}/messages tells which endpoint it is.", "outcome")
	for _, outcome := range attemptOutcomes() {
		s.attempts.WithLabelValues(outcome)
	}
}

func attemptOutcomes() []string {
	list := []string{string(idv.MessageDelivered)}
	for _, fault := range idv.AttemptFaults() {
		list = append(list, string(fault))
	}
	return list
}

// Attempt counts one try to send an event to an endpoint.
func (s *Set) Attempt(outcome string) {
	s.attempts.WithLabelValues(among(attemptOutcomes(), outcome)).Inc()
}

// Outgoing asks at each scrape how far the sending of events is behind.
func (s *Set) Outgoing(ask func(ctx context.Context) (idv.OutgoingBacklog, error)) {
	pending := s.asked("bonafide_messages_pending",
		"Events that wait to be sent to enabled endpoints, those that wait for their next try among them; of one endpoint 20 000 are counted. Every process tells the same number: take the max, not the sum.")
	due := s.asked("bonafide_message_oldest_due_seconds",
		"How long the first of those that are due has waited to be sent, 0 if none is due. It rises when no worker runs, or when an endpoint takes less than there is to tell it.")
	unseen := s.asked("bonafide_event_feed_lag_seconds",
		"Age of the first event that has not been queued for the endpoints yet, 0 if there is none. It rises when no worker runs, or while a transaction in this PostgreSQL server stays open: GET /v1/events then shows nothing new either.")
	disabled := s.asked("bonafide_endpoints_disabled",
		"Endpoints that nothing is sent to: client (a client asked for it), gone (it answered 410), failing (every try failed for five days). Of the last two a client should be told.", "reason")
	s.source("endpoints", func(ctx context.Context) ([]sample, error) {
		backlog, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		samples := []sample{
			{desc: pending, value: float64(backlog.Pending)},
			{desc: due, value: backlog.Due.Seconds()},
			{desc: unseen, value: backlog.Unseen.Seconds()},
		}
		for _, reason := range idv.DisabledReasons() {
			samples = append(samples, sample{disabled, float64(backlog.Disabled[reason]), []string{string(reason)}})
		}
		return samples, nil
	})
}

// Unsettled asks for the creates whose answer was lost at each scrape.
func (s *Set) Unsettled(ask func(ctx context.Context) ([]idv.UnsettledCreates, error)) {
	count := s.asked("bonafide_sessions_unsettled",
		"Creates whose answer was lost and that nothing has settled so far: the provider may have sold something that nobody uses. Most settle themselves within a minute; the rest waits for a person, see docs/settling.md.", "provider")
	s.source("unsettled", func(ctx context.Context) ([]sample, error) {
		unsettled, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		counts := newTally(count)
		for _, provider := range s.Providers {
			counts.add(0, provider)
		}
		for _, u := range unsettled {
			counts.add(float64(u.Count), s.provider(u.Provider))
		}
		return counts.samples(), nil
	})
}
