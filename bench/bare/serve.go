package bare

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// connections is how many connections to the database were fastest.
const connections = 20

// Options are what a bare server works with.
type Options struct {
	Listen      string // host:port
	DatabaseURL string // of a migrated PostgreSQL database
	Secret      string // that signs webhooks
	Provider    string // root of the provider's API
}

// Serve answers the routes of bonafide that are measured, until it fails.
func Serve(ctx context.Context, o Options) error {
	settings, err := pgxpool.ParseConfig(o.DatabaseURL)
	if err != nil {
		return err
	}
	settings.MaxConns = connections
	db, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return err
	}
	defer db.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/webhooks/kora", intake(db, o.Secret))
	mux.HandleFunc("POST /v1/sessions", create(db, o.Provider))
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := db.Ping(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Addr: o.Listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return fmt.Errorf("serve: %w", server.ListenAndServe())
}
