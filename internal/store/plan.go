package store

import (
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// rethink says what a change means for when the provider is asked.
type rethink int

const (
	asBefore rethink = iota // nothing, unless the session differs
	answered                // a question was answered
	wanted                  // somebody wants a newer answer
)

func rethinking(c idv.Change) rethink {
	if c.Ask {
		return wanted
	}
	for _, o := range c.Observations {
		if o.Source == idv.SourceFetch {
			return answered
		}
	}
	return asBefore
}

// plan sets when the provider is asked about a session. A wish stays until a
// question is taken, for an answer that comes meanwhile may be older.
func (s *Store) plan(row *sessionRow, x idv.Session, asking rethink, now time.Time) {
	if s.schedule == nil {
		return
	}
	if row.RedactedAt != nil {
		row.AskAt, row.AskWanted = nil, false
		return
	}
	at := s.schedule.Next(x, now)
	row.AskWanted = (row.AskWanted || asking == wanted) && row.Ref != nil
	if row.AskWanted {
		if soon := s.schedule.Soon(x, now); at.IsZero() || soon.Before(at) {
			at = soon
		}
	}
	row.AskAt = perhaps(at)
}

// reschedule plans a session that is otherwise as it was.
func (s *Store) reschedule(a *account, row *sessionRow, x idv.Session, asking rethink) error {
	next := *row
	s.plan(&next, x, asking, a.now)
	if next.AskWanted == row.AskWanted && timeOf(next.AskAt).Equal(timeOf(row.AskAt)) {
		return nil
	}
	*row = next
	err := a.tx.Model(&sessionRow{}).Where("id = ?", row.ID).
		UpdateColumns(map[string]any{"ask_at": row.AskAt, "ask_wanted": row.AskWanted}).Error
	if err != nil {
		return fmt.Errorf("schedule a question: %w", err)
	}
	return nil
}
