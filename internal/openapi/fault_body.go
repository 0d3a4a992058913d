package openapi

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// tooLarge is a body that no server of ours takes, whatever it says.
const tooLarge = 1<<20 + 1

// bodyFaults are what can be wrong with a body as a whole.
func bodyFaults() []fault {
	sent := func(d *draft) bool { return d.body != nil }
	strict := func(d *draft) bool { return !d.body.free() }
	// written is a fault of the body that was written down.
	written := func(name string, change func(d *draft, body []byte) []byte) fault {
		return fault{name: name, fits: sent, written: true, do: func(d *draft) bool {
			d.req.Body = change(d, d.req.Body)
			return strict(d)
		}}
	}
	return []fault{
		{name: "no body", fits: sent, written: true, do: func(d *draft) bool {
			d.req.Body = nil
			return len(d.body.schema.Required) > 0
		}},
		written("truncated", func(d *draft, body []byte) []byte {
			return body[:rapid.IntRange(1, len(body)-1).Draw(d.t, "length")]
		}),
		written("something after the body", func(d *draft, body []byte) []byte {
			return append(body, pick(d, "after", "{}", " x", ",", "]", "\x00", "null")...)
		}),
		written("not an object", func(d *draft, _ []byte) []byte {
			return []byte(pick(d, "instead", `[]`, `null`, `"x"`, `0`, `true`, `[{}]`, ` `, `a=b`, `<xml/>`))
		}),
		written("byte order mark", func(_ *draft, body []byte) []byte { return append([]byte("\ufeff"), body...) }),
		written("UTF-16", func(_ *draft, body []byte) []byte {
			var wide []byte
			for _, unit := range utf16.Encode([]rune(string(body))) {
				wide = binary.LittleEndian.AppendUint16(wide, unit)
			}
			return wide
		}),
		written("bytes that are no text", func(d *draft, body []byte) []byte {
			place := rapid.IntRange(0, len(body)).Draw(d.t, "place")
			return append(append(bytes.Clone(body[:place]), pick(d, "bytes", "\xff", "\xc3", "\x80", "\xf8\x88\x80\x80\x80")...), body[place:]...)
		}),
		written("too large", func(_ *draft, body []byte) []byte { return append(body, bytes.Repeat([]byte(" "), tooLarge)...) }),
		written("wrong media type", func(d *draft, body []byte) []byte {
			d.req.Header.Set("Content-Type", pick(d, "media type", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "json", "*/*", "application/json; charset", "text/json"))
			return body
		}),
		written("no media type", func(d *draft, body []byte) []byte {
			d.req.Header.Del("Content-Type")
			return body
		}),
		{name: "unexpected body", written: true, fits: func(d *draft) bool { return d.op.RequestBody == nil }, do: func(d *draft) bool {
			d.req.Header.Set("Content-Type", mediaJSON)
			d.req.Body = []byte(pick(d, "body", `{"reason":"x"}`, `[]`, `{`, `null`, "\xff", `{"id":1,"id":2}`))
			return d.op.documents(http.StatusUnsupportedMediaType)
		}},
	}
}
