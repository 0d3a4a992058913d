package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/seal"
)

type sessionRow struct {
	ID                  string `gorm:"primaryKey"`
	ExternalUserID      string
	Provider            string
	Ref                 *string
	OpenSlot            *string
	Status              string
	Version             int64
	StartUnanswered     bool
	DecisionOutcome     *string
	DecisionVersion     int
	DecisionDecidedAt   *time.Time
	DecisionRevisedFrom *string
	EverApproved        bool
	Reasons             string
	DocumentExpiresAt   *time.Time
	Private             []byte
	CreatedAt           time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt           time.Time `gorm:"autoUpdateTime:false"`
	ExpiresAt           time.Time
	AskAt               *time.Time
	AskedAt             *time.Time
	AskWanted           bool
	RedactedAt          *time.Time
}

// TableName names the table.
func (sessionRow) TableName() string { return "sessions" }

// private is what is sealed of a session.
type private struct {
	Launch      idv.Launch        `json:"launch"`
	CallbackURL string            `json:"callbackUrl"`
	Metadata    map[string]string `json:"metadata"`
}

func privatePlace(sessionID string) string { return "sessions.private/" + sessionID }

// nothingSealed stands where something sealed was: the first byte of an envelope,
// which opens nowhere.
func nothingSealed() []byte { return []byte{1} }

// sessionRow writes a session down, without its place among the user's open ones.
func (s *Store) sessionRow(a *account, session idv.Session) (sessionRow, error) {
	reasons, err := reasonsColumn(session.State.Reasons)
	if err != nil {
		return sessionRow{}, fmt.Errorf("write reasons: %w", err)
	}
	row := sessionRow{
		ID:                word(session.ID),
		ExternalUserID:    word(session.ExternalUserID),
		Provider:          word(session.Provider),
		Ref:               perhapsWord(session.Ref),
		Status:            string(session.State.Status),
		StartUnanswered:   session.StartUnanswered,
		EverApproved:      session.State.EverApproved,
		Reasons:           reasons,
		DocumentExpiresAt: perhaps(session.State.DocumentExpiresAt),
		CreatedAt:         moment(session.CreatedAt),
		UpdatedAt:         moment(session.UpdatedAt),
		ExpiresAt:         moment(session.ExpiresAt),
		AskedAt:           perhaps(session.AskedAt),
		RedactedAt:        perhaps(session.RedactedAt),
	}
	if row.Private, err = s.sealPrivate(a, session); err != nil {
		return sessionRow{}, fmt.Errorf("write a session: %w", err)
	}
	if d := session.State.Decision; d != nil {
		row.DecisionOutcome = perhapsWord(d.Outcome)
		row.DecisionVersion = d.Version
		row.DecisionDecidedAt = perhaps(d.DecidedAt)
		row.DecisionRevisedFrom = perhapsWord(d.RevisedFrom)
	}
	return row, nil
}

func (s *Store) sealPrivate(a *account, session idv.Session) ([]byte, error) {
	if !session.RedactedAt.IsZero() {
		return nothingSealed(), nil
	}
	plain, err := json.Marshal(private{session.Launch, session.CallbackURL, session.Metadata})
	if err != nil {
		return nil, err
	}
	key, err := s.keyOf(a)
	if err != nil {
		return nil, err
	}
	return key.Seal(privatePlace(word(session.ID)), plain), nil
}

// session reads what sessionRow wrote, with the key of its user.
func (s *Store) session(row sessionRow, key *seal.Key) (idv.Session, error) {
	session, err := row.bare()
	if err != nil || !session.RedactedAt.IsZero() {
		return session, err
	}
	plain, err := s.openWith(key, privatePlace(row.ID), row.Private)
	if err != nil {
		return idv.Session{}, fmt.Errorf("session %s: %w", row.ID, err)
	}
	var hidden private
	if err := json.Unmarshal(plain, &hidden); err != nil {
		return idv.Session{}, fmt.Errorf("session %s cannot be read", row.ID)
	}
	session.Launch, session.CallbackURL, session.Metadata = hidden.Launch, hidden.CallbackURL, hidden.Metadata
	return session, nil
}

