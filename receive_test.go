package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The examples that receive take genuine webhooks, each once, and nothing else.
func TestReceivers(t *testing.T) {
	t.Parallel()
	for name, args := range examples(t, "receive") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, address := startDev(t), freeAddress(t)
			var endpoint struct{ ID, Secret string }
			d.call(t, http.MethodPost, "/v1/endpoints", `{"url":"http://`+address+`/","types":["user.*"]}`, &endpoint)
			p := start(t, append(args, address), "SECRET="+endpoint.Secret)
			eventually(t, "it listens", func() bool { return strings.Contains(p.output(), "listening") })

			user := "test-approve-" + name
			verified := user + " is verified (version 2)\n"
			d.call(t, http.MethodPost, "/v1/sessions", `{"externalUserId":"`+user+`","provider":"kora"}`, &struct{}{})
			eventually(t, "it is told", func() bool { return strings.Contains(p.output(), verified) })
			resend(t, d, endpoint.ID)

			s := sender{t: t, address: address, secret: endpoint.Secret}
			news := `{"type":"user.revoked","data":{"externalUserId":"u","status":"revoked","version":9}}`
			newest := `{"type":"user.verified","data":{"externalUserId":"u","status":"verified","version":10}}`
			older := `{"type":"user.verified","data":{"externalUserId":"u","status":"verified","version":8}}`
			for _, tt := range []struct {
				what string
				got  int
				want int
			}{
				{"news", s.send("a", 0, news, news), http.StatusNoContent},
				{"the same again", s.send("a", 0, news, news), http.StatusNoContent},
				{"the same webhook-id, whatever it says", s.send("a", 0, newest, newest), http.StatusNoContent},
				{"older news", s.send("b", 0, older, older), http.StatusNoContent},
				{"another body than was signed", s.send("c", 0, older, news), http.StatusUnauthorized},
				{"signed ten minutes ago", s.send("d", -10*time.Minute, news, news), http.StatusUnauthorized},
				{"signed in ten minutes", s.send("e", 10*time.Minute, news, news), http.StatusUnauthorized},
				{"no JSON", s.send("f", 0, "{", "{"), http.StatusBadRequest},
			} {
				if tt.got != tt.want {
					t.Errorf("%s: answered %d, want %d", tt.what, tt.got, tt.want)
				}
			}
			said := p.output()
			if strings.Count(said, verified) != 1 || strings.Count(said, "u is revoked (version 9)\n") != 1 || strings.Contains(said, "version 8") || strings.Contains(said, "version 10") {
				t.Errorf("it said\n%s", said)
			}
		})
	}
}

// resend has everything sent to an endpoint again, and waits until the decision
// was.
func resend(t *testing.T, d dev, endpoint string) {
	t.Helper()
	path := "/v1/endpoints/" + endpoint
	eventually(t, "the decision is sent again", func() bool {
		// One that is being sent is not sent again before it is settled.
		d.call(t, http.MethodPost, path+"/resend", `{"from":"2026-01-01T00:00:00.000Z","includeDelivered":true}`, &struct{}{})
		var messages struct {
			Data []struct {
				Type, State string
				Attempts    []struct{}
			}
		}
		d.call(t, http.MethodGet, path+"/messages", "", &messages)
		for _, m := range messages.Data {
			if m.Type == "user.verified" && m.State == "delivered" && len(m.Attempts) > 1 {
				return true
			}
		}
		return false
	})
}

// sender sends what a receiver is to judge.
type sender struct {
	t       *testing.T
	address string
	secret  string
}

// send signs one body as if it were another time, sends another, and gives the
// status of the answer.
func (s sender) send(id string, off time.Duration, signed, sent string) int {
	s.t.Helper()
	at := time.Now().Add(off)
	signer, err := webhooks.NewWebhook(s.secret)
	must(s.t, err)
	signature, err := signer.Sign(id, at, []byte(signed))
	must(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, fmt.Sprintf("http://%s/", s.address), bytes.NewBufferString(sent))
	must(s.t, err)
	req.Header.Set(webhooks.HeaderWebhookID, id)
	req.Header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(webhooks.HeaderWebhookSignature, "v1,c2lnbmVkIGJ5IGFub3RoZXIgc2VjcmV0IHRoYW4gb3Vycw== "+signature)
	res, err := http.DefaultClient.Do(req)
	must(s.t, err)
	must(s.t, res.Body.Close())
	return res.StatusCode
}
