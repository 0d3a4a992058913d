// Package app introduces everybody to everybody: it wires the packages by a
// configuration and runs the commands.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/docs"
	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/inbox"
	"github.com/bonafide-idv/bonafide/internal/ledger"
	"github.com/bonafide-idv/bonafide/internal/metric"
	"github.com/bonafide-idv/bonafide/internal/outbox"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/reconcile"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/session"
	"github.com/bonafide-idv/bonafide/internal/store"
	"github.com/bonafide-idv/bonafide/internal/token"
	"github.com/bonafide-idv/bonafide/internal/trace"
	"github.com/bonafide-idv/bonafide/internal/watch"
)

// App is one process: its store, its use cases, its API and its workers.
type App struct {
	config   config.Config
	store    *store.Store
	accounts *accounts
	sessions *session.Service
	inbox    *inbox.Inbox
	hub      *watch.Hub
	outbox   *outbox.Outbox
	docs     http.Handler
	metrics  *metric.Set
	tracer   *trace.Tracer // nil: nothing is traced
	duty     *duty
	log      *slog.Logger
	// issuerKeys are those of the operator's identity provider; nil if there are none.
	issuerKeys *token.KeySet
}

// openStore opens the database of a configuration for a command that changes no
// session.
func openStore(ctx context.Context, c config.Config, log *slog.Logger) (*store.Store, error) {
	return openStoreOn(ctx, c, nil, log)
}

// openStoreOn opens the database of a configuration with the
// schedule by which providers are asked.
func openStoreOn(ctx context.Context, c config.Config, schedule store.Schedule, log *slog.Logger) (*store.Store, error) {
	engine, err := store.Engine(c.DatabaseURL)
	if err != nil {
		return nil, err
	}
	jobs, err := queue.NewInserter(engine)
	if err != nil {
		return nil, err
	}
	o := store.Options{URL: c.DatabaseURL, Jobs: jobs, ValidFor: c.ValidFor, Schedule: schedule, Now: time.Now, Logger: log}
	// Commands that touch nothing sealed run without a key.
	if len(c.EncryptionKeys) > 0 {
		if o.Seal, err = seal.New(c.EncryptionKeys); err != nil {
			return nil, err
		}
	}
	return store.Open(ctx, o)
}

// newApp wires a process around an open store. publicURL is how providers reach
// it.
func newApp(c config.Config, st *store.Store, accounts *accounts, publicURL string, metrics *metric.Set, log *slog.Logger) (*App, error) {
	page, err := docs.Handler()
	if err != nil {
		return nil, err
	}
	erased, err := openLedger(c)
	if err != nil {
		return nil, err
	}
	a := &App{config: c, store: st, accounts: accounts, docs: page, metrics: metrics, duty: &duty{}, log: log}
	a.sessions = session.New(session.Options{
		Store:           st,
		Erasures:        st,
		Ledger:          erased,
		Providers:       accounts.providers,
		Unreal:          accounts.unreal,
		Routing:         accounts.routing(c.Routing),
		WebhookURL:      func(provider string) string { return publicURL + "/v1/webhooks/" + provider },
		ProviderTimeout: c.ProviderTimeout,
		NewID:           func() string { return id.New("ses") },
		Now:             time.Now,
		Logger:          log,
	})
	a.inbox = inbox.New(inbox.Options{
		Store:     st,
		Sessions:  st,
		Providers: accounts.providers,
		Unreal:    accounts.unreal,
		NewID:     func() string { return id.New("whd") },
		Now:       time.Now,
		Observer:  metrics,
		Logger:    log,
	})
	a.issuerKeys = a.newIssuerKeys()
	a.hub = watch.New(watch.Options{Reader: st, Logger: log})
	a.outbox = outbox.New(outbox.Options{
		Store:     st,
		Endpoints: st,
		Render:    api.RenderEvent,
		Allow:     c.EndpointAllow,
		NewID:     id.New,
		Now:       time.Now,
		Observe:   func(attempt idv.Attempt) { metrics.Attempt(attemptOutcome(attempt)) },
		Logger:    log,
	})
	return a, a.askForMetrics()
}

