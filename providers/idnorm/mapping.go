package idnorm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// reading is what a status word of IDNorm's means here. The zero value is a
// word that moves nothing.
type reading struct {
	status idv.Status
	// byChecks: the word alone does not tell; the checks decide.
	byChecks bool
}

// means is what an operator may write a status word to mean: one of our
// statuses, or one of these.
type means string

const (
	meansCheckResults means = "check_results"
	meansNone         means = "none"
)

func (m means) reading() (reading, error) {
	status := idv.Status(m)
	switch {
	case m == meansCheckResults:
		return reading{byChecks: true}, nil
	case m == meansNone:
		return reading{}, nil
	case status.Valid() && status != idv.Created:
		return reading{status: status}, nil
	default:
		return reading{}, errors.New("has a status that does not exist")
	}
}

// statusTable is the table of all status words. IDNorm's enum is not published:
// APPROVED, COMPLETED, REJECTED, FAILED, PASSED and IN_REVIEW were seen in
// integrations, the others are guesses. override is the operator's STATUS_MAP.
func statusTable(completed means, override string) (map[string]reading, error) {
	words := map[idv.Status][]string{
		"":                        {"", "UNDEFINED", "UNSPECIFIED"},
		idv.Pending:               {"CREATED", "PENDING", "NOT_STARTED", "NEW"},
		idv.InProgress:            {"STARTED", "IN_PROGRESS", "OPENED"},
		idv.Processing:            {"PROCESSING", "SUBMITTED"},
		idv.InReview:              {"IN_REVIEW", "REVIEW", "MANUAL_REVIEW", "NEEDS_REVIEW"},
		idv.Approved:              {"APPROVED", "PASSED", "VERIFIED", "SUCCESS"},
		idv.Declined:              {"REJECTED", "DECLINED", "DENIED", "FAILED"},
		idv.ResubmissionRequested: {"RESUBMISSION_REQUESTED", "RETRY"},
		idv.Expired:               {"EXPIRED"},
		idv.Canceled:              {"CANCELED", "CANCELLED", "ABANDONED"},
		idv.Failed:                {"ERROR"},
	}
	table := map[string]reading{}
	for status, list := range words {
		for _, word := range list {
			table[word] = reading{status: status}
		}
	}
	var err error
	if table["COMPLETED"], err = completed.reading(); err != nil {
		return nil, errors.New("cannot be applied before COMPLETED_MEANS is right")
	}
	return table, overrule(table, override)
}

// overrule puts the operator's readings, WORD=meaning with commas between, over
// the table.
func overrule(table map[string]reading, override string) error {
	var seen []string
	for pair := range strings.SplitSeq(override, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		left, right, found := strings.Cut(pair, "=")
		word := statusWord(left)
		if !found || word == "" {
			return fmt.Errorf("is not a list such as COMPLETED=approved,FOO=in_review (part %d)", len(seen)+1)
		}
		if slices.Contains(seen, word) {
			return fmt.Errorf("has a word twice (part %d)", len(seen)+1)
		}
		seen = append(seen, word)
		r, err := means(strings.TrimSpace(right)).reading()
		if err != nil {
			return fmt.Errorf("%w (part %d)", err, len(seen))
		}
		table[word] = r
	}
	return nil
}

// statusWord is the form in which a status word is looked up.
func statusWord(word string) string {
	word = upper(strings.TrimSpace(word))
	if rest, ok := strings.CutPrefix(word, "SESSION_STATUS_"); ok {
		return rest
	}
	return strings.TrimPrefix(word, "STATUS_")
}

// statusReasons are the reasons that the status and the checks give together.
func statusReasons(status idv.Status, word string, found checks) []idv.Reason {
	switch status {
	case idv.Declined, idv.ResubmissionRequested:
		if reasons := found.reasons(); len(reasons) > 0 {
			return reasons
		}
		return []idv.Reason{idv.NewReason(idv.ReasonNotSpecified, word)}
	case idv.Expired:
		return []idv.Reason{idv.NewReason(idv.ReasonSessionExpired, word)}
	case idv.Canceled:
		return []idv.Reason{idv.NewReason(idv.ReasonUserCanceled, word)}
	case idv.Failed:
		return []idv.Reason{idv.NewReason(idv.ReasonProviderError, word)}
	default:
		return nil
	}
}
