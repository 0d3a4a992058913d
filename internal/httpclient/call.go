package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/go-resty/resty/v2"
)

// call is one Read or Write.
type call struct {
	method, path string
	read         bool
	body         any
	header       http.Header
	sign         func(body []byte) http.Header
}

// Option changes one call.
type Option func(*call)

// Header adds a header to the call.
func Header(key, value string) Option {
	return func(c *call) {
		if c.header == nil {
			c.header = http.Header{}
		}
		c.header.Set(key, value)
	}
}

// Sign adds the headers that sign returns for the exact bytes of the body that
// is sent, nil for none.
func Sign(sign func(body []byte) http.Header) Option {
	return func(c *call) { c.sign = sign }
}

// Post makes a Read a POST with the given body, for providers that are asked
// by POST. It is repeated like any other Read.
func Post(body any) Option {
	return func(c *call) { c.method, c.body = http.MethodPost, body }
}

func (c *call) request(ctx context.Context, via *resty.Client) (*resty.Request, error) {
	req := via.R().SetContext(ctx)
	body, err := encode(c.body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.SetBody(body).SetHeader("Content-Type", "application/json")
	}
	for key, values := range c.header {
		req.Header[key] = values
	}
	if c.sign != nil {
		for key, values := range c.sign(body) {
			req.Header[http.CanonicalHeaderKey(key)] = values
		}
	}
	return req, nil
}

// encode gives the bytes to send, nil for none.
func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return body, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(body) != nil {
		// The cause could quote what was to be sent.
		return nil, errors.New("the request cannot be written as JSON")
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// decode reads a JSON answer into out, nothing into nil. The cause is left out
// of its error because it could quote the answer.
func decode(body []byte, out any) error {
	if out == nil {
		return nil
	}
	if json.Unmarshal(body, out) != nil {
		return errUnreadable
	}
	return nil
}

var errUnreadable = errors.New("the answer cannot be read")
