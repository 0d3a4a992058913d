package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// changes are the wake keys of the users whose status a transaction changes.
type changes []string

type changesKey struct{}

// changed has it told, once the transaction is kept, that a user's status is
// another one.
func changed(tx *gorm.DB, externalUserID string) {
	if list, ok := tx.Statement.Context.Value(changesKey{}).(*changes); ok {
		*list = append(*list, idv.WakeKey(externalUserID))
	}
}

const (
	// maxUntold is how many users are told of one by one. Of more it is told that
	// everybody is worth looking at.
	maxUntold = 10_000
	// everybody stands for all keys.
	everybody = "*"
	// tellWithin bounds one try to tell.
	tellWithin = 5 * time.Second
)

// news tells whose status has changed: one teller takes whatever there is to
// tell, so that a commit waits for nobody and many are told of at once. What is
// lost when the process dies right after a commit is made up for by those who
// listen, who look again from time to time.
type news struct {
	spread func(ctx context.Context, keys []string) error
	log    *slog.Logger
	more   chan struct{}
	close  func()

	mu     sync.Mutex
	untold map[string]bool
}

func newNews(spread func(ctx context.Context, keys []string) error, log *slog.Logger) *news {
	n := &news{spread: spread, log: log, more: make(chan struct{}, 1), untold: map[string]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.run(ctx)
	}()
	n.close = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	return n
}

// tell takes keys to tell of. It never waits.
func (n *news) tell(keys []string) {
	if len(keys) == 0 {
		return
	}
	n.mu.Lock()
	for _, key := range keys {
		n.untold[key] = true
	}
	if len(n.untold) > maxUntold || n.untold[everybody] {
		n.untold = map[string]bool{everybody: true}
	}
	n.mu.Unlock()
	select {
	case n.more <- struct{}{}:
	default: // they will see
	}
}

func (n *news) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	keys := make([]string, 0, len(n.untold))
	for key := range n.untold {
		keys = append(keys, key)
	}
	clear(n.untold)
	return keys
}

// run is the one teller. What is left when the store closes is told last.
func (n *news) run(ctx context.Context) {
	failing := false
	for pause := firstPause; ; {
		select {
		case <-n.more:
		case <-ctx.Done():
			_ = n.try(n.take())
			return
		}
		keys := n.take()
		err := n.try(keys)
		if err == nil {
			failing, pause = false, firstPause
			continue
		}
		if !failing {
			n.log.WarnContext(ctx, "changes of status cannot be told at present", "error", err.Error())
			failing = true
		}
		n.tell(keys)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longestPause)
	}
}

func (n *news) try(keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
	defer cancel()
	return n.spread(ctx, keys)
}
