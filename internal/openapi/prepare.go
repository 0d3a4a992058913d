package openapi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// prepare rewrites what the converter would lose or misread: words beside a
// reference, examples of parameters, and Go packages in the names of schemas.
func prepare(swagger []byte) ([]byte, error) {
	var tree map[string]any
	if err := json.Unmarshal(swagger, &tree); err != nil {
		return nil, err
	}
	definitions, _ := tree["definitions"].(map[string]any)
	named := map[string]any{}
	for name, schema := range definitions {
		short := withoutPackage(name)
		if _, taken := named[short]; taken {
			return nil, fmt.Errorf("two schemas are named %s: give one of them a @name", short)
		}
		named[short] = schema
	}
	tree["definitions"] = named
	return json.Marshal(prepareNode(tree))
}

func prepareNode(node any) any {
	switch node := node.(type) {
	case map[string]any:
		return prepareObject(node)
	case []any:
		for i, v := range node {
			node[i] = prepareNode(v)
		}
	}
	return node
}

func prepareObject(node map[string]any) any {
	for k, v := range node {
		node[k] = prepareNode(v)
	}
	if contact, ok := node["contact"].(map[string]any); ok && len(contact) == 0 {
		delete(node, "contact")
	}
	if isParameter(node) && node["example"] != nil {
		// Only extensions of a parameter survive the conversion.
		node[extensionExample] = node["example"]
	}
	return prepareReference(node)
}

// prepareReference keeps words that stand beside a reference, where readers
// must ignore them.
func prepareReference(node map[string]any) any {
	ref, ok := node["$ref"].(string)
	if !ok {
		return node
	}
	node["$ref"] = "#/definitions/" + withoutPackage(strings.TrimPrefix(ref, "#/definitions/"))
	if len(node) == 1 {
		return node
	}
	beside := map[string]any{"allOf": []any{map[string]any{"$ref": node["$ref"]}}}
	for k, v := range node {
		if k != "$ref" {
			beside[k] = v
		}
	}
	return beside
}

// isParameter tells a parameter from a schema: its in and name are texts.
func isParameter(node map[string]any) bool {
	_, in := node["in"].(string)
	_, name := node["name"].(string)
	return in && name
}

func withoutPackage(name string) string {
	return name[strings.LastIndexByte(name, '.')+1:]
}
