// Package veriff is the adapter for Veriff. README.md beside it says which facts
// it rests on, which of them are unconfirmed, and which setting changes each
// choice.
package veriff

import (
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// DefaultBaseURL is the commonest API root; every integration shows its own in
// Veriff's portal.
const DefaultBaseURL = "https://stationapi.veriff.com"

// Adapter describes Veriff and makes its provider.
func Adapter() idv.Adapter {
	return idv.Adapter{
		Info: idv.Info{
			Name:     "veriff",
			Title:    "Veriff",
			Docs:     "https://devdocs.veriff.com/docs",
			Settings: settings(),
		},
		New: open,
	}
}

// provider is one integration at Veriff.
type provider struct {
	options
	http    *httpclient.Client
	deletes *ration
}

// Sandbox: it is a test integration, at which nobody is looked at.
func (p *provider) Sandbox() bool { return p.test }

// open gives an idv.Eraser and idv.Canceler only where the account may delete.
func open(s idv.Settings, hc *http.Client) (idv.Provider, error) {
	o, err := readOptions(s)
	if err != nil {
		return nil, err
	}
	header := http.Header{"X-Auth-Client": {o.apiKeys[0]}}
	if o.integrationID != "" {
		header.Set("Vrf-Integration-Id", o.integrationID)
	}
	p := &provider{
		options: o,
		http:    httpclient.New(hc, httpclient.Options{BaseURL: o.baseURL, Header: header, ErrorCode: errorCode}),
		deletes: &ration{},
	}
	switch o.deleteFor {
	case deleteToErase:
		return eraser{p}, nil
	case deleteToCancel:
		return canceler{eraser{p}}, nil
	default:
		return p, nil
	}
}
