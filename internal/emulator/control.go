package emulator

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// sessionView is a session as the control door shows it.
type sessionView struct {
	ID             string     `json:"id"`
	ExternalUserID string     `json:"externalUserId"`
	Status         idv.Status `json:"status"`
	Reason         string     `json:"reason"`
	Round          int        `json:"round"`
	Page           string     `json:"page"`
	CreatedAt      time.Time  `json:"createdAt"`
	UpdatedAt      time.Time  `json:"updatedAt"`
}

func (s *Stage) view(session Session) sessionView {
	return sessionView{
		ID: session.ID, ExternalUserID: session.ExternalUserID, Status: session.Status,
		Reason: session.Reason, Round: session.Round, Page: s.PageURL(session.ID),
		CreatedAt: session.CreatedAt, UpdatedAt: session.UpdatedAt,
	}
}

func (s *Stage) controlRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /_faults", func(w http.ResponseWriter, _ *http.Request) {
		WriteJSON(w, http.StatusOK, s.faults.get())
	})
	mux.HandleFunc("PUT /_faults", func(w http.ResponseWriter, r *http.Request) {
		var f Faults
		if err := ReadJSON(w, r, &f, true); err != nil {
			WriteJSON(w, http.StatusBadRequest, map[string]string{"error": "not a description of faults"})
			return
		}
		s.faults.set(f)
		WriteJSON(w, http.StatusOK, f)
	})
	mux.HandleFunc("DELETE /_faults", func(w http.ResponseWriter, _ *http.Request) {
		s.faults.set(Faults{})
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /_sessions", func(w http.ResponseWriter, _ *http.Request) {
		list := []sessionView{}
		for _, session := range s.Sessions(func(Session) bool { return true }) {
			list = append(list, s.view(session))
		}
		WriteJSON(w, http.StatusOK, map[string]any{"sessions": list})
	})
	mux.HandleFunc("GET /_sessions/{id}", func(w http.ResponseWriter, r *http.Request) {
		session, ok := s.Session(r.PathValue("id"))
		if !ok {
			WriteJSON(w, http.StatusNotFound, map[string]string{"error": ErrNoSession.Error()})
			return
		}
		WriteJSON(w, http.StatusOK, s.view(session))
	})
	mux.HandleFunc("POST /_sessions/{id}/decide", s.decide)
}

func (s *Stage) decide(w http.ResponseWriter, r *http.Request) {
	var wish struct {
		Outcome Step   `json:"outcome"`
		Reason  string `json:"reason"`
	}
	if err := ReadJSON(w, r, &wish, true); err != nil {
		WriteJSON(w, http.StatusBadRequest, map[string]string{"error": `want {"outcome":"…","reason":"…"}`})
		return
	}
	session, err := s.Take(r.PathValue("id"), wish.Outcome, wish.Reason)
	switch {
	case errors.Is(err, ErrNoSession):
		WriteJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
	case err != nil:
		WriteJSON(w, http.StatusBadRequest, map[string]any{"error": err.Error(), "outcomes": s.profile.Steps})
	default:
		WriteJSON(w, http.StatusOK, s.view(session))
	}
}

// WriteJSON answers with compact JSON.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller went away
}

// ReadJSON reads a request's body of at most 1 MiB into out. strict refuses
// fields that out does not have.
func ReadJSON(w http.ResponseWriter, r *http.Request, out any, strict bool) error {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	if strict {
		dec.DisallowUnknownFields()
	}
	return dec.Decode(out)
}
