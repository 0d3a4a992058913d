package emulator

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// api is what iDenfy serves at one host.
func (e *idenfy) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/token", e.createToken)
	mux.HandleFunc("POST /api/v2/status", e.about(e.status))
	mux.HandleFunc("POST /api/v2/data", e.about(e.data))
	mux.HandleFunc("POST /api/v2/delete", e.about(e.erase))
	mux.HandleFunc("GET /kyc/identifications/", e.list)
	mux.HandleFunc("POST /kyc/identifications/{scanRef}/request-information/", e.requestInformation)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "BAD_VALUE", "no such endpoint")
	})
	outer := http.NewServeMux()
	outer.HandleFunc("GET /api/v2/redirect", e.redirect)
	outer.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if !e.known(r) {
			emulator.WriteJSON(w, http.StatusUnauthorized, map[string]string{"message": "Invalid authorization credentials"})
			return
		}
		mux.ServeHTTP(w, r)
	})
	return outer
}

func (e *idenfy) known(r *http.Request) bool {
	key, secret, _ := r.BasicAuth()
	among := func(value string, list []string) bool {
		found := false
		for _, one := range list {
			found = found || subtle.ConstantTimeCompare([]byte(value), []byte(one)) == 1
		}
		return found
	}
	return among(key, e.o.Settings.List("API_KEY")) && among(secret, e.o.Settings.List("API_SECRET"))
}

// about finds the session that a call names.
func (e *idenfy) about(answer func(http.ResponseWriter, emulator.Session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req struct {
			ScanRef string `json:"scanRef"`
		}
		switch err := emulator.ReadJSON(w, r, &req, false); {
		case err != nil:
			refuse(w, http.StatusBadRequest, "JSON_ERROR", "the body is not JSON")
		case req.ScanRef == "":
			refuse(w, http.StatusBadRequest, "MISSING_VALUE", "scanRef: This field is required.")
		default:
			session, ok := e.stage.Session(req.ScanRef)
			if !ok {
				refuse(w, http.StatusNotFound, "BAD_VALUE", "scanRef is not known")
				return
			}
			answer(w, session)
		}
	}
}

func (e *idenfy) status(w http.ResponseWriter, s emulator.Session) {
	v := verdictOf(s)
	emulator.WriteJSON(w, http.StatusOK, map[string]any{
		"autoDocument": v.AutoDocument, "autoFace": v.AutoFace, "manualDocument": v.ManualDocument, "manualFace": v.ManualFace,
		"fraudTags": v.FraudTags, "mismatchTags": v.MismatchTags,
		"scanRef": s.ID, "clientId": s.ExternalUserID, "status": overallOf(s),
	})
}

func (e *idenfy) data(w http.ResponseWriter, s emulator.Session) {
	answer := personOf(s)
	answer["scanRef"], answer["clientId"] = s.ID, s.ExternalUserID
	emulator.WriteJSON(w, http.StatusOK, answer)
}

// erase is refused while the token is alive.
func (e *idenfy) erase(w http.ResponseWriter, s emulator.Session) {
	if s.Status.Open() {
		refuse(w, http.StatusBadRequest, "PARTNER_ERROR", "Token has not expired yet.")
		return
	}
	e.stage.Remove(s.ID)
	w.WriteHeader(http.StatusOK)
}

func (e *idenfy) list(w http.ResponseWriter, r *http.Request) {
	client := r.URL.Query().Get("clientId")
	results := []map[string]any{}
	for _, s := range e.stage.Sessions(func(s emulator.Session) bool { return client == "" || s.ExternalUserID == client }) {
		overall := overallOf(s)
		results = append(results, map[string]any{"scanRef": s.ID, "status": overall, "suspected": overall == "SUSPECTED"})
	}
	emulator.WriteJSON(w, http.StatusOK, map[string]any{"count": len(results), "next": nil, "previous": nil, "results": results})
}

// requestInformation opens the session for the user once more. iDenfy tells
// nobody of it until the user has answered.
func (e *idenfy) requestInformation(w http.ResponseWriter, r *http.Request) {
	session, ok := e.stage.Session(r.PathValue("scanRef"))
	if !ok {
		refuse(w, http.StatusNotFound, "BAD_VALUE", "scanRef is not known")
		return
	}
	if _, err := e.stage.Take(session.ID, emulator.Resubmit, ""); err != nil {
		refuse(w, http.StatusInternalServerError, "INTERNAL_ERROR", err.Error())
		return
	}
	emulator.WriteJSON(w, http.StatusOK, map[string]string{
		"sessionUrl": e.stage.PageURL(session.ID), "tokenString": session.Fields["authToken"],
	})
}

// redirect takes the user from an authToken to the page.
func (e *idenfy) redirect(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("authToken")
	found := e.stage.Sessions(func(s emulator.Session) bool { return token != "" && s.Fields["authToken"] == token })
	if len(found) == 0 {
		refuse(w, http.StatusNotFound, "TOKEN_NOT_VALID", "the token is not valid")
		return
	}
	w.Header().Set("Location", e.stage.PageURL(found[0].ID))
	w.WriteHeader(http.StatusFound)
}

// Refuse answers with iDenfy's error body.
func (e *idenfy) Refuse(w http.ResponseWriter, status int, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	identifier := "INTERNAL_ERROR"
	switch status {
	case http.StatusTooManyRequests:
		identifier = "TOO_MANY_REQUESTS"
	case http.StatusForbidden:
		identifier = "PERMISSIONS_ERROR"
	case http.StatusBadRequest, http.StatusConflict:
		identifier = "PARTNER_ERROR"
	}
	refuse(w, status, identifier, http.StatusText(status))
}

func refuse(w http.ResponseWriter, status int, identifier, message string) {
	emulator.WriteJSON(w, status, map[string]string{
		"message": message, "identifier": identifier, "documentation": "", "severity": "NOT_SEVERE",
	})
}

// overallOf is iDenfy's word for where a session stands. It has none for a user
// who is capturing or has given up.
func overallOf(s emulator.Session) string {
	switch {
	case isSuspected(s):
		return "SUSPECTED"
	case s.Status == idv.InReview, s.Status == idv.ResubmissionRequested, s.Status.Open() && s.Round > 1:
		return "REVIEWING"
	case s.Status == idv.Approved:
		return "APPROVED"
	case s.Status == idv.Declined:
		return "DENIED"
	case s.Status.Ended():
		return "EXPIRED"
	default:
		return "ACTIVE"
	}
}
