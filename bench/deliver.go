package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// senders is how many send at once, for the limit: as many as one endpoint gets
// at once from us.
const senders = 32

// measureDeliver: how many events a second reach a fast endpoint, while another
// one takes calls and never answers.
func measureDeliver(ctx context.Context, b *bench) error {
	fast, err := newReceiver(ctx)
	if err != nil {
		return err
	}
	defer fast.close()
	hanging, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = hanging.Close() }()
	url, err := b.database(ctx)
	if err != nil {
		return err
	}
	key, err := b.apiKey(ctx, url, "endpoints:manage")
	if err != nil {
		return err
	}
	p, err := b.serve(ctx, url, nobody, "--endpoint-allow-cidrs=127.0.0.0/8")
	if err != nil {
		return err
	}
	defer p.stop()
	for _, address := range []string{fast.address, hanging.Addr().String()} {
		if err := newEndpoint(ctx, p.address, key, "http://"+address); err != nil {
			return err
		}
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()

	var limits, rates []float64
	for round := range b.rounds {
		limit, err := fast.limit(ctx, b.events)
		if err != nil {
			return err
		}
		took, err := fast.await(ctx, b.events, func() error { return announce(ctx, db, round*b.events, b.events) })
		if err != nil {
			return err
		}
		limits, rates = append(limits, limit), append(rates, float64(b.events)/took.Seconds())
	}
	_, _ = fmt.Fprintf(b.out, "%d events to a fast endpoint while another one hangs, medians of %d rounds\n", b.events, b.rounds)
	t := newTable(b.out, "", "events/s", "× limit")
	limit, rate := median(limits), median(rates)
	t.line("limit: signed calls without a database", count(limit), "1.00")
	t.line("bonafide, from the feed to the log", count(rate), ratio(rate/limit), verdict(atLeast("events/s", rate, 2000)))
	return t.flush()
}

// newEndpoint registers an endpoint that wants every event.
func newEndpoint(ctx context.Context, address, key, url string) error {
	body, err := json.Marshal(map[string]string{"url": url})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v1/endpoints", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if said, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusCreated {
		return fmt.Errorf("register an endpoint: %s %s", res.Status, said)
	}
	return nil
}

// announce writes events as a busy store would.
func announce(ctx context.Context, db *sql.DB, from, n int) error {
	_, err := db.ExecContext(ctx, `
		INSERT INTO events (id, type, external_user_id, status, version, created_at)
		SELECT 'evt_' || lpad(n::text, 26, '0'), 'user.verified', 'user-' || n, 'verified', 1, now()
		FROM generate_series($1::int, $2::int) AS n`, from, from+n-1)
	return err
}

// receiver is an endpoint that answers at once and counts.
type receiver struct {
	address string
	server  *http.Server
	got     atomic.Int64
	done    chan struct{} // gets a value when as many came as were wanted
	wanted  atomic.Int64
}

func newReceiver(ctx context.Context) (*receiver, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{address: l.Addr().String(), done: make(chan struct{}, 1)}
	r.server = &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		w.WriteHeader(http.StatusNoContent)
		if r.got.Add(1) == r.wanted.Load() {
			r.done <- struct{}{}
		}
	})}
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

func (r *receiver) close() { _ = r.server.Close() }

// await gives how long it takes from begin until n calls came.
func (r *receiver) await(ctx context.Context, n int, begin func() error) (time.Duration, error) {
	r.wanted.Store(r.got.Load() + int64(n))
	began := time.Now()
	if err := begin(); err != nil {
		return 0, err
	}
	select {
	case <-r.done:
		return time.Since(began), nil
	case <-time.After(time.Minute):
		return 0, fmt.Errorf("%d of %d events did not come", r.wanted.Load()-r.got.Load(), n)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// limit is how many calls of the same size a plain client makes.
func (r *receiver) limit(ctx context.Context, n int) (rate float64, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	body := []byte(`{"type":"user.verified","timestamp":"2026-11-20T09:30:00Z","data":{"id":"evt_01kagt2f6pe4mrt1qq3g1c2s8f","type":"user.verified",` +
		`"externalUserId":"user-42","sessionId":null,"status":"verified","version":1,"createdAt":"2026-11-20T09:30:00.000Z"}}`)
	var failed atomic.Value
	took, err := r.await(ctx, n, func() error {
		var left atomic.Int64
		left.Store(int64(n))
		var work sync.WaitGroup
		for range senders {
			work.Go(func() {
				for left.Add(-1) >= 0 {
					if err := post(ctx, client, "http://"+r.address, body); err != nil {
						failed.Store(err)
					}
				}
			})
		}
		work.Wait()
		err, _ := failed.Load().(error)
		return err
	})
	return float64(n) / took.Seconds(), err
}

func post(ctx context.Context, client *http.Client, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	_, _ = mac.Write(body)
	req.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
