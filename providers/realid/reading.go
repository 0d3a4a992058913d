package realid

import (
	"slices"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// read reads where a check stands, as a GET shows it. The step decides, except
// that a check may be completed without success.
func (p *provider) read(check object) idv.Update {
	step, result := check.Text("step"), check.Object("result")
	u := idv.Update{ProviderStatus: payload.Word(step)}
	status, known := p.stepStatus(step)
	if !known {
		u.Unknown, u.Why = true, unknownStep(step)
		return u
	}
	u.Status = status
	codes := codesOf(check)
	success, told := result.Bool("success")
	switch {
	case normal(step) == "completed" && told && !success:
		u.Status, u.Why = idv.Declined, "completed, and its result says that it did not succeed"
	case normal(step) == "completed" && !told && len(codes) > 0:
		u.Status, u.Why = idv.InReview, "completed with failures, and its result does not say whether it succeeded"
		u.Notice = contradiction(step, codes)
	case normal(step) == "completed" && !told:
		u.Why = "completed, and its result does not say whether it succeeded"
	case normal(step) == "failed" && told && success:
		u.Why = "failed, although its result says that it succeeded"
		u.Notice = contradiction(step, append([]string{"success"}, codes...))
	case normal(step) == "failed" && technicalAlone(codes):
		u.Status = p.technical
	}
	u.Reasons = reasonsFor(u.Status, step, codes)
	u.Result = resultOf(check, u.Status, codes)
	if u.Status == idv.Approved && u.Result != nil && u.Result.Document != nil && u.Result.Document.ExpiresOn != nil {
		u.DocumentExpiresAt = idv.AfterDay(*u.Result.Document.ExpiresOn)
	}
	return u
}

func unknownStep(step string) string {
	if step == "" {
		return "the check has no step"
	}
	return "step " + quoted(step) + " is not in the tables"
}

// codesOf lists the failure codes of a check. That there is a list is known, its
// name and form are not: the usual ones are read.
func codesOf(check object) []string {
	result := check.Object("result")
	return codesIn(result.List("errors"), []any{result["error"]}, check.List("errors"), []any{check["error"]})
}

// codesIn reads lists of codes, or of objects that have one, each once. What is
// no plain word is left out.
func codesIn(lists ...[]any) []string {
	var codes []string
	for _, item := range slices.Concat(lists...) {
		entry := object{"code": item}
		if inner := entry.Object("code"); inner != nil {
			entry = inner
		}
		if code := payload.Word(entry.Text("code", "name", "type")); code != "" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

func contradiction(step string, codes []string) *idv.Notice {
	facts := map[string]string{"step": payload.Word(step)}
	for _, code := range codes[:min(len(codes), 10)] {
		facts[code] = "true"
	}
	return &idv.Notice{Kind: idv.NoticeContradiction, Facts: facts}
}

// reasonsFor gives one reason for each code of a check that ended against the
// user, or for its step if it has none.
func reasonsFor(status idv.Status, step string, codes []string) []idv.Reason {
	if status != idv.Declined && status != idv.Failed {
		return nil
	}
	if len(codes) == 0 {
		return []idv.Reason{idv.NewReason(idv.ReasonNotSpecified, payload.Word(step))}
	}
	var reasons []idv.Reason
	for _, code := range codes {
		reasons = append(reasons, idv.NewReason(failureOf(code).reason, code))
	}
	return reasons
}
