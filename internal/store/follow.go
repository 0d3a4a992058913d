package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// follower is how far a follower of the feed has got.
type followerRow struct {
	Name string `gorm:"primaryKey"`
	// The database moves them.
	Xid uint64 `gorm:"<-:false"`
	Seq int64  `gorm:"<-:false"`
}

// TableName names the table.
func (followerRow) TableName() string { return "followers" }

// endpointsFollower follows the feed for the endpoints.
const endpointsFollower = "endpoints"

// spot is an event, or the place of an endpoint, in the feed.
type spot struct {
	ID   string
	Kind string // type of the event, types of the endpoint
	Tx   uint64 // xid
	Seq  int64
}

func (a spot) after(b spot) bool { return a.Tx > b.Tx || a.Tx == b.Tx && a.Seq > b.Seq }

// pair is a message to be.
type pair struct{ endpointID, eventID string }

// FanOut queues the next events of the feed, limit at most, for the endpoints
// that want them, and tells how many events it took. It never skips one, for it
// reads as Events does, and moves its place in the same transaction. One process
// at a time does it; another gets 0 meanwhile.
func (s *Store) FanOut(ctx context.Context, limit int) (taken int, err error) {
	// Most of the time there is nothing new, and nothing is locked to see that.
	if news, err := s.unseen(s.read(ctx), 1); err != nil || len(news) == 0 {
		return 0, failed("follow the feed", err)
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		taken = 0
		err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate, Options: clause.LockingOptionsSkipLocked}).
			Select("name").Where("name = ?", endpointsFollower).Take(&followerRow{}).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil // another process is at it
		}
		if err != nil {
			return err
		}
		news, err := s.unseen(tx, limit)
		if err != nil || len(news) == 0 {
			return err
		}
		// Read after the events: whoever made an endpoint before one of them was
		// written has ended by now.
		var endpoints []spot
		err = tx.Raw("SELECT id, types AS kind, CAST(xid AS text) AS tx, seq FROM endpoints WHERE enabled").Find(&endpoints).Error
		if err != nil {
			return err
		}
		if _, err := s.queue(tx, pairsFor(news, endpoints), s.now(), onConflictNothing); err != nil {
			return err
		}
		taken = len(news)
		return tx.Exec("UPDATE followers SET (xid, seq) = (SELECT xid, seq FROM events WHERE id = ?) WHERE name = ?",
			news[taken-1].ID, endpointsFollower).Error
	})
	return taken, failed("follow the feed", err)
}

// unseen reads what comes after the follower's place.
func (s *Store) unseen(tx *gorm.DB, limit int) (news []spot, err error) {
	place := s.place()
	query := tx.Model(&eventRow{}).Select("id, type AS kind, CAST(xid AS text) AS tx, seq").
		Where("("+place+") > (SELECT "+place+" FROM followers WHERE name = ?)", endpointsFollower)
	err = s.settled(query).Order(place).Limit(limit).Find(&news).Error
	return news, err
}

func pairsFor(news, endpoints []spot) (pairs []pair) {
	for _, p := range endpoints {
		endpoint := idv.Endpoint{Types: strings.Fields(p.Kind)}
		for _, e := range news {
			if e.after(p) && endpoint.Wants(idv.EventType(e.Kind)) {
				pairs = append(pairs, pair{p.ID, e.ID})
			}
		}
	}
	return pairs
}

// What happens to a message that is there already.
const (
	onConflictNothing = "DO NOTHING"
	onConflictAgain   = "DO UPDATE SET state = 'pending', tries = 0, next_at = excluded.next_at"
)

// queue writes messages that are due at the given time, and tells how many it
// wrote.
func (s *Store) queue(tx *gorm.DB, pairs []pair, due time.Time, onConflict string) (queued int, err error) {
	const most = 1000 // rows of one statement
	for begin := 0; begin < len(pairs); begin += most {
		query, args := s.queueing(pairs[begin:min(begin+most, len(pairs))], due)
		// Not through gorm, which would take a list for as many arguments.
		done, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, query+" ON CONFLICT (endpoint_id, event_id) "+onConflict, args...)
		if err != nil {
			return queued, err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return queued, err
		}
		queued += int(n)
	}
	return queued, nil
}

// queueing is one statement for all pairs. PostgreSQL gets a list for each
// column, so that it is the same statement for any number of rows.
func (s *Store) queueing(pairs []pair, due time.Time) (query string, args []any) {
	const columns = "INSERT INTO messages (endpoint_id, event_id, state, tries, next_at) "
	if s.engine == sqliteEngine {
		for _, p := range pairs {
			args = append(args, p.endpointID, p.eventID, due)
		}
		return columns + "VALUES " + strings.Repeat(", (?, ?, 'pending', 0, ?)", len(pairs))[2:], args
	}
	endpoints, events := make([]string, len(pairs)), make([]string, len(pairs))
	for i, p := range pairs {
		endpoints[i], events[i] = p.endpointID, p.eventID
	}
	return columns + "SELECT *, 'pending', 0, $3::timestamptz FROM unnest($1::text[], $2::text[])", []any{endpoints, events, due}
}
