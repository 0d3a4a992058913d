package emulator

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

const (
	standardLife = 72 * time.Hour
	longestLife  = 365 * 24 * time.Hour
)

// api is the platform API.
func (e *idnorm) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/create_session", e.createSession)
	mux.HandleFunc("GET /api/v1/session/{id}", e.session)
	mux.HandleFunc("GET /api/v1/configurations", e.configurations)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "Not Found")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.licensed(r) {
			refuse(w, http.StatusUnauthorized, "license key is missing or wrong")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (e *idnorm) licensed(r *http.Request) bool {
	sent := r.Header.Get(e.setting("AUTH_HEADER", "Idnorm-License-Key"))
	ok := false
	for _, key := range e.settings.List("LICENSE_KEY") {
		want := strings.TrimSpace(e.setting("AUTH_PREFIX", "") + " " + key)
		ok = ok || subtle.ConstantTimeCompare([]byte(sent), []byte(want)) == 1
	}
	return ok
}

func (e *idnorm) createSession(w http.ResponseWriter, r *http.Request) {
	var req struct {
		ConfigID          string      `json:"configId"`
		CallbackURL       string      `json:"callbackUrl"`
		ExternalUserID    string      `json:"externalUserId"`
		DurationInSeconds json.Number `json:"durationInSeconds"`
	}
	if err := emulator.ReadJSON(w, r, &req, false); err != nil {
		refuse(w, http.StatusBadRequest, "the body is not a create_session request")
		return
	}
	life, ok := lifeOf(req.DurationInSeconds)
	switch {
	case req.ConfigID == "":
		refuse(w, http.StatusBadRequest, "configId is required")
	case req.ConfigID != e.settings["CONFIG_ID"]:
		refuse(w, http.StatusNotFound, "no such configuration")
	case !ok:
		refuse(w, http.StatusBadRequest, "durationInSeconds is out of range")
	case req.CallbackURL != "" && !emulator.WebURL(req.CallbackURL):
		refuse(w, http.StatusBadRequest, "callbackUrl is not a URL")
	default:
		session, ok := e.stage.Create(w, r, emulator.Session{
			ID:             uuid.NewString(),
			ExternalUserID: userOf(req.ExternalUserID),
			ReturnURL:      req.CallbackURL,
			Fields:         map[string]string{"userId": req.ExternalUserID},
			ExpiresAt:      e.stage.Now().Add(life),
		})
		if !ok {
			return
		}
		emulator.WriteJSON(w, http.StatusOK, map[string]string{
			"sessionId":       session.ID,
			"verificationUrl": e.stage.PageURL(session.ID),
			"sessionToken":    "st_" + uuid.NewString(),
		})
	}
}

// lifeOf reads durationInSeconds, which may be absent.
func lifeOf(seconds json.Number) (time.Duration, bool) {
	if seconds == "" {
		return standardLife, true
	}
	n, err := strconv.ParseInt(seconds.String(), 10, 64)
	if err != nil || n < 0 || n > int64(longestLife/time.Second) {
		return 0, false
	}
	if n == 0 { // a field that is not set
		return standardLife, true
	}
	return time.Duration(n) * time.Second, true
}

// userOf leaves out what a client adds to its user's id for itself, so that the
// magic at the end of the id is seen.
func userOf(externalUserID string) string {
	if i := strings.LastIndex(externalUserID, "~ses_"); i >= 0 {
		return externalUserID[:i]
	}
	return externalUserID
}

func (e *idnorm) session(w http.ResponseWriter, r *http.Request) {
	session, ok := e.stage.Session(r.PathValue("id"))
	if !ok {
		refuse(w, http.StatusNotFound, "no such session")
		return
	}
	status, checks := words(session)
	emulator.WriteJSON(w, http.StatusOK, struct {
		SessionID string `json:"sessionId"`
		UserID    string `json:"userId,omitempty"`
		Status    string `json:"status"`
		KYC       kyc    `json:"kyc,omitempty"`
	}{session.ID, session.Fields["userId"], status, checks})
}

func (e *idnorm) configurations(w http.ResponseWriter, _ *http.Request) {
	emulator.WriteJSON(w, http.StatusOK, map[string]any{
		"configurations": []map[string]string{{"id": e.settings["CONFIG_ID"], "name": "Identity"}},
	})
}

// Refuse answers as a gRPC gateway does.
func (e *idnorm) Refuse(w http.ResponseWriter, status int, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	refuse(w, status, http.StatusText(status))
}

func refuse(w http.ResponseWriter, status int, message string) {
	emulator.WriteJSON(w, status, map[string]any{"code": grpcCode(status), "message": message, "details": []any{}})
}

// grpcCode is the gRPC code whose usual translation is the HTTP status.
func grpcCode(status int) int {
	switch status {
	case http.StatusBadRequest:
		return 3
	case http.StatusUnauthorized:
		return 16
	case http.StatusForbidden:
		return 7
	case http.StatusNotFound:
		return 5
	case http.StatusConflict:
		return 10
	case http.StatusTooManyRequests:
		return 8
	case 499:
		return 1
	case http.StatusInternalServerError:
		return 13
	case http.StatusNotImplemented:
		return 12
	case http.StatusServiceUnavailable:
		return 14
	case http.StatusGatewayTimeout:
		return 4
	default:
		return 2
	}
}
