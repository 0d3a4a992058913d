package idv_test

import (
	"math/rand/v2"
	"testing"

	. "github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/google/go-cmp/cmp"
)

// want is what a sequence must amount to.
type want struct {
	status      Status
	outcome     Status // of the decision, empty if there must be none
	version     int
	revisedFrom Status
	decidedAt   float64 // minutes
}

func undecided(s Status) want { return want{status: s} }

func first(s Status, m float64) want { return want{status: s, outcome: s, version: 1, decidedAt: m} }

func revised(s, before Status, version int, m float64) want {
	return want{status: s, outcome: s, version: version, revisedFrom: before, decidedAt: m}
}

// check folds the sequence as it is and in many orders.
func (w want) check(t *testing.T, sequence []Observation) State {
	t.Helper()
	got := Fold(sequence)
	if got.Status != w.status {
		t.Errorf("status is %s, want %s", got.Status, w.status)
	}
	var decision *Decision
	if w.outcome != "" {
		decision = &Decision{Outcome: w.outcome, Version: w.version, DecidedAt: minute(w.decidedAt), RevisedFrom: w.revisedFrom}
	}
	if diff := cmp.Diff(decision, got.Decision); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	r := rand.New(rand.NewPCG(1, uint64(len(sequence))))
	for range 50 {
		shuffled := append([]Observation{}, sequence...)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(got, Fold(shuffled)); diff != "" {
			t.Fatalf("another order gives another state:\n%s", diff)
		}
	}
	return got
}

