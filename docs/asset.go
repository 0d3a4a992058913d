package docs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/swaggest/swgui/v5/static"
)

// asset is a file of the page.
type asset struct {
	contentType   string
	etag          string
	plain, zipped []byte // zipped is nil if it comes plain
}

// assets gathers the page's own files and those of Swagger UI that it uses, by
// name. Swagger UI's large files come compressed.
func assets() (map[string]asset, error) {
	const html, script, style, image = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/png"
	files := map[string]asset{}
	for _, source := range []struct {
		fs                fs.FS
		path, contentType string
	}{
		{ui, "ui/index.html", html},
		{ui, "ui/init.js", script},
		{ui, "ui/page.css", style},
		{static.FS, "swagger-ui.css.gz", style},
		{static.FS, "swagger-ui-bundle.js.gz", script},
		{static.FS, "favicon-32x32.png", image},
	} {
		body, err := fs.ReadFile(source.fs, source.path)
		if err != nil {
			return nil, fmt.Errorf("docs page: %w", err)
		}
		name, file, err := newAsset(path.Base(source.path), source.contentType, body)
		if err != nil {
			return nil, fmt.Errorf("docs page: %s: %w", source.path, err)
		}
		files[name] = file
	}
	return files, nil
}

func newAsset(name, contentType string, body []byte) (string, asset, error) {
	digest := sha256.Sum256(body)
	file := asset{contentType: contentType, etag: hex.EncodeToString(digest[:8]), plain: body}
	unzippedName, isZipped := strings.CutSuffix(name, ".gz")
	if !isZipped {
		return name, file, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", asset{}, err
	}
	file.zipped = body
	file.plain, err = io.ReadAll(reader)
	return unzippedName, file, err
}

// variant gives the body that suits the caller and sets the headers for it.
func (a asset) variant(header http.Header, gzip bool) []byte {
	header.Set("Content-Type", a.contentType)
	header.Set("Vary", "Accept-Encoding")
	if gzip && a.zipped != nil {
		header.Set("Content-Encoding", "gzip")
		header.Set("ETag", `"`+a.etag+`-gzip"`)
		return a.zipped
	}
	header.Set("ETag", `"`+a.etag+`"`)
	return a.plain
}
