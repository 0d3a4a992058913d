// Package realid is the adapter for Real ID by Verdict. README.md beside it
// says which facts it rests on, which of them are unconfirmed, and which
// setting changes each choice.
package realid

import (
	"context"
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Adapter describes Real ID and makes its provider.
func Adapter() idv.Adapter {
	return idv.Adapter{
		Info: idv.Info{
			Name:     "realid",
			Title:    "Real ID",
			Docs:     "https://getverdict.com/help/docs/api/checks",
			Settings: settings(),
		},
		New: open,
	}
}

// provider is one shop's account at Real ID.
type provider struct {
	options
	http *httpclient.Client
}

func open(s idv.Settings, hc *http.Client) (idv.Provider, error) {
	o, err := readOptions(s)
	if err != nil {
		return nil, err
	}
	p := &provider{
		options: o,
		http: httpclient.New(hc, httpclient.Options{
			BaseURL:   o.baseURL,
			Header:    http.Header{"Authorization": {"Bearer " + o.token}},
			ErrorCode: errorCode,
		}),
	}
	if o.deleteCanceled {
		return deleting{p}, nil
	}
	return p, nil
}

// Sandbox: the account's token makes checks for tests.
func (p *provider) Sandbox() bool { return p.test }

// deleting is an account whose operator chose that a cancelled check is
// deleted: Real ID has no other way to take a link back.
type deleting struct{ *provider }

// Cancel deletes the check with all its data.
func (d deleting) Cancel(ctx context.Context, ref idv.Ref) error { return d.Erase(ctx, ref) }

// errorCode finds the code in a refusal, whose form is not documented. Prose is
// dropped by the client, and "message" is left out because it is nothing else.
func errorCode(body []byte) string {
	refusal := parseObject(body)
	codes := codesIn([]any{refusal["code"], refusal["error"]}, refusal.List("errors"))
	if len(codes) == 0 {
		return ""
	}
	return codes[0]
}
