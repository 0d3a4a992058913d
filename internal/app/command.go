package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bonafide-idv/bonafide/internal/config"
)

// command is one run of the program.
type command struct {
	version string
	environ []string // NAME=value
	stdout  io.Writer
	stderr  io.Writer
	file    string // --config
}

// Main runs the program with its arguments and its environment (NAME=value), and
// gives its exit code: 2 for a mistake in how it was called or configured, 1 for
// anything else that went wrong.
func Main(ctx context.Context, version string, args, environ []string, stdout, stderr io.Writer) int {
	c := &command{version: version, environ: environ, stdout: stdout, stderr: stderr}
	root := &cobra.Command{
		Use:   "bonafide",
		Short: "One REST API in front of many identity-verification providers",
		Long: "One REST API in front of many identity-verification providers.\n\n" +
			"Every flag is also a variable: --database-url is BONAFIDE_DATABASE_URL, and\n" +
			"BONAFIDE_DATABASE_URL_FILE names a file that holds the value. A flag beats a\n" +
			"variable, a variable beats the file of --config.",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.PersistentFlags().StringVar(&c.file, "config", c.variable("CONFIG"), "a YAML file with what does not fit variables (several accounts, routing)")
	for _, s := range settings() {
		usage := s.Help
		if s.Secret {
			usage += " [secret: better by variable or file]"
		}
		root.PersistentFlags().String(s.Flag(), s.Default, usage)
	}
	root.AddCommand(c.dev(), c.serve(), c.migrate(), c.keys(), c.providers(), c.sessions(), c.replay(), c.audit(), c.emulate(), c.health())
	root.CompletionOptions.HiddenDefaultCmd = true

	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "bonafide: "+err.Error())
	var mistakes config.Mistakes
	var usage usageError
	if errors.As(err, &mistakes) || errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown ") {
		return 2
	}
	return 1
}

// variable gives the value of a variable of ours, named without its prefix.
func (c *command) variable(name string) (value string) {
	for _, v := range c.environ {
		if found, ok := strings.CutPrefix(v, config.Prefix+name+"="); ok {
			value = found
		}
	}
	return value
}

// usageError is a mistake in how a command was called.
type usageError struct{ error }

// settings are those of the server and of every provider.
func settings() []config.Setting {
	list := config.Core()
	for _, info := range infos() {
		list = append(list, config.Provider(info)...)
	}
	return list
}

// load reads the configuration that a command was given.
func (c *command) load(cmd *cobra.Command, required ...string) (config.Config, *slog.Logger, error) {
	src := config.Source{Flags: map[string]string{}, Environ: c.environ, File: c.file}
	byFlag := map[string]string{}
	for _, s := range settings() {
		byFlag[s.Flag()] = s.Name
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if name, ok := byFlag[f.Name]; ok {
			src.Flags[name] = f.Value.String()
		}
	})
	cfg, err := config.Load(src, infos(), required...)
	log := slog.New(slog.NewJSONHandler(c.stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	if err == nil {
		for _, w := range cfg.Warnings {
			log.Warn(w)
		}
	}
	return cfg, log, err
}

func (c *command) printf(format string, args ...any) {
	// Nothing can be done about a standard output that is gone.
	_, _ = fmt.Fprintf(c.stdout, format, args...)
}
