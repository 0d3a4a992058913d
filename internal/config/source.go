package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source is where values come from.
type Source struct {
	Flags   map[string]string // given flags by setting name
	Environ []string          // as os.Environ gives it
	File    string            // the YAML file, empty for none
}

// values looks settings up, and collects what is wrong with them.
type values struct {
	flags    map[string]string
	env      map[string]string
	file     file
	used     map[string]bool
	mistakes []string
}

// file is the YAML file: settings by lower-case name, accounts and routing.
type file struct {
	Settings  map[string]string            `yaml:",inline"`
	Providers map[string]map[string]string `yaml:"providers"`
	Routing   []Rule                       `yaml:"routing"`
	order     []string                     // account names as written
}

func read(src Source) *values {
	v := &values{flags: src.Flags, env: map[string]string{}, used: map[string]bool{}}
	for _, pair := range src.Environ {
		name, value, _ := strings.Cut(pair, "=")
		if rest, ok := strings.CutPrefix(name, Prefix); ok {
			v.env[rest] = value
		}
	}
	if src.File != "" {
		v.readFile(src.File)
	}
	return v
}

func (v *values) wrong(format string, args ...any) {
	v.mistakes = append(v.mistakes, fmt.Sprintf(format, args...))
}

func (v *values) readFile(path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		v.wrong("--config: %v", err)
		return
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		v.wrong("--config %s: %v", path, err)
		return
	}
	v.expand(path, &doc)
	if err := doc.Decode(&v.file); err != nil {
		v.wrong("--config %s: %v", path, err)
	}
	v.file.order = keysOf(&doc, "providers")
}

// expand replaces ${NAME} in every value of the document. It works on parsed
// values, so that a variable cannot change the document's shape.
func (v *values) expand(path string, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${") {
		n.Value = os.Expand(n.Value, func(name string) string {
			value, ok := os.LookupEnv(name)
			if !ok {
				v.wrong("--config %s line %d: ${%s} is not set", path, n.Line, name)
			}
			return value
		})
	}
	for _, child := range n.Content {
		v.expand(path, child)
	}
}

// keysOf gives the keys of a mapping under the document's root, as written.
func keysOf(doc *yaml.Node, name string) []string {
	var keys []string
	if len(doc.Content) == 0 {
		return nil
	}
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != name {
			continue
		}
		for j := 0; j+1 < len(root.Content[i+1].Content); j += 2 {
			keys = append(keys, root.Content[i+1].Content[j].Value)
		}
	}
	return keys
}

// get gives a setting's value: flag, variable, file that a variable names,
// YAML file, default.
func (v *values) get(s Setting) string {
	key := strings.ToLower(s.Name)
	v.used[s.Name], v.used[s.Name+"_FILE"], v.used[key] = true, true, true
	if value, ok := v.flags[s.Name]; ok {
		return value
	}
	if value, ok := v.fromEnv(s.Name); ok {
		return value
	}
	if value, ok := v.file.Settings[key]; ok {
		return value
	}
	return s.Default
}

func (v *values) fromEnv(name string) (string, bool) {
	// An empty variable is how compose files say "not set".
	value := v.env[name]
	given := value != ""
	path := v.env[name+"_FILE"]
	named := path != ""
	switch {
	case given && named:
		v.wrong("%s%s and %[1]s%[2]s_FILE are both set", Prefix, name)
		return value, true
	case named:
		raw, err := os.ReadFile(path)
		if err != nil {
			var pathErr *os.PathError
			if errors.As(err, &pathErr) {
				err = pathErr.Err
			}
			v.wrong("%s%s_FILE: %v", Prefix, name, err)
		}
		return strings.TrimRight(string(raw), "\r\n"), true
	default:
		return value, given
	}
}

// unknown lists the names that were given and that nobody asked for.
func (v *values) unknown() (variables, keys []string) {
	for name := range v.env {
		if !v.used[name] {
			variables = append(variables, name)
		}
	}
	for key := range v.file.Settings {
		if !v.used[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(variables)
	slices.Sort(keys)
	return variables, keys
}
