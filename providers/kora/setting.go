package kora

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// settings are a tenant's settings, checked.
type settings struct {
	apiKey             string
	tenantID           string
	secrets            []string
	baseURL            string
	launchURL          string
	tier               string
	sendCallbackURL    bool
	sendExpectedName   bool
	requireTimestamped bool
	allowKorastratum   bool
	pollsPerMinute     int
	test               bool // it is Kora's sandbox
}

// modeAuto has the key tell which account it is.
const modeAuto idv.Mode = "auto"

// defaultPolls is half of what the basic plan allows: 10 a minute and 300 an hour.
const defaultPolls = "5"

// parse checks all settings; its error names each that is wrong, never a value.
func parse(s idv.Settings) (settings, error) {
	var wrong []error
	complain := func(key, why string) { wrong = append(wrong, fmt.Errorf("%s: %s", key, why)) }
	yes := func(key string) bool {
		b, err := strconv.ParseBool(s[key])
		if err != nil && s[key] != "" {
			complain(key, "want true or false")
		}
		return b
	}

	apiKeys := append(s.List("API_KEY"), "") // a key may be one of several; none is an empty one
	if !oneWord(apiKeys[0]) {
		complain("API_KEY", "missing, or not one word of plain text")
	}
	if !oneWord(s["TENANT_ID"]) {
		complain("TENANT_ID", "missing, or not one word of plain text")
	}
	secrets := s.List("WEBHOOK_SECRET")
	if len(secrets) == 0 {
		complain("WEBHOOK_SECRET", "missing")
	}
	baseURL, err := httpclient.BaseURL(s["BASE_URL"])
	if err != nil {
		complain("BASE_URL", err.Error())
	}
	if launch := s["LAUNCH_URL"]; launch != "" && !launchable(launch) {
		complain("LAUNCH_URL", "want an http(s) URL with {verificationId}")
	}
	if !slices.Contains([]string{"basic", "standard", "enhanced"}, s["TIER"]) {
		complain("TIER", "want basic, standard or enhanced")
	}
	polls, err := strconv.Atoi(cmp.Or(s["POLLS_PER_MINUTE"], defaultPolls))
	if err != nil || polls < 1 || polls > 6000 {
		complain("POLLS_PER_MINUTE", "want a number from 1 to 6000")
	}
	mode := cmp.Or(idv.Mode(s["MODE"]), modeAuto)
	if !slices.Contains([]idv.Mode{modeAuto, idv.ModeLive, idv.ModeTest}, mode) {
		complain("MODE", "want auto, live or test")
	}
	checked := settings{
		test:   mode == idv.ModeTest || mode == modeAuto && sandboxKey(apiKeys[0]),
		apiKey: apiKeys[0], tenantID: s["TENANT_ID"], secrets: secrets, baseURL: baseURL,
		launchURL: s["LAUNCH_URL"], tier: s["TIER"],
		sendCallbackURL: yes("SEND_CALLBACK_URL"), sendExpectedName: yes("SEND_EXPECTED_NAME"),
		requireTimestamped: yes("REQUIRE_TIMESTAMPED"), allowKorastratum: yes("ALLOW_KORASTRATUM_SIGNATURE"),
		pollsPerMinute: polls,
	}
	return checked, errors.Join(wrong...)
}

// sandboxKey reports whether a key is one of the sandbox: test_…, kora_sandbox_…,
// sk_sandbox_… or ck_sandbox_… (guide "Authentication", and the vendor's SDKs).
func sandboxKey(key string) bool {
	key = strings.ToLower(key)
	return strings.HasPrefix(key, "test_") || slices.Contains(strings.Split(key, "_"), "sandbox")
}

// oneWord reports whether a header can carry the value.
func oneWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func launchable(template string) bool {
	if !strings.Contains(template, "{verificationId}") {
		return false
	}
	u, err := url.Parse(fill(template, "id", "https://app.example"))
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// fill puts the values into a launch template, escaped so that they are values
// wherever they stand.
func fill(template, verificationID, callbackURL string) string {
	escape := func(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }
	return strings.NewReplacer(
		"{verificationId}", escape(verificationID),
		"{callbackUrl}", escape(callbackURL),
	).Replace(template)
}
