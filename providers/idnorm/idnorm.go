// Package idnorm is the adapter for IDNorm's hosted identity verification. What
// it knows about the provider, and how sure that is, stands in its README.
package idnorm

import (
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Adapter is the adapter for IDNorm.
func Adapter() idv.Adapter {
	return idv.Adapter{
		Info: idv.Info{
			Name:     "idnorm",
			Title:    "IDNorm",
			Docs:     "https://docs.idnorm.com/integration/",
			Settings: settings(),
		},
		New: func(s idv.Settings, hc *http.Client) (idv.Provider, error) {
			o, err := readOptions(s)
			if err != nil {
				return nil, err
			}
			return newProvider(o, hc), nil
		},
	}
}

// provider is one account at IDNorm.
type provider struct {
	client   *httpclient.Client
	configID string
	secrets  []*secret
	echo     idv.Echo
	statuses map[string]reading
	test     bool
}

// Sandbox: the flow is not about real people.
func (p *provider) Sandbox() bool { return p.test }

func newProvider(o options, hc *http.Client) *provider {
	return &provider{
		client: httpclient.New(hc, httpclient.Options{
			BaseURL:   o.baseURL,
			Header:    http.Header{http.CanonicalHeaderKey(o.authHeader): {o.credential}},
			ErrorCode: gatewayCode,
		}),
		configID: o.configID,
		secrets:  o.secrets,
		echo:     o.echo,
		statuses: o.statuses,
		test:     o.test,
	}
}
