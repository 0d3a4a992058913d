package emulator

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

const (
	webhookTries   = 8
	webhookTimeout = 10 * time.Second
	longestRetry   = 30 * time.Second
)

// courier carries webhooks, at least once.
type courier struct {
	name   string
	sign   func(Message, time.Time) http.Header
	client *http.Client
	now    func() time.Time
	retry  time.Duration
	log    *slog.Logger
}

func newCourier(o Options, name string, p Provider) *courier {
	return &courier{name: name, sign: p.Sign, client: o.Client, now: o.Now, retry: o.Pace.Retry, log: o.Logger}
}

// Send carries webhooks that follow from no step: of the create, say, or of
// what happens after a session is over.
func (s *Stage) Send(session Session, messages ...Message) { s.send(session.ExternalUserID, messages) }

// send carries the messages of one step in the background, in order for each
// receiver, with the faults of the control door and of the user's id.
func (s *Stage) send(externalUserID string, messages []Message) {
	if len(messages) == 0 {
		return
	}
	fault := s.faults.webhook().with(FaultsOf(externalUserID).Webhook)
	if fault.Drop {
		return
	}
	wait := fault.delay()
	if fault.Reorder {
		messages = slices.Clone(messages)
		slices.Reverse(messages)
		if len(messages) == 1 {
			wait += s.o.Pace.Hold
		}
	}
	for url, list := range byReceiver(messages) {
		s.background(func(ctx context.Context) {
			if sleep(ctx, wait) {
				s.courier.carry(ctx, url, list, fault)
			}
		})
	}
}

// Deliver sends a message to each of its receivers, once, at once and without
// faults, and tells the caller of the control door the HTTP status of the last
// answer.
func (s *Stage) Deliver(w http.ResponseWriter, r *http.Request, m Message) {
	status := 0
	for _, url := range m.URLs {
		status = s.courier.attempt(r.Context(), url, m, false)
	}
	if status == 0 {
		WriteJSON(w, http.StatusBadGateway, map[string]string{"error": "the webhook could not be delivered"})
		return
	}
	WriteJSON(w, http.StatusOK, map[string]int{"delivered": status})
}

func byReceiver(messages []Message) map[string][]Message {
	lists := map[string][]Message{}
	for _, m := range messages {
		for _, url := range m.URLs {
			if url != "" {
				lists[url] = append(lists[url], m)
			}
		}
	}
	return lists
}

func (c *courier) carry(ctx context.Context, url string, messages []Message, fault WebhookFault) {
	for _, m := range messages {
		if fault.Forge {
			c.attempt(ctx, url, m, true)
			continue
		}
		c.deliver(ctx, url, m)
		if fault.Duplicate {
			c.deliver(ctx, url, m)
		}
	}
}

// deliver tries until the receiver answers with a 2xx or the tries are over.
func (c *courier) deliver(ctx context.Context, url string, m Message) {
	pause := c.retry
	for try := 1; ; try++ {
		status := c.attempt(ctx, url, m, false)
		if status >= 200 && status <= 299 {
			return
		}
		c.log.Warn("emulator: webhook not accepted", "provider", c.name, "event", m.Event, "status", status, "try", try)
		if try == webhookTries || !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, longestRetry)
	}
}

// attempt sends a message once and gives the HTTP status, 0 for no answer.
func (c *courier) attempt(ctx context.Context, url string, m Message, forged bool) int {
	body := m.Body
	if forged {
		body = append(slices.Clone(body), ' ')
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	for _, header := range []http.Header{m.Header, c.sign(m, c.now())} {
		for key, values := range header {
			req.Header[http.CanonicalHeaderKey(key)] = values
		}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	// Read to the end so that the connection can be used again; the answer itself means nothing.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode
}
