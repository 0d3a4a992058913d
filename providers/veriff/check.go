package veriff

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type riskLabel struct {
	Label    text `json:"label"`
	Category text `json:"category"`
}

// additional holds those results of extra products whose shape is published.
type additional struct {
	INE struct {
		FaceMatch      *bool `json:"faceMatch"`
		Percentage     text  `json:"faceMatchPercentage"`
		ResponseStatus text  `json:"responseStatus"`
	} `json:"ineBiometricRegistryValidation"`
	Address struct {
		NameMatch    *bool `json:"nameMatch"`
		Percentage   text  `json:"nameMatchPercentage"`
		DocumentType text  `json:"documentType"`
		Fraud        struct {
			RiskLevel text `json:"riskLevel"`
		} `json:"fraud"`
	} `json:"proofOfAddress"`
}

type checks []idv.Check

// add leaves out a check of which nothing is known.
func (c *checks) add(kind idv.CheckKind, status idv.CheckStatus, details ...string) {
	var present []string
	for _, d := range details {
		if d != "" {
			present = append(present, d)
		}
	}
	if status == idv.CheckUnclear && len(present) == 0 {
		return
	}
	*c = append(*c, idv.Check{Kind: kind, Status: status, Detail: idv.Text(strings.Join(present, ", "))})
}

// checks tells what Veriff looked at. A check failed where a decline's code says
// so, passed or failed where a boolean does; scores and labels are unclear,
// because where they begin to be bad is not published.
func (v verification) checks(status idv.Status) checks {
	var list checks
	if m := reasonOf(v.ReasonCode); status == idv.Declined && v.ReasonCode != "" {
		list.add(m.kind, idv.CheckFailed, said("reasonCode", v.ReasonCode))
	}
	if nfc := v.Document.NFCValidated; nfc != nil && *nfc {
		list.add(idv.CheckDocument, idv.CheckPassed, "nfcValidated")
	}
	if v.Biometric.MatchedSessionID != "" {
		list.add(idv.CheckFaceMatch, idv.CheckUnclear, "biometricAuthentication")
	}
	ine, poa := v.Additional.INE, v.Additional.Address
	list.add(idv.CheckRegistry, byBoolean(ine.FaceMatch),
		said("ineFaceMatchPercentage", ine.Percentage), said("ineResponseStatus", ine.ResponseStatus))
	list.add(idv.CheckAddress, byBoolean(poa.NameMatch),
		said("nameMatchPercentage", poa.Percentage), said("documentType", poa.DocumentType), said("fraudRiskLevel", poa.Fraud.RiskLevel))
	list.add(idv.CheckOther, idv.CheckUnclear, said("riskScore", v.RiskScore.Score))
	for _, r := range v.RiskLabels {
		list.add(riskKind(r.Category), idv.CheckUnclear, said("riskLabel", r.Label), said("category", r.Category))
	}
	return list
}

func byBoolean(b *bool) idv.CheckStatus {
	switch {
	case b == nil:
		return idv.CheckUnclear
	case *b:
		return idv.CheckPassed
	default:
		return idv.CheckFailed
	}
}

// said names a word of Veriff's, empty if there is none.
func said(name string, value text) string {
	w := word(value)
	if w == "" || name == "" {
		return w
	}
	return name + ": " + w
}
