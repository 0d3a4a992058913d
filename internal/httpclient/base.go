package httpclient

import (
	"errors"
	"net/url"
	"strings"
)

// BaseURL checks an API root from an operator's settings and returns it without
// a slash at its end. The error never shows the value.
func BaseURL(root string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(root))
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("not an absolute http(s) URL")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return "", errors.New("a base URL has no user, query or fragment")
	}
	return strings.TrimRight(u.String(), "/"), nil
}
