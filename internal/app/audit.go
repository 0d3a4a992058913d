package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/store"
)

func (c *command) audit() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Who did what: list, verify"}
	cmd.AddCommand(c.auditList(), c.auditVerify())
	return cmd
}

// shownRecord is a row of the log as the commands print it.
type shownRecord struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Action idv.AuditAction `json:"action"`
	Object string          `json:"object"`
	Hash   string          `json:"hash"`
}

func (c *command) auditList() *cobra.Command {
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List who did what, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usageError{errors.New("--limit must be at least 1")}
			}
			return c.withStore(cmd, func(ctx context.Context, st *store.Store) error {
				records, err := st.AuditLog(ctx, idv.AuditFilter{Limit: limit})
				if err != nil {
					return err
				}
				return c.printRecords(records, asJSON)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func (c *command) printRecords(records []idv.AuditRecord, asJSON bool) error {
	lines := json.NewEncoder(c.stdout)
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(w, "SEQ\tAT\tACTOR\tACTION\tOBJECT")
	}
	for _, r := range records {
		if asJSON {
			if err := lines.Encode(shownRecord{r.Seq, r.At, r.Actor, r.Action, r.Object, hex.EncodeToString(r.Hash)}); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%q\n", r.Seq, r.At.Format(time.RFC3339), r.Actor, r.Action, r.Object)
	}
	return w.Flush()
}

func (c *command) auditVerify() *cobra.Command {
	var noted string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that the audit log is as it was written",
		Long: "Reads the whole audit log and recomputes its chain: no row was changed, added,\n" +
			"removed or put elsewhere. It prints where the log ends; note that outside of the\n" +
			"database now and then, and give it to a later run with --noted, so that not even\n" +
			"who may write to the database can have written the log anew.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			expect, err := parseHead(noted)
			if err != nil {
				return usageError{err}
			}
			return c.withStore(cmd, func(ctx context.Context, st *store.Store) error {
				end, err := st.VerifyAudit(ctx, expect)
				if err != nil {
					return err
				}
				c.printf("The audit log is whole. It ends with\n%d:%s\n", end.Seq, hex.EncodeToString(end.Hash))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&noted, "noted", "", "where an earlier run said that the log ended: NUMBER:HASH")
	return cmd
}

func parseHead(noted string) (head idv.AuditHead, err error) {
	if noted == "" {
		return head, nil
	}
	number, hash, _ := strings.Cut(noted, ":")
	head.Seq, err = strconv.ParseInt(number, 10, 64)
	if err == nil {
		head.Hash, err = hex.DecodeString(hash)
	}
	if err != nil || head.Seq < 0 || len(head.Hash) != 32 {
		return head, errors.New("--noted: give NUMBER:HASH as an earlier run printed it")
	}
	return head, nil
}