// TestSequences names real sequences of the providers. Each is given in the
// order in which things happened; heard says otherwise where it matters.
func TestSequences(t *testing.T) {
	a, b, c := attempt("0a9b8c7d"), attempt("9f8e7d6c"), attempt("11223344")
	tests := map[string]struct {
		sequence []Observation
		want     want
	}{
		"nothing heard": {nil, undecided(Created)},
		"create confirmed": {
			[]Observation{created(Pending)}, undecided(Pending),
		},
		"a read that is behind the answer to our create": {
			[]Observation{created(Pending), told(Created, from(SourceFetch), at(1))}, undecided(Pending),
		},
		"create never answered": {
			[]Observation{createFailed(1)}, undecided(Failed),
		},
		"create never answered, but the user is at it": {
			[]Observation{createFailed(1), told(InProgress, at(2))}, undecided(InProgress),
		},
		"create never answered, found after all": {
			[]Observation{createFailed(1), created(Pending)}, undecided(Pending),
		},
		"create never answered, but decided": {
			[]Observation{createFailed(1), told(Approved, at(9))}, first(Approved, 9),
		},

		"veriff: straight to approved": {
			[]Observation{created(Pending), told(InProgress, a, heard(1)), told(Processing, a, heard(3)), told(Approved, a, at(5))},
			first(Approved, 5),
		},
		"veriff: decision before its events": {
			[]Observation{told(Approved, a, at(5)), told(InProgress, a, heard(7)), told(Processing, a, heard(8))},
			first(Approved, 5),
		},
		"veriff: review by a human": {
			[]Observation{told(InProgress, a, heard(1)), told(Processing, a, heard(3)), told(InReview, a, at(5))},
			undecided(InReview),
		},
		"veriff: attempt 1 must be repeated": {
			[]Observation{told(InProgress, a, heard(1)), told(Processing, a, heard(3)), told(ResubmissionRequested, a, at(5))},
			undecided(ResubmissionRequested),
		},
		"veriff: attempt 2 started, which has no time": {
			[]Observation{told(Processing, a, heard(3)), told(ResubmissionRequested, a, at(5)), told(InProgress, b, heard(12))},
			undecided(InProgress),
		},
		"veriff: late duplicate of attempt 1 while attempt 2 runs": {
			[]Observation{told(InProgress, a, heard(1)), told(ResubmissionRequested, a, at(5)), told(InProgress, b, heard(12)), told(Processing, a, heard(70))},
			undecided(InProgress),
		},
		"veriff: the resubmission is heard after attempt 2 began": {
			[]Observation{told(Processing, a, heard(3)), told(InProgress, b, heard(12)), told(ResubmissionRequested, a, at(5), heard(65))},
			undecided(InProgress),
		},
		"veriff: the resubmission is sent again, dated anew": {
			[]Observation{told(ResubmissionRequested, a, at(5)), told(Approved, b, at(15)), told(ResubmissionRequested, a, at(20))},
			first(Approved, 15),
		},
		"veriff: retried within five minutes, so that attempt 1 is never closed": {
			[]Observation{
				told(InProgress, a, heard(1)), told(Processing, a, heard(3)), // no webhook for its resubmission
				told(InProgress, b, heard(6)), told(Processing, b, heard(8)), told(ResubmissionRequested, b, at(10)),
			},
			undecided(ResubmissionRequested),
		},
		"veriff: the same, and attempt 3 is handed in": {
			[]Observation{
				told(Processing, a, heard(3)), told(Processing, b, heard(8)), told(ResubmissionRequested, b, at(10)),
				told(InProgress, c, heard(20)), told(Processing, c, heard(22)),
			},
			undecided(Processing),
		},
		"veriff: the same, and a late word of attempt 1": {
			[]Observation{
				told(InProgress, a, heard(1)), told(Processing, b, heard(8)), told(ResubmissionRequested, b, at(10)),
				told(Processing, a, heard(70)),
			},
			undecided(ResubmissionRequested),
		},
		"veriff: a repeated resubmission does not split attempt 2": {
			[]Observation{
				told(ResubmissionRequested, a, at(5)), told(InReview, b, at(15)), told(ResubmissionRequested, a, at(20)),
				told(Processing, b, at(25)),
			},
			undecided(InReview),
		},
		"veriff: attempt 1 is decided on after attempt 2 was": {
			[]Observation{told(ResubmissionRequested, a, at(5)), told(Approved, b, at(15)), told(Declined, a, at(20))},
			revised(Approved, Declined, 2, 15),
		},
		"veriff: attempt 1 ends while attempt 2 runs": {
			[]Observation{told(ResubmissionRequested, a, at(5)), told(InProgress, b, heard(12)), told(Expired, a, at(20))},
			undecided(InProgress),
		},
		"veriff: three attempts": {
			[]Observation{
				told(ResubmissionRequested, a, at(5)), told(ResubmissionRequested, b, at(15)),
				told(Processing, b, heard(80)), told(InProgress, c, heard(20)), told(Declined, c, at(30)),
			},
			first(Declined, 30),
		},
		"veriff: portal user turns declined into approved": {
			[]Observation{told(Declined, a, at(5)), told(Approved, a, at(500))}, revised(Approved, Declined, 2, 500),
		},
		"veriff: portal user overrules a resubmission that the user has answered": {
			[]Observation{told(ResubmissionRequested, a, at(5)), told(InProgress, b, heard(12)), told(Approved, a, at(20))},
			first(Approved, 20),
		},
		"veriff: URL never opened": {
			[]Observation{created(Pending), told(Expired, heard(10080))}, undecided(Expired),
		},
		"veriff: attempt 2 abandoned, without attempt and time": {
			[]Observation{told(ResubmissionRequested, a, at(5)), told(InProgress, b, heard(12)), told(Expired, word("abandoned"), heard(10080))},
			undecided(Expired),
		},
		"veriff: canceled here, then expired there": {
			[]Observation{created(Pending), canceledHere(5), told(Expired, heard(10080))}, undecided(Canceled),
		},
		"veriff: an unknown status": {
			[]Observation{told(Processing, a, heard(3)), told(Approved, a, at(5), word("conditionally_approved"), unknown)},
			undecided(Processing),
		},
		"veriff: registry and watchlist webhooks": {
			[]Observation{told(Processing, a, heard(3)), notice(NoticeAMLChanged, a, at(4)), notice(NoticeRegistryResult, a)},
			undecided(Processing),
		},

		"idenfy: preliminary approval, then denied by hand": {
			[]Observation{told(InReview, at(5), word("APPROVED final:false")), told(Declined, at(15))}, first(Declined, 15),
		},
		"idenfy: the preliminary one comes last": {
			[]Observation{told(Approved, at(15)), told(InReview, at(5), heard(99), word("APPROVED final:false"))}, first(Approved, 15),
		},
		"idenfy: denied at the end of the session, approved after analysis": {
			[]Observation{told(Declined, at(30), word("IDENTIFICATION_EXPIRED")), told(Approved, at(45))}, revised(Approved, Declined, 2, 45),
		},
		"idenfy: expiry never changes approved": {
			[]Observation{told(Approved, at(5)), told(Expired, at(60))}, first(Approved, 5),
		},
		"idenfy: cancelled, then finished all the same": {
			[]Observation{told(Canceled, at(5)), told(Approved, at(9))}, first(Approved, 9),
		},
		"idenfy: cancelled there, then the link ran out here": {
			[]Observation{told(Canceled, at(5)), linkRanOut(60)}, undecided(Canceled),
		},
		"idenfy: canceled here after the link ran out": {
			[]Observation{linkRanOut(60), canceledHere(61)}, undecided(Canceled),
		},
		"idenfy: canceled here, then final": {
			[]Observation{canceledHere(3), told(Declined, at(9))}, first(Declined, 9),
		},
		"idenfy: decided back and forth": {
			[]Observation{told(Declined, at(5)), told(Approved, at(10)), told(Approved, at(12)), told(Declined, at(20)), told(Declined, at(25))},
			revised(Declined, Approved, 3, 20),
		},
		"idenfy: more information asked for after the denial, which stands meanwhile": {
			[]Observation{told(Declined, at(5)), told(ResubmissionRequested, at(20))}, first(Declined, 5),
		},
		"idenfy: answered, under review": {
			[]Observation{told(Declined, at(5)), told(ResubmissionRequested, at(20)), told(InReview, at(40))},
			want{status: InReview, outcome: Declined, version: 1, decidedAt: 5},
		},
		"idenfy: answered and approved": {
			[]Observation{told(Declined, at(5)), told(ResubmissionRequested, at(20)), told(InReview, at(40)), told(Approved, at(60))},
			revised(Approved, Declined, 2, 60),
		},
		"idenfy: never answered, so that the approval stands": {
			[]Observation{told(Approved, at(5)), told(ResubmissionRequested, at(20)), told(Expired, at(100))}, first(Approved, 5),
		},
		"idenfy: asked a third time": {
			[]Observation{told(Declined, at(5)), told(ResubmissionRequested, at(20)), told(InReview, at(40)), told(ResubmissionRequested, at(60))},
			want{status: ResubmissionRequested, outcome: Declined, version: 1, decidedAt: 5},
		},
		"idenfy: the denial is heard after the answer to what followed it": {
			[]Observation{told(ResubmissionRequested, at(20)), told(InReview, at(40)), told(Declined, at(5), heard(99))},
			want{status: InReview, outcome: Declined, version: 1, decidedAt: 5},
		},
		"idenfy: approved, denied, more information asked for, approved": {
			[]Observation{told(Approved, at(5)), told(Declined, at(10)), told(ResubmissionRequested, at(20)), told(Approved, at(60))},
			revised(Approved, Declined, 3, 60),
		},

		"kora: completed and verified are one approval": {
			[]Observation{told(Approved, at(5), word("verification.completed")), told(Approved, at(5.02), word("verification.verified"))},
			first(Approved, 5),
		},
		"kora: completed(manual_review) arrives after verified": {
			[]Observation{told(Approved, at(20)), told(InReview, at(5), heard(40))}, first(Approved, 20),
		},
		"kora: review ends in a rejection": {
			[]Observation{told(Processing, at(4)), told(InReview, at(5)), told(Declined, at(60))}, first(Declined, 60),
		},
		"kora: processing error": {
			[]Observation{told(Processing, at(4)), told(Failed, at(5))}, undecided(Failed),
		},
		"kora: not completed within a day": {
			[]Observation{created(Pending), told(Expired, from(SourceFetch), at(1440))}, undecided(Expired),
		},
		"kora: verified and rejected in the same second": {
			[]Observation{told(Approved, at(5), word("verification.completed")), told(Declined, at(5), word("verification.rejected"))},
			revised(Declined, Approved, 2, 5),
		},
		"kora: fraud alert": {
			[]Observation{told(Approved, at(5)), notice(NoticeFraudAlert, at(6))}, first(Approved, 5),
		},
		"kora: sandbox verification in a live account": {
			[]Observation{told(Processing, at(4)), told(Approved, at(5), test)}, undecided(Processing),
		},

		"idnorm: statuses arrive in reverse": {
			[]Observation{told(Approved, at(9), heard(10)), told(Processing, at(5), heard(11)), told(InProgress, at(2), heard(12))},
			first(Approved, 9),
		},
		"idnorm: a reviewer overturns, then the old word is delivered again": {
			[]Observation{told(Declined, at(5)), told(Approved, at(30)), told(Declined, at(5), heard(90))},
			revised(Approved, Declined, 2, 30),
		},
		"idnorm: asked to try again, and at it": {
			[]Observation{told(InReview, at(5)), told(ResubmissionRequested, at(9)), told(InProgress, at(12))}, undecided(InProgress),
		},
		"idnorm: old words after the second try began": {
			[]Observation{
				told(ResubmissionRequested, at(9)), told(InProgress, at(12)),
				told(InReview, at(5), heard(30)), told(Processing, at(4), heard(31)),
			},
			undecided(InProgress),
		},
		"idnorm: technical error, then RETRY": {
			[]Observation{told(Failed, at(5)), told(ResubmissionRequested, at(9))}, undecided(ResubmissionRequested),
		},
		"idnorm: read several times while in review": {
			[]Observation{told(InReview, at(5)), told(InReview, from(SourceFetch), at(20)), told(InReview, from(SourceFetch), at(40))},
			undecided(InReview),
		},
		"idnorm: approval confirmed by later reads keeps its date": {
			[]Observation{told(Approved, at(5)), told(Approved, from(SourceFetch), at(20)), told(Approved, from(SourceFetch), at(4000))},
			first(Approved, 5),
		},
		"idnorm: document ran out months later": {
			[]Observation{told(Approved, at(5)), notice(NoticeDocumentExpired, at(400000))}, first(Approved, 5),
		},

		"realid: completed counts once the read confirms it": {
			[]Observation{told(InProgress, at(3)), told(Approved, at(5), partial), told(Declined, from(SourceFetch), at(5.1))},
			first(Declined, 5.1),
		},
		"realid: photos after an early verdict": {
			[]Observation{told(Declined, at(5)), told(InProgress, at(6)), told(InProgress, at(7))}, first(Declined, 5),
		},
		"realid: approved by hand after a failure": {
			[]Observation{told(Declined, at(5)), told(Approved, from(SourceFetch), at(90))}, revised(Approved, Declined, 2, 90),
		},
		"realid: undated photo events": {
			[]Observation{created(Pending), told(InProgress, heard(3)), told(InReview, from(SourceFetch), at(9)), told(InProgress, heard(30), word("submitted-photo"))},
			undecided(InReview),
		},
		"realid: undated failure after a dated success": {
			[]Observation{told(Approved, at(5)), told(Declined, heard(30))}, revised(Declined, Approved, 2, 30),
		},
		"realid: undated success does not overrule a failure": {
			[]Observation{told(Declined, at(5)), told(Approved, heard(30))},
			want{status: Declined, outcome: Declined, version: 2, revisedFrom: Approved, decidedAt: 5},
		},
		"realid: undated success heard after the read that confirms it": {
			[]Observation{told(Approved, from(SourceFetch), at(5)), told(Approved, heard(300))}, first(Approved, 5),
		},
		"realid: privacy requests": {
			[]Observation{told(Approved, at(5)), notice(NoticeDataErasure, at(600))}, first(Approved, 5),
		},

		"here: the link ran out before the user was done": {
			[]Observation{created(Pending), told(InProgress, at(3)), linkRanOut(60)}, undecided(Expired),
		},
		"here: the link ran out, but all was handed in": {
			[]Observation{told(Processing, at(59.9), heard(61)), linkRanOut(60)}, undecided(Processing),
		},
		"here: the link ran out, and a late success overwrites it": {
			[]Observation{told(InProgress, at(3)), linkRanOut(60), told(Approved, at(70))}, first(Approved, 70),
		},
		"here: the link ran out, handed in, and asked to try again": {
			[]Observation{told(InProgress, at(3)), linkRanOut(60), told(Processing, at(61)), told(ResubmissionRequested, at(90))},
			undecided(ResubmissionRequested),
		},
		"here: the link of the second try runs out as well": {
			[]Observation{linkRanOut(60), told(Processing, at(61)), told(ResubmissionRequested, at(90)), linkRanOut(200)},
			undecided(Expired),
		},
		"here: canceled before the create came to nothing": {
			[]Observation{canceledHere(0.5), createFailed(1)}, undecided(Canceled),
		},
		"here: canceled while the provider works on": {
			[]Observation{told(InProgress, at(3)), canceledHere(5), told(Processing, at(6)), told(InReview, at(7))},
			undecided(Canceled),
		},
		"here: canceled, and asked to try again": {
			[]Observation{told(InProgress, at(3)), canceledHere(5), told(ResubmissionRequested, at(6))}, undecided(Canceled),
		},
		"here: an open second try is canceled, so that the decision stands": {
			[]Observation{told(Declined, at(5)), told(ResubmissionRequested, at(9)), told(InProgress, at(12)), canceledHere(20)}, first(Declined, 5),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { tt.want.check(t, tt.sequence) })
	}
}

