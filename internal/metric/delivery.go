package metric

import (
	"context"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

func (s *Set) addDeliveries() {
	s.worked = s.counter("bonafide_deliveries_worked_total",
		"Deliveries worked, by the state that they were left in. One about a session that is not known yet is worked several times. A rise of parked means that a provider says what its adapter does not know: read GET /v1/webhook-deliveries?state=parked.",
		"provider", "state")
	s.visible = s.histogram("bonafide_delivery_visible_after_seconds",
		"From receiving a webhook to the moment at which what it says can be read, replays aside. This is the delay that clients see.", slow, "provider")
	for _, provider := range s.Providers {
		for _, state := range idv.DeliveryStates() {
			if state != idv.DeliveryReceived {
				s.worked.WithLabelValues(provider, string(state))
			}
		}
		s.visible.WithLabelValues(provider)
	}
}

// DeliveryWorked counts a delivery that was worked once.
func (s *Set) DeliveryWorked(provider string, state idv.DeliveryState) {
	s.worked.WithLabelValues(s.provider(provider), among(idv.DeliveryStates(), state)).Inc()
}

// DeliveryVisible notes how long after it was received a delivery was applied.
func (s *Set) DeliveryVisible(provider string, after time.Duration) {
	s.visible.WithLabelValues(s.provider(provider)).Observe(after.Seconds())
}

// Deliveries asks for the backlog at each scrape.
func (s *Set) Deliveries(ask func(ctx context.Context) ([]idv.DeliveryBacklog, error)) {
	count := s.asked("bonafide_deliveries",
		"Deliveries that are received and not worked yet, unmatched (about no session of ours), or parked (not understood). Every process tells the same number: take the max, not the sum. Unmatched and parked ones wait for a person.",
		"provider", "state")
	oldest := s.asked("bonafide_delivery_oldest_received_seconds",
		"Age of the oldest delivery that is received and not worked yet, 0 if there is none. Its steady rise means that nobody works, or that this delivery fails every time: see the logs of the workers.",
		"provider")
	s.source("deliveries", func(ctx context.Context) ([]sample, error) {
		backlog, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		counts, ages := newTally(count), newTally(oldest)
		for _, provider := range s.Providers {
			for _, state := range []idv.DeliveryState{idv.DeliveryReceived, idv.DeliveryUnmatched, idv.DeliveryParked} {
				counts.add(0, provider, string(state))
			}
			ages.most(0, provider)
		}
		for _, b := range backlog {
			counts.add(float64(b.Count), s.provider(b.Provider), string(b.State))
			if b.State == idv.DeliveryReceived {
				ages.most(time.Since(b.Oldest).Seconds(), s.provider(b.Provider))
			}
		}
		return append(counts.samples(), ages.samples()...), nil
	})
}
