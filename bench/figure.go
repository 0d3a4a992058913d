package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// table prints figures, one a line, with the goal of each beside it.
type table struct {
	w *tabwriter.Writer
}

func newTable(out io.Writer, columns ...string) table {
	t := table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	t.line(append(columns, "goal")...)
	return t
}

func (t table) line(cells ...string) {
	_, _ = fmt.Fprintln(t.w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
}

// flush prints what was written, all columns in line.
func (t table) flush() error { return t.w.Flush() }

// goal is what a figure is to reach.
type goal struct {
	text    string
	reached bool
}

func atLeast(what string, figure, bound float64) goal {
	return goal{fmt.Sprintf("%s ≥ %g", what, bound), figure >= bound}
}

func below[T cmp.Ordered](what string, figure, bound T) goal {
	return goal{fmt.Sprintf("%s < %v", what, bound), figure < bound}
}

func atMost(what string, figure, bound float64) goal {
	return goal{fmt.Sprintf("%s ≤ %g", what, bound), figure <= bound}
}

// verdict is the last cell of a line: the goals, and whether all are reached.
func verdict(goals ...goal) string {
	if len(goals) == 0 {
		return ""
	}
	word := "ok"
	var texts []string
	for _, g := range goals {
		texts = append(texts, g.text)
		if !g.reached {
			word = "MISSED"
		}
	}
	return strings.Join(texts, ", ") + ": " + word
}

// median gives the middle one, of an even number the mean of the two.
func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func count(rate float64) string { return strconv.FormatFloat(rate, 'f', 0, 64) }

func ratio(r float64) string { return strconv.FormatFloat(r, 'f', 2, 64) }

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64)
}
