package kora

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// checksOf reads what Kora looked at. A check passed or failed only where Kora
// says so in a word or a boolean; a score alone is unclear, because where it
// begins to be good is not published.
func checksOf(v object) []idv.Check {
	doc, face, live := v.Object("documentVerification"), v.Object("faceVerification"), v.Object("livenessVerification")
	scores := v.Object("scores")
	checks := []idv.Check{}
	add := func(kind idv.CheckKind, status idv.CheckStatus, details ...string) {
		detail := joined(details)
		if status != idv.CheckUnclear || detail != "" {
			checks = append(checks, idv.Check{Kind: kind, Status: status, Detail: idv.Text(detail)})
		}
	}
	add(idv.CheckDocument, byBoolean(doc, "mrzValid"),
		scored(doc, "authenticityScore"), scored(scores, "documentAuth"), scored(scores, "documentQuality"))
	add(idv.CheckFaceMatch, byMatch(face.Text("matchResult")),
		said(face, "matchResult"), scored(face, "matchScore"), scored(face, "confidence"), scored(scores, "faceMatch"))
	add(idv.CheckLiveness, byBoolean(live, "isLive"),
		scored(live, "livenessScore"), scored(scores, "liveness"))
	add(idv.CheckData, idv.CheckUnclear, scored(scores, "nameMatch"), scored(scores, "dataConsistency"))
	add(idv.CheckAML, idv.CheckUnclear, scored(scores, "screening"), scored(scores, "complianceScore"))
	for _, signal := range v.Objects("riskSignals") {
		add(idv.CheckOther, idv.CheckUnclear, said(signal, "code"), said(signal, "severity"))
	}
	return checks
}

func byBoolean(o object, key string) idv.CheckStatus {
	switch value, ok := o.Bool(key); {
	case !ok:
		return idv.CheckUnclear
	case value:
		return idv.CheckPassed
	default:
		return idv.CheckFailed
	}
}

// byMatch reads matchResult, whose words are not published: only the plainest
// are taken.
func byMatch(result string) idv.CheckStatus {
	switch strings.ReplaceAll(normal(result), "-", "_") {
	case "match", "matched":
		return idv.CheckPassed
	case "no_match", "not_matched", "mismatch":
		return idv.CheckFailed
	default:
		return idv.CheckUnclear
	}
}

func scored(o object, key string) string { return detail(key, o.Number(key)) }

func said(o object, key string) string { return detail(key, word(o.Text(key))) }

func detail(key, value string) string {
	if value == "" {
		return ""
	}
	return key + ": " + value
}

func joined(details []string) string {
	var present []string
	for _, d := range details {
		if d != "" {
			present = append(present, d)
		}
	}
	return strings.Join(present, ", ")
}
