package main

import (
	"bytes"
	"testing"
	"time"
)

const pgbenchSaid = `pgbench (15.18 (Debian 15.18-0+deb12u1))
transaction type: limit.sql
scaling factor: 1
query mode: prepared
number of clients: 32
number of threads: 2
maximum number of tries: 1
duration: 3 s
number of transactions actually processed: 24078
number of failed transactions: 0 (0.000%)
latency average = 3.974 ms
initial connection time = 32.419 ms
tps = 8051.818485 (without initial connection time)
`

func TestParsePgbench(t *testing.T) {
	if rate, err := parsePgbench([]byte(pgbenchSaid)); rate != 8051.818485 || err != nil {
		t.Errorf("%g, %v", rate, err)
	}
	failed := bytes.Replace([]byte(pgbenchSaid), []byte("transactions: 0 (0.000%)"), []byte("transactions: 3 (0.012%)"), 1)
	for _, said := range [][]byte{nil, []byte("tps = 12"), failed} {
		if rate, err := parsePgbench(said); err == nil {
			t.Errorf("%g of %s", rate, said)
		}
	}
}

func TestParseResident(t *testing.T) {
	if n, err := parseResident("Name:\tbonafide\nVmPeak:\t 1250000 kB\nVmRSS:\t   33024 kB\nThreads:\t9\n"); n != 33024*1024 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, status := range []string{"", "VmRSS:\tmuch kB\n", "VmPeak:\t1 kB\n"} {
		if n, err := parseResident(status); err == nil {
			t.Errorf("%d of %q", n, status)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{4}, 4}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{8, 1, 9, 2}, 5}} {
		if got := median(tt.values); got != tt.want {
			t.Errorf("median of %v = %g, want %g", tt.values, got, tt.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		goals []goal
		want  string
	}{
		{nil, ""},
		{[]goal{atLeast("× limit", 0.9, 0.9)}, "× limit ≥ 0.9: ok"},
		{[]goal{atLeast("× limit", 0.89, 0.9)}, "× limit ≥ 0.9: MISSED"},
		{[]goal{atMost("transactions", 2, 2), below("p99", 30*time.Millisecond, 30*time.Millisecond)}, "transactions ≤ 2, p99 < 30ms: MISSED"},
		{[]goal{atMost("transactions", 2.1, 2)}, "transactions ≤ 2: MISSED"},
		{[]goal{below("MB", 59.9, 60)}, "MB < 60: ok"},
	} {
		if got := verdict(tt.goals...); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
