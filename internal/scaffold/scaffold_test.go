package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	// What the new provider is made of, so that a test that passed is run again
	// when any of it changes.
	_ "github.com/bonafide-idv/bonafide/internal/country"
	_ "github.com/bonafide-idv/bonafide/internal/emulator"
	_ "github.com/bonafide-idv/bonafide/internal/httpclient"
	_ "github.com/bonafide-idv/bonafide/providers/providertest"
)

// TestNewProviderPassesItsSuite makes a provider as a person does, in a module of
// its own that stands in its place, and has the go command vet and test it.
func TestNewProviderPassesItsSuite(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "providers", "acme2")
	if err := os.Mkdir(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"acme2"}, root, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	for _, line := range []string{
		"\t" + `"github.com/bonafide-idv/bonafide/providers/acme2"` + "\n",
		"\t" + `acme2emulator "github.com/bonafide-idv/bonafide/providers/acme2/emulator"` + "\n",
		"\t\t{Adapter: acme2.Adapter(), Emulator: acme2emulator.New, DevSettings: acme2emulator.Settings},\n",
	} {
		if !strings.Contains(stdout.String(), line) {
			t.Errorf("it does not say to add %q:\n%s", line, &stdout)
		}
	}
	asModule(t, dir, "acme2")
	for _, args := range [][]string{{"vet", "./..."}, {"test", "-count=1", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off", "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// asModule makes the folder a module whose path is the folder's place in ours,
// so that it may import what is internal here, with the same dependencies.
func asModule(t *testing.T, dir, name string) {
	t.Helper()
	ours, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(ours, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	line := "module " + module + "\n"
	if !bytes.HasPrefix(mod, []byte(line)) {
		t.Fatalf("go.mod does not begin with %q", line)
	}
	mod = fmt.Appendf(bytes.TrimPrefix(mod, []byte(line)), "\nrequire %[1]s v0.0.0\nreplace %[1]s => %[2]q\nmodule %[1]s/providers/%[3]s\n", module, ours, name)
	sum, err := os.ReadFile(filepath.Join(ours, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string][]byte{"go.mod": mod, "go.sum": sum} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestItIsAllThere: every part that an adapter has.
func TestItIsAllThere(t *testing.T) {
	files, err := describe("acme").files()
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(files))
	for _, want := range []string{
		"acme.go", "client.go", "mapping.go", "webhook.go", "suite_test.go", "README.md", "emulator/emulator.go",
		"testdata/start/plain.json", "testdata/fetch/approved.json", "testdata/webhook/declined.json",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not among %v", want, names)
		}
	}
	odd := regexp.MustCompile(`\[\[|\]\]|NAME|<no value>`)
	for name, content := range files {
		if odd.Match(content) || odd.MatchString(name) || !bytes.HasSuffix(content, []byte("\n")) {
			t.Errorf("%s is not rendered to its end", name)
		}
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	root := t.TempDir()
	kept := filepath.Join(root, "providers", "acme", "acme.go")
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"acme"}, root, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "there already") || stdout.Len() > 0 {
		t.Errorf("exit code %d, %s%s", code, &stdout, &stderr)
	}
	if content, err := os.ReadFile(kept); err != nil || string(content) != "mine" {
		t.Errorf("%q, %v", content, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(kept)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{
		"", "a", "Acme", "acme-id", "acme_id", "1acme", "../acme", "acme/emulator", "açme", strings.Repeat("a", 33),
		"func", "type", "string", "error", "http", "idv", "time", "emulator", "shared", "settings", "suite", "providertest",
		"internal", "vendor", "testdata", "main",
	} {
		if _, err := newProvider(name); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
	for _, name := range []string{"acme", "acme2", "id", "kora", strings.Repeat("a", 32)} {
		if p, err := newProvider(name); err != nil || p.Name != name {
			t.Errorf("%q: %v", name, err)
		}
	}
	var stdout, stderr bytes.Buffer
	for _, args := range [][]string{nil, {""}, {"a", "b"}, {"Acme"}} {
		if code := run(args, t.TempDir(), &stdout, &stderr); code != 2 {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
}
