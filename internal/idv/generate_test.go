package idv_test

import (
	"fmt"
	"slices"
	"time"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"pgregory.net/rapid"
)

// anyObservation draws from everything that an observation can be: few times,
// so that many are equal, and few attempts, so that they mix.
func anyObservation(t *rapid.T) Observation {
	o := Observation{
		Fingerprint:    rapid.StringMatching(`[0-9a-f]{12}`).Draw(t, "fingerprint"),
		Source:         rapid.SampledFrom(append(Sources(), SourceWebhook, SourceWebhook, SourceFetch)).Draw(t, "source"),
		HeardAt:        anyMinute(t),
		ProviderStatus: rapid.SampledFrom([]string{"", "word"}).Draw(t, "word"),
		Status:         rapid.SampledFrom(append(Statuses(), "", "no_such_status")).Draw(t, "status"),
		Attempt:        rapid.SampledFrom([]string{"", "", "a", "b", "c"}).Draw(t, "attempt"),
		Unknown:        oneIn(t, 10),
		Partial:        oneIn(t, 10),
		Test:           oneIn(t, 10),
	}
	// A provider that names its attempts dates what it decides.
	if !oneIn(t, 3) || o.Attempt != "" && o.Status.Decided() {
		o.OccurredAt = anyMinute(t)
	}
	if oneIn(t, 5) {
		o.Reasons = []Reason{NewReason(rapid.SampledFrom(ReasonCodes()).Draw(t, "reason"), "")}
	}
	if oneIn(t, 5) {
		o.DocumentExpiresAt = anyMinute(t)
	}
	if o.Status == "" {
		o.Notice = &Notice{Kind: rapid.SampledFrom(NoticeKinds()).Draw(t, "notice")}
	}
	return o
}

func anyMinute(t *rapid.T) time.Time {
	return minute(float64(rapid.IntRange(0, 12).Draw(t, "minute")))
}

func oneIn(t *rapid.T, n int) bool { return rapid.IntRange(1, n).Draw(t, "chance") == n }

// afterwards is later than anything anyObservation knows.
const afterwards = 100

func observations() *rapid.Generator[[]Observation] {
	return rapid.Custom(func(t *rapid.T) []Observation {
		return rapid.SliceOfNDistinct(rapid.Custom(anyObservation), 0, 12,
			func(o Observation) string { return o.Fingerprint }).Draw(t, "observations")
	})
}

func fromProvider(o Observation) bool {
	return o.Source == SourceWebhook || o.Source == SourceFetch
}

// truth is what happens at a provider, in the order in which it happens, and
// what it must be read as however it is heard of.
type truth struct {
	said     []Observation
	status   Status
	outcomes []Status // of the decisions
}

// shape is how a provider tells it.
type shape struct {
	name         string
	attempts     bool // names its attempts, and does not date their events: Veriff
	tries        bool // asks to try again
	undated      bool // leaves the date away in mere progress: Real ID
	reads        bool // is read now and then, dated by when it was asked
	wholeSeconds bool // Kora
}

func shapes() []shape {
	return []shape{
		{name: "veriff", attempts: true, tries: true},
		{name: "idenfy", tries: true},
		{name: "kora", reads: true, wholeSeconds: true},
		{name: "idnorm", tries: true, reads: true},
		{name: "realid", undated: true, reads: true},
	}
}

// history draws the life of one session at such a provider.
func (s shape) history(t *rapid.T) truth {
	h := truth{status: Created}
	clock := 0.0
	say := func(status Status, dated bool, id string) {
		step := rapid.IntRange(1, 90).Draw(t, "seconds") * 1000
		if !s.wholeSeconds {
			step += rapid.IntRange(0, 999).Draw(t, "milliseconds")
		}
		clock += float64(step) / 60000
		o := told(status, attempt(id), word(fmt.Sprint(s.name, len(h.said))))
		if dated {
			o = told(status, attempt(id), word(fmt.Sprint(s.name, len(h.said))), at(clock))
		}
		h.said = append(h.said, o)
		h.status = status
		if s.reads && oneIn(t, 4) {
			h.said = append(h.said, told(status, from(SourceFetch), at(clock), word(fmt.Sprint("read", len(h.said)))))
		}
		if oneIn(t, 6) {
			h.said = append(h.said, notice(NoticeAMLChanged, at(clock), word(fmt.Sprint("notice", len(h.said)))))
		}
	}

	tries := 1
	if s.tries {
		tries = rapid.IntRange(1, 4).Draw(t, "tries")
	}
	progress := []Status{InProgress, Processing, InReview}
	for try := 1; try <= tries; try++ {
		id := ""
		if s.attempts {
			id = rapid.StringMatching(`[0-9a-f]{8}`).Draw(t, "attempt") + fmt.Sprint(try)
		}
		for _, p := range progress[:rapid.IntRange(0, len(progress)).Draw(t, "progress")] {
			say(p, !s.undated && (!s.attempts || p == InReview), id)
		}
		if try < tries {
			say(ResubmissionRequested, true, id)
			continue
		}
		for range rapid.IntRange(0, 4).Draw(t, "decisions") {
			outcome := rapid.SampledFrom([]Status{Approved, Declined}).Draw(t, "outcome")
			say(outcome, true, id)
			h.outcomes = append(h.outcomes, outcome)
		}
	}
	return h
}

// arrival draws how it is heard: in any order, some of it twice.
func (h truth) arrival(t *rapid.T) []Observation {
	heard := rapid.Permutation(h.said).Draw(t, "arrival")
	for i := range heard {
		heard[i].HeardAt = minute(afterwards + float64(i))
	}
	if len(heard) > 0 {
		for _, again := range rapid.SliceOfN(rapid.SampledFrom(heard), 0, 3).Draw(t, "again") {
			again.HeardAt = minute(2 * afterwards)
			heard = append(heard, again)
		}
	}
	return slices.Clip(heard)
}
