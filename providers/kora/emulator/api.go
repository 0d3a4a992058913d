package emulator

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// creation is the body of POST /verifications.
type creation struct {
	ExternalID        string `json:"externalId"`
	Tier              string `json:"tier"`
	CallbackURL       string `json:"callbackUrl"`
	ExpectedFirstName string `json:"expectedFirstName"`
	ExpectedLastName  string `json:"expectedLastName"`
}

// known refuses a call without the tenant's key.
func (k *kora) known(w http.ResponseWriter, r *http.Request) bool {
	equal := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	switch {
	case !equal(r.Header.Get("Authorization"), "Bearer "+k.o.Settings["API_KEY"]):
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "Invalid API key", nil)
	case !equal(r.Header.Get("X-Tenant-ID"), k.o.Settings["TENANT_ID"]):
		fail(w, http.StatusForbidden, "FORBIDDEN", "The key does not belong to this tenant", nil)
	default:
		return true
	}
	return false
}

func (k *kora) create(w http.ResponseWriter, r *http.Request) {
	if !k.known(w, r) {
		return
	}
	var body creation
	if emulator.ReadJSON(w, r, &body, false) != nil {
		fail(w, http.StatusBadRequest, "VALIDATION_ERROR", "the body is not JSON", nil)
		return
	}
	if body.Tier == "" {
		body.Tier = "standard"
	}
	switch {
	case body.ExternalID == "":
		invalid(w, "externalId", "required")
		return
	case !slices.Contains([]string{"basic", "standard", "enhanced"}, body.Tier):
		invalid(w, "tier", "oneof")
		return
	case body.CallbackURL != "" && !emulator.WebURL(body.CallbackURL):
		invalid(w, "callbackUrl", "url")
		return
	}
	session, ok := k.stage.Create(w, r, emulator.Session{
		ID:             newID(),
		ExternalUserID: body.ExternalID,
		Fields:         map[string]string{"tier": body.Tier, "callbackUrl": body.CallbackURL},
		ExpiresAt:      k.stage.Now().Add(lifetime),
	})
	if ok {
		emulator.WriteJSON(w, http.StatusCreated, k.brief(session))
	}
}

func (k *kora) read(w http.ResponseWriter, r *http.Request) {
	if !k.known(w, r) {
		return
	}
	session, ok := k.stage.Session(r.PathValue("id"))
	if !ok {
		fail(w, http.StatusNotFound, "NOT_FOUND", "verification not found", nil)
		return
	}
	emulator.WriteJSON(w, http.StatusOK, k.full(session))
}

func (k *kora) list(w http.ResponseWriter, r *http.Request) {
	if !k.known(w, r) {
		return
	}
	subject := r.PathValue("subject")
	verifications := []verification{}
	for _, s := range k.stage.Sessions(func(s emulator.Session) bool { return s.ExternalUserID == subject }) {
		verifications = append(verifications, k.full(s))
	}
	emulator.WriteJSON(w, http.StatusOK, map[string]any{"verifications": verifications})
}

// complete ends the capture, as the app's SDK does. Without a scenario the
// sandbox's fixture scores pass.
func (k *kora) complete(w http.ResponseWriter, r *http.Request) {
	if !k.known(w, r) {
		return
	}
	session, ok := k.stage.Session(r.PathValue("id"))
	switch {
	case !ok:
		fail(w, http.StatusNotFound, "NOT_FOUND", "verification not found", nil)
		return
	case session.Status != idv.Pending && session.Status != idv.InProgress:
		fail(w, http.StatusUnprocessableEntity, "INVALID_STATE", "the verification is "+statusWord(session.Status), nil)
		return
	}
	session, err := k.stage.Take(session.ID, emulator.Approve, "")
	if err != nil {
		fail(w, http.StatusNotFound, "NOT_FOUND", "verification not found", nil)
		return
	}
	emulator.WriteJSON(w, http.StatusOK, k.full(session))
}

// Refuse answers with Kora's error body and, for a 429, its rate headers.
func (k *kora) Refuse(w http.ResponseWriter, status int, retryAfter time.Duration) {
	seconds := int(retryAfter / time.Second)
	if status != http.StatusTooManyRequests {
		if seconds > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
		fail(w, status, "INTERNAL_ERROR", http.StatusText(status), nil)
		return
	}
	w.Header().Set("X-RateLimit-Limit", "10")
	w.Header().Set("X-RateLimit-Remaining", "0")
	w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(k.stage.Now().Add(retryAfter).Unix(), 10))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	fail(w, status, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded. Please retry after the reset time.",
		map[string]any{"retryAfter": seconds})
}

func fail(w http.ResponseWriter, status int, code, text string, details map[string]any) {
	body := map[string]any{"code": code, "error": text}
	if details != nil {
		body["details"] = details
	}
	emulator.WriteJSON(w, status, body)
}

func invalid(w http.ResponseWriter, field, rule string) {
	fail(w, http.StatusBadRequest, "VALIDATION_ERROR", field+" is "+rule, map[string]any{field: rule})
}
