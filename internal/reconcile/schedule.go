package reconcile

import (
	"cmp"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// DefaultInterval is the unit of the schedule.
const DefaultInterval = time.Minute

// DefaultPerMinute is how many questions within a minute a provider may be asked
// that documents no limit.
const DefaultPerMinute = 300

// How long a gap between two questions may grow, in intervals.
const (
	whileOpen       = 60     // waits for a person, be it the user or a reviewer
	whileProcessing = 15     // waits for a machine
	onceApproved    = 60     // and
	longApproved    = 10_080 // a week at the default interval
)

// Schedule says when the provider of a session is asked about it: often at
// first, and ever more rarely the longer nothing has moved. It is pure.
type Schedule struct {
	Interval time.Duration
	// Paces are those of the accounts by name. A session of any other account is
	// never asked about.
	Paces map[string]idv.Pace
	// ValidFor is how long an approval counts, 0 for ever.
	ValidFor time.Duration
}

// Gap is how long after one question the next one follows: half of the time for
// which the session has not moved, but no less than Least and no more than Most.
// Most is how stale the status may be.
type Gap struct{ Least, Most time.Duration }

// Gap gives the bounds for a session in the status at the account. false is
// that its provider is not asked about it.
func (s Schedule) Gap(account string, status idv.Status) (Gap, bool) {
	pace, known := s.Paces[account]
	every := max(1, pace.Every)
	least, most := every, 0
	switch status {
	case idv.Created, idv.Pending, idv.InProgress, idv.InReview, idv.ResubmissionRequested:
		most = whileOpen
	case idv.Processing:
		most = whileProcessing
	case idv.Approved:
		if pace.Reverses {
			least, most = max(every, onceApproved), longApproved
		}
	}
	if !known || most == 0 {
		return Gap{}, false
	}
	return Gap{Least: s.intervals(least), Most: s.intervals(max(least, most))}, true
}

// Next is when the provider is asked about the session if it was asked, or heard
// from, just now; zero for never.
func (s Schedule) Next(x idv.Session, now time.Time) time.Time {
	gap, asked := s.Gap(x.Provider, x.State.Status)
	if !asked || x.Ref == "" {
		return time.Time{}
	}
	next := now.Add(gap.after(now.Sub(x.UpdatedAt)))
	if x.State.Status == idv.Approved && !x.State.Counts(s.ValidFor, next) {
		return time.Time{} // it lapses by then, whatever the provider would say
	}
	return next
}

func (g Gap) after(still time.Duration) time.Duration {
	return min(max(still/2, g.Least), g.Most)
}

// Soon is the first moment at which the provider may be asked about the session.
func (s Schedule) Soon(x idv.Session, now time.Time) time.Time {
	first := x.AskedAt.Add(s.intervals(max(1, s.Paces[x.Provider].Every)))
	if x.AskedAt.IsZero() || first.Before(now) {
		return now
	}
	return first
}

// Retry is when a question is asked again that the provider did not answer. The
// session need not be one that the schedule asks about: somebody wanted to know.
func (s Schedule) Retry(x idv.Session, now time.Time) time.Time {
	gap, asked := s.Gap(x.Provider, x.State.Status)
	if !asked || !x.State.Status.Open() {
		least := max(1, s.Paces[x.Provider].Every)
		gap = Gap{Least: s.intervals(least), Most: s.intervals(max(least, whileOpen))}
	}
	return now.Add(gap.after(now.Sub(x.UpdatedAt)))
}

// Refused is when the provider is asked again about a session that it says it
// does not know, or does not tell about; zero for never. That seldom mends
// itself, so the gap doubles up to the longest there is.
func (s Schedule) Refused(x idv.Session, now time.Time) time.Time {
	if s.Next(x, now).IsZero() {
		return time.Time{}
	}
	gap := Gap{Least: s.intervals(whileOpen), Most: s.intervals(longApproved)}
	return now.Add(gap.after(2 * now.Sub(x.UpdatedAt)))
}

func (s Schedule) intervals(n int) time.Duration {
	return time.Duration(n) * s.interval()
}

func (s Schedule) interval() time.Duration { return cmp.Or(s.Interval, DefaultInterval) }

// PerMinute is how many questions within a minute an account may be asked.
func PerMinute(p idv.Pace) int { return cmp.Or(p.PerMinute, DefaultPerMinute) }

// ration is the same as the store counts it: half of it at once after a
// quiet time, and half of it spread over each minute.
func ration(account string, p idv.Pace) idv.Ration {
	n := PerMinute(p)
	// Rounded up, and to what times are kept by.
	every := (2*time.Minute/time.Duration(n) + time.Millisecond - 1).Truncate(time.Millisecond)
	return idv.Ration{Provider: account, Every: every, Burst: (n + 1) / 2}
}
