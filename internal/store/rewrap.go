package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/seal"
)

// rewrapBatch is how many rows are looked at at once.
const rewrapBatch = 500

// Rewrapped counts what was sealed anew.
type Rewrapped struct {
	Users, Webhooks, Endpoints, Answers int
	// Older are values of before users and webhooks had keys, which have been given
	// theirs.
	Older int
}

// Rewrap seals anew whatever is not sealed with the first of the operator's keys,
// so that the others can be taken out of the list. It may run beside servers,
// which have to know the first key by then, and may be stopped and run again. Who
// wishes it is kept on record.
func (s *Store) Rewrap(ctx context.Context, by string) (done Rewrapped, err error) {
	for _, step := range []func(context.Context, *Rewrapped) error{
		s.rewrapUsers, s.renewSessions, s.renewResults, s.rewrapWebhooks, s.rewrapEndpoints, s.rewrapAnswers,
	} {
		if err := step(ctx, &done); err != nil {
			return done, failed("rewrap", err)
		}
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		probe := probeRow{One: 1, Probe: s.seal.Seal(probePlace, nil)}
		if err := tx.Save(&probe).Error; err != nil {
			return err
		}
		return s.audit(tx, &idv.AuditEntry{Actor: by, Action: idv.AuditKeysRewrapped, Object: "database"})
	})
	return done, failed("rewrap", err)
}

// eachRow goes through a table in the order of its key, from one row after another.
func eachRow[T any](ctx context.Context, query func() *gorm.DB, key string, keyOf func(T) string, visit func(ctx context.Context, row T) error) error {
	last := ""
	for {
		var rows []T
		if err := query().Where(key+" > ?", last).Order(key).Limit(rewrapBatch).Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			if err := visit(ctx, row); err != nil {
				return err
			}
		}
		if len(rows) < rewrapBatch {
			return nil
		}
		last = keyOf(rows[len(rows)-1])
	}
}

func (s *Store) rewrapUsers(ctx context.Context, done *Rewrapped) error {
	query := func() *gorm.DB {
		return s.read(ctx).Select("external_user_id", "key_id", "wrapped_key").Where("wrapped_key IS NOT NULL")
	}
	return eachRow(ctx, query, "external_user_id", func(r userRow) string { return r.ExternalUserID }, func(ctx context.Context, row userRow) error {
		if s.seal.Current(row.WrappedKey) {
			return nil
		}
		key, err := s.unwrap(row.ExternalUserID, row.WrappedKey)
		if err != nil {
			return err
		}
		// Only as it was read: the user may have been erased since.
		err = s.alone(ctx).Model(&userRow{}).Where("external_user_id = ? AND key_id = ?", row.ExternalUserID, row.KeyID).
			UpdateColumn("wrapped_key", s.seal.Wrap(userKeyPlace(row.ExternalUserID), key)).Error
		done.Users++
		return err
	})
}

// renewSessions gives sessions of before users had keys those of their users.
func (s *Store) renewSessions(ctx context.Context, done *Rewrapped) error {
	query := func() *gorm.DB { return s.read(ctx).Select("id", "private").Where("redacted_at IS NULL") }
	return eachRow(ctx, query, "id", func(r sessionRow) string { return r.ID }, func(ctx context.Context, row sessionRow) error {
		if !s.seal.Sealed(row.Private) {
			return nil
		}
		done.Older++
		return s.underLock(ctx, row.ID, func(a *account, held *sessionRow) error {
			x, err := s.sessionOf(a, *held)
			if err != nil {
				return err
			}
			private, err := s.sealPrivate(a, x)
			if err != nil {
				return err
			}
			return a.tx.Model(&sessionRow{}).Where("id = ?", held.ID).UpdateColumn("private", private).Error
		})
	})
}

func (s *Store) renewResults(ctx context.Context, done *Rewrapped) error {
	query := func() *gorm.DB { return s.read(ctx) }
	return eachRow(ctx, query, "session_id", func(r resultRow) string { return r.SessionID }, func(ctx context.Context, row resultRow) error {
		if !s.seal.Sealed(row.Body) {
			return nil
		}
		done.Older++
		return s.underLock(ctx, row.SessionID, func(a *account, _ *sessionRow) error {
			var held resultRow
			if err := a.tx.Where("session_id = ?", row.SessionID).Take(&held).Error; err != nil {
				return ignoreMissing(notFound(err))
			}
			key, err := s.keyOf(a)
			if err != nil {
				return err
			}
			plain, err := s.openWith(key, resultPlace(held.SessionID), held.Body)
			if err != nil {
				return fmt.Errorf("result of session %s: %w", held.SessionID, err)
			}
			return a.tx.Model(&resultRow{}).Where("session_id = ?", held.SessionID).
				UpdateColumn("body", key.Seal(resultPlace(held.SessionID), plain)).Error
		})
	})
}

