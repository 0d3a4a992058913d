package realid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// The values of the settings that are a choice.
const (
	modeLive = string(idv.ModeLive)
	modeTest = string(idv.ModeTest)

	cancelLocal  = "local"
	cancelDelete = "delete"
)

func settings() []idv.Setting {
	return []idv.Setting{
		{Key: "API_TOKEN", Required: true, Secret: true, Help: "API token (license key); the first of a comma-separated list is used"},
		{Key: "SIGNING_SECRET", Required: true, Secret: true, Help: "webhook signing secrets from Settings → DevTools, comma-separated; all verify"},
		{Key: "BASE_URL", Default: "https://real-id.getverdict.com/api/v1", Help: "API root"},
		{Key: "MODE", Default: modeLive, Help: "live or test: which kind of token API_TOKEN is; checks of the other kind never count, and those for tests on a sandbox server alone"},
		{Key: "LAUNCH_URL", Default: "https://idv.link/{checkId}", Help: "page to open, a template with {checkId} and, if wanted, {callbackUrl}"},
		{Key: "ORDER_NAME", Default: string(idv.EchoBoth), Help: "what Real ID is given as order.name: both (<user>~<session>), user, session, none"},
		{Key: "CHECK_OVERRIDES", Help: "JSON object sent as \"check\" with every create, such as {\"intro_content\":\"…\"}; overrides the app's settings"},
		{Key: "CANCEL_MODE", Default: cancelLocal, Help: "local: a cancelled check stays usable at Real ID; delete: it is deleted with all its data"},
		{Key: "FACE_STEP_MEANS", Default: string(idv.InProgress), Help: "what the steps face_match and submitted_face are read as: in_progress or processing"},
		{Key: "TECHNICAL_FAILURE_MEANS", Default: string(idv.Declined), Help: "what a failure for technical reasons alone is read as: declined or failed"},
		{Key: "VERIFY_COMPACT_JSON", Default: "false", Help: "true also accepts a signature over the body's JSON without white space"},
	}
}

// options are the settings, read.
type options struct {
	token     string
	secrets   []string
	baseURL   string
	test      bool
	launchURL string
	// echo goes into order.name, the only field of a create that is ours to fill
	// and that was seen to come back in webhooks. Shops have orders of their own.
	echo           idv.Echo
	overrides      json.RawMessage // nil for none
	deleteCanceled bool
	faceStep       idv.Status
	technical      idv.Status
	verifyCompact  bool
}

// readOptions reports every setting that is wrong, by name and never by value.
func readOptions(s idv.Settings) (options, error) {
	var wrong []error
	complain := func(key, why string) { wrong = append(wrong, fmt.Errorf("%s: %s", key, why)) }
	get := func(key string) string {
		value := strings.TrimSpace(s[key])
		for _, setting := range settings() {
			if setting.Key == key && value == "" {
				return setting.Default
			}
		}
		return value
	}
	choice := func(key string, allowed ...string) string {
		value := get(key)
		if !slices.Contains(allowed, value) {
			complain(key, "want one of "+strings.Join(allowed, ", "))
		}
		return value
	}

	o := options{
		secrets:        s.List("SIGNING_SECRET"),
		test:           choice("MODE", modeLive, modeTest) == modeTest,
		launchURL:      get("LAUNCH_URL"),
		echo:           idv.Echo(choice("ORDER_NAME", string(idv.EchoBoth), string(idv.EchoUser), string(idv.EchoSession), string(idv.EchoNone))),
		deleteCanceled: choice("CANCEL_MODE", cancelLocal, cancelDelete) == cancelDelete,
		faceStep:       idv.Status(choice("FACE_STEP_MEANS", string(idv.InProgress), string(idv.Processing))),
		technical:      idv.Status(choice("TECHNICAL_FAILURE_MEANS", string(idv.Declined), string(idv.Failed))),
		verifyCompact:  choice("VERIFY_COMPACT_JSON", "true", "false") == "true",
	}
	if tokens := s.List("API_TOKEN"); len(tokens) > 0 && oneWord(tokens[0]) {
		o.token = tokens[0]
	} else {
		complain("API_TOKEN", "missing, or not one word of plain text")
	}
	if len(o.secrets) == 0 {
		complain("SIGNING_SECRET", "missing")
	}
	var err error
	if o.baseURL, err = httpclient.BaseURL(get("BASE_URL")); err != nil {
		complain("BASE_URL", err.Error())
	}
	if !launchable(o.launchURL) {
		complain("LAUNCH_URL", "want an http(s) URL with {checkId}")
	}
	if raw := get("CHECK_OVERRIDES"); raw != "" {
		o.overrides = json.RawMessage(raw)
		if parseObject(o.overrides) == nil {
			complain("CHECK_OVERRIDES", "want a JSON object")
		}
	}
	return o, errors.Join(wrong...)
}

// oneWord reports whether a header can carry the value.
func oneWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func launchable(template string) bool {
	if !strings.Contains(template, "{checkId}") {
		return false
	}
	u, err := url.Parse(fill(template, "id", "https://app.example"))
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// fill puts the values into a launch template, escaped so that they are values
// wherever they stand. A shop's own page has its placeholder in double braces.
func fill(template, checkID, callbackURL string) string {
	escape := func(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }
	return strings.NewReplacer(
		"{{checkId}}", escape(checkID),
		"{checkId}", escape(checkID),
		"{callbackUrl}", escape(callbackURL),
	).Replace(template)
}
