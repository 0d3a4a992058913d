package kora

import (
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/country"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// resultOf reads person, document and checks off a verification, nil if it has
// none of them. The members are those of the vendor's SDKs.
func resultOf(v object) *idv.Result {
	r := &idv.Result{Checks: checksOf(v)}
	if d := v.object("documentVerification"); len(d) > 0 {
		r.Person, r.Document = personOf(d), documentOf(d)
	}
	if r.Person == nil && r.Document == nil && len(r.Checks) == 0 {
		return nil
	}
	return r
}

func personOf(d object) *idv.Person {
	p := idv.Person{
		FirstName:   idv.Text(d.text("firstName")),
		LastName:    idv.Text(d.text("lastName")),
		DateOfBirth: idv.Text(day(d.text("dateOfBirth"))),
	}
	if p.FirstName == nil && p.LastName == nil && p.DateOfBirth == nil {
		return nil
	}
	return &p
}

func documentOf(d object) *idv.Document {
	doc := idv.Document{
		Type:      documentTypeOf(d.text("documentType")),
		Number:    idv.Text(d.text("documentNumber")),
		Country:   idv.Text(country.Alpha2(d.text("issuingCountry"))),
		ExpiresOn: idv.Text(day(d.text("expirationDate"))),
	}
	if doc == (idv.Document{}) {
		return nil
	}
	return &doc
}

// day gives a date as YYYY-MM-DD, empty if it cannot be told for certain.
func day(s string) string {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, "2006/01/02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	return ""
}
