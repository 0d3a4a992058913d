package kora

import (
	"cmp"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// reading is what the words of one verification amount to.
type reading struct {
	status  idv.Status
	unknown bool
	reasons []idv.Reason
	notice  *idv.Notice
	why     string
	// unsure: the reading is the reference's choice between two meanings, so
	// that a plain word about the same verification must win over it.
	unsure bool
}

// teller is who says the words.
type teller struct {
	// says is what the event's own name says, empty if nothing.
	says idv.Status
	// scored: the words are those with which the scoring ended, before any human
	// could look at them.
	scored bool
}

// read reads the status and decision of a verification, as a webhook's data or
// a read show them. Words that contradict each other go to a human: it is never
// guessed that somebody is approved.
func read(v object, by teller) reading {
	status, decision := v.Text("status"), v.Text("decision")
	byStatus, statusKnown := statusOf(status)
	byDecision, decisionKnown := decisionOf(decision)
	verdict := byStatus
	if status == "" {
		verdict = by.says
	}
	switch {
	case status != "" && !statusKnown:
		return reading{unknown: true, why: "status " + quoted(status) + " is not in the tables"}
	case byStatus == idv.Expired && by.says == "":
		return expired(v, byDecision, by)
	case by.says != "" && verdict != by.says,
		verdict != "" && decisionKnown && verdict != byDecision && !by.reviewed(verdict, byDecision):
		return contradiction(status, decision)
	case verdict != "":
		return plain(verdict, v)
	case decisionKnown:
		return plain(byDecision, v)
	default:
		return reading{unknown: true, why: "neither the status nor the decision is in the tables"}
	}
}

// reviewed reports whether a verdict that differs from the decision is that of
// the human to whom the decision sent it: the decision stays on record.
func (by teller) reviewed(verdict, decision idv.Status) bool {
	return !by.scored && verdict.Decided() && decision == idv.InReview
}

func contradiction(status, decision string) reading {
	facts := map[string]string{}
	for key, value := range map[string]string{"status": word(status), "decision": word(decision)} {
		if value != "" {
			facts[key] = value
		}
	}
	return reading{
		status: idv.InReview,
		notice: &idv.Notice{Kind: idv.NoticeContradiction, Facts: facts},
		why:    "status, decision and event contradict each other",
	}
}

func plain(status idv.Status, v object) reading {
	r := reading{status: status}
	code := v.Text("decisionCode")
	switch status {
	case idv.Declined:
		if code != "" {
			r.reasons = []idv.Reason{reasonOf(code)}
		}
	case idv.Failed:
		r.reasons = []idv.Reason{idv.NewReason(idv.ReasonProviderError, word(code))}
	}
	return r
}

// expired reads the word "expired", which means that nobody finished within 24
// hours, or that the identity document had expired and was refused. The trace
// of a decision tells them apart, and what is known of it tells how sure that
// is. An approval that stands beside the word was made before: the sandbox
// approves test-expired-* and lets it expire then.
func expired(v object, decision idv.Status, by teller) reading {
	code := v.Text("decisionCode")
	completed := v.Time("completedAt")
	lasts := idv.AfterDay(payload.AnyDay(v.Object("documentVerification").Text("expirationDate")))
	lapsed := !completed.IsZero() && !lasts.IsZero() && !completed.Before(lasts)
	valid := !completed.IsZero() && completed.Before(lasts)
	refused := by.scored || code != "" || decision == idv.Declined || lapsed
	traces := !completed.IsZero() || v.Text("decisionReason") != "" || len(v.Object("scores")) > 0
	switch {
	case decision == idv.Approved, !refused && valid:
		return reading{
			status: idv.Expired, reasons: []idv.Reason{idv.NewReason(idv.ReasonSessionExpired, "")},
			why: "decided first, then expired: an approval that was told stays",
		}
	case !refused && !traces:
		return reading{status: idv.Expired, reasons: []idv.Reason{idv.NewReason(idv.ReasonSessionExpired, "")}}
	}
	reason := reasonOf(code)
	if reason.Code == idv.ReasonNotSpecified {
		reason = idv.NewReason(idv.ReasonDocumentExpired, word(code))
	}
	return reading{
		status: idv.Declined, reasons: []idv.Reason{reason}, unsure: !refused,
		why: "expired with the trace of a decision: read as an expired document",
	}
}

// update makes an update of a reading.
func (r reading) update(v object, ref idv.Ref, occurredAt time.Time) idv.Update {
	return idv.Update{
		Ref: ref, OccurredAt: occurredAt, ProviderStatus: word(cmp.Or(v.Text("status"), v.Text("decision"))),
		Status: r.status, Unknown: r.unknown, Reasons: r.reasons, Notice: r.notice, Why: r.why,
	}
}
