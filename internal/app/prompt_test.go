package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// prompt is a provider in this process that can do everything and does it at
// once: whoever is asked about is approved.
type prompt struct{ made atomic.Int64 }

// promptSignature is what its webhooks carry, in this header.
const (
	promptHeader    = "X-Prompt-Signature"
	promptSignature = "genuine"
)

// promptWebhook is what it calls with.
type promptWebhook struct {
	Ref    idv.Ref        `json:"ref"`
	Status idv.Status     `json:"status"`
	Notice idv.NoticeKind `json:"notice"`
}

func (p *prompt) Start(context.Context, idv.StartRequest) (idv.Started, error) {
	ref := idv.Ref(fmt.Sprintf("ver_%d", p.made.Add(1)))
	return idv.Started{Ref: ref, Launch: idv.Launch{URL: "https://prompt.example/" + string(ref), Token: "t"}, ProviderStatus: "new", Status: idv.Pending}, nil
}

func (p *prompt) Fetch(_ context.Context, ref idv.Ref) (idv.Update, error) {
	passport := idv.Passport
	return idv.Update{
		Ref: ref, ProviderStatus: "done", Status: idv.Approved,
		Result: &idv.Result{
			Person:   &idv.Person{FirstName: idv.Text("AMARA"), DateOfBirth: idv.Text("1994-02-17"), Addresses: []idv.Address{{Country: idv.Text("NG")}}},
			Document: &idv.Document{Type: &passport, ExpiresOn: idv.Text("2099-05-09")},
			Checks:   []idv.Check{{Kind: idv.CheckDocument, Status: idv.CheckPassed}},
		},
	}, nil
}

func (*prompt) Cancel(context.Context, idv.Ref) error { return nil }

func (*prompt) Erase(context.Context, idv.Ref) error { return nil }

func (*prompt) Authenticate(_ context.Context, w idv.Webhook) error {
	if w.Header.Get(promptHeader) != promptSignature {
		return idv.ErrForged
	}
	return nil
}

func (*prompt) Normalize(w idv.Webhook) ([]idv.Update, error) {
	var said promptWebhook
	if json.Unmarshal(w.Body, &said) != nil || said.Ref == "" {
		return nil, idv.ErrNotUnderstood
	}
	u := idv.Update{Ref: said.Ref, EventType: "told", OccurredAt: w.ReceivedAt, ProviderStatus: string(said.Status), Status: said.Status}
	if said.Notice != "" {
		u.Notice = &idv.Notice{Kind: said.Notice}
	}
	return []idv.Update{u}, nil
}

// signed are the headers of a webhook of its.
func (*prompt) signed() http.Header { return http.Header{promptHeader: {promptSignature}} }
