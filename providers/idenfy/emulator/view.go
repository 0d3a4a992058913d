package emulator

import (
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// identification is the body of the IDENTIFICATION_* webhooks.
type identification struct {
	Final           *bool             `json:"final"`
	Platform        string            `json:"platform"`
	Status          verdict           `json:"status"`
	Data            map[string]any    `json:"data"`
	FileURLs        map[string]string `json:"fileUrls"`
	AML             any               `json:"AML"`
	ScanRef         string            `json:"scanRef"`
	ExternalRef     *string           `json:"externalRef"`
	ClientID        string            `json:"clientId"`
	CompanyID       *string           `json:"companyId"`
	BeneficiaryID   *string           `json:"beneficiaryId"`
	StartTime       *int64            `json:"startTime"`
	FinishTime      *int64            `json:"finishTime"`
	ClientIP        string            `json:"clientIp"`
	ClientIPCountry string            `json:"clientIpCountry"`
	ClientLocation  string            `json:"clientLocation"`
}

// verdict is the member `status`.
type verdict struct {
	Overall         *string  `json:"overall"`
	FraudTags       []string `json:"fraudTags"`
	MismatchTags    []string `json:"mismatchTags"`
	AutoFace        *string  `json:"autoFace"`
	ManualFace      *string  `json:"manualFace"`
	AutoDocument    *string  `json:"autoDocument"`
	ManualDocument  *string  `json:"manualDocument"`
	AdditionalSteps *string  `json:"additionalSteps"`
}

func identificationOf(s emulator.Session) identification {
	final := s.Status != idv.InReview // else a human's word will follow
	body := identification{
		Final: &final, Platform: "MOBILE", Status: verdictOf(s), Data: personOf(s), FileURLs: map[string]string{},
		ScanRef: s.ID, ClientID: s.ExternalUserID,
		ClientIP: "198.51.100.24", ClientIPCountry: "NG", ClientLocation: "Lagos, Nigeria",
	}
	if ref := s.Fields["externalRef"]; ref != "" {
		body.ExternalRef = &ref
	}
	if s.Status != idv.Expired {
		body.StartTime, body.FinishTime = seconds(s.CreatedAt), seconds(s.UpdatedAt)
	}
	overall := overallOf(s)
	switch s.Status {
	case idv.InReview: // what the machine made of it
		overall = "APPROVED"
	case idv.Canceled:
		overall = "DENIED"
	}
	body.Status.Overall = &overall
	return body
}

// isSuspected reports whether the tags stand and nobody decided about them yet.
func isSuspected(s emulator.Session) bool {
	return s.Fraud && s.Status == idv.Declined && s.Reason == ""
}

// byHuman reports whether a human made the decision there is.
func byHuman(s emulator.Session) bool {
	return s.Status.Decided() && (s.Reviewed || s.Fraud) && !isSuspected(s)
}

func seconds(t time.Time) *int64 {
	s := t.Unix()
	return &s
}

// verdictOf gives what the machine and, where one looked, a human made of the
// pictures.
func verdictOf(s emulator.Session) verdict {
	v := verdict{FraudTags: []string{}, MismatchTags: []string{}}
	document, face := "DOC_VALIDATED", "FACE_MATCH"
	switch {
	case s.Status == idv.Canceled:
		document, face = "DOC_NOT_ANALYSED", "FACE_NOT_ANALYSED"
	case isSuspected(s):
		v.FraudTags, v.MismatchTags = []string{"DUPLICATE_FACE", "AML_SUSPECTION"}, []string{"NAME"}
	case s.Status == idv.InReview, s.Status == idv.Approved:
	case s.Status == idv.Declined && strings.Contains(s.Reason, "FACE") && !strings.HasPrefix(s.Reason, "DOC_"):
		face = s.Reason
	case s.Status == idv.Declined:
		document = s.Reason
	default:
		return v
	}
	if byHuman(s) {
		passedDocument, passedFace := "DOC_VALIDATED", "FACE_MATCH"
		v.AutoDocument, v.AutoFace, v.ManualDocument, v.ManualFace = &passedDocument, &passedFace, &document, &face
		return v
	}
	v.AutoDocument, v.AutoFace = &document, &face
	return v
}

// personOf is the member `data`: nothing for a session in which nobody was seen.
func personOf(s emulator.Session) map[string]any {
	data := map[string]any{}
	for _, key := range strings.Fields("docFirstName docLastName docNumber docPersonalCode docExpiry docDob docDateOfIssue docType" +
		" docSex docNationality docIssuingCountry birthPlace authority address docTemporaryAddress fullName selectedCountry" +
		" orgFirstName orgLastName orgNationality orgBirthPlace ageEstimate clientIpProxyRiskLevel duplicateFaces") {
		data[key] = nil
	}
	data["manuallyDataChanged"] = false
	if s.SubmittedAt.IsZero() {
		return data
	}
	for key, value := range map[string]string{
		"docFirstName": "AMARA", "docLastName": "OKAFOR", "fullName": "AMARA OKAFOR", "docDob": "1994-02-17", "docSex": "FEMALE",
		"docNationality": "NG", "birthPlace": "ENUGU", "docType": "PASSPORT", "docNumber": "A0000001", "docIssuingCountry": "NG",
		"docDateOfIssue": "2021-05-10", "docExpiry": "2031-05-09", "selectedCountry": "NG", "orgFirstName": "AMARA",
		"orgLastName": "OKAFOR", "orgNationality": "NIGERIAN", "orgBirthPlace": "ENUGU", "ageEstimate": "OVER_30",
		"clientIpProxyRiskLevel": "LOW",
	} {
		data[key] = value
	}
	if s.Reason == "DOC_EXPIRED" {
		data["docExpiry"] = "2020-01-31"
	}
	return data
}
