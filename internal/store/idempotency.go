package store

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// keyLifetime is how long an idempotency key is remembered.
const keyLifetime = 24 * time.Hour

type idempotencyRow struct {
	Credential string `gorm:"primaryKey"`
	Key        string `gorm:"primaryKey"`
	Request    []byte
	SessionID  *string
	Answer     []byte
	CreatedAt  time.Time `gorm:"autoCreateTime:false"`
	ExpiresAt  time.Time
	LeaseUntil *time.Time
}

// TableName names the table.
func (idempotencyRow) TableName() string { return "idempotency_keys" }

func newIdempotencyRow(key idv.IdempotencyKey, now time.Time) idempotencyRow {
	return idempotencyRow{
		Credential: word(key.Credential),
		Key:        word(key.Key),
		Request:    key.Request,
		CreatedAt:  now,
		ExpiresAt:  now.Add(keyLifetime),
	}
}

func (r idempotencyRow) sameRequest(key idv.IdempotencyKey) bool {
	return subtle.ConstantTimeCompare(r.Request, key.Request) == 1
}

func (r idempotencyRow) inFlight(now time.Time) bool {
	return r.LeaseUntil != nil && now.Before(*r.LeaseUntil)
}

func (r idempotencyRow) place() string {
	return "idempotency_keys.answer/" + r.Credential + "/" + r.Key
}

func ofKey(tx *gorm.DB, key idv.IdempotencyKey) *gorm.DB {
	// The names are quoted by gorm: key is a reserved word elsewhere.
	return tx.Where(map[string]any{"credential": word(key.Credential), "key": word(key.Key)})
}

// takeKey finds the row of a key and locks it, or makes it: fresh reports that
// this transaction made it. A row that is out of date is made anew.
func (s *Store) takeKey(tx *gorm.DB, key idv.IdempotencyKey) (row idempotencyRow, fresh bool, err error) {
	for range maxTries {
		row = newIdempotencyRow(key, s.now())
		made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if made.Error != nil {
			return row, false, fmt.Errorf("keep an idempotency key: %w", made.Error)
		}
		if made.RowsAffected == 1 {
			return row, true, nil
		}
		now := row.CreatedAt
		row = idempotencyRow{}
		err = ofKey(tx, key).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Take(&row).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			// Forgotten just now by the call that had it.
			continue
		case err != nil:
			return row, false, fmt.Errorf("read an idempotency key: %w", err)
		case now.Before(row.ExpiresAt):
			return row, false, nil
		}
		row = newIdempotencyRow(key, now)
		return row, true, s.putKey(tx, row)
	}
	return row, false, fmt.Errorf("read an idempotency key: %w", err)
}

// putKey writes the whole row, whether it is there or not.
func (s *Store) putKey(tx *gorm.DB, row idempotencyRow) error {
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("keep an idempotency key: %w", err)
	}
	return nil
}

// linkKey notes which session a request made.
func linkKey(tx *gorm.DB, key idv.IdempotencyKey, sessionID string) error {
	err := ofKey(tx.Model(&idempotencyRow{}), key).
		UpdateColumns(map[string]any{"session_id": sessionID, "request": key.Request, "lease_until": nil}).Error
	if err != nil {
		return fmt.Errorf("link an idempotency key: %w", err)
	}
	return nil
}

// usedKey tells what a key that was used before stands for.
func (s *Store) usedKey(tx *gorm.DB, row idempotencyRow, key idv.IdempotencyKey) (idv.Claim, error) {
	switch {
	case !row.sameRequest(key):
		return idv.Claim{Kind: idv.ClaimMismatch}, nil
	case row.Answer != nil:
		answer, err := s.openAnswer(row)
		return idv.Claim{Kind: idv.ClaimReplay, Answer: answer}, err
	case row.SessionID == nil:
		return idv.Claim{Kind: idv.ClaimSameKey}, nil
	}
	session, err := s.oneSession(tx.Where("id = ?", *row.SessionID))
	if err != nil {
		return idv.Claim{}, fmt.Errorf("read the session of an idempotency key: %w", err)
	}
	return idv.Claim{Kind: idv.ClaimSameKey, Session: session}, nil
}

func (s *Store) openAnswer(row idempotencyRow) (answer idv.Answer, err error) {
	plain, err := s.seal.Open(row.place(), row.Answer)
	if err != nil {
		return answer, fmt.Errorf("open the answer of an idempotency key: %w", err)
	}
	if err := json.Unmarshal(plain, &answer); err != nil {
		return answer, errors.New("the answer of an idempotency key cannot be read")
	}
	return answer, nil
}

// ClaimKey asks for the right to work a request that makes no session. The
// claim is idv.ClaimNew, and then holds for the lease: a call that died without
// an answer does not hold up its repetition for longer. Otherwise it is
// idv.ClaimSameKey while the first call runs, idv.ClaimReplay, or
// idv.ClaimMismatch.
func (s *Store) ClaimKey(ctx context.Context, key idv.IdempotencyKey, lease time.Duration) (idv.Claim, error) {
	var claim idv.Claim
	err := s.write(ctx, func(tx *gorm.DB) error {
		row, fresh, err := s.takeKey(tx, key)
		if err != nil {
			return err
		}
		now := s.now()
		if !fresh && (!row.sameRequest(key) || row.Answer != nil || row.SessionID != nil || row.inFlight(now)) {
			claim, err = s.usedKey(tx, row, key)
			return err
		}
		claim = idv.Claim{Kind: idv.ClaimNew}
		row = newIdempotencyRow(key, now)
		row.LeaseUntil = perhaps(now.Add(lease))
		return s.putKey(tx, row)
	})
	return claim, failed("claim an idempotency key", err)
}

// AnswerKey keeps the answer that repetitions get.
func (s *Store) AnswerKey(ctx context.Context, key idv.IdempotencyKey, answer idv.Answer) error {
	return failed("answer an idempotency key", s.answerKey(s.alone(ctx), key, answer))
}

func (s *Store) answerKey(tx *gorm.DB, key idv.IdempotencyKey, answer idv.Answer) error {
	plain, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	row := newIdempotencyRow(key, s.now())
	row.SessionID = perhapsWord(answer.SessionID)
	row.Answer = s.seal.Seal(row.place(), plain)
	return s.putKey(tx, row)
}

// ForgetKey lets the client try again under the same key.
func (s *Store) ForgetKey(ctx context.Context, key idv.IdempotencyKey) error {
	return failed("forget an idempotency key", forgetKey(s.alone(ctx), key))
}

func forgetKey(tx *gorm.DB, key idv.IdempotencyKey) error {
	return ofKey(tx, key).Delete(&idempotencyRow{}).Error
}

// SweepKeys forgets at most limit idempotency keys that are out of date, and
// gives how many. What is in use at this moment is left for later.
func (s *Store) SweepKeys(ctx context.Context, limit int) (swept int, err error) {
	old := s.db.Model(&idempotencyRow{}).Clauses(skipLocked).Select("credential", "key").
		Where("expires_at <= ?", s.now()).Order("expires_at").Limit(limit)
	gone := s.alone(ctx).Where("(credential, key) IN (?)", old).Delete(&idempotencyRow{})
	return int(gone.RowsAffected), failed("forget old idempotency keys", gone.Error)
}
