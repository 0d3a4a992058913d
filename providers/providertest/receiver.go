package providertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// patience bounds every wait of the life cycle.
const patience = 20 * time.Second

// receiver is where the emulator's webhooks go: it does with them what our
// server does, and keeps what they said. The truth of what is partial is asked
// for.
type receiver struct {
	*httptest.Server
	news chan struct{}

	mu     sync.Mutex
	reader idv.WebhookReader
	fetch  func(context.Context, idv.Ref) (idv.Update, error)
	heard  []idv.Observation
	bodies [][]byte // of genuine webhooks, repetitions included
	forged int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{news: make(chan struct{}, 1)}
	r.Server = httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) receive(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status, partial := r.take(req, body)
	for _, ref := range partial {
		if u, err := r.fetch(req.Context(), ref); err == nil {
			r.add(u)
		}
	}
	w.WriteHeader(status)
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// take gives the answer to a webhook, and what must be asked for.
func (r *receiver) take(req *http.Request, body []byte) (status int, partial []idv.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	webhook := idv.Webhook{Header: req.Header, Body: body, ReceivedAt: time.Now().UTC()}
	if r.reader == nil {
		return http.StatusServiceUnavailable, nil
	}
	if r.reader.Authenticate(req.Context(), webhook) != nil {
		r.forged++
		return http.StatusUnauthorized, nil
	}
	r.bodies = append(r.bodies, bytes.Clone(body))
	updates, err := r.reader.Normalize(webhook)
	if err != nil {
		return http.StatusOK, nil
	}
	for _, u := range updates {
		r.heard = append(r.heard, observe(idv.SourceWebhook, u))
		if u.Partial || u.Ask {
			partial = append(partial, u.Ref)
		}
	}
	return http.StatusOK, partial
}

// wait returns once the condition holds of what was heard.
func (r *receiver) wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !r.check(holds) {
		select {
		case <-r.news:
		case <-deadline:
			t.Fatalf("not within %s: %s; state %s", patience, what, r.status())
		}
	}
}

func (r *receiver) check(holds func() bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return holds()
}

// status folds what was heard.
func (r *receiver) status() idv.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return idv.Fold(r.heard).Status
}

// add keeps what a Fetch told.
func (r *receiver) add(u idv.Update) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, observe(idv.SourceFetch, u))
}

// sameBackwards reports whether what was heard amounts to the same if it is
// heard in reverse and twice.
func (r *receiver) sameBackwards() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	backwards := append(slices.Clone(r.heard), r.heard...)
	slices.Reverse(backwards)
	return idv.Fold(backwards).Status == idv.Fold(r.heard).Status
}

// observe is what is kept of an update. A fetched truth without a time is true
// now.
func observe(source idv.Source, u idv.Update) idv.Observation {
	now := time.Now().UTC()
	if source == idv.SourceFetch {
		u = u.AsOf(now)
	}
	view := viewOf(u)
	view.Result = nil             // it is not part of what is folded
	text, _ := json.Marshal(view) // plain values always marshal
	sum := sha256.Sum256(text)
	return u.Observation(source, string(source)+hex.EncodeToString(sum[:]), now)
}
