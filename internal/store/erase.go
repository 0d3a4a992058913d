package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// EraseUser removes all that is personal of a user, and destroys the key with
// which it was sealed, so that no copy of it can be read either. What is left are
// tombstones: that there were sessions, where, and what became of them. Providers
// are asked by the jobs that the request plans. A user whose data was erased, and
// of whom nothing was begun since, is answered as before. It is idv.ErrHeld if
// the user is on legal hold.
func (s *Store) EraseUser(ctx context.Context, req idv.EraseRequest) (idv.Erasure, error) {
	var erasure idv.Erasure
	err := s.write(ctx, func(tx *gorm.DB) error {
		a, err := s.lockAccount(tx, req.ExternalUserID, all)
		if err != nil {
			return err
		}
		switch {
		case a.user.HeldSince != nil && !req.Again:
			return idv.ErrHeld
		case a.user.ErasedAt == nil:
			if err := s.erase(a, req); err != nil {
				return err
			}
		}
		erasure.ExternalUserID, erasure.ErasedAt = a.user.ExternalUserID, timeOf(a.user.ErasedAt)
		erasure.KeyID = wordOf[string](a.user.ErasedKey)
		erasure.Providers, err = erasuresOf(tx, a.user.ExternalUserID)
		return err
	})
	if err == nil {
		err = s.scrub(ctx)
	}
	return erasure, failed("erase a user", err)
}

// scrub has no trace left in a SQLite file of what was overwritten in it: its
// journal still holds it. PostgreSQL's own housekeeping does the same for it.
func (s *Store) scrub(ctx context.Context) error {
	if s.engine != sqliteEngine {
		return nil
	}
	return s.alone(ctx).Exec("PRAGMA wal_checkpoint(TRUNCATE)").Error
}

func (s *Store) erase(a *account, req idv.EraseRequest) error {
	var ids []string
	var jobs []idv.Job
	for i := range a.sessions {
		row := &a.sessions[i]
		if row.RedactedAt != nil {
			continue
		}
		x, err := row.bare()
		if err != nil {
			return err
		}
		if err := s.redact(a, row); err != nil {
			return fmt.Errorf("redact session %s: %w", row.ID, err)
		}
		asked, err := a.planErasure(*row, req.Plan(x))
		if err != nil {
			return err
		}
		ids = append(ids, row.ID)
		jobs = append(jobs, req.Jobs(asked)...)
	}
	if err := s.forget(a, ids); err != nil {
		return err
	}
	a.user.ErasedKey = a.user.KeyID
	a.user.KeyID, a.user.WrappedKey, a.key = nil, nil, nil
	a.user.ErasedAt, a.user.HeldSince = &a.now, nil
	a.tell(idv.UserErased, nil, "erased", a.user.Version+1)
	if _, err := a.refold(s.validFor); err != nil {
		return err
	}
	if err := s.insertJobs(a.tx, jobs...); err != nil {
		return err
	}
	return s.audit(a.tx, &idv.AuditEntry{Actor: req.By, Action: idv.AuditUserErased, Object: a.user.ExternalUserID})
}

// redact makes a tombstone of a session: one that was open ends.
func (s *Store) redact(a *account, row *sessionRow) error {
	var ending []idv.Observation
	if row.open() {
		ending = append(ending, idv.Observation{
			Fingerprint: "erase", Source: idv.SourceOperator, HeardAt: a.now, Status: idv.Canceled, Why: "the person's data was erased",
		})
	}
	if _, _, err := hear(a.tx, row.ID, ending, a.now); err != nil {
		return err
	}
	said, err := withoutTexts(a.tx, row.ID)
	if err != nil {
		return err
	}
	before, err := row.bare()
	if err != nil {
		return err
	}
	after := before
	after.State, after.RedactedAt, after.UpdatedAt = idv.Fold(said), a.now, a.now
	next, err := s.sessionRow(a, after)
	if err != nil {
		return err
	}
	if next.Version = row.Version; next.Status != row.Status {
		next.Version++
		a.tellSession(next)
	}
	*row = next
	return a.tx.Select("*").Updates(row).Error
}