// openLedger opens the ledger of erasures, nil if there is none.
func openLedger(c config.Config) (session.Ledger, error) {
	if c.ErasureLedger == "" {
		return nil, nil
	}
	l, err := ledger.Open(c.ErasureLedger)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// handler is the API.
func (a *App) handler() http.Handler { return api.New(a.apiOptions()) }

func (a *App) apiOptions() api.Options {
	clients := &token.Clients{Secrets: a.config.EncryptionKeys, Now: time.Now}
	return api.Options{
		Sessions:      a.sessions,
		SessionReader: a.store,
		Users:         a.store,
		Watch:         a.hub,
		Inbox:         a.inbox,
		Deliveries:    a.store,
		Events:        a.store,
		Endpoints:     a.outbox,
		EndpointBook:  a.store,
		Messages:      a.store,
		Privacy:       a.store,
		Audit:         a.store,
		Idempotency:   a.store,
		Authenticator: a.credentials(clients),
		ClientTokens:  clients,
		Keys:          a.store,
		Origins:       a.config.CORSOrigins,
		Providers:     a.accounts.statuses,
		Ready:         a.ready,
		Docs:          a.docs,
		Spec:          docs.OpenAPI(),
		Metrics:       a.metrics.Handler(),
		Observer:      a.metrics,
		Trace:         a.traceRequest(),
		Logger:        a.log,

		RateLimit:        a.config.RateLimit,
		WebhookRateLimit: a.config.WebhookRateLimit,
		Proxies:          a.config.TrustedProxies,
		Within:           answerWithin(a.config),
		Secure:           strings.HasPrefix(a.config.PublicURL, "https://"),
	}
}

var errOldSchema = errors.New("the database is not at this version; run: bonafide migrate (or serve --migrate)")

// migrated asks the database for its version, which it must answer.
func migrated(ctx context.Context, st *store.Store) error {
	current, err := st.Migrated(ctx)
	if err != nil {
		return err
	}
	if !current {
		return errOldSchema
	}
	return nil
}

// workers is the queue with a handler for each kind of job.
func (a *App) workers() (*queue.Queue, error) {
	return queue.New(queue.Handles{Pool: a.store.Pool(), DB: a.store.DB()}, a.handlers(),
		queue.Options{Logger: a.log, Timeout: a.config.ProviderTimeout + 5*time.Second, Observe: a.metrics.Job, Trace: a.traceJob()})
}

// handlers say what is done for each kind of job.
func (a *App) handlers() map[idv.JobKind]queue.Handler {
	again := func(d time.Duration, err error) error {
		if err == nil && d > 0 {
			return queue.Later(d)
		}
		return err
	}
	return map[idv.JobKind]queue.Handler{
		idv.JobDelivery: func(ctx context.Context, t queue.Task) error {
			return again(a.inbox.Work(ctx, t.ID, t.Attempt))
		},
		idv.JobSettle: func(ctx context.Context, t queue.Task) error { return again(a.sessions.Settle(ctx, t.ID)) },
		idv.JobExpire: func(ctx context.Context, t queue.Task) error { return again(a.sessions.Expire(ctx, t.ID)) },
		idv.JobFetch:  func(ctx context.Context, t queue.Task) error { return politely(a.sessions.Fetch(ctx, t.ID)) },
		idv.JobErase:  func(ctx context.Context, t queue.Task) error { return again(a.sessions.EraseAtProvider(ctx, t.ID)) },
	}
}

// politely waits as long as a provider asks for before it is asked again.
func politely(err error) error {
	var fault *idv.ProviderError
	if errors.As(err, &fault) && fault.RetryAfter > 0 {
		return queue.Later(fault.RetryAfter)
	}
	return err
}

// prepare makes sure that the database is the one of these encryption keys, and
// that people who were erased are erased in it, should it be a restored backup.
func (a *App) prepare(ctx context.Context) error {
	if err := a.checkKeys(ctx); err != nil {
		return err
	}
	if a.config.ErasureLedger == "" {
		a.log.Warn("a backup of the database that is restored brings back people whose data was erased, for no file is set by " + config.Prefix + "ERASURE_LEDGER")
	}
	a.accounts.warn(a.log)
	people, err := a.sessions.EraseAgain(ctx)
	if people > 0 {
		a.log.Warn("the database brought back people whose data was erased; it is erased again", "people", people)
	}
	return err
}

func (a *App) checkKeys(ctx context.Context) error {
	err := a.store.CheckKeys(ctx)
	if errors.Is(err, store.ErrWrongKey) {
		return config.Mistakes{config.Prefix + config.EncryptionKey + " does not open this database; add the keys that it was used with to the list"}
	}
	return err
}

// startWatching begins to hear of changes, for requests that wait for them and
// for endpoints that are to be told. stop ends it.
func (a *App) startWatching(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { a.hub.Run(ctx) })
	both.Go(func() { a.store.Listen(ctx, audience{a.hub, a.outbox}) })
	return func() {
		cancel()
		both.Wait()
	}
}

// audience is those who want to know at once that something has changed.
type audience struct {
	*watch.Hub
	outbox *outbox.Outbox
}

// Changed tells both: the statuses of the users with the keys have changed.
func (a audience) Changed(keys []string) {
	a.Hub.Changed(keys)
	a.outbox.Wake()
}

// crew is all that works in the background.
type crew struct {
	queue      *queue.Queue
	reconciler *reconcile.Reconciler
	outbox     *outbox.Outbox
}

// startWorkers begins to work.
func (a *App) startWorkers(ctx context.Context) (*crew, error) {
	q, err := a.workers()
	if err != nil {
		return nil, err
	}
	if err := q.Start(ctx); err != nil {
		return nil, err
	}
	r := reconcile.New(reconcile.Options{
		Store:    a.store,
		Keeper:   a.store,
		Asker:    a.sessions,
		Schedule: a.accounts.schedule(a.config),
		Retain:   reconcile.Retention{Webhooks: a.config.WebhookRetention, Results: a.config.ResultRetention},
		Timeout:  a.config.ProviderTimeout + 5*time.Second,
		Observer: questions{a.metrics},
		Now:      time.Now,
		Logger:   a.log,
	})
	r.Start(ctx)
	a.outbox.Start(ctx)
	a.duty.begun(q.Running)
	return &crew{queue: q, reconciler: r, outbox: a.outbox}, nil
}

// Stop takes no more work and waits for what was taken, until ctx ends.
func (c *crew) Stop(ctx context.Context) error {
	asked, sent := make(chan error, 1), make(chan error, 1)
	go func() { asked <- c.reconciler.Stop(ctx) }()
	go func() { sent <- c.outbox.Stop(ctx) }()
	return errors.Join(c.queue.Stop(ctx), <-asked, <-sent)
}
