package load

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

var errResponse = errors.New("not an answer that is understood")

// parse reads the answer that data begins with: its status, and how many bytes
// it takes with its body. The length is 0 while that cannot be told yet. Only
// answers that state the length of their body, or can have none, are understood, which all
// servers give here.
func parse(data []byte) (status, length int, err error) {
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, 0, nil
	}
	line, fields, _ := bytes.Cut(data[:end], []byte("\r\n"))
	// "HTTP/1.1 200 OK"
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) || len(line) < 12 {
		return 0, 0, fmt.Errorf("%w: %.40q", errResponse, line)
	}
	status, err = strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %.40q", errResponse, line)
	}
	if status == http.StatusNotModified || status == http.StatusNoContent {
		return status, end + len("\r\n\r\n"), nil // they have no body
	}
	body, err := contentLength(fields)
	return status, end + len("\r\n\r\n") + body, err
}

func contentLength(fields []byte) (int, error) {
	for len(fields) > 0 {
		var field []byte
		field, fields, _ = bytes.Cut(fields, []byte("\r\n"))
		name, value, _ := bytes.Cut(field, []byte(":"))
		if !bytes.EqualFold(name, []byte("Content-Length")) {
			continue
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
		if err != nil {
			return 0, fmt.Errorf("%w: %.40q", errResponse, field)
		}
		return int(n), nil
	}
	return 0, fmt.Errorf("%w: it does not state its length", errResponse)
}
