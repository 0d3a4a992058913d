package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers"
)

// composed is what the tests look at of compose.yaml.
type composed struct {
	Services map[string]struct {
		Image       string
		User        string
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
		SecurityOpt []string `yaml:"security_opt"`
		Command     []string
		Environment map[string]string
		Secrets     []string
		Networks    []string
		Volumes     []string
		Configs     []struct{ Source string }
		EnvFile     []struct{ Path string } `yaml:"env_file"`
		Deploy      struct{ Replicas int }
		Healthcheck struct {
			Test    []string
			Disable bool
		}
		DependsOn map[string]struct{ Condition string } `yaml:"depends_on"`
	}
	Configs  map[string]struct{ Content string }
	Secrets  map[string]struct{ File string }
	Volumes  map[string]any
	Networks map[string]any
}

func readCompose(t *testing.T) (c composed) {
	t.Helper()
	raw, err := os.ReadFile("compose.yaml")
	must(t, err)
	must(t, yaml.Unmarshal(raw, &c))
	return c
}

func adapters() (infos []idv.Info) {
	for _, e := range providers.All() {
		infos = append(infos, e.Adapter.Info)
	}
	return infos
}

// isSetting reports whether a variable is one of ours, or names a file for one.
func isSetting(variable string) bool {
	all := config.Core()
	for _, info := range adapters() {
		all = append(all, config.Provider(info)...)
	}
	return slices.ContainsFunc(all, func(s config.Setting) bool {
		return variable == config.Prefix+s.Name || variable == config.Prefix+s.Name+"_FILE"
	})
}

var ours = regexp.MustCompile(`\bBONAFIDE_[A-Z_]+[A-Z]\b`)

// Nothing that is shipped speaks of a variable that there is not.
func TestShippedVariablesAreSettings(t *testing.T) {
	for _, file := range []string{"compose.yaml", "providers.env.example", "Dockerfile", "docs/operations.md"} {
		raw, err := os.ReadFile(file)
		must(t, err)
		found := ours.FindAllString(string(raw), -1)
		if len(found) == 0 {
			t.Errorf("%s names no variable", file)
		}
		for _, variable := range found {
			if !isSetting(variable) {
				t.Errorf("%s speaks of %s, which is not a setting", file, variable)
			}
		}
	}
	example, err := os.ReadFile("providers.env.example")
	must(t, err)
	for _, info := range adapters() {
		for _, s := range info.Settings {
			variable := config.Variable(info.Name, s.Key)
			if s.Required && s.Default == "" && !strings.Contains(string(example), variable+"=") {
				t.Errorf("providers.env.example lacks %s", variable)
			}
		}
	}
}

// imageEnvironment is what the image sets by itself.
func imageEnvironment(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("Dockerfile")
	must(t, err)
	env := map[string]string{}
	_, block, _ := strings.Cut(strings.ReplaceAll(string(raw), "\\\n", " "), "\nENV ")
	line, _, _ := strings.Cut(block, "\n")
	for _, pair := range strings.Fields(line) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	if env["BONAFIDE_LISTEN"] == "" {
		t.Fatalf("the image's environment cannot be read: %q", line)
	}
	return env
}

// What the services are given on top of the image is a configuration without a
// mistake.
func TestComposeIsConfigured(t *testing.T) {
	contents := map[string]string{
		"database_url": "postgres://bonafide:x@postgres:5432/bonafide", "encryption_key": encryptionKey, "bootstrap_api_key": apiKey,
	}
	fallback := regexp.MustCompile(`\$\{\w+:-([^}]*)\}`)
	for name, required := range map[string][]string{"migrate": nil, "bonafide": {config.EncryptionKey}} {
		service := readCompose(t).Services[name]
		env := imageEnvironment(t)
		for variable, value := range service.Environment {
			value = fallback.ReplaceAllString(value, "$1")
			if secret, ok := strings.CutPrefix(value, "/run/secrets/"); ok {
				if !slices.Contains(service.Secrets, secret) {
					t.Errorf("%s is not given the secret %s", name, secret)
				}
				value = filepath.Join(t.TempDir(), secret)
				must(t, os.WriteFile(value, []byte(contents[secret]+"\n"), 0o600))
			}
			env[variable] = value
		}
		var environ []string
		for variable, value := range env {
			environ = append(environ, variable+"="+value)
		}
		c, err := config.Load(config.Source{Environ: environ}, adapters(), required...)
		if err != nil || len(c.Warnings) > 0 || c.DatabaseURL != contents["database_url"] {
			t.Errorf("%s: %v, warnings %v, database %q", name, err, c.Warnings, c.DatabaseURL)
		}
	}
}

// What services refer to is there, and what runs our image may do no more than it
// needs.
func TestComposeHoldsTogether(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s: there is no secret %s", name, secret)
			}
		}
		for _, network := range s.Networks {
			if _, there := c.Networks[network]; !there {
				t.Errorf("%s: there is no network %s", name, network)
			}
		}
		for _, v := range s.Volumes {
			volume, _, _ := strings.Cut(v, ":")
			if _, there := c.Volumes[volume]; !there {
				t.Errorf("%s: there is no volume %s", name, volume)
			}
		}
		for _, file := range s.Configs {
			if c.Configs[file.Source].Content == "" {
				t.Errorf("%s: there is no config %s", name, file.Source)
			}
		}
		for other, d := range s.DependsOn {
			before, there := c.Services[other]
			if !there || d.Condition == "service_healthy" && len(before.Healthcheck.Test) == 0 {
				t.Errorf("%s waits for ever for %s", name, other)
			}
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s may gain privileges", name)
		}
		if !strings.Contains(s.Image, ":") || strings.HasSuffix(s.Image, ":latest") {
			t.Errorf("%s runs any version: %s", name, s.Image)
		}
		if name != "postgres" && (!s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || s.User == "" || strings.HasPrefix(s.User, "0")) {
			t.Errorf("%s may do more than it needs: %+v", name, s)
		}
	}
	server := c.Services["bonafide"]
	if server.Deploy.Replicas != 2 || !slices.Equal(server.Healthcheck.Test, []string{"CMD", "/bonafide", "health"}) {
		t.Errorf("replicas %d, health %v", server.Deploy.Replicas, server.Healthcheck.Test)
	}
	if server.DependsOn["migrate"].Condition != "service_completed_successfully" {
		t.Errorf("it does not wait for the database: %v", server.DependsOn)
	}
	ignored, err := os.ReadFile(".gitignore")
	must(t, err)
	kept, err := os.ReadFile(".dockerignore")
	must(t, err)
	for _, private := range []string{"secrets", "providers.env"} {
		if !strings.Contains(string(ignored), "/"+private) || !strings.Contains(string(kept), private) {
			t.Errorf("%s may get into the repository or into an image", private)
		}
	}
}
