package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// skipLocked takes a row for this transaction, or does without it: whoever takes
// questions never waits for a lock, so that it cannot deadlock with those who
// hold a user.
var skipLocked = clause.Locking{Strength: clause.LockingStrengthUpdate, Options: clause.LockingOptionsSkipLocked}

// TakeQuestions gives the sessions at a provider that most need to be asked
// about, as many as the account's budget allows and nobody else has taken. Their
// Session is without what is sealed. What is not settled by the end of the lease
// is given again.
func (s *Store) TakeQuestions(ctx context.Context, r idv.Ration) (taken idv.Questions, err error) {
	if waiting, err := s.anyDue(ctx, r.Provider); err != nil || !waiting || r.Most < 1 {
		return taken, failed("look for sessions to ask about", err)
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		taken = idv.Questions{}
		budget, held, err := s.holdBudget(tx, r.Provider)
		if err != nil || !held {
			return err
		}
		now := s.now()
		taken.Failures = budget.Failures
		allowed := budget.allows(r, now)
		if allowed == 0 {
			return nil
		}
		if taken.List, err = lease(tx, r, allowed, now); err != nil || len(taken.List) == 0 {
			return err
		}
		return budget.spend(tx, r, len(taken.List), now)
	})
	if err != nil {
		return idv.Questions{}, failed("take sessions to ask about", err)
	}
	return taken, nil
}

// anyDue asks without a lock, since most of the time the answer is no.
func (s *Store) anyDue(ctx context.Context, provider string) (bool, error) {
	var ids []string
	err := due(s.read(ctx), provider, s.now()).Limit(1).Pluck("id", &ids).Error
	return len(ids) > 0, err
}

func due(db *gorm.DB, provider string, now time.Time) *gorm.DB {
	return db.Model(&sessionRow{}).Where("provider = ? AND ask_at <= ?", word(provider), now)
}

// lease takes the sessions that are most overdue.
func lease(tx *gorm.DB, r idv.Ration, most int, now time.Time) ([]idv.Question, error) {
	var rows []sessionRow
	if err := due(tx, r.Provider, now).Clauses(skipLocked).Order("ask_at").Limit(most).Find(&rows).Error; err != nil {
		return nil, err
	}
	until := moment(now.Add(r.Lease))
	var ids []string
	var list []idv.Question
	for _, row := range rows {
		ids = append(ids, row.ID)
		session, err := row.bare()
		if err != nil {
			continue // left to the end of its lease, so that it holds up nobody
		}
		list = append(list, idv.Question{Session: session, Until: until})
	}
	if len(ids) == 0 {
		return nil, nil
	}
	err := tx.Model(&sessionRow{}).Where("id IN ?", ids).
		UpdateColumns(map[string]any{"ask_at": until, "asked_at": now, "ask_wanted": false}).Error
	if err != nil {
		return nil, fmt.Errorf("note the questions: %w", err)
	}
	return list, nil
}

// PostponeQuestion has a session asked about at another time, never if it is
// zero, unless it was scheduled anew since the question was taken.
func (s *Store) PostponeQuestion(ctx context.Context, q idv.Question, at time.Time) error {
	err := s.alone(ctx).Model(&sessionRow{}).Where("id = ? AND ask_at = ?", q.Session.ID, moment(q.Until)).
		UpdateColumn("ask_at", perhaps(at)).Error
	return failed("postpone a question", err)
}

// QuestionBacklog tells how far the questions about an account's sessions are behind.
func (s *Store) QuestionBacklog(ctx context.Context, provider string) (idv.QuestionBacklog, error) {
	now := s.now()
	var count int64
	if err := due(s.read(ctx), provider, now).Count(&count).Error; err != nil || count == 0 {
		return idv.QuestionBacklog{}, failed("count the sessions to ask about", err)
	}
	var first []sessionRow
	err := due(s.read(ctx), provider, now).Select("ask_at").Order("ask_at").Limit(1).Find(&first).Error
	if err != nil || len(first) == 0 {
		return idv.QuestionBacklog{}, failed("find the session to ask about first", err)
	}
	return idv.QuestionBacklog{Due: int(count), Overdue: now.Sub(timeOf(first[0].AskAt))}, nil
}
