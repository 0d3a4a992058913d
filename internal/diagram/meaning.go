package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// meanings are the comments beside the constants, by type and value.
type meanings map[string]map[string]string

// meaningsIn reads them off the source of the vocabulary.
func meaningsIn(source []byte) (meanings, error) {
	file, err := parser.ParseFile(token.NewFileSet(), vocabulary, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	m := meanings{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || spec.Comment == nil {
			return true
		}
		of, isNamed := spec.Type.(*ast.Ident)
		literal, isLiteral := spec.Values[0].(*ast.BasicLit)
		if !isNamed || !isLiteral {
			return true
		}
		if value, err := strconv.Unquote(literal.Value); err == nil {
			if m[of.Name] == nil {
				m[of.Name] = map[string]string{}
			}
			m[of.Name][value] = strings.TrimSpace(spec.Comment.Text())
		}
		return true
	})
	return m, nil
}
