package idenfy

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// judge reads the overall status and its details, which a webhook has in its
// member `status` and /api/v2/status at the top. last: iDenfy has no more to say
// for now. What is not the last word never is a decision.
func (p *provider) judge(u idv.Update, overall string, details object, last bool) idv.Update {
	u.ProviderStatus = payload.Word(overall)
	status, ok := p.statusOf(overall)
	switch {
	case overall == "":
		return unknown(u, "there is no overall status")
	case !ok:
		return unknown(u, "overall status "+quoted(overall)+" is not in the tables")
	case status == idv.Expired:
		u.Status, u.Reasons = status, []idv.Reason{idv.NewReason(idv.ReasonSessionExpired, u.ProviderStatus)}
		if overall != expired {
			u.Why = "iDenfy does not keep the session's data any more"
		}
		return u
	case !last:
		u.Status, u.Why = idv.InReview, "preliminary: a human has the last word"
		return u
	}
	u.Status = status
	if status == idv.Declined || overall == suspected {
		u.Reasons = reasonsOf(overall, details)
	}
	if overall == suspected {
		u.Notice = alert(details)
	}
	return u
}

// lastWord reports whether an outcome is iDenfy's last word for now. Where the
// field `final` is missing (legacy webhooks; reads, as far as is known), a
// human's verdict is, and an automatic one is as far as the settings let it.
func (p *provider) lastWord(overall string, o, details object) bool {
	switch final := o["final"].(type) {
	case bool:
		return final
	case nil:
	default:
		return false // it is there, and it is no yes
	}
	if details.Text("manualDocument") != "" || details.Text("manualFace") != "" {
		return true
	}
	review := p.settings.reviewSuccessful
	if overall == denied {
		review = p.settings.reviewFailed
	}
	if review != nil && *review {
		return false
	}
	return review != nil || p.settings.absentIsFinal
}

// alert tells which fraud iDenfy suspects, nil if none.
func alert(details object) *idv.Notice {
	facts := map[string]string{}
	for _, key := range []string{"fraudTags", "mismatchTags"} {
		var tags []string
		for _, tag := range words(details, key) {
			if tag = payload.Word(tag); tag != "" {
				tags = append(tags, tag)
			}
		}
		if len(tags) > 0 {
			facts[key] = strings.Join(tags, ",")
		}
	}
	if facts["fraudTags"] == "" {
		return nil
	}
	return &idv.Notice{Kind: idv.NoticeFraudAlert, Facts: facts}
}
