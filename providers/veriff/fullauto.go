package veriff

import (
	"cmp"
	"fmt"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// automatic is what Veriff's Full Auto decided (page /docs/full-auto-webhook).
// It comes in place of the decision, without reasons or codes.
type automatic struct {
	Decision      text `json:"decision"`
	DecisionScore text `json:"decisionScore"`
	Person        struct {
		FirstName, LastName, DateOfBirth, Gender, IDNumber, Nationality, Address, PlaceOfBirth extraction
	} `json:"person"`
	Document struct {
		Type, Country, Number, ValidFrom, ValidUntil extraction
	} `json:"document"`
	Insights []insight `json:"insights"`
}

// extraction is one value as it was read, null if it was not.
type extraction struct {
	Value text `json:"value"`
}

// insight is one thing that was looked at.
type insight struct {
	Label    text `json:"label"`
	Result   text `json:"result"`
	Category text `json:"category"`
}

// say reads the decision into an update that knows the session already.
func (a automatic) say(u idv.Update, at time.Time) idv.Update {
	u.ProviderStatus, u.OccurredAt = word(a.Decision), at
	status, known := statusOf(a.Decision)
	if !known {
		u.Unknown, u.Why = true, fmt.Sprintf("the decision %s is not in the tables", quoted(a.Decision))
		return u
	}
	u.Status = status
	u.Reasons = reasons(status, word(a.Decision), a.failed()...)
	u.Result = a.result()
	u.DocumentExpiresAt = idv.AfterDay(a.Document.ValidUntil.Value.day())
	return dated(u)
}

// failed gives one reason for each code that the failed insights amount to.
func (a automatic) failed() []idv.Reason {
	var list []idv.Reason
	seen := map[idv.ReasonCode]bool{}
	for _, i := range a.Insights {
		m := insightOf(i.Label)
		if insightStatus(i.Result) == idv.CheckFailed && !seen[m.reason] {
			seen[m.reason] = true
			list = append(list, idv.NewReason(m.reason, cmp.Or(word(i.Label), "insight")+"="+word(i.Result)))
		}
	}
	return list
}

func (a automatic) result() *idv.Result {
	p, d := a.Person, a.Document
	r := verification{
		Person: person{
			FirstName: p.FirstName.Value, LastName: p.LastName.Value, DateOfBirth: p.DateOfBirth.Value,
			Gender: p.Gender.Value, IDNumber: p.IDNumber.Value, Nationality: p.Nationality.Value,
			PlaceOfBirth: p.PlaceOfBirth.Value, Addresses: []address{{FullAddress: p.Address.Value}},
		},
		Document: document{
			Type: d.Type.Value, Country: d.Country.Value, Number: d.Number.Value,
			ValidFrom: d.ValidFrom.Value, ValidUntil: d.ValidUntil.Value,
		},
	}
	var list checks
	for _, i := range a.Insights {
		m := insightOf(i.Label)
		list.add(m.kind, insightStatus(i.Result), said("", i.Label), said("result", i.Result), said("category", i.Category))
	}
	list.add(idv.CheckOther, idv.CheckUnclear, said("decisionScore", a.DecisionScore))
	return resultOf(r.Person, r.Document, list)
}
