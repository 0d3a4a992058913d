package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/session"
)

func (c *command) sessions() *cobra.Command {
	cmd := &cobra.Command{Use: "sessions", Short: "Creates whose answer was lost: list, settle"}
	cmd.AddCommand(c.sessionsUnsettled(), c.sessionsSettle())
	return cmd
}

// unsettledSession is a session as the command prints it; times are RFC 3339.
type unsettledSession struct {
	ID             string     `json:"id"`
	Provider       string     `json:"provider"`
	ExternalUserID string     `json:"externalUserId"`
	Status         idv.Status `json:"status"`
	CreatedAt      time.Time  `json:"createdAt"`
}

func (c *command) sessionsUnsettled() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "unsettled",
		Short: "List the sessions whose create may have bought something that nobody found",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withAccounts(cmd, []string{config.EncryptionKey}, func(ctx context.Context, a *App) error {
				sessions, err := a.store.Sessions(ctx, idv.SessionFilter{Unsettled: true})
				if err != nil {
					return err
				}
				list := []unsettledSession{}
				for _, x := range sessions {
					list = append(list, unsettledSession{x.ID, x.Provider, x.ExternalUserID, x.State.Status, x.CreatedAt})
				}
				if asJSON {
					return json.NewEncoder(c.stdout).Encode(list)
				}
				return c.printUnsettled(list)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return cmd
}

func (c *command) printUnsettled(list []unsettledSession) error {
	if len(list) == 0 {
		c.printf("Every create is settled.\n")
		return nil
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tPROVIDER\tUSER\tSTATUS\tCREATED")
	for _, x := range list {
		fmt.Fprintf(w, "%s\t%s\t%q\t%s\t%s\n", x.ID, x.Provider, x.ExternalUserID, x.Status, x.CreatedAt.Format(time.RFC3339))
	}
	return w.Flush()
}

func (c *command) sessionsSettle() *cobra.Command {
	var ref string
	var nothing bool
	cmd := &cobra.Command{
		Use:   "settle SESSION --ref PROVIDER_SESSION_ID | --nothing",
		Short: "Say what became of a create whose answer was lost",
		Long: "Say what became of a create whose answer was lost, after a look into the\n" +
			"provider's own records. --ref is the provider's id of what was found there: the\n" +
			"provider is then asked how it stands. --nothing says that the provider has none;\n" +
			"the session stays as it ended and is not listed any more.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !id.Valid(id.Session, args[0]) {
				return usageError{errors.New("give the id of one session; see: bonafide sessions unsettled")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ref = strings.TrimSpace(ref)
			if (ref != "") == nothing {
				return usageError{errors.New("give either --ref or --nothing")}
			}
			return c.withAccounts(cmd, []string{config.EncryptionKey}, func(ctx context.Context, a *App) error {
				return c.settle(ctx, a, args[0], idv.Ref(ref))
			})
		},
	}
	cmd.Flags().StringVar(&ref, "ref", "", "the provider's id of the session that the create made")
	cmd.Flags().BoolVar(&nothing, "nothing", false, "the provider has no such session")
	return cmd
}

func (c *command) settle(ctx context.Context, a *App, sessionID string, ref idv.Ref) error {
	if ref == "" {
		x, err := a.sessions.Dismiss(ctx, sessionID)
		if err != nil {
			return fmt.Errorf("session %s: %w", sessionID, refusal(err))
		}
		c.printf("%s is settled: the provider has nothing of it. It stays %s.\n", x.ID, x.State.Status)
		return nil
	}
	x, err := a.sessions.Link(ctx, sessionID, ref)
	if err != nil {
		return fmt.Errorf("session %s: %w", sessionID, refusal(err))
	}
	c.printf("%s is linked to what %s calls %s. The provider is asked how it stands as soon as a server works.\n", x.ID, x.Provider, x.Ref)
	return nil
}

// refusal says for an operator what stands in the way.
func refusal(err error) error {
	var conflict *session.ConflictError
	if !errors.As(err, &conflict) {
		return err
	}
	switch conflict.Kind {
	case session.ConflictLinked:
		return errors.New("its provider has confirmed it")
	case session.ConflictSettled:
		return errors.New("there is nothing to settle")
	case session.ConflictUnsettled:
		return fmt.Errorf("it is still being settled; try again in %s", conflict.RetryAfter)
	default:
		return err
	}
}
