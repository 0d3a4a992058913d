package app

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// shownRewrap is what was sealed anew, as the command prints it.
type shownRewrap struct {
	Users     int `json:"users"`
	Webhooks  int `json:"webhooks"`
	Endpoints int `json:"endpoints"`
	Answers   int `json:"answers"`
	Older     int `json:"older"`
}

func (c *command) keysRewrap() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rewrap",
		Short: "Seal everything with the first encryption key, so that the others can go",
		Long: "Seals anew what is sealed with another key than the first one of\n" +
			"BONAFIDE_ENCRYPTION_KEY: the keys of users and of webhooks, secrets of endpoints,\n" +
			"answers that are kept for a repetition. It may run beside servers that have the\n" +
			"same list of keys, and may be stopped and run again. When it is done, the other\n" +
			"keys can be taken out of the list everywhere.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withAccounts(cmd, []string{config.EncryptionKey}, func(ctx context.Context, a *App) error {
				if err := a.checkKeys(ctx); err != nil {
					return err
				}
				done, err := a.store.Rewrap(ctx, idv.ActorCLI)
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(c.stdout).Encode(shownRewrap(done))
				}
				c.printf("Sealed anew: %s, %s, %s, %s.\n", count(done.Users, "user's key", "users' keys"), count(done.Webhooks, "webhook's key", "webhooks' keys"),
					count(done.Endpoints, "endpoint's secrets", "endpoints' secrets"), count(done.Answers, "answer", "answers"))
				if done.Older > 0 {
					c.printf("%s of before there were keys of users and webhooks.\n", count(done.Older, "value was", "values were"))
				}
				c.printf("Everything is sealed with the first key. The others can be taken out of the list.\n")
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
