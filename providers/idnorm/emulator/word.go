package emulator

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// kyc is IDNorm's tree of checks: group, leaf, word.
type kyc map[string]map[string]string

// noCheck is the reason of a refusal that no check explains.
const noCheck = "none"

// words says where a session stands in IDNorm's words.
func words(s emulator.Session) (status string, checks kyc) {
	switch s.Status {
	case idv.InProgress:
		return "STATUS_IN_PROGRESS", nil
	case idv.Processing:
		return "STATUS_PROCESSING", nil
	case idv.InReview:
		return "STATUS_IN_REVIEW", nil
	case idv.ResubmissionRequested:
		return "STATUS_RESUBMISSION_REQUESTED", checked(s.Reason)
	case idv.Approved:
		return "STATUS_COMPLETED", checked(noCheck)
	case idv.Declined:
		return "STATUS_FAILED", checked(s.Reason)
	case idv.Expired:
		return "STATUS_EXPIRED", nil
	case idv.Canceled:
		return "STATUS_ABANDONED", nil
	case idv.Failed:
		return "STATUS_ERROR", nil
	default:
		return "STATUS_PENDING", nil
	}
}

// checked is a session in which every check passed but the one named.
func checked(failed string) kyc {
	const passed = "CHECK_PASSED"
	tree := kyc{
		"documentVerification": {
			"mrz": passed, "dataIntegrity": passed, "allRequiredFieldsPresent": passed,
			"documentLiveness": passed, "ageRestriction": passed,
		},
		"faceMatch":  {"faceMatch": passed, "passiveLiveness": passed},
		"liveness":   {"userAction": passed},
		"ipAnalysis": {"conditionsCheck": passed},
		"aml":        {"result": "RESULT_CLEAR"},
	}
	group, leaf, ok := strings.Cut(failed, ".")
	if !ok {
		return tree
	}
	if tree[group] == nil {
		tree[group] = map[string]string{}
	}
	tree[group][leaf] = "CHECK_FAILED"
	if group == "aml" {
		tree[group][leaf] = "RESULT_HIT"
	}
	return tree
}
