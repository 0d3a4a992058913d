package metric

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// askWithin is how long a source has to answer at a scrape.
	askWithin = 2 * time.Second
	// freshFor bounds how often a source is asked, however many scrape.
	freshFor = time.Second
)

// sample is one value of a gauge.
type sample struct {
	desc   *prometheus.Desc
	value  float64
	labels []string
}

// source is a place that is asked for numbers at a scrape. One that does not
// answer makes its own series go missing, and nothing else.
type source struct {
	up    *prometheus.Desc
	ask   func(ctx context.Context) ([]sample, error)
	fault func(err error)

	mu      sync.Mutex
	samples []sample
	failed  bool
	at      time.Time
}

// source adds a place to ask, which must obey the end of its context.
func (s *Set) source(name string, ask func(ctx context.Context) ([]sample, error)) {
	const up, help = "bonafide_source_up", "Whether this source of numbers answered at this scrape. 0 means that its series are missing: the database is slow or away."
	if !s.describes(up) {
		s.catalog = append(s.catalog, Metric{up, "gauge", []string{"source"}, help})
	}
	s.registry.MustRegister(&source{
		up:  prometheus.NewDesc(up, help, nil, prometheus.Labels{"source": name}),
		ask: ask,
		fault: func(err error) {
			s.Logger.Warn("numbers could not be read for a scrape", "source", name, "error", err.Error())
		},
	})
}

func (s *Set) describes(name string) bool {
	for _, m := range s.catalog {
		if m.Name == name {
			return true
		}
	}
	return false
}

// Describe names what is always told; the rest depends on the answer.
func (c *source) Describe(descs chan<- *prometheus.Desc) { descs <- c.up }

// Collect asks, unless another scrape has just done so.
func (c *source) Collect(metrics chan<- prometheus.Metric) {
	samples, up := c.read()
	metrics <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, up)
	for _, one := range samples {
		metrics <- prometheus.MustNewConstMetric(one.desc, prometheus.GaugeValue, one.value, one.labels...)
	}
}

func (c *source) read() (samples []sample, up float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() || time.Since(c.at) > freshFor {
		ctx, cancel := context.WithTimeout(context.Background(), askWithin)
		defer cancel()
		var err error
		if c.samples, err = c.ask(ctx); err != nil {
			c.samples = nil
			c.fault(err)
		}
		c.failed, c.at = err != nil, time.Now()
	}
	if c.failed {
		return nil, 0
	}
	return c.samples, 1
}

// tally is the samples of one gauge while they are put together: names that are
// not known fall together.
type tally struct {
	desc  *prometheus.Desc
	order []string
	seen  map[string]*sample
}

func newTally(desc *prometheus.Desc) *tally { return &tally{desc: desc, seen: map[string]*sample{}} }

func (t *tally) at(labels []string) *sample {
	key := strings.Join(labels, "\x00")
	if t.seen[key] == nil {
		t.seen[key] = &sample{desc: t.desc, labels: labels}
		t.order = append(t.order, key)
	}
	return t.seen[key]
}

// add adds to the sample with the labels.
func (t *tally) add(value float64, labels ...string) { t.at(labels).value += value }

// most raises the sample with the labels to the value, if that is more.
func (t *tally) most(value float64, labels ...string) {
	one := t.at(labels)
	one.value = max(one.value, value)
}

func (t *tally) samples() []sample {
	list := make([]sample, len(t.order))
	for i, key := range t.order {
		list[i] = *t.seen[key]
	}
	return list
}
