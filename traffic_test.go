package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// traffic is clients who create sessions and a provider who sends webhooks about
// them, to any of several servers, each repeating what was not acknowledged:
// the same bytes, and for a create the same key.
type traffic struct {
	t       *testing.T
	servers []*server
	acme    *acme
	ended   chan struct{} // no new users from here on
	givenUp atomic.Bool   // and nobody repeats a create any more
	all     sync.WaitGroup
	next    atomic.Int64
	// odd is told of each answer to a webhook that is not 200.
	odd func(reply)

	mu    sync.Mutex
	users []*person
}

// person is a user whose create was acknowledged.
type person struct {
	name, session string
	words         []string // that the provider said and that were acknowledged
}

// begin has n users at a time come until end.
func begin(t *testing.T, provider *acme, n int, servers ...*server) *traffic {
	tr := &traffic{t: t, servers: servers, acme: provider, ended: make(chan struct{}), odd: func(reply) {}}
	for range n {
		tr.all.Go(func() {
			for {
				select {
				case <-tr.ended:
					return
				case <-time.After(rand.N(50 * time.Millisecond)):
					tr.live(int(tr.next.Add(1)))
				}
			}
		})
	}
	return tr
}

// end lets no more users come, and waits until all have been told what they were
// waiting for. Who waits for the answer to a create in vain for longer than it
// takes to find a lost one goes away.
func (tr *traffic) end() {
	close(tr.ended)
	timer := time.AfterFunc(20*time.Second, func() { tr.givenUp.Store(true) })
	defer timer.Stop()
	tr.all.Wait()
}

func (tr *traffic) server() *server { return tr.servers[rand.IntN(len(tr.servers))] }

// live is the life of one user: a session, then what the provider says of it.
func (tr *traffic) live(i int) {
	p := &person{name: fmt.Sprintf("u%d", i)}
	body := fmt.Appendf(nil, `{"externalUserId":%q,"provider":"kora"}`, p.name)
	var made struct{ ID string }
	for p.session == "" {
		r, err := tr.server().send("POST", "/v1/sessions", body, "Idempotency-Key", p.name)
		if err == nil && r.status == http.StatusCreated && json.Unmarshal(r.body, &made) == nil {
			p.session = made.ID
			break
		}
		if tr.givenUp.Load() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	tr.mu.Lock()
	tr.users = append(tr.users, p)
	tr.mu.Unlock()
	words := []string{"processing", "verified"}
	if i%2 == 1 {
		words = append(words, "rejected") // a revision
	}
	rand.Shuffle(len(words), func(a, b int) { words[a], words[b] = words[b], words[a] })
	for _, word := range words {
		tr.tell(p, word)
		if rand.IntN(3) == 0 {
			tr.tell(p, word)
		}
	}
	p.words = words
}

// tell sends a webhook until it is acknowledged.
func (tr *traffic) tell(p *person, word string) {
	event := map[string]string{"processing": "completed", "verified": "verified", "rejected": "rejected"}[word]
	minute := map[string]int{"processing": 34, "verified": 35, "rejected": 36}[word]
	body := fmt.Appendf(nil, `{"id":"evt_%s_%s","eventType":"verification.%s","resourceType":"verification","resourceId":"ver_%[1]s","tenantId":%[4]q,`+
		`"timestamp":"2026-11-20T10:%[5]d:00Z","data":{"verificationId":"ver_%[1]s","externalId":%[1]q,"status":%[2]q}}`, p.name, word, event, tenant, minute)
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write(body)
	for {
		r, err := tr.server().send("POST", "/v1/webhooks/kora", body, "X-Kora-Signature", hex.EncodeToString(mac.Sum(nil)))
		if err == nil && r.status == http.StatusOK {
			return
		}
		if err == nil {
			tr.odd(r)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
