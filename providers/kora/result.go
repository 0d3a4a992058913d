package kora

import (
	"github.com/bonafide-idv/bonafide/internal/country"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// resultOf reads person, document and checks off a verification, nil if it has
// none of them. The members are those of the vendor's SDKs.
func resultOf(v object) *idv.Result {
	r := &idv.Result{Checks: checksOf(v)}
	if d := v.Object("documentVerification"); len(d) > 0 {
		r.Person, r.Document = personOf(d), documentOf(d)
	}
	if r.Person == nil && r.Document == nil && len(r.Checks) == 0 {
		return nil
	}
	return r
}

func personOf(d object) *idv.Person {
	p := idv.Person{
		FirstName:   idv.Text(d.Text("firstName")),
		LastName:    idv.Text(d.Text("lastName")),
		DateOfBirth: idv.Text(payload.AnyDay(d.Text("dateOfBirth"))),
	}
	if p.FirstName == nil && p.LastName == nil && p.DateOfBirth == nil {
		return nil
	}
	return &p
}

func documentOf(d object) *idv.Document {
	doc := idv.Document{
		Type:      payload.DocumentType(d.Text("documentType")),
		Number:    idv.Text(d.Text("documentNumber")),
		Country:   idv.Text(country.Alpha2(d.Text("issuingCountry"))),
		ExpiresOn: idv.Text(payload.AnyDay(d.Text("expirationDate"))),
	}
	if doc == (idv.Document{}) {
		return nil
	}
	return &doc
}
