package idenfy

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// checksOf reads what iDenfy looked at: the details of the status, and the parts
// of a webhook in which other checks tell how they ended. What those found about
// the person is left out.
func checksOf(details, data, body object) []idv.Check {
	c := checks{}
	for _, f := range findings(details) {
		c.add(f.kind, f.status, f.detail)
	}
	c.services(idv.CheckAML, body, "AML")
	c.services(idv.CheckRegistry, body, "LID")
	c.services(idv.CheckRegistry, body, "CRIMINAL_CHECK")
	if screening := body.Object("amlCheck"); screening != nil {
		c.add(idv.CheckAML, screened(screening), joined("amlCheck", payload.Word(screening.Text("overallStatus"))))
	}
	c.part(idv.CheckAddress, "addressVerification", body.Object("addressVerification").Text("status"))
	c.part(idv.CheckOther, "bankCardVerification", body.Object("bankCardVerification").Text("status"))
	c.part(idv.CheckDevice, "clientIpProxyRiskLevel", data.Text("clientIpProxyRiskLevel"))
	c.answer(idv.CheckRegistry, "gdcMatch", body)
	if holder := manual(body, data); holder != nil { // false also where there was nothing to match
		c.answer(idv.CheckAddress, "manualAddressMatch", holder)
	}
	c.answer(idv.CheckOther, "emailVerified", body.Object("emailVerification"))
	c.answer(idv.CheckOther, "phoneVerified", body.Object("phoneVerification"))
	return c
}

// checks is a list in the making.
type checks []idv.Check

func (c *checks) add(kind idv.CheckKind, status idv.CheckStatus, detail string) {
	*c = append(*c, idv.Check{Kind: kind, Status: status, Detail: idv.Text(detail)})
}

// services adds the screenings of a list.
func (c *checks) services(kind idv.CheckKind, body object, key string) {
	for _, service := range body.Objects(key) {
		status := service.Object("status")
		c.add(kind, screened(status), joined(key, payload.Word(service.Text("serviceName")), payload.Word(status.Text("overallStatus"))))
	}
}

// part adds a check that ends in one word.
func (c *checks) part(kind idv.CheckKind, name, said string) {
	if said == "" {
		return
	}
	status := idv.CheckUnclear
	switch said {
	case "VERIFIED", "MATCH", "VERY_LOW", "LOW":
		status = idv.CheckPassed
	case "UNVERIFIED", "NO_MATCH", "HIGH", "VERY_HIGH":
		status = idv.CheckFailed
	case "NOT_COMPARED", "NOT_CHECKED":
		status = idv.CheckNotRun
	}
	c.add(kind, status, joined(name, payload.Word(said)))
}

// answer adds a check that ends in yes or no.
func (c *checks) answer(kind idv.CheckKind, key string, holder object) {
	yes, ok := holder.Bool(key)
	switch {
	case !ok:
	case yes:
		c.add(kind, idv.CheckPassed, joined(key, "true"))
	default:
		c.add(kind, idv.CheckFailed, joined(key, "false"))
	}
}

// screened reads the status of a screening. A suspicion is for a human.
func screened(status object) idv.CheckStatus {
	said := func(key string, value bool) bool {
		given, ok := status.Bool(key)
		return ok && given == value
	}
	switch {
	case said("serviceUsed", false), said("checkSuccessful", false):
		return idv.CheckNotRun
	case status.Text("overallStatus") == "NOT_SUSPECTED" && !said("serviceSuspected", true):
		return idv.CheckPassed
	default:
		return idv.CheckUnclear
	}
}

// joined is what a check's detail shows: the names, then the word.
func joined(parts ...string) string {
	var present []string
	for _, p := range parts {
		if p != "" {
			present = append(present, p)
		}
	}
	return strings.Join(present, ": ")
}