// bare reads a session without what is sealed of it.
func (r sessionRow) bare() (idv.Session, error) {
	state, err := r.state()
	return idv.Session{
		ID:              r.ID,
		ExternalUserID:  r.ExternalUserID,
		Provider:        r.Provider,
		Ref:             wordOf[idv.Ref](r.Ref),
		State:           state,
		StartUnanswered: r.StartUnanswered,
		CreatedAt:       r.CreatedAt.UTC(),
		UpdatedAt:       r.UpdatedAt.UTC(),
		ExpiresAt:       r.ExpiresAt.UTC(),
		AskedAt:         timeOf(r.AskedAt),
		RedactedAt:      timeOf(r.RedactedAt),
	}, err
}

// state reads what the fold said, which is not sealed.
func (r sessionRow) state() (idv.State, error) {
	reasons, err := reasonsOf(r.Reasons)
	if err != nil {
		return idv.State{}, fmt.Errorf("reasons of session %s: %w", r.ID, err)
	}
	state := idv.State{
		Status:            idv.Status(r.Status),
		Reasons:           reasons,
		EverApproved:      r.EverApproved,
		DocumentExpiresAt: timeOf(r.DocumentExpiresAt),
	}
	if r.DecisionOutcome != nil {
		state.Decision = &idv.Decision{
			Outcome:     idv.Status(*r.DecisionOutcome),
			Version:     r.DecisionVersion,
			DecidedAt:   timeOf(r.DecisionDecidedAt),
			RevisedFrom: wordOf[idv.Status](r.DecisionRevisedFrom),
		}
	}
	return state, nil
}

// open reports whether the session can still move by itself.
func (r sessionRow) open() bool { return idv.Status(r.Status).Open() }

// sessionView is what a client sees of a session, times in milliseconds.
type sessionView struct {
	ref, status, reasons, outcome, revisedFrom string
	version                                    int
	decidedAt, expiresAt                       int64
	launch                                     idv.Launch
}

func (r sessionRow) view(launch idv.Launch) sessionView {
	return sessionView{
		ref:         wordOf[string](r.Ref),
		status:      r.Status,
		reasons:     r.Reasons,
		outcome:     wordOf[string](r.DecisionOutcome),
		revisedFrom: wordOf[string](r.DecisionRevisedFrom),
		version:     r.DecisionVersion,
		decidedAt:   timeOf(r.DecisionDecidedAt).UnixMilli(),
		expiresAt:   r.ExpiresAt.UnixMilli(),
		launch:      launch,
	}
}

// sameInside compares what no client sees.
func (r sessionRow) sameInside(o sessionRow) bool {
	return r.StartUnanswered == o.StartUnanswered && r.EverApproved == o.EverApproved &&
		timeOf(r.DocumentExpiresAt).Equal(timeOf(o.DocumentExpiresAt))
}

// writeSession writes a session as it is after a change, and reports whether it
// differs from before. The time of its update moves when a client can see the
// change. asking is rethought with every difference, and else where the caller
// says so. It is idv.ErrTaken if the provider's id belongs to another session.
func (s *Store) writeSession(a *account, row *sessionRow, before, after idv.Session, asking rethink) (changed bool, err error) {
	next, err := s.sessionRow(a, after)
	if err != nil {
		return false, err
	}
	next.Version, next.AskAt, next.AskWanted = row.Version, row.AskAt, row.AskWanted
	if next.open() {
		next.OpenSlot = row.OpenSlot // one that ended leaves its place
	}
	seen := row.view(before.Launch) != next.view(after.Launch)
	if !seen && row.sameInside(next) {
		if asking == asBefore {
			return false, nil
		}
		return false, s.reschedule(a, row, after, asking)
	}
	if seen {
		next.UpdatedAt, after.UpdatedAt = a.now, a.now
	}
	if next.Status != row.Status {
		next.Version++
		a.tellSession(next)
	}
	s.plan(&next, after, asking, a.now)
	// A question that was taken meanwhile is not undone.
	err = a.tx.Select("*").Omit("asked_at").Updates(&next).Error
	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey):
		return false, idv.ErrTaken
	case err != nil:
		return false, fmt.Errorf("write a session: %w", err)
	}
	*row = next
	return true, nil
}
