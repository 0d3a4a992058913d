// Package metric keeps the numbers that operators watch, and serves them in
// Prometheus' formats. It is the only package that knows Prometheus. Every label
// has a bounded set of values, and none of them names a user, a session or an
// address.
package metric

import (
	"log/slog"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Options are what a Set is made of. The words are those that will be counted,
// given in advance so that each series begins at 0: Prometheus does not see the
// first rise of a series that begins at 1.
type Options struct {
	Version   string
	Providers []string // the accounts; any other name is counted as "unknown"
	Webhooks  []string // what becomes of a webhook at the door
	Calls     []string // how a call to a provider ends
	Jobs      []string // how the work on a job ends
	Limits    []string // beyond which requests are refused
	Questions []string // what a question about a session was good for
	Logger    *slog.Logger
}

// Set is all metrics of one process. Its methods may be called at once.
type Set struct {
	Options
	registry *prometheus.Registry
	catalog  []Metric

	requests        *prometheus.CounterVec
	requestDuration *prometheus.HistogramVec
	webhooks        *prometheus.CounterVec
	acknowledged    *prometheus.HistogramVec
	worked          *prometheus.CounterVec
	visible         *prometheus.HistogramVec
	refused         *prometheus.CounterVec
	jobs            *prometheus.CounterVec
	jobDuration     *prometheus.HistogramVec
	calls           *prometheus.CounterVec
	callDuration    *prometheus.HistogramVec
	answers         *prometheus.GaugeVec
	questions       *prometheus.CounterVec
	attempts        *prometheus.CounterVec
}

// New makes a set with the metrics of what this process does itself. What is
// asked for at each scrape is added to it by Deliveries, JobsWaiting,
// QuestionsDue, Outgoing, Unsettled and Pools.
func New(o Options) *Set {
	s := &Set{Options: o, registry: prometheus.NewRegistry()}
	s.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	s.addRequests()
	s.addLimits()
	s.addDeliveries()
	s.addJobs()
	s.addCalls()
	s.addQuestions()
	s.addAttempts()
	s.gauge("bonafide_build_info", "Always 1. Join it to see which version a process runs.", "version", "goversion").
		WithLabelValues(o.Version, runtime.Version()).Set(1)
	return s
}

// Handler serves the numbers. What cannot be read at the moment is left out of
// them.
func (s *Set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// unknown stands for every name that is not in a list of ours.
const unknown = "unknown"

// provider bounds the values of the label of this name.
func (s *Set) provider(name string) string { return among(s.Providers, name) }

func kind(k idv.JobKind) string { return among(idv.JobKinds(), k) }
