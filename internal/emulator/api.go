package emulator

import (
	"net/http"
	"time"
)

// Handler serves the control door, the hosted page, and the provider's own API
// with the faults that are asked for.
func (s *Stage) Handler(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	s.controlRoutes(mux)
	s.pageRoutes(mux)
	s.indexRoute(mux)
	mux.Handle("/", s.faulty(api))
	return mux
}

func (s *Stage) faulty(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := s.faults.api(r.Method)
		if s.hit(fault, w, r) {
			return
		}
		if fault.Lose {
			api.ServeHTTP(lost{}, r)
			hangUp(w)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// hit answers a call that a fault stops before it has its effect, and reports
// whether it did.
func (s *Stage) hit(fault APIFault, w http.ResponseWriter, r *http.Request) bool {
	switch {
	case fault.Hang:
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		hangUp(w)
	case fault.Status != 0:
		s.provider.Refuse(w, fault.Status, time.Duration(fault.RetryAfter)*time.Second)
	default:
		return false
	}
	return true
}

// hangUp breaks the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the server's own way, quiet
	}
	_ = conn.Close() // nothing can be done about a connection that is broken on purpose
}

// lost takes an answer that nobody gets.
type lost struct{}

func (lost) Header() http.Header         { return http.Header{} }
func (lost) Write(p []byte) (int, error) { return len(p), nil }
func (lost) WriteHeader(int)             {}
