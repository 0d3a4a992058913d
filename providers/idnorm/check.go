package idnorm

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// rule says what one leaf of the kyc object is about, and why a user is
// declined when it failed. The leaves are those that an integration reads;
// their words are not published.
type rule struct {
	path   string
	kind   idv.CheckKind
	reason idv.ReasonCode
}

func rules() []rule {
	return []rule{
		{"documentVerification.mrz", idv.CheckDocument, idv.ReasonDocumentInvalid},
		{"documentVerification.barcode", idv.CheckDocument, idv.ReasonDocumentInvalid},
		{"documentVerification.dataIntegrity", idv.CheckDocument, idv.ReasonDocumentNotGenuine},
		{"documentVerification.allRequiredFieldsPresent", idv.CheckDocument, idv.ReasonDataMissing},
		{"documentVerification.documentLiveness", idv.CheckDocument, idv.ReasonDocumentNotGenuine},
		{"documentVerification.ageRestriction", idv.CheckAge, idv.ReasonAgeRestriction},
		{"faceMatch.faceMatch", idv.CheckFaceMatch, idv.ReasonFaceMismatch},
		{"faceMatch.passiveLiveness", idv.CheckLiveness, idv.ReasonLivenessFailed},
		{"liveness.userAction", idv.CheckLiveness, idv.ReasonLivenessFailed},
		{"liveness.passiveLiveness", idv.CheckLiveness, idv.ReasonLivenessFailed},
		{"ageEstimate.ageRestriction", idv.CheckAge, idv.ReasonAgeRestriction},
		{"ipAnalysis.conditionsCheck", idv.CheckDevice, idv.ReasonLocationRestricted},
		{"poa.check", idv.CheckAddress, idv.ReasonAddressNotVerified},
		{"aml.result", idv.CheckAML, idv.ReasonWatchlistMatch},
	}
}

// check is one leaf as IDNorm gave it.
type check struct {
	rule
	word   string
	status idv.CheckStatus
}

type checks []check

// readChecks reads the kyc object. What is not where it is expected counts as
// unclear, never as passed; what is not in the rules is passed over, unless its
// word says that it failed.
func readChecks(kyc json.RawMessage) checks {
	groups, ok := members(kyc)
	if !ok {
		return checks{{rule: otherRule("kyc"), word: notAWord, status: idv.CheckUnclear}}
	}
	var found checks
	leaves := leavesOf(groups)
	for _, r := range rules() {
		if word, ok := leaves[r.path]; ok {
			found = append(found, check{rule: r, word: word, status: checkStatus(word)})
			delete(leaves, r.path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(leaves)) {
		word := leaves[path]
		if isGroup(path) {
			found = append(found, check{rule: otherRule(path), word: word, status: idv.CheckUnclear})
		} else if checkStatus(word) == idv.CheckFailed {
			found = append(found, check{rule: otherRule(path), word: word, status: idv.CheckFailed})
		}
	}
	return found
}

const notAWord = "(not a word)"

// leavesOf flattens the two levels of the kyc object into words by path. A
// group that is not an object is a leaf itself.
func leavesOf(groups map[string]json.RawMessage) map[string]string {
	leaves := map[string]string{}
	add := func(path string, raw json.RawMessage) {
		if isNull(raw) {
			return
		}
		var word text
		if json.Unmarshal(raw, &word) != nil {
			word = notAWord
		}
		leaves[path] = string(word)
	}
	for group, raw := range groups {
		fields, ok := members(raw)
		if !ok {
			add(group, raw)
		}
		for name, value := range fields {
			add(group+"."+name, value)
		}
	}
	return leaves
}

// isGroup reports whether the path should hold leaves of its own.
func isGroup(path string) bool {
	return slices.ContainsFunc(rules(), func(r rule) bool { return strings.HasPrefix(r.path, path+".") })
}

func otherRule(path string) rule {
	return rule{path: path, kind: idv.CheckOther, reason: idv.ReasonNotSpecified}
}

func members(raw json.RawMessage) (map[string]json.RawMessage, bool) {
	if isNull(raw) {
		return nil, true
	}
	var object map[string]json.RawMessage
	return object, json.Unmarshal(raw, &object) == nil
}

func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// checkStatus reads the word of a leaf: one prefix is dropped, and the rest
// must match exactly.
func checkStatus(word string) idv.CheckStatus {
	word = upper(word)
	for _, prefix := range []string{"CHECK_", "RESULT_", "STATUS_"} {
		if rest, ok := strings.CutPrefix(word, prefix); ok {
			word = rest
			break
		}
	}
	switch word {
	case "PASSED", "PASS", "OK", "SUCCESS", "VALID", "CLEAR", "APPROVED":
		return idv.CheckPassed
	case "FAILED", "FAIL", "INVALID", "REJECTED", "HIT", "NOT_PASSED":
		return idv.CheckFailed
	case "UNDEFINED", "UNSPECIFIED", "SKIPPED", "NOT_RUN", "":
		return idv.CheckNotRun
	default:
		return idv.CheckUnclear
	}
}

// code is the leaf's path and word.
func (c check) code() string { return plain(c.path + "=" + c.word) }

func (c checks) with(status idv.CheckStatus) checks {
	var list checks
	for _, one := range c {
		if one.status == status {
			list = append(list, one)
		}
	}
	return list
}

// reasons gives one reason for each code that the failed checks amount to, with
// the first such leaf as the provider's word.
func (c checks) reasons() []idv.Reason {
	var reasons []idv.Reason
	for _, one := range c.with(idv.CheckFailed) {
		known := func(r idv.Reason) bool { return r.Code == one.reason }
		if !slices.ContainsFunc(reasons, known) {
			reasons = append(reasons, idv.NewReason(one.reason, one.code()))
		}
	}
	return reasons
}

// result gives the checks in our words, nil if there are none.
func (c checks) result() *idv.Result {
	if len(c) == 0 {
		return nil
	}
	result := &idv.Result{}
	for _, one := range c {
		result.Checks = append(result.Checks, idv.Check{Kind: one.kind, Status: one.status, Detail: idv.Text(one.code())})
	}
	return result
}
