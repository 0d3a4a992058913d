package app

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/token"
)

func (c *command) dev() *cobra.Command {
	return &cobra.Command{
		Use:   "dev",
		Short: "Everything on this laptop, no account anywhere",
		Long: "Everything on this laptop, no account anywhere: all providers are answered by\n" +
			"built-in emulators, the database is made and brought to this version, and a\n" +
			"development key is printed with a request to paste. Settings of providers are\n" +
			"ignored, so that nothing here can ever reach a real one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runDev(cmd) },
	}
}

func (c *command) runDev(cmd *cobra.Command) error {
	ctx := cmd.Context()
	cfg, log, err := c.load(cmd)
	if err != nil {
		return err
	}
	cfg.Sandbox = true
	if err := devSecrets(&cfg); err != nil {
		return err
	}
	l, err := listen(ctx, cfg.Listen, "listen")
	if err != nil {
		return err
	}
	base := publicURL(cfg, l)
	emulators := startEmulators(base+emulatorPath, func(name string) string { return base + "/v1/webhooks/" + name }, nil, log)
	defer emulators.Close()
	cfg.Accounts, cfg.Routing = emulators.accounts(), nil
	if len(cfg.EndpointAllow) == 0 {
		cfg.EndpointAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}

	a, err := c.openApp(ctx, cfg, base, true, log)
	if err != nil {
		return err
	}
	defer a.store.Close()
	if err := a.prepare(ctx); err != nil {
		return err
	}
	tracer := newTracer(cfg, c.version, log)
	defer tracer.Stop(ctx)
	a.follow(tracer)
	c.greet(base, cfg.BootstrapAPIKey, a.accounts.names)
	return a.run(ctx, l, emulators.beside(a.handler()), parts{api: true, workers: true})
}

// devFile keeps what dev makes, so that a database and a pasted request still
// work after a restart.
type devFile struct {
	EncryptionKey string `json:"encryptionKey"`
	APIKey        string `json:"apiKey"`
}

// devSecrets fills in the secrets that nobody set.
func devSecrets(cfg *config.Config) error {
	if cfg.BootstrapAPIKey != "" && len(cfg.EncryptionKeys) > 0 {
		return nil
	}
	path := devPath(cfg.DatabaseURL)
	kept, err := readDevFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		kept, err = makeDevFile(path)
	}
	if err != nil {
		return err
	}
	if cfg.BootstrapAPIKey == "" {
		cfg.BootstrapAPIKey = kept.APIKey
	}
	if len(cfg.EncryptionKeys) == 0 {
		key, err := base64.StdEncoding.DecodeString(kept.EncryptionKey)
		if err != nil {
			return fmt.Errorf("%s is damaged; remove it together with the database", path)
		}
		cfg.EncryptionKeys = [][]byte{key}
	}
	return nil
}

// devPath is beside the database, whose contents the key opens.
func devPath(databaseURL string) string {
	const name = "bonafide.dev.json"
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		return filepath.Join(filepath.Dir(path), name)
	}
	return name
}

func readDevFile(path string) (devFile, error) {
	var kept devFile
	raw, err := os.ReadFile(path)
	if err != nil {
		return kept, err
	}
	if json.Unmarshal(raw, &kept) != nil || kept.APIKey == "" || kept.EncryptionKey == "" {
		return kept, fmt.Errorf("%s is damaged; remove it together with the database", path)
	}
	return kept, nil
}

func makeDevFile(path string) (devFile, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	kept := devFile{EncryptionKey: base64.StdEncoding.EncodeToString(key), APIKey: token.New()}
	raw, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return kept, err
	}
	return kept, os.WriteFile(path, append(raw, '\n'), 0o600)
}

func (c *command) greet(base, key string, providers []string) {
	c.printf(`bonafide is running, with nothing but this laptop.

  API        %[1]s/v1
  Docs       %[1]s/docs
  Key        %[2]s
  Providers  %[3]s (built-in emulators)

Create a session, open its launch.url in a browser, and decide:

  curl -s %[1]s/v1/sessions -H 'Authorization: Bearer %[2]s' -H 'Content-Type: application/json' -d '{"externalUserId":"user-42","provider":"%[4]s"}'

Then read the user's status:

  curl -s %[1]s/v1/users/user-42/verification -H 'Authorization: Bearer %[2]s'

A user whose id begins with test-approve- (or test-reject-, test-review-, …) is decided without a browser.
`, base, key, strings.Join(providers, ", "), providers[0])
}
