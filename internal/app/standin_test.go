package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/providers"
)

// standIn plays Kora with a book of its own, so that a test knows what the
// provider was asked and decides what it says, and when.
type standIn struct {
	*httptest.Server
	t   *testing.T
	now func() time.Time
	// asked is told of a create as it comes, calls of a verification before the
	// create is answered.
	asked func()
	calls func(ref string)

	mu     sync.Mutex
	starts map[string]int // how often each session of ours was created
	book   []*koraEntry
}

type koraEntry struct {
	ID          string     `json:"id"`
	ExternalID  string     `json:"externalId"`
	Status      string     `json:"status"`
	CreatedAt   time.Time  `json:"createdAt"`
	CompletedAt *time.Time `json:"completedAt,omitempty"`
}

func newStandIn(t *testing.T, now func() time.Time) *standIn {
	s := &standIn{t: t, now: now, asked: func() {}, starts: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /verifications", s.create)
	mux.HandleFunc("GET /verifications/{id}", s.read)
	mux.HandleFunc("GET /subjects/{user}/verifications", s.list)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// account is one at the stand-in.
func (s *standIn) account() config.Account {
	for _, entry := range providers.All() {
		if entry.Adapter.Name == "kora" {
			settings := devSettings(entry, s.URL)
			settings["BASE_URL"] = s.URL
			return config.Account{Name: "kora", Adapter: "kora", Settings: settings}
		}
	}
	return config.Account{}
}

// create makes a verification. The user's id says how it goes: of "lost" users
// the answer gets lost, those "refused" get none made the first time either, and
// about "hasty" ones the provider calls before it answers.
func (s *standIn) create(w http.ResponseWriter, r *http.Request) {
	var in struct{ ExternalID string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	how, _, _ := strings.Cut(in.ExternalID, "-")
	s.asked()
	s.mu.Lock()
	s.starts[r.Header.Get("Idempotency-Key")]++
	first := true
	for _, made := range s.book {
		first = first && made.ExternalID != in.ExternalID
	}
	made := &koraEntry{ID: fmt.Sprintf("ver_%s_%d", in.ExternalID, len(s.book)), ExternalID: in.ExternalID, Status: "pending", CreatedAt: s.now()}
	if how == "refused" && first {
		made.ID = "" // a note that it was asked for, which the list leaves out
	}
	s.book = append(s.book, made)
	s.mu.Unlock()
	switch {
	case how == "lost", made.ID == "":
		panic(http.ErrAbortHandler)
	case how == "hasty":
		s.calls(made.ID)
	}
	answerJSON(w, http.StatusCreated, made)
}

func (s *standIn) read(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if made := s.find(r.PathValue("id")); made != nil {
		answerJSON(w, http.StatusOK, made)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

func (s *standIn) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []*koraEntry{}
	for _, made := range s.book {
		if made.ID != "" && made.ExternalID == r.PathValue("user") {
			list = append(list, made)
		}
	}
	answerJSON(w, http.StatusOK, map[string]any{"verifications": list})
}

// find finds a verification by its id.
func (s *standIn) find(id string) *koraEntry {
	for _, made := range s.book {
		if made.ID == id {
			return made
		}
	}
	return nil
}

// decide notes what became of a verification, and gives the webhook about it.
func (s *standIn) decide(ref, status string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC()
	made := s.find(ref)
	if made == nil {
		s.t.Fatalf("there is no verification %q", ref)
	}
	made.Status = status
	if status != "processing" {
		made.CompletedAt = &now
	}
	event := map[string]string{"processing": "verification.completed", "verified": "verification.verified", "rejected": "verification.rejected"}[status]
	return fmt.Sprintf(`{"id":"evt_%s_%s","eventType":%q,"resourceType":"verification","resourceId":%q,"tenantId":%q,"timestamp":%q,`+
		`"data":{"verificationId":%[4]q,"externalId":%q,"status":%[2]q}}`,
		ref, status, event, ref, s.account().Settings["TENANT_ID"], now.Format(time.RFC3339Nano), made.ExternalID)
}

// count counts the creates of sessions.
func (s *standIn) count(sessions []string) (total, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range sessions {
		total, most = total+s.starts[id], max(most, s.starts[id])
	}
	return total, most
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
