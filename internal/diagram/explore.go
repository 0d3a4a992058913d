package main

import (
	"strconv"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// graph says which status can follow which.
type graph map[idv.Status]map[idv.Status]bool

func (g graph) size() int {
	n := 0
	for _, to := range g {
		n += len(to)
	}
	return n
}

// transitions finds by trial what can follow what, when everything is heard in
// the order in which it happens: all sequences of observations are folded, ever
// longer ones until they show nothing new.
func transitions(fold func([]idv.Observation) idv.State) graph {
	g := graph{}
	for length, known := 1, -1; g.size() > known; length++ {
		known = g.size()
		g.explore(fold, nil, length)
	}
	return g
}

func (g graph) explore(fold func([]idv.Observation) idv.State, heard []idv.Observation, more int) {
	if more == 0 {
		return
	}
	from := fold(heard).Status
	for _, o := range alphabet(len(heard)) {
		next := append(heard[:len(heard):len(heard)], o)
		if to := fold(next).Status; to != from {
			if g[from] == nil {
				g[from] = map[idv.Status]bool{}
			}
			g[from][to] = true
		}
		g.explore(fold, next, more-1)
	}
}

// alphabet lists what can be heard about a session as the n-th thing: each
// status from the provider, and the ends that we conclude ourselves.
func alphabet(n int) []idv.Observation {
	letters := []idv.Observation{
		{Source: idv.SourceCreate, Status: idv.Failed},
		{Source: idv.SourceClock, Status: idv.Expired},
		{Source: idv.SourceOperator, Status: idv.Canceled},
	}
	for _, s := range idv.Statuses() {
		letters = append(letters, idv.Observation{Source: idv.SourceWebhook, Status: s})
	}
	at := time.Date(2026, 1, 1, 0, n, 0, 0, time.UTC)
	for i := range letters {
		letters[i].OccurredAt, letters[i].HeardAt = at, at
		letters[i].Fingerprint = strconv.Itoa(n) + "/" + strconv.Itoa(i)
	}
	return letters
}
