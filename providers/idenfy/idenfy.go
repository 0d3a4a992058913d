// Package idenfy is the adapter for iDenfy's identity verification. README.md
// beside it says which facts it rests on, which of them are unconfirmed, and
// which setting changes each choice.
package idenfy

import (
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Adapter describes iDenfy and makes its provider.
func Adapter() idv.Adapter {
	return idv.Adapter{
		Info: idv.Info{
			Name:     "idenfy",
			Title:    "iDenfy",
			Docs:     "https://documentation.idenfy.com/",
			Settings: settingList(),
		},
		New: open,
	}
}

// provider is one environment of an account at iDenfy: the key pair selects it.
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
			BaseURL:   settings.baseURL,
			Header:    http.Header{"Authorization": {settings.credential}},
			ErrorCode: func(body []byte) string { return parseObject(body).Text("identifier") },
		}),
	}, nil
}

// Sandbox: the environment is not about real people.
func (p *provider) Sandbox() bool { return p.settings.test }

// scan is the body of every call about one session (page kyc/data-retrieval).
type scan struct {
	ScanRef idv.Ref `json:"scanRef"`
}
