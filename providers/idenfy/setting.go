package idenfy

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

func settingList() []idv.Setting {
	return []idv.Setting{
		{Key: "API_KEY", Required: true, Help: "API key; the pair of key and secret selects the environment (DEV, TEST, DEMO, PROD)"},
		{Key: "API_SECRET", Required: true, Secret: true, Help: "API secret; of a comma-separated list the first is used"},
		{Key: "SIGNING_KEY", Required: true, Secret: true, Help: "signing keys of the webhooks, comma-separated; all verify"},
		{Key: "BASE_URL", Default: "https://ivs.idenfy.com", Help: "API root, the same for every environment"},
		{Key: "MODE", Default: string(idv.ModeLive), Help: "live for PROD, test for the other environments, which a key does not tell. What they say counts on a sandbox server alone"},
		{Key: "TOKEN_TYPE", Default: "IDENTIFICATION", Help: "IDENTIFICATION, or DOCUMENT for no selfie"},
		{Key: "SESSION_LENGTH", Help: "seconds (60 to 3600) to finish once started; empty: the environment's"},
		{Key: "REVIEW_SUCCESSFUL", Help: "true or false: a human looks at automatic successes; empty: the environment's"},
		{Key: "REVIEW_FAILED", Help: "true or false: a human looks at automatic failures; empty: the environment's"},
		{Key: "SEND_CALLBACK_URL", Default: "false", Help: "name our webhook URL in every session, where support has allowed that; else it is entered in the dashboard"},
		{Key: "SEND_PREFILL", Default: "true", Help: "pass on the user's names and date of birth, where the client gave them; what differs on the document makes the session SUSPECTED"},
		{Key: "SUSPECTED_MEANS", Default: string(idv.InReview), Help: "what a final SUSPECTED is read as: in_review (your team decides in iDenfy's dashboard) or declined"},
		{Key: "ABSENT_FINAL", Default: absentIsFinal, Help: "what an automatic outcome without the field final is read as: final, or in_review (a human's word is waited for)"},
	}
}

const (
	absentIsFinal  = "final"
	absentInReview = "in_review"
)

// settings are the settings of an account, checked.
type settings struct {
	credential       string // the Authorization header
	signingKeys      []string
	baseURL          string
	tokenType        string
	sessionLength    int64
	reviewSuccessful *bool // nil: the environment's
	reviewFailed     *bool
	sendCallbackURL  bool
	sendPrefill      bool
	suspected        idv.Status
	absentIsFinal    bool
	test             bool // an environment that is not about real people
}

// parse checks all settings; its error names each that is wrong, never a value.
func parse(s idv.Settings) (settings, error) {
	r := reader{given: s}
	checked := settings{
		signingKeys:      s.List("SIGNING_KEY"),
		test:             r.oneOf("MODE", string(idv.ModeLive), string(idv.ModeTest)) == string(idv.ModeTest),
		tokenType:        r.oneOf("TOKEN_TYPE", "IDENTIFICATION", "DOCUMENT"),
		sessionLength:    r.seconds("SESSION_LENGTH", 60, 3600),
		reviewSuccessful: r.choice("REVIEW_SUCCESSFUL"),
		reviewFailed:     r.choice("REVIEW_FAILED"),
		sendCallbackURL:  r.yes("SEND_CALLBACK_URL"),
		sendPrefill:      r.yes("SEND_PREFILL"),
		suspected:        idv.Status(r.oneOf("SUSPECTED_MEANS", string(idv.InReview), string(idv.Declined))),
		absentIsFinal:    r.oneOf("ABSENT_FINAL", absentIsFinal, absentInReview) == absentIsFinal,
	}
	// A key may be one of several; none is an empty one.
	key := append(s.List("API_KEY"), "")[0]
	secret := append(s.List("API_SECRET"), "")[0]
	if !oneWord(key) || strings.Contains(key, ":") {
		r.complain("API_KEY", "missing, or not one word of plain text without a colon")
	}
	if !oneWord(secret) {
		r.complain("API_SECRET", "missing, or not one word of plain text")
	}
	if len(checked.signingKeys) == 0 {
		r.complain("SIGNING_KEY", "missing")
	}
	checked.credential = "Basic " + base64.StdEncoding.EncodeToString([]byte(key+":"+secret))
	var err error
	if checked.baseURL, err = httpclient.BaseURL(r.text("BASE_URL")); err != nil {
		r.complain("BASE_URL", err.Error())
	}
	return checked, errors.Join(r.wrong...)
}

// reader reads settings and collects what is wrong with them.
type reader struct {
	given idv.Settings
	wrong []error
}

func (r *reader) complain(key, why string) { r.wrong = append(r.wrong, fmt.Errorf("%s: %s", key, why)) }

// text gives the value or, where there is none, the default.
func (r *reader) text(key string) string {
	if value := strings.TrimSpace(r.given[key]); value != "" {
		return value
	}
	all := settingList()
	return all[slices.IndexFunc(all, func(s idv.Setting) bool { return s.Key == key })].Default
}

func (r *reader) oneOf(key string, allowed ...string) string {
	value := r.text(key)
	if !slices.Contains(allowed, value) {
		r.complain(key, "want "+strings.Join(allowed, " or "))
	}
	return value
}

func (r *reader) seconds(key string, least, most int64) int64 {
	value := r.text(key)
	n, err := strconv.ParseInt(value, 10, 64)
	if value != "" && (err != nil || n < least || n > most) {
		r.complain(key, fmt.Sprintf("want a number from %d to %d", least, most))
	}
	return n
}

func (r *reader) choice(key string) *bool {
	value := r.text(key)
	if value == "" {
		return nil
	}
	b, err := strconv.ParseBool(value)
	if err != nil {
		r.complain(key, "want true or false")
	}
	return &b
}

func (r *reader) yes(key string) bool {
	b := r.choice(key)
	return b != nil && *b
}

// oneWord reports whether the value can be part of a credential.
func oneWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
