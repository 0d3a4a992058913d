package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed template
var templates embed.FS

// files renders the templates: contents by path in the provider's folder.
func (p provider) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(templates, "template", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		source, err := templates.ReadFile(file)
		if err != nil {
			return err
		}
		// Go and JSON are full of braces.
		view, err := template.New(file).Delims("[[", "]]").Option("missingkey=error").Parse(string(source))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := view.Execute(&b, p); err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(file, "template/"), ".tmpl")
		name = strings.ReplaceAll(name, "NAME", p.Name)
		files[name] = b.Bytes()
		if path.Ext(name) == ".go" {
			// The order of imports depends on the name.
			files[name], err = format.Source(b.Bytes())
		}
		return err
	})
	return files, err
}

// words are all names that the rendered code uses for something: a package of
// that name would not compile.
func words() (map[string]bool, error) {
	const nobody = "nobodyhasthisname"
	files, err := describe(nobody).files()
	if err != nil {
		return nil, err
	}
	words := map[string]bool{}
	for name, source := range files {
		if path.Ext(name) != ".go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, spec := range parsed.Imports {
			words[path.Base(strings.Trim(spec.Path.Value, `"`))] = true
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				words[id.Name] = true
			}
			return true
		})
	}
	return words, nil
}

// write makes the folder, which must not be there yet.
func (p provider) write(dir string) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", dir)
	} else if err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
