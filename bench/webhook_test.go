package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/kora"
)

// Each webhook is one that the adapter takes for genuine, about another
// verification, and unlike the others.
func TestWebhooksAreGenuineAndDistinct(t *testing.T) {
	p, err := kora.Adapter().New(idv.Settings{
		"API_KEY": "k", "TENANT_ID": tenant, "WEBHOOK_SECRET": webhookSecret, "BASE_URL": nobody, "TIER": "standard",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	reader := p.(idv.WebhookReader)
	now := time.Now()
	bodies := map[string]bool{}
	for range 2 {
		w, err := newWebhooks(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 7, 12345} {
			req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(w.next(n))))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(req.Body)
			if err != nil || len(body) != bodySize {
				t.Fatalf("a body of %d bytes, %v", len(body), err)
			}
			if bodies[string(body)] {
				t.Errorf("%s came before", body)
			}
			bodies[string(body)] = true
			hook := idv.Webhook{Header: req.Header, Body: body, ReceivedAt: now}
			if err := reader.Authenticate(t.Context(), hook); err != nil {
				t.Errorf("webhook %d: %v", n, err)
			}
			updates, err := reader.Normalize(hook)
			if err != nil || len(updates) != 1 || updates[0].Status != idv.Approved || updates[0].Ref != idv.Ref(refOf(n)) {
				t.Errorf("webhook %d: %+v, %v", n, updates, err)
			}
		}
	}
}

func TestNamesHaveTheNumber(t *testing.T) {
	if user, ref := userOf(42), refOf(42); user != "user_00000000000000000042" || ref != "ver_00000000000000000042" || verificationOf(user) != ref {
		t.Errorf("%s, %s", user, ref)
	}
	digits := []byte("xxxx")
	if decimal(digits, 907); string(digits) != "0907" {
		t.Errorf("%s", digits)
	}
}
