package metric

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Pool is how the connections to the database are used at a moment.
type Pool struct {
	Name       string // one of few
	InUse, Max int
	Waits      int64 // so far, and Waited is how long together
	Waited     time.Duration
}

// pools tells of connections without asking the database.
type pools struct {
	inUse, most, waits, waited *prometheus.Desc
	read                       func() []Pool
}

// Pools reads at each scrape how the connections of this process are used.
func (s *Set) Pools(read func() []Pool) {
	const label = "pool"
	s.registry.MustRegister(&pools{
		inUse: s.asked("bonafide_database_connections_in_use", "Connections to the database that this process uses at the moment. pool is postgres, or sqlite_write and sqlite_read.", label),
		most:  s.asked("bonafide_database_connections_max", "Connections that this process may have: pool_max_conns of the database's address, 30 without it. The sum over processes must fit into the server's max_connections.", label),
		waits: s.told("bonafide_database_connection_waits_total", "How often somebody had to wait for a connection. On SQLite whoever writes does, in turn.", label),
		waited: s.told("bonafide_database_connection_wait_seconds_total",
			"How long they waited, together. A steady rise on PostgreSQL means that the pool is too small, or the database too slow.", label),
		read: read,
	})
}

// told describes a counter that somebody else keeps.
func (s *Set) told(name, help string, labels ...string) *prometheus.Desc {
	s.catalog = append(s.catalog, Metric{name, "counter", labels, help})
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe names what is told.
func (p *pools) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.inUse, p.most, p.waits, p.waited} {
		descs <- d
	}
}

// Collect reads.
func (p *pools) Collect(metrics chan<- prometheus.Metric) {
	for _, pool := range p.read() {
		metrics <- prometheus.MustNewConstMetric(p.inUse, prometheus.GaugeValue, float64(pool.InUse), pool.Name)
		metrics <- prometheus.MustNewConstMetric(p.most, prometheus.GaugeValue, float64(pool.Max), pool.Name)
		metrics <- prometheus.MustNewConstMetric(p.waits, prometheus.CounterValue, float64(pool.Waits), pool.Name)
		metrics <- prometheus.MustNewConstMetric(p.waited, prometheus.CounterValue, pool.Waited.Seconds(), pool.Name)
	}
}
