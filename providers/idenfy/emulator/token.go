package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

// token is the body of POST /api/v2/token, and with the values in effect a part
// of its answer.
type token struct {
	ClientID         string   `json:"clientId"`
	TokenType        string   `json:"tokenType"`
	ExternalRef      *string  `json:"externalRef"`
	FirstName        *string  `json:"firstName"`
	LastName         *string  `json:"lastName"`
	DateOfBirth      *string  `json:"dateOfBirth"`
	Country          *string  `json:"country"`
	Documents        []string `json:"documents"`
	Locale           string   `json:"locale"`
	SuccessURL       string   `json:"successUrl"`
	ErrorURL         string   `json:"errorUrl"`
	UnverifiedURL    string   `json:"unverifiedUrl"`
	CallbackURL      *string  `json:"callbackUrl"`
	ExpiryTime       *int64   `json:"expiryTime"`
	SessionLength    *int64   `json:"sessionLength"`
	ReviewSuccessful *bool    `json:"reviewSuccessful"`
	ReviewFailed     *bool    `json:"reviewFailed"`
	DummyStatus      string   `json:"dummyStatus,omitempty"`
}

// dummySteps are what dummyStatus makes happen at once.
func dummySteps() map[string]emulator.Step {
	return map[string]emulator.Step{
		"": "", "ACTIVE": "", "APPROVED": emulator.Approve, "DENIED": emulator.Decline,
		"SUSPECTED": emulator.Fraud, "EXPIRED": emulator.Expire,
	}
}

func (e *idenfy) createToken(w http.ResponseWriter, r *http.Request) {
	var t token
	if emulator.ReadJSON(w, r, &t, false) != nil {
		refuse(w, http.StatusBadRequest, "JSON_ERROR", "the body is not a token request")
		return
	}
	if t.ClientID == "" {
		refuse(w, http.StatusBadRequest, "MISSING_VALUE", "clientId: This field is required.")
		return
	}
	if wrong := t.wrong(); wrong != "" {
		refuse(w, http.StatusBadRequest, "BAD_VALUE", wrong+": Bad value.")
		return
	}
	if e.o.Settings[OneActive] == "true" && e.hasOpen(t.ClientID) {
		refuse(w, http.StatusConflict, "PARTNER_ERROR", "this clientId already has an active session")
		return
	}
	t.complete()
	authToken := strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "")[:40]
	session, ok := e.stage.Create(w, r, emulator.Session{
		ID:             uuid.NewString(),
		ExternalUserID: t.ClientID,
		ReturnURL:      t.SuccessURL,
		Fields: map[string]string{
			"authToken": authToken, "externalRef": given(t.ExternalRef), "callbackUrl": given(t.CallbackURL),
		},
		ExpiresAt: e.stage.Now().Add(time.Duration(*t.ExpiryTime) * time.Second),
	})
	if !ok {
		return
	}
	message := "Token created successfully"
	if step := dummySteps()[t.DummyStatus]; step != "" {
		message = "Dummy token and verification created successfully"
		if _, err := e.stage.Take(session.ID, step, ""); err != nil {
			refuse(w, http.StatusInternalServerError, "INTERNAL_ERROR", err.Error())
			return
		}
	}
	emulator.WriteJSON(w, http.StatusCreated, struct {
		token
		Message       string `json:"message"`
		AuthToken     string `json:"authToken"`
		ScanRef       string `json:"scanRef"`
		RedirectURL   string `json:"redirectUrl"`
		PersonScanRef string `json:"personScanRef"`
	}{t, message, authToken, session.ID, e.stage.PageURL(session.ID), t.ClientID})
}

func (e *idenfy) hasOpen(clientID string) bool {
	return len(e.stage.Sessions(func(s emulator.Session) bool {
		return s.ExternalUserID == clientID && s.Status.Open()
	})) > 0
}

// wrong names the first field that breaks a documented limit, empty if none
// does.
func (t *token) wrong() string {
	_, dummy := dummySteps()[t.DummyStatus]
	for _, rule := range []struct {
		field string
		holds bool
	}{
		{"clientId", len(t.ClientID) <= 100 && !strings.ContainsFunc(t.ClientID, func(r rune) bool { return r > '~' })},
		{"tokenType", slices.Contains([]string{"", "IDENTIFICATION", "DOCUMENT"}, t.TokenType)},
		{"externalRef", len(given(t.ExternalRef)) <= 40},
		{"firstName", isName(t.FirstName)},
		{"lastName", isName(t.LastName)},
		{"dateOfBirth", isDay(t.DateOfBirth)},
		{"country", t.Country == nil || len(*t.Country) == 2},
		{"documents", !slices.ContainsFunc(t.Documents, func(d string) bool { return !slices.Contains(documentTypes(), d) })},
		{"locale", len(t.Locale) <= 7},
		{"successUrl", isURL(t.SuccessURL)},
		{"errorUrl", isURL(t.ErrorURL)},
		{"unverifiedUrl", isURL(t.UnverifiedURL)},
		{"callbackUrl", isReceiver(t.CallbackURL)},
		{"expiryTime", within(t.ExpiryTime, 0, 2592000)},
		{"sessionLength", within(t.SessionLength, 60, 3600)},
		{"dummyStatus", dummy},
	} {
		if !rule.holds {
			return rule.field
		}
	}
	return ""
}

// complete fills in the values in effect.
func (t *token) complete() {
	hour, tenMinutes := int64(3600), int64(600)
	fill(&t.TokenType, "IDENTIFICATION")
	fill(&t.Locale, "en")
	if t.ExpiryTime == nil {
		t.ExpiryTime = &hour
	}
	if t.SessionLength == nil {
		t.SessionLength = &tenMinutes
	}
	for _, name := range []*string{t.FirstName, t.LastName} {
		if name != nil {
			*name = strings.ToUpper(*name)
		}
	}
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func isName(s *string) bool {
	return s == nil || *s != "" && len([]rune(*s)) <= 100 && !strings.ContainsAny(*s, "0123456789~!@#$%^*()_+={}[]|\\:;\",<>/?`")
}

func isDay(s *string) bool {
	if s == nil {
		return true
	}
	_, err := time.Parse(time.DateOnly, *s)
	return err == nil
}

func isURL(s string) bool { return s == "" || len(s) >= 5 && len(s) <= 2048 && emulator.WebURL(s) }

// isReceiver reports whether webhooks may go there: HTTPS, or this machine.
func isReceiver(s *string) bool {
	if s == nil {
		return true
	}
	u, err := url.Parse(*s)
	return err == nil && (u.Scheme == "https" || u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost")
}

func within(n *int64, least, most int64) bool { return n == nil || *n >= least && *n <= most }

func documentTypes() []string {
	return strings.Fields("ID_CARD PASSPORT RESIDENCE_PERMIT DRIVER_LICENSE PAN_CARD AADHAAR VISA NATIONAL_PASSPORT" +
		" PROVISIONAL_DRIVER_LICENSE OLD_ID_CARD MILITARY_CARD ADDRESS_CARD OTHER BORDER_CROSSING ASYLUM PHOTO_CARD" +
		" PROOF_OF_AGE_CARD TRAVEL_CARD SOCIAL_SECURITY_CARD VOTER_CARD DIPLOMATIC_ID WORK_PERMIT")
}
