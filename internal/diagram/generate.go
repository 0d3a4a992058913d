package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/bonafide-idv/bonafide/internal/arch"
)

const (
	statesPage       = "docs/states.md"
	architecturePage = "docs/architecture.md"
	vocabulary       = "internal/idv/status.go"
)

// generate gives the text of each page by its name in the module.
func generate(module fs.FS, g graph) (map[string][]byte, error) {
	source, err := fs.ReadFile(module, vocabulary)
	if err != nil {
		return nil, err
	}
	meanings, err := meaningsIn(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", vocabulary, err)
	}
	states, err := renderStates(g, meanings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statesPage, err)
	}
	pages := map[string][]byte{statesPage: states}

	page, err := fs.ReadFile(module, architecturePage)
	if errors.Is(err, fs.ErrNotExist) {
		return pages, nil
	}
	if err != nil {
		return nil, err
	}
	if pages[architecturePage], err = replaceBlock(page, "imports", arch.Table()); err != nil {
		return nil, fmt.Errorf("%s: %w", architecturePage, err)
	}
	return pages, nil
}

// replaceBlock puts the text between the markers of that name.
func replaceBlock(page []byte, name, text string) ([]byte, error) {
	begin, end := []byte("<!-- "+name+":begin -->"), []byte("<!-- "+name+":end -->")
	before, rest, found := bytes.Cut(page, begin)
	if !found {
		return nil, fmt.Errorf("has no %s", begin)
	}
	_, after, found := bytes.Cut(rest, end)
	if !found {
		return nil, fmt.Errorf("has no %s after %s", end, begin)
	}
	return bytes.Join([][]byte{before, begin, []byte("\n" + text), end, after}, nil), nil
}