// withoutTexts removes from what was said about a session all but what it did to
// its status, and gives what is left.
func withoutTexts(tx *gorm.DB, sessionID string) ([]idv.Observation, error) {
	rows, err := observationRows(tx, sessionID)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		row := &rows[i]
		row.Reasons, row.Why, row.DocumentExpiresAt = "[]", "", nil
		if row.Notice != nil {
			var notice idv.Notice
			if err := json.Unmarshal([]byte(*row.Notice), &notice); err != nil {
				return nil, err
			}
			text, err := json.Marshal(idv.Notice{Kind: notice.Kind})
			if err != nil {
				return nil, err
			}
			bare := string(text)
			row.Notice = &bare
		}
		if err := tx.Select("*").Updates(row).Error; err != nil {
			return nil, err
		}
	}
	return observationsOf(rows)
}

// forget removes what else is kept of the sessions: results, webhooks, answers to
// requests. Tasks that asked for it are done.
func (s *Store) forget(a *account, sessions []string) error {
	if len(sessions) > 0 {
		if err := a.tx.Where("session_id IN ?", sessions).Delete(&resultRow{}).Error; err != nil {
			return fmt.Errorf("remove results: %w", err)
		}
		if err := a.tx.Where("session_id IN ?", sessions).Delete(&idempotencyRow{}).Error; err != nil {
			return fmt.Errorf("remove answers: %w", err)
		}
		gone := withoutWebhook(a.now)
		gone["reason"] = ""
		said := a.tx.Model(&observationRow{}).Select("delivery_id").Where("session_id IN ?", sessions)
		for _, which := range []*gorm.DB{
			a.tx.Where("id IN (?)", said),
			a.tx.Where("state <> 'processed' AND session_id IN ?", sessions), // matched, and never read to say anything
		} {
			if err := which.Model(&deliveryRow{}).Where("gone_at IS NULL").UpdateColumns(gone).Error; err != nil {
				return fmt.Errorf("remove webhooks: %w", err)
			}
		}
	}
	err := a.tx.Model(&taskRow{}).Where("external_user_id = ? AND done_at IS NULL AND kind = ?", a.user.ExternalUserID, string(idv.TaskDataErasure)).
		UpdateColumns(map[string]any{"done_at": a.now, "done_by": "erasure"}).Error
	if err != nil {
		return fmt.Errorf("finish privacy tasks: %w", err)
	}
	return nil
}

// changeRedacted takes in what is learned about a person whose data was erased:
// nothing, but for what became of a session that was being made, which may have to
// be erased at the provider, and for what the person asks for.
func (s *Store) changeRedacted(a *account, row *sessionRow, x idv.Session, c idv.Change) (idv.Session, error) {
	if err := a.addTasks(*row, c.Observations); err != nil || row.Ref != nil {
		return x, err
	}
	switch {
	case c.Started != nil && c.Started.Ref != "":
		x.Ref, row.Ref = c.Started.Ref, perhapsWord(c.Started.Ref)
		err := a.learned(row, "ref", row.Ref, idv.ProviderErasure{
			Outcome: idv.EraseRequested, Detail: "the provider confirmed it after the erasure; it is asked to erase it",
		})
		if err != nil {
			return x, err
		}
		return x, s.insertJobs(a.tx, idv.Job{Kind: idv.JobErase, ID: row.ID})
	case c.StartUnanswered:
		return x, a.learned(row, "start_unanswered", true, idv.NobodyKnows())
	case slices.ContainsFunc(c.Observations, func(o idv.Observation) bool { return o.Source == idv.SourceCreate && o.Status == idv.Failed }):
		return x, a.learned(row, "start_unanswered", false, idv.NeverThere())
	}
	return x, nil
}

// learned writes down what became of a session that was being made when its user
// was erased, and what that means for the erasure at the provider.
func (a *account) learned(row *sessionRow, column string, value any, e idv.ProviderErasure) error {
	if err := a.tx.Model(&sessionRow{}).Where("id = ?", row.ID).UpdateColumn(column, value).Error; err != nil {
		return fmt.Errorf("write a tombstone: %w", err)
	}
	e.SessionID = row.ID
	return a.noteErasure(e)
}
