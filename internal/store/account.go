package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/seal"
)

// account is everything about one user that matters, held under the lock on the
// user's row.
// Whatever is written about a user or one of the user's sessions is written
// under this one lock, so that it cannot deadlock and the status of the user is
// always read off all sessions.
type account struct {
	tx       *gorm.DB
	now      time.Time
	user     userRow
	sessions []sessionRow
	events   []eventRow // to be announced
	key      *seal.Key  // the user's, once it was needed
}

// choice narrows down which of the user's sessions are read.
type choice func(*gorm.DB) *gorm.DB

// all chooses every session.
func all(query *gorm.DB) *gorm.DB { return query }

// mattering chooses the sessions that the user's status can depend on, and the
// one with the id. One that ended without a decision, or was redacted, says
// nothing more, and a user may have any number of those.
func mattering(id string) choice {
	var open []string
	for _, status := range idv.Statuses() {
		if status.Open() {
			open = append(open, string(status))
		}
	}
	return func(query *gorm.DB) *gorm.DB {
		return query.Where("(redacted_at IS NULL AND (status IN ? OR decision_outcome IS NOT NULL) OR id = ?)", open, id)
	}
}

// lockAccount holds a user, who is written down first if not known yet.
func (s *Store) lockAccount(tx *gorm.DB, externalUserID string, which choice) (*account, error) {
	name := word(externalUserID)
	a, err := s.holdAccount(tx, tx.Where("external_user_id = ?", name), which)
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return a, err
	}
	user := userRow{ExternalUserID: name, UpdatedAt: s.now()}
	if err := user.read(idv.Verification{Status: idv.UserUnverified}); err != nil {
		return nil, err
	}
	if s.seal != nil {
		s.giveKey(&user)
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&user).Error; err != nil {
		return nil, fmt.Errorf("add a user: %w", err)
	}
	return s.holdAccount(tx, tx.Where("external_user_id = ?", name), which)
}

// lockAccountOf holds the user of a session. It is idv.ErrNotFound if there is
// no such session.
func (s *Store) lockAccountOf(tx *gorm.DB, sessionID string) (*account, error) {
	owner := tx.Model(&sessionRow{}).Select("external_user_id").Where("id = ?", word(sessionID))
	a, err := s.holdAccount(tx, tx.Where("external_user_id = (?)", owner), mattering(word(sessionID)))
	return a, notFound(err)
}

func (s *Store) holdAccount(tx, query *gorm.DB, which choice) (*account, error) {
	a := &account{tx: tx}
	if err := query.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Take(&a.user).Error; err != nil {
		return nil, err
	}
	// Time is read under the lock, so that it does not run backwards for a user.
	a.now = s.now()
	err := tx.Scopes(which).Where("external_user_id = ?", a.user.ExternalUserID).Order("created_at, id").Find(&a.sessions).Error
	return a, err
}

// session finds one of the user's sessions by its id, nil if it is not there.
func (a *account) session(id string) *sessionRow {
	return a.find(func(r sessionRow) bool { return r.ID == id })
}

// holder is the session that holds the user's one open place, nil if it is free.
func (a *account) holder() *sessionRow {
	return a.find(func(r sessionRow) bool { return r.OpenSlot != nil })
}

func (a *account) find(wanted func(sessionRow) bool) *sessionRow {
	if i := slices.IndexFunc(a.sessions, wanted); i >= 0 {
		return &a.sessions[i]
	}
	return nil
}

// add takes a new session in. The caller writes its row.
func (a *account) add(row sessionRow) {
	a.sessions = append(a.sessions, row)
	slices.SortFunc(a.sessions, func(x, y sessionRow) int {
		return cmp.Or(x.CreatedAt.Compare(y.CreatedAt), cmp.Compare(x.ID, y.ID))
	})
}

// settlePlace gives the user's one open place, if nobody holds it, to the newest
// session that is open. One that ended has left it.
func (a *account) settlePlace() error {
	if a.holder() != nil {
		return nil
	}
	for i := range slices.Backward(a.sessions) {
		if row := &a.sessions[i]; row.open() {
			row.OpenSlot = &a.user.ExternalUserID
			return a.writePlace(row)
		}
	}
	return nil
}

// yield has a session give up the user's one open place.
func (a *account) yield(holder *sessionRow) error {
	holder.OpenSlot = nil
	return a.writePlace(holder)
}

func (a *account) writePlace(row *sessionRow) error {
	err := a.tx.Model(&sessionRow{}).Where("id = ?", row.ID).UpdateColumn("open_slot", row.OpenSlot).Error
	if err != nil {
		return fmt.Errorf("pass on the open place: %w", err)
	}
	return nil
}

// verification reads the user's status, as it is now, off the sessions.
func (a *account) verification(validFor time.Duration) (idv.Verification, error) {
	var standings []idv.Standing
	for _, row := range a.sessions {
		if row.RedactedAt != nil {
			continue // what was decided about a person who was erased is nobody's
		}
		state, err := row.state()
		if err != nil {
			return idv.Verification{}, err
		}
		standings = append(standings, idv.Standing{SessionID: row.ID, Provider: row.Provider, CreatedAt: row.CreatedAt.UTC(), State: state})
	}
	return idv.FoldUser(standings, validFor, a.now), nil
}

// refold writes the user's status if it changed, and reports whether it did. Its
// version rises when a client can see the change. It is the last thing that is
// done to an account, and announces all of it.
func (a *account) refold(validFor time.Duration) (written bool, err error) {
	v, err := a.verification(validFor)
	if err != nil {
		return false, err
	}
	before := a.user
	if err := a.user.read(v); err != nil {
		return false, err
	}
	seen := before.view() != a.user.view()
	if !seen && timeOf(before.ChangesAt).Equal(timeOf(a.user.ChangesAt)) {
		return false, a.announce()
	}
	if seen {
		a.user.Version++
		a.user.UpdatedAt = a.now
	}
	if before.Status != a.user.Status {
		a.tellUser()
	}
	if err := a.tx.Select("*").Updates(&a.user).Error; err != nil {
		return false, fmt.Errorf("write a user: %w", err)
	}
	if seen {
		changed(a.tx, a.user.ExternalUserID)
	}
	return true, a.announce()
}
