package main_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// acme stands in for Kora: it creates verifications, can be asked for those of a
// user, and counts. It knows no verification by its id.
type acme struct {
	base string

	mu     sync.Mutex
	starts map[string]int // how often each session of ours was created
	book   map[string][]map[string]string
}

func newAcme(t *testing.T) *acme {
	a := &acme{starts: map[string]int{}, book: map[string][]map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /verifications", a.create)
	mux.HandleFunc("GET /subjects/{user}/verifications", a.list)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	a.base = srv.URL
	return a
}

func (a *acme) create(w http.ResponseWriter, r *http.Request) {
	var in struct{ ExternalID string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	made := map[string]string{
		"id": "ver_" + in.ExternalID, "externalId": in.ExternalID, "status": "pending",
		"createdAt": time.Now().UTC().Format(time.RFC3339Nano),
	}
	a.mu.Lock()
	a.starts[r.Header.Get("Idempotency-Key")]++
	a.book[in.ExternalID] = append(a.book[in.ExternalID], made)
	a.mu.Unlock()
	// Long enough for whoever asked to be killed meanwhile.
	time.Sleep(rand.N(30 * time.Millisecond))
	answer(w, http.StatusCreated, made)
}

func (a *acme) list(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"verifications": a.book[r.PathValue("user")]})
}

// asked counts the creates of a session.
func (a *acme) asked(session string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.starts[session]
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