// underLock works on a session that is not redacted, while nobody else does.
func (s *Store) underLock(ctx context.Context, sessionID string, work func(a *account, row *sessionRow) error) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		a, err := s.lockAccountOf(tx, sessionID)
		if err != nil {
			return ignoreMissing(err)
		}
		if row := a.session(sessionID); row.RedactedAt == nil {
			return work(a, row)
		}
		return nil
	})
}

func (s *Store) rewrapWebhooks(ctx context.Context, done *Rewrapped) error {
	query := func() *gorm.DB {
		// Without the webhook where it need not be read.
		return s.read(ctx).Select("id", "key", "CASE WHEN key IS NULL THEN webhook END AS webhook").Where("gone_at IS NULL")
	}
	return eachRow(ctx, query, "id", func(r deliveryRow) string { return r.ID }, func(ctx context.Context, row deliveryRow) error {
		columns := map[string]any{}
		switch {
		case row.Key == nil:
			plain, err := s.seal.Open(webhookPlace(row.ID), row.Webhook)
			if err != nil {
				return fmt.Errorf("delivery %s: %w", row.ID, err)
			}
			key := seal.NewKey()
			columns["webhook"], columns["key"] = key.Seal(webhookPlace(row.ID), plain), s.seal.Wrap(deliveryKeyPlace(row.ID), key)
			done.Older++
		case s.seal.Sealed(row.Key) && !s.seal.Current(row.Key):
			key, err := s.seal.Unwrap(deliveryKeyPlace(row.ID), row.Key)
			if err != nil {
				return fmt.Errorf("delivery %s: %w", row.ID, err)
			}
			columns["key"] = s.seal.Wrap(deliveryKeyPlace(row.ID), key)
			done.Webhooks++
		default:
			return nil
		}
		same := s.alone(ctx).Model(&deliveryRow{}).Where("id = ? AND gone_at IS NULL", row.ID)
		if row.Key == nil {
			same = same.Where("key IS NULL")
		} else {
			same = same.Where("key = ?", row.Key)
		}
		return same.UpdateColumns(columns).Error
	})
}

func (s *Store) rewrapEndpoints(ctx context.Context, done *Rewrapped) error {
	query := func() *gorm.DB { return s.read(ctx).Select("id", "secrets") }
	return eachRow(ctx, query, "id", func(r endpointRow) string { return r.ID }, func(ctx context.Context, row endpointRow) error {
		if s.seal.Current(row.Secrets) {
			return nil
		}
		plain, err := s.seal.Open(secretsPlace(row.ID), row.Secrets)
		if err != nil {
			return fmt.Errorf("endpoint %s: %w", row.ID, err)
		}
		done.Endpoints++
		return s.alone(ctx).Model(&endpointRow{}).Where("id = ? AND secrets = ?", row.ID, row.Secrets).
			UpdateColumn("secrets", s.seal.Seal(secretsPlace(row.ID), plain)).Error
	})
}

// rewrapAnswers goes through the answers that are kept for a day at most.
func (s *Store) rewrapAnswers(ctx context.Context, done *Rewrapped) error {
	var rows []idempotencyRow
	if err := s.read(ctx).Where("answer IS NOT NULL").Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		if s.seal.Current(row.Answer) {
			continue
		}
		plain, err := s.seal.Open(row.place(), row.Answer)
		if err != nil {
			return fmt.Errorf("the answer of an idempotency key: %w", err)
		}
		err = s.alone(ctx).Model(&idempotencyRow{}).
			Where(map[string]any{"credential": row.Credential, "key": row.Key}).Where("answer = ?", row.Answer).
			UpdateColumn("answer", s.seal.Seal(row.place(), plain)).Error
		if err != nil {
			return err
		}
		done.Answers++
	}
	return nil
}
