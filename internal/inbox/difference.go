package inbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Turn is a value as it is and as it would be; empty is none.
type Turn struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Difference is what a replay would change about one session. SessionID is empty
// for deliveries that are about no session of ours.
type Difference struct {
	SessionID  string               `json:"sessionId,omitempty"`
	Provider   string               `json:"provider"`
	Changes    []Turn               `json:"changes"` // of the session and its user
	Deliveries []DeliveryDifference `json:"deliveries"`
}

// DeliveryDifference is what one delivery is read to say otherwise.
type DeliveryDifference struct {
	ID      string `json:"id"`
	Changes []Turn `json:"changes"`
	// Fetch: the provider would be asked after it, and its answer may change more.
	Fetch bool `json:"fetch"`
}

// turns lists what differs.
func turns(all ...Turn) []Turn {
	differing := []Turn{}
	for _, t := range all {
		if t.Before != t.After {
			differing = append(differing, t)
		}
	}
	return differing
}

// rereadings compares two readings of one observation. Nothing personal is
// shown: of the document's end, only that it differs.
func rereadings(before, after idv.Observation) []Turn {
	expiry := Turn{Field: "documentExpiresAt", Before: set(before.DocumentExpiresAt), After: set(after.DocumentExpiresAt)}
	if expiry.Before == expiry.After && !before.DocumentExpiresAt.Equal(after.DocumentExpiresAt) {
		expiry.After = "another time"
	}
	return turns(
		Turn{"providerStatus", before.ProviderStatus, after.ProviderStatus},
		Turn{"status", string(before.Status), string(after.Status)},
		Turn{"occurredAt", stamp(before.OccurredAt), stamp(after.OccurredAt)},
		Turn{"attempt", before.Attempt, after.Attempt},
		Turn{"unknown", strconv.FormatBool(before.Unknown), strconv.FormatBool(after.Unknown)},
		Turn{"partial", strconv.FormatBool(before.Partial), strconv.FormatBool(after.Partial)},
		Turn{"test", strconv.FormatBool(before.Test), strconv.FormatBool(after.Test)},
		Turn{"reasons", codes(before.Reasons), codes(after.Reasons)},
		Turn{"notice", noticed(before.Notice), noticed(after.Notice)},
		expiry,
		Turn{"why", before.Why, after.Why},
	)
}

// states compares two states of one session.
func states(before, after idv.State) []Turn {
	return turns(
		Turn{"status", string(before.Status), string(after.Status)},
		Turn{"decision", decision(before.Decision), decision(after.Decision)},
		Turn{"reasons", codes(before.Reasons), codes(after.Reasons)},
	)
}

// verifications compares two statuses of one user.
func verifications(before, after idv.Verification) []Turn {
	return turns(
		Turn{"user", string(before.Status), string(after.Status)},
		Turn{"user.reasons", codes(before.Reasons), codes(after.Reasons)},
		Turn{"user.verifiedAt", stamp(before.VerifiedAt), stamp(after.VerifiedAt)},
		Turn{"user.expiresAt", stamp(before.ExpiresAt), stamp(after.ExpiresAt)},
	)
}

func decision(d *idv.Decision) string {
	if d == nil {
		return ""
	}
	text := fmt.Sprintf("%s, version %d, %s", d.Outcome, d.Version, stamp(d.DecidedAt))
	if d.RevisedFrom != "" {
		text += ", revised from " + string(d.RevisedFrom)
	}
	return text
}

func codes(reasons []idv.Reason) string {
	list := make([]string, len(reasons))
	for i, r := range reasons {
		list[i] = string(r.Code)
		if r.ProviderCode != "" {
			list[i] += "/" + r.ProviderCode
		}
	}
	return strings.Join(list, ", ")
}

func noticed(n *idv.Notice) string {
	switch {
	case n == nil:
		return ""
	case len(n.Facts) == 0:
		return string(n.Kind)
	default:
		return fmt.Sprintf("%s %v", n.Kind, n.Facts)
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func set(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "set"
}