// TestRedelivery: a repetition that was signed or heard anew is the same
// observation, and the first hearing is the one that is kept.
func TestRedelivery(t *testing.T) {
	original := told(Approved, heard(5))
	again := original
	again.HeardAt, again.DeliveryID = minute(90), "whd_2"
	got := Fold([]Observation{again, original, again})
	if got.Decision == nil || !got.Decision.DecidedAt.Equal(minute(5)) {
		t.Errorf("decision is %+v, want one at the first hearing", got.Decision)
	}
}

func TestReasons(t *testing.T) {
	tests := map[string]struct {
		sequence []Observation
		want     []ReasonCode
	}{
		"of an end": {[]Observation{createFailed(1)}, []ReasonCode{ReasonProviderTimeout}},
		"of the decision, not of its confirmation": {
			[]Observation{told(Declined, at(5), because(ReasonFaceMismatch)), told(Declined, at(9))},
			[]ReasonCode{ReasonFaceMismatch},
		},
		"of the newest confirmation that has any": {
			[]Observation{told(Declined, at(5), because(ReasonFaceMismatch)), told(Declined, at(9), because(ReasonNameMismatch, ReasonScoreLow))},
			[]ReasonCode{ReasonNameMismatch, ReasonScoreLow},
		},
		"not of the outcome before": {
			[]Observation{told(Declined, at(5), because(ReasonFaceMismatch)), told(Approved, at(9))}, nil,
		},
		"of a request to try again": {
			[]Observation{told(InReview, at(5), because(ReasonFaceMismatch)), told(ResubmissionRequested, at(9), because(ReasonDocumentExpired))},
			[]ReasonCode{ReasonDocumentExpired},
		},
		"not of what does not count": {
			[]Observation{told(Declined, at(5)), told(Declined, at(9), partial, because(ReasonFaceMismatch))}, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []ReasonCode
			for _, r := range Fold(tt.sequence).Reasons {
				got = append(got, r.Code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDocumentExpiry(t *testing.T) {
	old, now, later := minute(-5000), minute(90000), minute(200000)
	a, b := attempt("a"), attempt("b")
	tests := map[string]struct {
		sequence []Observation
		want     float64
	}{
		"of the approval":           {[]Observation{told(Approved, at(5), documentUntil(now))}, 90000},
		"told with a later reading": {[]Observation{told(Approved, at(5)), told(Approved, from(SourceFetch), at(6), documentUntil(now))}, 90000},
		"the newest word": {
			[]Observation{told(Approved, at(5), documentUntil(now)), told(Approved, from(SourceFetch), at(6), documentUntil(later))}, 200000,
		},
		"the shorter of equally old words": {
			[]Observation{told(Approved, at(5), documentUntil(later)), told(Approved, from(SourceFetch), at(5), documentUntil(now))}, 90000,
		},
		"a notice since": {
			[]Observation{told(Approved, at(5), documentUntil(later)), notice(NoticeDocumentExpired, at(80000), documentUntil(now))}, 90000,
		},
		"an undated notice": {
			[]Observation{told(Approved, at(5)), notice(NoticeDocumentExpired, heard(80000), documentUntil(now))}, 90000,
		},
		"not of an earlier try": {
			[]Observation{told(ResubmissionRequested, a, at(5), documentUntil(old)), told(Approved, b, at(20))}, 0,
		},
		"not of a notice before the try": {
			[]Observation{
				told(Approved, at(5)), notice(NoticeDocumentExpired, at(80000), documentUntil(now)),
				told(ResubmissionRequested, at(80001)), told(Approved, at(90001)),
			}, 0,
		},
		"not of a try after the decision": {
			[]Observation{told(Approved, at(5), documentUntil(later)), told(ResubmissionRequested, at(9)), told(Processing, at(12), documentUntil(old))}, 200000,
		},
		"not of a test":         {[]Observation{told(Approved, at(5)), notice(NoticeDocumentExpired, at(9), documentUntil(old), test)}, 0},
		"not of what is parked": {[]Observation{told(Approved, at(5)), told(Approved, at(9), documentUntil(old), unknown)}, 0},
		"nothing decided":       {[]Observation{told(Processing, at(5), documentUntil(old))}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := Fold(tt.sequence).DocumentExpiresAt
			if tt.want == 0 && !got.IsZero() || tt.want != 0 && !got.Equal(minute(tt.want)) {
				t.Errorf("document expires at %v, want minute %v", got, tt.want)
			}
		})
	}
}
