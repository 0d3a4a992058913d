// Package kora is the adapter for Kora IDV by Korastratum. README.md beside it
// says which facts it rests on, which of them are unconfirmed, and which
// setting changes each choice.
package kora

import (
	"errors"
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// DefaultBaseURL is the API root that the documentation gives.
const DefaultBaseURL = "https://api.korastratum.com/api/v1/idv"

// Adapter describes Kora IDV and makes its provider.
func Adapter() idv.Adapter {
	return idv.Adapter{
		Info: idv.Info{
			Name:  "kora",
			Title: "Kora IDV",
			Docs:  "https://docs.korastratum.com/idv/guides/server-integration",
			Settings: []idv.Setting{
				{Key: "API_KEY", Required: true, Secret: true, Help: "API key of the tenant, whose prefix selects live or sandbox; of a comma-separated list the first is used"},
				{Key: "TENANT_ID", Required: true, Help: "tenant id, a UUID; webhooks of other tenants are refused"},
				{Key: "WEBHOOK_SECRET", Required: true, Secret: true, Help: "webhook signing secrets, comma-separated, used literally; all verify"},
				{Key: "BASE_URL", Default: DefaultBaseURL, Help: "API root; if the key is refused there, try https://idv.korastratum.com/api/v1/idv"},
				{Key: "LAUNCH_URL", Help: "page to open, a template with {verificationId} and, if wanted, {callbackUrl}; empty: the app starts Kora's SDK with the verification id"},
				{Key: "MODE", Default: string(modeAuto), Help: "live or test, or auto: the API key tells. What a test account says counts on a sandbox server alone"},
				{Key: "TIER", Default: "standard", Help: "depth of the checks: basic, standard or enhanced"},
				{Key: "SEND_CALLBACK_URL", Default: "true", Help: "name our webhook URL in every verification, so that none has to be set in the dashboard"},
				{Key: "SEND_EXPECTED_NAME", Default: "true", Help: "pass on the user's first and last name, where the client gave them, for the name check"},
				{Key: "REQUIRE_TIMESTAMPED", Default: "false", Help: "refuse webhooks that are signed without a timestamp"},
				{Key: "ALLOW_KORASTRATUM_SIGNATURE", Default: "false", Help: "accept X-Korastratum-Signature too, whose details are not published"},
				{Key: "POLLS_PER_MINUTE", Default: defaultPolls, Help: "how many verifications may be asked about within a minute when no webhook comes, and half of it on average; the default is half of what the basic plan allows"},
			},
		},
		New: open,
	}
}

// provider is one tenant at Kora.
type provider struct {
	settings settings
	http     *httpclient.Client
}

func open(s idv.Settings, hc *http.Client) (idv.Provider, error) {
	settings, err := parse(s)
	if err != nil {
		return nil, err
	}
	return &provider{
		settings: settings,
		http: httpclient.New(hc, httpclient.Options{
			BaseURL: settings.baseURL,
			Header: http.Header{
				"Authorization": {"Bearer " + settings.apiKey},
				"X-Tenant-Id":   {settings.tenantID},
			},
			ErrorCode: func(body []byte) string { return parseObject(body).Text("code") },
		}),
	}, nil
}

// Pace keeps to the plan's limits, of which creates and refreshes need their
// share (page reference/rate-limits). Nothing is documented to turn a decision
// round.
func (p *provider) Pace() idv.Pace { return idv.Pace{PerMinute: p.settings.pollsPerMinute} }

// Sandbox: the account is Kora's sandbox.
func (p *provider) Sandbox() bool { return p.settings.test }

// explained adds what an operator can do about a refused credential: the
// documented host and the one in the vendor's newer sources differ.
func (p *provider) explained(err error) error {
	var failure *idv.ProviderError
	if errors.As(err, &failure) && failure.HTTPStatus == http.StatusUnauthorized && p.settings.baseURL == DefaultBaseURL {
		failure.Err = errors.New("if the key is right, BASE_URL may have to be https://idv.korastratum.com/api/v1/idv")
	}
	return err
}
