package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/store"
	"github.com/bonafide-idv/bonafide/internal/token"
)

func (c *command) keys() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "API keys: create, list, revoke; encryption keys: rewrap"}
	cmd.AddCommand(c.keysCreate(), c.keysList(), c.keysRevoke(), c.keysRewrap())
	return cmd
}

// shownKey is a key as the commands print it; times are RFC 3339.
type shownKey struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Key        string      `json:"key,omitempty"`
	Scopes     []idv.Scope `json:"scopes"`
	CreatedAt  *time.Time  `json:"createdAt,omitempty"`
	ExpiresAt  *time.Time  `json:"expiresAt"`
	RevokedAt  *time.Time  `json:"revokedAt,omitempty"`
	LastUsedAt *time.Time  `json:"lastUsedAt,omitempty"`
}

func (c *command) keysCreate() *cobra.Command {
	var name, scopes string
	var expires time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "create --name N --scopes a,b",
		Short: "Make an API key; it is printed once, on the last line",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			granted, err := parseScopes(scopes)
			if err == nil && strings.TrimSpace(name) == "" {
				err = errors.New("--name is required")
			}
			if err == nil && expires < 0 {
				err = errors.New("--expires must not be negative")
			}
			if err != nil {
				return usageError{err}
			}
			return c.withStore(cmd, func(ctx context.Context, st *store.Store) error {
				return c.createKey(ctx, st, name, granted, expires, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "what the key is for")
	cmd.Flags().StringVar(&scopes, "scopes", "", "comma-separated: "+join(idv.Scopes()))
	cmd.Flags().DurationVar(&expires, "expires", 0, "how long it counts, such as 720h; 0 for ever")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (c *command) createKey(ctx context.Context, st *store.Store, name string, scopes []idv.Scope, expires time.Duration, asJSON bool) error {
	key, secret := token.Issue(name, scopes, expires, time.Now())
	if err := st.CreateKey(ctx, key, idv.ActorCLI); err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.stdout).Encode(shownKey{ID: key.ID, Name: name, Key: secret, Scopes: scopes, ExpiresAt: known(key.ExpiresAt)})
	}
	c.printf("%s (%s) may: %s\nIt is shown this once:\n%s\n", key.ID, name, join(scopes), secret)
	return nil
}

func parseScopes(list string) ([]idv.Scope, error) {
	var scopes []idv.Scope
	for part := range strings.SplitSeq(list, ",") {
		scope := idv.Scope(strings.TrimSpace(part))
		if !slices.Contains(idv.Scopes(), scope) {
			return nil, fmt.Errorf("--scopes: %q is none of %s", scope, join(idv.Scopes()))
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}

func (c *command) keysList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the API keys",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd, func(ctx context.Context, st *store.Store) error {
				keys, err := st.Keys(ctx, idv.Page{})
				if err != nil {
					return err
				}
				slices.Reverse(keys) // the newest one is the last to be read
				shown := []shownKey{}
				for _, k := range keys {
					shown = append(shown, shownKey{
						ID: k.ID, Name: k.Name, Scopes: k.Scopes, CreatedAt: known(k.CreatedAt),
						ExpiresAt: known(k.ExpiresAt), RevokedAt: known(k.RevokedAt), LastUsedAt: known(k.LastUsedAt),
					})
				}
				if asJSON {
					return json.NewEncoder(c.stdout).Encode(shown)
				}
				return c.printKeys(shown)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return cmd
}

func (c *command) printKeys(keys []shownKey) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, "ID\tNAME\tSCOPES\tCREATED\tEXPIRES\tREVOKED\tLAST USED"); err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, join(k.Scopes),
			day(k.CreatedAt), day(k.ExpiresAt), day(k.RevokedAt), day(k.LastUsedAt)); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (c *command) keysRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke an API key at once",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !id.Valid("key", args[0]) {
				return usageError{errors.New("give the id of one key; see: bonafide keys list")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withStore(cmd, func(ctx context.Context, st *store.Store) error {
				if err := st.RevokeKey(ctx, args[0], idv.ActorCLI, time.Now().UTC().Truncate(time.Millisecond)); err != nil {
					return fmt.Errorf("key %s: %w", args[0], err)
				}
				c.printf("%s is revoked.\n", args[0])
				return nil
			})
		},
	}
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func day(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format("2006-01-02 15:04")
}

func join(scopes []idv.Scope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return strings.Join(words, ",")
}
