package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/inbox"
	"github.com/bonafide-idv/bonafide/internal/store"
)

// replayFlags choose deliveries and say what to do with them.
type replayFlags struct {
	provider, state, since, session, delivery string
	dryRun, asJSON                            bool
}

func (c *command) replay() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Work kept webhooks again, or tell what that would change",
		Long: "Work kept webhooks again, for instance after an upgrade that knows a new word:\n" +
			"what they say is read anew and replaces the earlier reading. Without a choice it\n" +
			"is all of them. They are queued as POST /v1/webhook-deliveries/{id}/replay does,\n" +
			"and worked by whoever works.\n\n" +
			"--dry-run reads them here and now and tells only what would differ: of sessions\n" +
			"and their users, and of what each delivery is read to say. It writes nothing and\n" +
			"asks no provider. With --json that is one object a line, a summary last.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.filter(time.Now())
			if err != nil {
				return usageError{err}
			}
			return c.runReplay(cmd, filter, f)
		},
	}
	cmd.Flags().StringVar(&f.provider, "provider", "", "only those of this account")
	cmd.Flags().StringVar(&f.state, "state", "", "only those that are received, processed, parked or unmatched")
	cmd.Flags().StringVar(&f.since, "since", "", "only those received since then: 720h ago, or an RFC 3339 time")
	cmd.Flags().StringVar(&f.session, "session", "", "only those that were read to say something about this session")
	cmd.Flags().StringVar(&f.delivery, "delivery", "", "only this one")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "tell what would change, and change nothing")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

// filter reads the choice. The error names each flag that is wrong.
func (f replayFlags) filter(now time.Time) (idv.DeliveryFilter, error) {
	filter := idv.DeliveryFilter{Provider: f.provider, State: idv.DeliveryState(f.state), SessionID: f.session, ID: f.delivery}
	var errs []error
	if f.state != "" && !slices.Contains(idv.DeliveryStates(), filter.State) {
		errs = append(errs, fmt.Errorf("--state: %q is none of %v", f.state, idv.DeliveryStates()))
	}
	if f.session != "" && !id.Valid(id.Session, f.session) {
		errs = append(errs, errors.New("--session: give the id of a session, ses_…"))
	}
	if f.delivery != "" && !id.Valid(id.Delivery, f.delivery) {
		errs = append(errs, errors.New("--delivery: give the id of a delivery, whd_…"))
	}
	if f.since != "" {
		ago, err := time.ParseDuration(f.since)
		if filter.Since = now.Add(-ago); err != nil {
			filter.Since, err = time.Parse(time.RFC3339, f.since)
		}
		if err != nil || ago < 0 {
			errs = append(errs, errors.New("--since: give a duration such as 720h, or a time such as 2026-11-20T09:00:00Z"))
		}
	}
	return filter, errors.Join(errs...)
}

func (c *command) runReplay(cmd *cobra.Command, filter idv.DeliveryFilter, f replayFlags) error {
	var required []string
	if f.dryRun {
		required = append(required, config.EncryptionKey) // webhooks are sealed
	}
	return c.withAccounts(cmd, required, func(ctx context.Context, a *App) error {
		if f.provider != "" && a.accounts.providers[f.provider] == nil {
			return usageError{fmt.Errorf("--provider: no account %q is configured; see: bonafide providers", f.provider)}
		}
		if err := exist(ctx, a.store, filter); err != nil {
			return err
		}
		if f.dryRun {
			return c.rehearse(ctx, a, filter, f.asJSON)
		}
		n, err := inbox.Replay(ctx, a.store, filter, idv.ActorCLI)
		if f.asJSON {
			return errors.Join(err, json.NewEncoder(c.stdout).Encode(map[string]int{"queued": n}))
		}
		c.printf("%s queued.\n", count(n, "delivery is", "deliveries are"))
		return err
	})
}

// exist refuses a choice by an id that nothing has.
func exist(ctx context.Context, st *store.Store, f idv.DeliveryFilter) error {
	if f.SessionID != "" {
		observations, err := st.Observations(ctx, f.SessionID)
		if err == nil && len(observations) == 0 {
			err = idv.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("session %s: %w", f.SessionID, err)
		}
	}
	if f.ID != "" {
		found, err := st.Deliveries(ctx, idv.DeliveryFilter{ID: f.ID})
		if err == nil && len(found) == 0 {
			err = idv.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("delivery %s: %w", f.ID, err)
		}
	}
	return nil
}

func (c *command) rehearse(ctx context.Context, a *App, filter idv.DeliveryFilter, asJSON bool) error {
	rehearsal := inbox.Rehearsal{Inbox: a.inbox, Archive: a.store, ValidFor: a.config.ValidFor}
	tell := c.printDifference
	if asJSON {
		lines := json.NewEncoder(c.stdout)
		tell = func(d inbox.Difference) error { return lines.Encode(d) }
	}
	sum, err := rehearsal.Run(ctx, filter, tell)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(c.stdout).Encode(map[string]inbox.Sum{"summary": sum})
	}
	c.printf("%s read, %d of them otherwise than before: %s and %s would change.\n",
		count(sum.Deliveries, "delivery was", "deliveries were"), sum.Different,
		count(sum.Sessions, "session", "sessions"), count(sum.Users, "user", "users"))
	if sum.Fetches > 0 {
		c.printf("After %s a replay would ask the provider too, whose answer may change more.\n", count(sum.Fetches, "of them", "of them"))
	}
	c.printf("Nothing was written, and no provider was asked.\n")
	return nil
}

func (c *command) printDifference(d inbox.Difference) error {
	name := d.SessionID
	if name == "" {
		name = "about no session of ours"
	}
	c.printf("%s at %s\n", name, d.Provider)
	for _, t := range d.Changes {
		c.printf("  %s: %s → %s\n", t.Field, shown(t.Before), shown(t.After))
	}
	for _, one := range d.Deliveries {
		c.printf("  %s\n", one.ID)
		for _, t := range one.Changes {
			c.printf("    %s: %s → %s\n", t.Field, shown(t.Before), shown(t.After))
		}
		if one.Fetch {
			c.printf("    (the provider would be asked, and its answer may change more)\n")
		}
	}
	return nil
}

func shown(value string) string {
	if value == "" {
		return "–"
	}
	return value
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
