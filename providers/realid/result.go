package realid

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/bonafide-idv/bonafide/internal/country"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// resultOf reads person, document and checks off a check, nil if it has none of
// them. Of the document's members only birth_date is known for certain; others
// are taken where they have their usual name. The check's customer is what we
// told Real ID ourselves and no result.
func resultOf(check object, status idv.Status, codes []string) *idv.Result {
	result := check.Object("result")
	d := result.Object("document")
	r := &idv.Result{Person: personOf(d), Document: documentOf(d), Checks: checksOf(check, status, codes)}
	if r.Person == nil && r.Document == nil && len(r.Checks) == 0 {
		return nil
	}
	return r
}

func personOf(d object) *idv.Person {
	p := idv.Person{
		FirstName:    idv.Text(d.Text("first_name")),
		LastName:     idv.Text(d.Text("last_name")),
		FullName:     idv.Text(d.Text("full_name")),
		DateOfBirth:  idv.Text(payload.AnyDay(d.Text("birth_date", "date_of_birth"))),
		Sex:          sexOf(d.Text("sex", "gender")),
		Nationality:  idv.Text(country.Alpha2(d.Text("nationality"))),
		PlaceOfBirth: idv.Text(d.Text("birth_place", "place_of_birth")),
	}
	if address := d.Text("address"); address != "" {
		p.Addresses = []idv.Address{{Full: &address}}
	}
	empty := p.FirstName == nil && p.LastName == nil && p.FullName == nil && p.DateOfBirth == nil &&
		p.Sex == nil && p.Nationality == nil && p.PlaceOfBirth == nil && p.Addresses == nil
	if empty {
		return nil
	}
	return &p
}

func documentOf(d object) *idv.Document {
	doc := idv.Document{
		Type:      payload.DocumentType(d.Text("type", "document_type")),
		Number:    idv.Text(d.Text("number", "document_number")),
		Country:   idv.Text(country.Alpha2(d.Text("country", "issuing_country"))),
		IssuedOn:  idv.Text(payload.AnyDay(d.Text("issue_date", "issued_date"))),
		ExpiresOn: idv.Text(payload.AnyDay(d.Text("expiration_date", "expiry_date"))),
	}
	if doc == (idv.Document{}) {
		return nil
	}
	return &doc
}

// checksOf reads what Real ID looked at. Where a score begins to be good is not
// published, so a score alone is unclear.
func checksOf(check object, status idv.Status, codes []string) []idv.Check {
	checks := []idv.Check{}
	for _, kind := range []idv.CheckKind{idv.CheckDocument, idv.CheckFaceMatch, idv.CheckData, idv.CheckAddress, idv.CheckAge} {
		if c, ok := checkOf(check, kind, status, codes); ok {
			checks = append(checks, c)
		}
	}
	scores := check.Object("result").Object("scores")
	for _, name := range slices.Sorted(maps.Keys(scores)) {
		if n, ok := scores[name].(json.Number); ok && payload.Word(name) != "" {
			checks = append(checks, idv.Check{Kind: idv.CheckOther, Status: idv.CheckUnclear, Detail: idv.Text(payload.Word(name) + ": " + n.String())})
		}
	}
	return checks
}

// checkOf reads one of them. A failure code fails the check it is about, unless
// a human approved all the same. A success that no human brought about says
// that the document passed and, where there was one, the face match.
func checkOf(check object, kind idv.CheckKind, status idv.Status, codes []string) (idv.Check, bool) {
	c := idv.Check{Kind: kind}
	failed := slices.IndexFunc(codes, func(code string) bool { return failureOf(code).check == kind })
	success, told := check.Object("result").Bool("success")
	byItself := normal(check.Text("step")) == "completed" && status == idv.Approved
	switch {
	case failed >= 0 && status == idv.Approved:
		c.Status, c.Detail = idv.CheckUnclear, idv.Text(codes[failed])
	case failed >= 0:
		c.Status, c.Detail = idv.CheckFailed, idv.Text(codes[failed])
	case kind == idv.CheckFaceMatch && checkType(check) == "id" && status.Decided():
		c.Status = idv.CheckNotRun
	case kind != idv.CheckDocument && (kind != idv.CheckFaceMatch || checkType(check) != "idv"):
		return c, false
	case byItself && success:
		c.Status = idv.CheckPassed
	case byItself && !told:
		c.Status, c.Detail = idv.CheckUnclear, idv.Text("success is not told")
	default:
		return c, false
	}
	return c, true
}

// checkType is "idv" for document and face, "id" for the document alone.
// Samples put it in two places.
func checkType(check object) string {
	if t := check.Object("rules").Text("id_check_type"); t != "" {
		return t
	}
	return check.Text("id_check_type")
}
