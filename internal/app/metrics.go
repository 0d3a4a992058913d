package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/metric"
	"github.com/bonafide-idv/bonafide/internal/queue"
	"github.com/bonafide-idv/bonafide/internal/reconcile"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// newMetrics makes the metrics of a process with the accounts of a
// configuration.
func newMetrics(c config.Config, version string, log *slog.Logger) *metric.Set {
	var names, questions []string
	for _, outcome := range reconcile.Outcomes() {
		questions = append(questions, string(outcome))
	}
	for _, account := range c.On() {
		names = append(names, account.Name)
	}
	return metric.New(metric.Options{
		Version:   version,
		Providers: names,
		Webhooks:  api.WebhookOutcomes(),
		Calls:     callOutcomes(),
		Jobs:      queue.Outcomes(),
		Limits:    api.Limits(),
		Questions: questions,
		Logger:    log,
	})
}

// askForMetrics has the database asked at each scrape, by any process: those
// that only serve the API tell as well that nobody works.
func (a *App) askForMetrics() error {
	engine, err := store.Engine(a.config.DatabaseURL)
	if err != nil {
		return err
	}
	reader, err := a.store.Reader()
	if err != nil {
		return fmt.Errorf("prepare the metrics: %w", err)
	}
	a.metrics.Deliveries(a.store.DeliveryBacklog)
	a.metrics.QuestionsDue(a.store.QuestionBacklog)
	a.metrics.JobsWaiting(func(ctx context.Context) ([]idv.JobBacklog, error) {
		return queue.Backlog(ctx, engine, reader)
	})
	a.metrics.Outgoing(a.store.OutgoingBacklog)
	a.metrics.Unsettled(a.store.UnsettledCreates)
	a.metrics.PrivacyTasks(a.store.PrivacyBacklog)
	a.metrics.Pools(func() (list []metric.Pool) {
		for _, state := range a.store.PoolStates() {
			list = append(list, metric.Pool(state))
		}
		return list
	})
	return nil
}

// listenForMetrics opens the address that is for metrics alone; nil if none is
// set.
func (a *App) listenForMetrics(ctx context.Context) (net.Listener, error) {
	if a.config.MetricsListen == "" {
		return nil, nil
	}
	l, err := listen(ctx, a.config.MetricsListen, "metrics-listen")
	if err == nil {
		a.log.Info("serving metrics", "listen", l.Addr().String())
	}
	return l, err
}

// metricsOnly serves /metrics to whoever can reach it, and nothing else.
func (a *App) metricsOnly() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	return mux
}

// questions counts what is asked about sessions.
type questions struct{ *metric.Set }

// Asked counts one question.
func (q questions) Asked(account string, outcome reconcile.Outcome) {
	q.Set.Asked(account, string(outcome))
}

// attemptOutcome says in one word how a try to send an event ended.
func attemptOutcome(a idv.Attempt) string {
	if a.Fault == "" {
		return string(idv.MessageDelivered)
	}
	return string(a.Fault)
}
