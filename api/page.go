package api

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

const (
	defaultLimit = 50
	maxLimit     = 200
)

// query reads a request's query strictly: a name that is not known, or given
// twice, is a mistake.
type query struct {
	values url.Values
	errs   []fieldError
}

func newQuery(raw string, known ...string) *query {
	values, err := url.ParseQuery(raw)
	q := &query{values: values}
	if err != nil {
		q.wrong("", "invalid_query", "cannot be read")
	}
	for name, v := range values {
		switch {
		case !slices.Contains(known, name):
			q.wrong(name, "unknown_parameter", "is not a parameter of this request")
		case len(v) > 1:
			q.wrong(name, "duplicate_parameter", "is given twice")
		}
	}
	return q
}

func (q *query) wrong(name, code, detail string) {
	q.errs = append(q.errs, fieldError{Pointer: "?" + name, Code: code, Detail: detail})
}

func (q *query) text(name string, holds func(string) bool, detail string) string {
	v := q.values.Get(name)
	if q.values.Has(name) && !holds(v) {
		q.wrong(name, "invalid_value", detail)
		return ""
	}
	return v
}

// limit reads how many rows the caller wants at most.
func (q *query) limit() int {
	if !q.values.Has("limit") {
		return defaultLimit
	}
	n, err := strconv.Atoi(q.values.Get("limit"))
	if err != nil || n < 1 || n > maxLimit {
		q.wrong("limit", "invalid_value", "must be a number from 1 to "+strconv.Itoa(maxLimit))
		return defaultLimit
	}
	return n
}

// seconds reads how long the caller wants something; 0 if nothing is said.
func (q *query) seconds(name string, most int) time.Duration {
	if !q.values.Has(name) {
		return 0
	}
	n, err := strconv.ParseUint(q.values.Get(name), 10, 16)
	if err != nil || n > uint64(most) {
		q.wrong(name, "invalid_value", "must be a number of seconds from 0 to "+strconv.Itoa(most))
		return 0
	}
	return time.Duration(n) * time.Second
}

// page reads limit and cursor. It asks for one row more than the caller gets,
// which tells whether there are more.
func (q *query) page(prefix string) idv.Page {
	p := idv.Page{Limit: q.limit() + 1}
	if q.values.Has("cursor") {
		after, err := base64.RawURLEncoding.DecodeString(q.values.Get("cursor"))
		if err != nil || !id.Valid(prefix, string(after)) {
			q.errs = append(q.errs, wrongCursor())
		}
		p.After = string(after)
	}
	return p
}

func wrongCursor() fieldError {
	return fieldError{Pointer: "?cursor", Code: "invalid_value", Detail: "must be a nextCursor of this list"}
}

func (q *query) err() error {
	if len(q.errs) == 0 {
		return nil
	}
	slices.SortFunc(q.errs, func(a, b fieldError) int {
		if a.Pointer < b.Pointer {
			return -1
		}
		return 1
	})
	return invalid(q.errs...)
}

// shown splits off the row that only tells that there are more, gives the cursor for
// it, and shows the others.
func shown[T, R any](rows []T, p idv.Page, rowID func(T) string, show func(T) R) (data []R, next *string, more bool) {
	if limit := p.Limit - 1; len(rows) > limit {
		rows = rows[:limit]
		cursor := base64.RawURLEncoding.EncodeToString([]byte(rowID(rows[limit-1])))
		next, more = &cursor, true
	}
	data = make([]R, 0, len(rows))
	for x := range slices.Values(rows) {
		data = append(data, show(x))
	}
	return data, next, more
}
