package emulator

import (
	"slices"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Session is one session at the emulated provider.
type Session struct {
	ID             string
	ExternalUserID string
	// ReturnURL is where the browser goes at the end, empty for nowhere.
	ReturnURL string
	// Fields are what the provider was told at the create and needs again, in
	// its own words. They do not change.
	Fields map[string]string
	// Status is where the session stands, in neutral words.
	Status idv.Status
	// Reason is the provider's code for the last decline or resubmission.
	Reason   string
	Round    int  // 1, and one more after each resubmission
	Reviewed bool // it was sent to a human in this round
	Fraud    bool // an alert was raised
	// CreatedAt is set by Create, UpdatedAt by every step.
	CreatedAt time.Time
	UpdatedAt time.Time
	// SubmittedAt and DecidedAt are zero until it happened. A decision is an
	// approval or a decline.
	SubmittedAt time.Time
	DecidedAt   time.Time
	// ExpiresAt ends a session that was not handed in; zero for never.
	ExpiresAt time.Time
}

// Step is something that happens to a session.
type Step string

// The steps. Each of those after Submit takes the steps before it by itself.
const (
	Open     Step = "open"     // the user opened the link
	Submit   Step = "submit"   // the user handed everything in
	Approve  Step = "approve"  //
	Decline  Step = "decline"  // with a reason
	Review   Step = "review"   // a human will decide
	Resubmit Step = "resubmit" // the user must try again, with a reason
	Fraud    Step = "fraud"    // a fraud alert, and a decline
	Fail     Step = "fail"     // the provider's machinery failed
	Abandon  Step = "abandon"  // the user gave up
	Expire   Step = "expire"   // the time ran out
)

// status is where a step leads.
func (s Step) status() idv.Status {
	switch s {
	case Open:
		return idv.InProgress
	case Submit:
		return idv.Processing
	case Approve:
		return idv.Approved
	case Decline, Fraud:
		return idv.Declined
	case Review:
		return idv.InReview
	case Resubmit:
		return idv.ResubmissionRequested
	case Fail:
		return idv.Failed
	case Abandon:
		return idv.Canceled
	default:
		return idv.Expired
	}
}

// way lists the steps that lead from a status to the step, itself included.
func (s Step) way(from idv.Status) []Step {
	capturing := from == idv.InProgress
	waiting := from == idv.Pending || from == idv.ResubmissionRequested
	var before []Step
	switch s {
	case Open:
		if !waiting {
			return nil
		}
	case Submit:
		if !waiting && !capturing {
			return nil
		}
		if waiting {
			before = []Step{Open}
		}
	case Abandon:
		if waiting {
			before = []Step{Open}
		}
	case Expire:
	default:
		if waiting {
			before = []Step{Open, Submit}
		}
		if capturing {
			before = []Step{Submit}
		}
	}
	return append(before, s)
}

// take moves the session by one step.
func (s *Session) take(step Step, reason string, now time.Time) {
	if step == Open && s.Status == idv.ResubmissionRequested {
		s.Round++
		s.Reason, s.Reviewed = "", false
	}
	s.Status, s.UpdatedAt = step.status(), now
	switch step {
	case Submit:
		s.SubmittedAt = now
	case Approve:
		s.DecidedAt, s.Reason = now, ""
	case Decline:
		s.DecidedAt, s.Reason = now, reason
	case Fraud:
		s.DecidedAt, s.Reason, s.Fraud = now, "", true
	case Review:
		s.Reviewed = true
	case Resubmit:
		s.Reason = reason
	}
}

// menu lists what a person can decide as the session stands.
func menu(steps []Step, status idv.Status) []Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s Step) bool {
		switch status {
		case idv.Pending, idv.InProgress, idv.ResubmissionRequested, idv.Processing:
			return s == Expire
		case idv.InReview:
			return s != Approve && s != Decline && s != Resubmit
		default:
			return true
		}
	})
}
