package veriff

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// fullAuto is what a full auto webhook is taken for.
type fullAuto string

const (
	fullAutoCounts fullAuto = "counts" // the decision
	fullAutoAsks   fullAuto = "fetch"  // an occasion to ask for it
)

// deleteFor is what Veriff's DELETE, which it has to enable, is used for.
type deleteFor string

const (
	deleteNever    deleteFor = "none"
	deleteToErase  deleteFor = "erase"
	deleteToCancel deleteFor = "erase_and_cancel"
)

func settings() []idv.Setting {
	return []idv.Setting{
		{Key: "API_KEY", Required: true, Help: "API key of the integration, a UUID; the first of a comma-separated list is used, webhooks of all are accepted"},
		{Key: "SHARED_SECRET", Required: true, Secret: true, Help: "shared secret key of the integration, comma-separated: the first signs, all verify"},
		{Key: "BASE_URL", Default: DefaultBaseURL, Help: "base URL of the integration, as the portal shows it"},
		{Key: "MODE", Default: string(idv.ModeLive), Help: "test for a test integration, which its key does not tell. What it says counts on a sandbox server alone"},
		{Key: "INTEGRATION_ID", Help: "sent as vrf-integration-id, for an API key that serves several integrations"},
		{Key: "VENDOR_DATA", Default: string(idv.EchoBoth), Help: "what Veriff is given as vendorData: both (<user>~<session>), session, user"},
		{Key: "END_USER_ID", Default: string(endUserUUID), Help: "what Veriff is given as endUserId: uuid (the user's id, if it is a UUID), derived (also a UUID made of any other id), none"},
		{Key: "DELETE_FOR", Default: string(deleteNever), Help: "use of DELETE, where Veriff has enabled it: none, erase, erase_and_cancel"},
		{Key: "FULL_AUTO", Default: string(fullAutoCounts), Help: "what a full auto webhook is: counts (the decision), fetch (the decision is asked for)"},
		{Key: "ALLOW_LEGACY_SIGNATURE", Default: "false", Help: "accept webhooks that carry the old X-SIGNATURE alone"},
	}
}

// options are the settings, read.
type options struct {
	apiKeys       []string
	secrets       []string
	baseURL       string
	integrationID string
	// echo goes into vendorData, which Veriff sends back unchanged: up to 1000
	// characters (page /docs/v1sessions).
	echo        idv.Echo
	endUser     endUser
	deleteFor   deleteFor
	fullAuto    fullAuto
	allowLegacy bool
	test        bool // a test integration
}

// readOptions reports every setting that is wrong, by name and never by value.
func readOptions(s idv.Settings) (options, error) {
	var problems []error
	complain := func(key string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s %w", key, err))
		}
	}
	get := func(key string) string {
		value := strings.TrimSpace(s[key])
		for _, setting := range settings() {
			if setting.Key == key && value == "" {
				return setting.Default
			}
		}
		return value
	}

	o := options{apiKeys: s.List("API_KEY"), secrets: s.List("SHARED_SECRET"), integrationID: get("INTEGRATION_ID")}
	if len(o.apiKeys) == 0 || slices.ContainsFunc(o.apiKeys, notAHeader) {
		complain("API_KEY", errors.New("is missing, or cannot be written into a header"))
	}
	if len(o.secrets) == 0 {
		complain("SHARED_SECRET", errors.New("is missing"))
	}
	if notAHeader(o.integrationID) {
		complain("INTEGRATION_ID", errors.New("cannot be written into a header"))
	}
	var err error
	o.baseURL, err = rootOf(get("BASE_URL"))
	complain("BASE_URL", err)
	mode, err := oneOf(idv.Mode(get("MODE")), idv.ModeLive, idv.ModeTest)
	complain("MODE", err)
	o.test = mode == idv.ModeTest
	o.echo, err = oneOf(idv.Echo(get("VENDOR_DATA")), idv.EchoBoth, idv.EchoSession, idv.EchoUser)
	complain("VENDOR_DATA", err)
	o.endUser, err = oneOf(endUser(get("END_USER_ID")), endUserUUID, endUserDerived, endUserNone)
	complain("END_USER_ID", err)
	o.deleteFor, err = oneOf(deleteFor(get("DELETE_FOR")), deleteNever, deleteToErase, deleteToCancel)
	complain("DELETE_FOR", err)
	o.fullAuto, err = oneOf(fullAuto(get("FULL_AUTO")), fullAutoCounts, fullAutoAsks)
	complain("FULL_AUTO", err)
	if o.allowLegacy, err = strconv.ParseBool(get("ALLOW_LEGACY_SIGNATURE")); err != nil {
		complain("ALLOW_LEGACY_SIGNATURE", errors.New("is neither true nor false"))
	}
	return o, errors.Join(problems...)
}

// rootOf takes a base URL with or without the version that every path begins
// with.
func rootOf(base string) (string, error) {
	root, err := httpclient.BaseURL(base)
	if err != nil {
		return "", fmt.Errorf("is wrong: %w", err)
	}
	return strings.TrimRight(strings.TrimSuffix(root, "/v1"), "/"), nil
}

func oneOf[T ~string](value T, allowed ...T) (T, error) {
	if slices.Contains(allowed, value) {
		return value, nil
	}
	return "", fmt.Errorf("is none of %v", allowed)
}

func notAHeader(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
