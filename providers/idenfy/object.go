package idenfy

import (
	"strconv"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/payload"
)

// object is a JSON object of iDenfy's. Nearly every member may be null or
// absent.
type object = payload.Object[dialect]

// dialect: some strings only say that there is nothing, and times are Unix
// seconds.
type dialect struct{ payload.Plain }

func (dialect) Text(s string) string { return payload.Unless(s, "null", "n/a", "-") }

// Time is zero for what is not in this century.
func (dialect) Time(v any) time.Time {
	seconds, err := strconv.ParseInt(strings.TrimSpace(payload.Text(v)), 10, 64)
	if err != nil || seconds < 946684800 || seconds >= 4102444800 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func parseObject(body []byte) object { return payload.ParseObject[dialect](body) }

// mostWords is how many words of a list count: there are fewer in the tables.
const mostWords = 40

// words gives the strings of a list.
func words(o object, key string) []string {
	var list []string
	for _, item := range o.List(key) {
		if s, ok := item.(string); ok && strings.TrimSpace(s) != "" && len(list) < mostWords {
			list = append(list, strings.TrimSpace(s))
		}
	}
	return list
}

func quoted(s string) string { return payload.Quoted(payload.Word(s)) }
