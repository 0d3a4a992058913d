package kora

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/payload"
)

// object is a JSON object of Kora's.
type object = payload.Object[dialect]

// dialect: the documentation writes names in camel case, some of Kora's code in
// snake case; both are found by the camel-case name.
type dialect struct{ payload.Plain }

func (dialect) Get(members map[string]any, key string) any {
	if v, ok := members[key]; ok {
		return v
	}
	return members[snake(key)]
}

func parseObject(body []byte) object { return payload.ParseObject[dialect](body) }

func snake(key string) string {
	var b strings.Builder
	for _, r := range key {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// word gives a word of Kora's, some of which hold a space, if it can be shown.
func word(s string) string { return payload.Short(s, 64, "_-. ") }

func quoted(s string) string { return payload.Quoted(word(s)) }
