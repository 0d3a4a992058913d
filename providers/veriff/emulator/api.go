package emulator

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

const lifetime = 7 * 24 * time.Hour

// creation is the part of a create that is checked or comes back.
type creation struct {
	Verification *struct {
		Callback string `json:"callback"`
		Person   struct {
			DateOfBirth string `json:"dateOfBirth"`
		} `json:"person"`
		Document struct {
			Type string `json:"type"`
		} `json:"document"`
		VendorData json.RawMessage `json:"vendorData"`
		EndUserID  string          `json:"endUserId"`
	} `json:"verification"`
}

func (v *veriff) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/sessions", v.create)
	mux.HandleFunc("PATCH /v1/sessions/{id}", v.submit)
	mux.HandleFunc("DELETE /v1/sessions/{id}", v.about(v.remove))
	mux.HandleFunc("GET /v1/sessions/{id}/decision", v.about(func(w http.ResponseWriter, s emulator.Session) {
		v.answer(w, http.StatusOK, v.decision(s))
	}))
	mux.HandleFunc("GET /v1/sessions/{id}/attempts", v.about(func(w http.ResponseWriter, s emulator.Session) {
		v.answer(w, http.StatusOK, map[string]any{"status": "success", "verifications": attempts(s)})
	}))
	mux.HandleFunc("GET /v1/sessions/{id}/person", v.about(func(w http.ResponseWriter, s emulator.Session) {
		v.answer(w, http.StatusOK, map[string]any{"status": "success", "person": personOf(s)})
	}))
	mux.HandleFunc("GET /v1/sessions/{id}/watchlist-screening", v.about(func(w http.ResponseWriter, s emulator.Session) {
		v.answer(w, http.StatusOK, screeningOf(s, "initial_result", "no_match"))
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		v.fail(w, http.StatusNotFound, "1104", "Not found")
	})
	return mux
}

func (v *veriff) create(w http.ResponseWriter, r *http.Request) {
	raw, ok := v.body(w, r)
	if !ok {
		return
	}
	var c creation
	if json.Unmarshal(raw, &c) != nil {
		v.fail(w, http.StatusBadRequest, "1104", "Request includes invalid parameters")
		return
	}
	var vendorData string
	code, why := c.wrong(&vendorData)
	if code != "" {
		v.fail(w, http.StatusBadRequest, code, why)
		return
	}
	session, ok := v.stage.Create(w, r, emulator.Session{
		ID:             uuid.NewString(),
		ExternalUserID: userOf(vendorData),
		ReturnURL:      c.Verification.Callback,
		Fields:         map[string]string{"vendorData": vendorData, "endUserId": c.Verification.EndUserID},
		ExpiresAt:      v.stage.Now().Add(lifetime),
	})
	if ok {
		v.answer(w, http.StatusCreated, v.created(session))
	}
}

// wrong gives Veriff's error for what is wrong with a create, if anything.
func (c creation) wrong(vendorData *string) (code, why string) {
	v := c.Verification
	if v == nil {
		return "1102", "Mandatory parameters are missing from the request."
	}
	_, birth := time.Parse(time.DateOnly, v.Person.DateOfBirth)
	switch {
	case v.VendorData != nil && json.Unmarshal(v.VendorData, vendorData) != nil:
		return "1501", "vendorData must be a string."
	case utf8.RuneCountInString(*vendorData) > 1000:
		return "1500", "vendorData field cannot be more than 1000 symbols."
	case v.Callback != "" && !callable(v.Callback):
		return "1302", "Only HTTPS return URLs are allowed."
	case v.Person.DateOfBirth != "" && birth != nil:
		return "1203", "Invalid ISO 8601 date. Date needs to be in format YYYY-MM-DD."
	case v.EndUserID != "" && uuid.Validate(v.EndUserID) != nil,
		!slices.Contains([]string{"", "PASSPORT", "ID_CARD", "RESIDENCE_PERMIT", "DRIVERS_LICENSE"}, v.Document.Type):
		return "1104", "Request includes invalid parameters"
	default:
		return "", ""
	}
}

// callable wants HTTPS, as Veriff does, but lets this machine pass: there the
// emulator is at home.
func callable(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && local
}

// userOf leaves out what a client adds to its user's id for itself, so that the
// magic at the end of the id is seen.
func userOf(vendorData string) string {
	if i := strings.LastIndex(vendorData, "~ses_"); i >= 0 {
		return vendorData[:i]
	}
	return vendorData
}

// about serves a call that is signed by the id of its session.
func (v *veriff) about(serve func(http.ResponseWriter, emulator.Session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		if !v.known(w, r, id) {
			return
		}
		session, ok := v.stage.Session(id)
		if !ok {
			v.fail(w, http.StatusNotFound, "1104", "Session not found")
			return
		}
		serve(w, session)
	}
}

// submit ends the user's part, for those who upload by API.
func (v *veriff) submit(w http.ResponseWriter, r *http.Request) {
	raw, ok := v.body(w, r)
	if !ok {
		return
	}
	var wish struct {
		Verification struct {
			Status string `json:"status"`
		} `json:"verification"`
	}
	session, found := v.stage.Session(r.PathValue("id"))
	switch {
	case !found:
		v.fail(w, http.StatusNotFound, "1104", "Session not found")
	case json.Unmarshal(raw, &wish) != nil || wish.Verification.Status != "submitted":
		v.fail(w, http.StatusBadRequest, "1303", "Invalid status.")
	case session.Status != idv.Pending && session.Status != idv.InProgress:
		v.fail(w, http.StatusBadRequest, "1304", `Cannot transition to "submitted" status.`)
	default:
		// The session was there a moment ago and every provider has the step.
		session, _ = v.stage.Take(session.ID, emulator.Submit, "")
		v.answer(w, http.StatusOK, v.created(session))
	}
}
