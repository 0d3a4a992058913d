package main_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/enginetest"
)

// A server that is told to stop says so before it closes its door, serves as long
// as it drains, and then ends well.
func TestServerDrains(t *testing.T) {
	t.Parallel()
	const drain = 3 * time.Second
	s := newServer(t, enginetest.SQLite(t), newAcme(t))
	s.env = append(s.env, "BONAFIDE_DRAIN="+drain.String())
	s.serve()
	known, err := s.send("GET", "/v1/users/user-1/verification", nil)
	must(t, err)
	waiting := make(chan reply, 1)
	go func() {
		r, _ := s.send("GET", "/v1/users/user-1/verification?wait=60", nil, "If-None-Match", known.etag)
		waiting <- r
	}()
	type end struct {
		code int
		took time.Duration
	}
	stopped := make(chan end, 1)
	go func() {
		code, took := s.stop()
		stopped <- end{code, took}
	}()
	eventually(t, "it is not ready", func() bool { return s.ready() == http.StatusServiceUnavailable })
	// Whoever comes all the same is served, and whoever waits hears of it.
	r, err := s.send("POST", "/v1/sessions", []byte(`{"externalUserId":"user-1","provider":"kora"}`))
	if err != nil || r.status != http.StatusCreated {
		t.Errorf("a create meanwhile: %d %s, %v", r.status, r.body, err)
	}
	if heard := <-waiting; heard.status != http.StatusOK {
		t.Errorf("who waited was answered %d %s", heard.status, heard.body)
	}
	if e := <-stopped; e.code != 0 || e.took < drain || e.took > drain+20*time.Second {
		t.Errorf("exit code %d after %v", e.code, e.took)
	}
}
