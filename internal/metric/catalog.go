package metric

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric describes one metric.
type Metric struct {
	Name   string
	Type   string // counter, gauge or histogram
	Labels []string
	Help   string // what it is, and what to do with it
}

// Catalog describes the metrics of bonafide's own, in the order in which they
// were added.
func (s *Set) Catalog() []Metric { return slices.Clone(s.catalog) }

func (s *Set) counter(name, help string, labels ...string) *prometheus.CounterVec {
	return add(s, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels),
		Metric{name, "counter", labels, help})
}

func (s *Set) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return add(s, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels),
		Metric{name, "gauge", labels, help})
}

func (s *Set) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return add(s, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels),
		Metric{name, "histogram", labels, help})
}

func add[C prometheus.Collector](s *Set, c C, m Metric) C {
	s.registry.MustRegister(c)
	s.catalog = append(s.catalog, m)
	return c
}

// asked describes a gauge that a source tells.
func (s *Set) asked(name, help string, labels ...string) *prometheus.Desc {
	s.catalog = append(s.catalog, Metric{name, "gauge", labels, help})
	return prometheus.NewDesc(name, help, labels, nil)
}

// Buckets, in seconds.
var (
	// fast is for what happens within a request.
	fast = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	// slow is for what may wait: for a worker, a provider, or a session to be
	// known. The longest wait for a session is about an hour.
	slow = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600}
)

// among gives the name if it is in the list.
func among[T ~string](list []T, name T) string {
	if slices.Contains(list, name) {
		return string(name)
	}
	return unknown
}
