package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// valuer makes values that fit their schemas.
type valuer struct {
	t     *rapid.T
	known Known
}

func (v valuer) toss(what string) bool { return rapid.Bool().Draw(v.t, what) }

// mostMembers is how many members a map gets, and how many items a list whose
// length is not bounded more tightly.
const mostMembers = 4

// value makes a value of a body. Name is that of the member that it is for.
func (v valuer) value(name string, s *openapi3.Schema) *node {
	s = flat(s)
	n := &node{name: name, schema: s}
	switch {
	case s.Nullable && v.toss(name+" is null"):
		n.raw = "null"
	case len(s.Enum) > 0:
		n.raw = asJSON(rapid.SampledFrom(s.Enum).Draw(v.t, name))
	case s.Type.Is(openapi3.TypeObject):
		n.kind, n.inside = object, v.members(name, s)
	case s.Type.Is(openapi3.TypeArray):
		n.kind, n.inside = array, v.items(name, s)
	case s.Type.Is(openapi3.TypeBoolean):
		n.raw = strconv.FormatBool(v.toss(name))
	case s.Type.Is(openapi3.TypeInteger), s.Type.Is(openapi3.TypeNumber):
		n.raw = strconv.FormatInt(v.integer(name, s), 10)
	default:
		n.raw = quote(v.text(name, s))
	}
	return n
}

func (v valuer) members(of string, s *openapi3.Schema) []*node {
	var list []*node
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) || v.toss(name+" is there") {
			list = append(list, v.value(name, s.Properties[name].Value))
		}
	}
	if each := s.AdditionalProperties.Schema; each != nil {
		for _, name := range rapid.SliceOfNDistinct(plainText(1, 20), 0, mostMembers, rapid.ID).Draw(v.t, "names in "+of) {
			list = append(list, v.value(name, each.Value))
		}
	}
	return list
}

func (v valuer) items(name string, s *openapi3.Schema) []*node {
	most := mostMembers
	if s.MaxItems != nil {
		most = int(min(*s.MaxItems, mostMembers))
	}
	// The example of a list stands for what its items may be.
	item := *flat(s.Items.Value)
	if example, ok := s.Example.([]any); ok && item.Example == nil && len(example) > 0 {
		item.Example = example[0]
	}
	var list []*node
	for range rapid.IntRange(int(s.MinItems), most).Draw(v.t, "items of "+name) {
		made := v.value(name, &item)
		same := func(n *node) bool { return n.raw == made.raw && made.kind == plain }
		if s.UniqueItems && slices.ContainsFunc(list, same) {
			continue
		}
		list = append(list, made)
	}
	return list
}

// parameter makes the value of a parameter; not meaningful if it would take
// knowledge that nobody gave.
func (v valuer) parameter(name string, s *openapi3.Schema) (value string, meaningful bool) {
	s = flat(s)
	switch {
	case s.Type.Is(openapi3.TypeInteger):
		return strconv.FormatInt(v.integer(name, s), 10), true
	case s.Type.Is(openapi3.TypeBoolean):
		return strconv.FormatBool(v.toss(name)), true
	case len(v.known[name]) == 0 && len(s.Enum) == 0 && s.Format == "" && !textual(s):
		return "", false
	default:
		return v.text(name, s), true
	}
}

// text makes text that fits: a value that means something to the server, or one
// that the schema describes, or its example.
func (v valuer) text(name string, s *openapi3.Schema) string {
	s = flat(s)
	draw := func(g *rapid.Generator[string]) string { return g.Draw(v.t, name) }
	switch {
	case len(v.known[name]) > 0:
		return draw(rapid.SampledFrom(v.known[name]))
	case len(s.Enum) > 0:
		return fmt.Sprint(rapid.SampledFrom(s.Enum).Draw(v.t, name))
	case s.Format == "date":
		return draw(moment(time.DateOnly, "1900-01-01T00:00:00Z", "2020-01-01T00:00:00Z"))
	case s.Format == "date-time":
		edges := rapid.SampledFrom([]string{"0000-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999-12:00"})
		return draw(rapid.OneOf(moment(time.RFC3339Nano, "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"), edges))
	case s.Format == "email":
		return draw(rapid.StringMatching(`[a-z0-9]{1,20}(\.[a-z]{1,20})?@[a-z]{1,20}\.example`))
	case s.Format == "uri":
		return draw(rapid.StringMatching(`https://[a-z]{1,20}\.example(:8443)?(/[A-Za-z0-9._~-]{0,20}){0,3}(\?[a-z]{1,8}=[a-z0-9]{0,8})?`))
	case textual(s):
		return draw(plainText(int(s.MinLength), int(*s.MaxLength)))
	case s.Example != nil:
		return fmt.Sprint(s.Example)
	default:
		return draw(plainText(int(max(s.MinLength, 1)), 40))
	}
}

// fewest is how long text may be at least for it to be taken for words of people:
// what is bounded more tightly is a code whose form the schema does not tell.
const fewest = 100

func textual(s *openapi3.Schema) bool { return s.MaxLength != nil && *s.MaxLength >= fewest }

func (v valuer) integer(name string, s *openapi3.Schema) int64 {
	low, high := int64(math.MinInt32), int64(math.MaxInt32)
	if s.Min != nil {
		low = int64(*s.Min)
	}
	if s.Max != nil {
		high = int64(*s.Max)
	}
	return rapid.OneOf(rapid.Just(low), rapid.Just(high), rapid.Int64Range(low, high)).Draw(v.t, name)
}

// plainText is text of people: letters of many scripts, signs and blanks, within
// and at its bounds.
func plainText(low, high int) *rapid.Generator[string] {
	rune1 := rapid.RuneFrom([]rune("abcXYZ019 -_.,:;/?&=#%+'\"\\<>{}[]|~^$@!*()`äßøñ漢字😀𐍈"), unicode.Latin, unicode.Cyrillic, unicode.Arabic, unicode.Han)
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abcdefghij")), low, min(high, low+10), -1)
	longest := rapid.Map(rapid.RuneFrom([]rune("aé漢😀")), func(r rune) string { return strings.Repeat(string(r), high) })
	return rapid.OneOf(letters, rapid.StringOfN(rune1, low, min(high, low+30), -1), longest)
}

// moment is a time between two, in the layout, in any zone.
func moment(layout, from, to string) *rapid.Generator[string] {
	low, _ := time.Parse(time.RFC3339, from)
	high, _ := time.Parse(time.RFC3339, to)
	return rapid.Custom(func(t *rapid.T) string {
		ms := rapid.Int64Range(low.UnixMilli(), high.UnixMilli()).Draw(t, "moment")
		zone := rapid.IntRange(-12*60, 14*60).Draw(t, "minutes east")
		at := time.UnixMilli(ms).UTC()
		if layout == time.RFC3339Nano {
			at = at.In(time.FixedZone("", zone*60))
		}
		return at.Format(layout)
	})
}

// flat is the schema behind one that only adds words to it.
func flat(s *openapi3.Schema) *openapi3.Schema {
	if len(s.AllOf) != 1 {
		return s
	}
	merged := *flat(s.AllOf[0].Value)
	merged.Nullable = merged.Nullable || s.Nullable
	if s.Enum != nil {
		merged.Enum = s.Enum
	}
	if s.Example != nil {
		merged.Example = s.Example
	}
	return &merged
}

func asJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return "null" // values of a document came out of JSON
	}
	return string(raw)
}
