package realid

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// object is a JSON object of Real ID's, most of which is documented by samples
// alone.
type object = payload.Object[dialect]

// dialect: some strings stand for nothing, and the type of a time is not
// documented for every answer.
type dialect struct{ payload.Plain }

func (dialect) Text(s string) string { return payload.Unless(s, "null", "undefined", "n/a") }

// Time reads an RFC 3339 time, or a number of seconds or milliseconds since
// 1970.
func (dialect) Time(v any) time.Time {
	if n, ok := v.(json.Number); ok {
		return sinceEpoch(n)
	}
	return payload.Time(strings.TrimSpace(payload.Text(v)))
}

// sinceEpoch takes for milliseconds what would be beyond the year 5000 in
// seconds.
func sinceEpoch(n json.Number) time.Time {
	const tooManySeconds, tooManyMillis = 1e11, 1e14
	f, err := n.Float64()
	switch {
	case err != nil, f <= 0, f >= tooManyMillis:
		return time.Time{}
	case f >= tooManySeconds:
		return time.UnixMilli(int64(f)).UTC()
	default:
		return time.UnixMilli(int64(f * 1000)).UTC()
	}
}

func parseObject(body []byte) object { return payload.ParseObject[dialect](body) }

func quoted(s string) string { return payload.Quoted(payload.Word(s)) }

// refOf gives the check's id if it can be kept and put into a path; its form is
// not published.
func refOf(check object) idv.Ref {
	id := payload.Text(check["id"])
	if !payload.IsRef(id) {
		return ""
	}
	return idv.Ref(id)
}
