package idnorm

import (
	"fmt"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// say reads the status and the checks of an event into an update, which knows
// the session already.
func (p *provider) say(u idv.Update, word string, found checks) idv.Update {
	u.ProviderStatus = plain(word)
	r, known := p.statuses[statusWord(word)]
	if !known {
		u.Unknown = true
		u.Why = fmt.Sprintf("the status word %q is not known", u.ProviderStatus)
		return u
	}
	u.Result = found.result()
	switch {
	case r.byChecks:
		u.Status, u.Ask, u.Why = verdict(found)
	case r.status == "":
		u.Why = "the provider gives no status"
		if u.ProviderStatus != "" {
			u.Why = "the status word says nothing"
		}
	default:
		u.Status = r.status
	}
	u.Reasons = statusReasons(u.Status, u.ProviderStatus, found)
	if failed := found.with(idv.CheckFailed); len(failed) > 0 && (r.byChecks || u.Status == idv.Approved) {
		u.Notice = contradiction(u.ProviderStatus, failed)
	}
	return u
}

// verdict reads the checks of a session of which the provider says only that it
// is completed. Without any check that was run it is in review, and the provider
// is asked for more: should it have no more to say, a human must look.
func verdict(found checks) (status idv.Status, ask bool, why string) {
	passed := found.with(idv.CheckPassed)
	failed := found.with(idv.CheckFailed)
	unclear := found.with(idv.CheckUnclear)
	switch {
	case len(failed) > 0:
		return idv.InReview, false, "completed, but these checks failed: " + failed.list()
	case len(unclear) > 0:
		return idv.InReview, false, "completed, but these checks are not understood: " + unclear.list()
	case len(passed) > 0:
		return idv.Approved, false, ""
	default:
		return idv.InReview, true, "completed, but no check was run that could tell how"
	}
}

// listed is how many checks a sentence names.
const listed = 10

func (c checks) list() string {
	var codes []string
	for _, one := range c[:min(len(c), listed)] {
		codes = append(codes, one.code())
	}
	if len(c) > listed {
		codes = append(codes, "…")
	}
	return strings.Join(codes, ", ")
}

func contradiction(word string, failed checks) *idv.Notice {
	facts := map[string]string{"status": word}
	for _, one := range failed[:min(len(failed), listed)] {
		facts[plain(one.path)] = plain(one.word)
	}
	return &idv.Notice{Kind: idv.NoticeContradiction, Facts: facts}
}
