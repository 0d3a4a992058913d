package veriff

import (
	"cmp"

	"github.com/bonafide-idv/bonafide/internal/country"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

type person struct {
	FirstName    text      `json:"firstName"`
	LastName     text      `json:"lastName"`
	FullName     text      `json:"fullName"`
	DateOfBirth  text      `json:"dateOfBirth"`
	Gender       text      `json:"gender"`
	Nationality  text      `json:"nationality"`
	IDNumber     text      `json:"idNumber"`
	PlaceOfBirth text      `json:"placeOfBirth"`
	Addresses    []address `json:"addresses"`
}

type address struct {
	FullAddress   text `json:"fullAddress"`
	ParsedAddress struct {
		City     text `json:"city"`
		State    text `json:"state"`
		Street   text `json:"street"`
		Country  text `json:"country"`
		Postcode text `json:"postcode"`
	} `json:"parsedAddress"`
}

type document struct {
	Type         text  `json:"type"`
	Number       text  `json:"number"`
	Country      text  `json:"country"`
	ValidFrom    text  `json:"validFrom"`
	ValidUntil   text  `json:"validUntil"`
	IssuedBy     text  `json:"issuedBy"`
	NFCValidated *bool `json:"nfcValidated"`
}

func (v verification) result(status idv.Status) *idv.Result {
	return resultOf(v.Person, v.Document, v.checks(status))
}

// resultOf is nil if there is nothing in any of them.
func resultOf(p person, d document, list checks) *idv.Result {
	r := &idv.Result{Person: p.ours(), Document: d.ours(), Checks: append([]idv.Check{}, list...)}
	if r.Person == nil && r.Document == nil && len(r.Checks) == 0 {
		return nil
	}
	return r
}

func (p person) ours() *idv.Person {
	ours := idv.Person{
		FirstName:      given(p.FirstName),
		LastName:       given(p.LastName),
		FullName:       given(p.FullName),
		DateOfBirth:    idv.Text(p.DateOfBirth.day()),
		Sex:            idv.Text(sexOf(p.Gender)),
		Nationality:    idv.Text(country.Alpha2(string(p.Nationality))),
		PersonalNumber: given(p.IDNumber),
		PlaceOfBirth:   given(p.PlaceOfBirth),
		Addresses:      []idv.Address{},
	}
	for _, a := range p.Addresses {
		if one := a.ours(); one != (idv.Address{}) {
			ours.Addresses = append(ours.Addresses, one)
		}
	}
	told := cmp.Or(ours.FirstName, ours.LastName, ours.FullName, ours.DateOfBirth, ours.Sex, ours.Nationality, ours.PersonalNumber, ours.PlaceOfBirth)
	if told == nil && len(ours.Addresses) == 0 {
		return nil
	}
	return &ours
}

func (a address) ours() idv.Address {
	parsed := a.ParsedAddress
	return idv.Address{
		Full:       given(a.FullAddress),
		Street:     given(parsed.Street),
		City:       given(parsed.City),
		PostalCode: given(parsed.Postcode),
		State:      given(parsed.State),
		Country:    idv.Text(country.Alpha2(string(parsed.Country))),
	}
}

func (d document) ours() *idv.Document {
	ours := idv.Document{
		Type:      documentTypeOf(d.Type),
		Number:    given(d.Number),
		Country:   idv.Text(country.Alpha2(string(d.Country))),
		IssuedOn:  idv.Text(d.ValidFrom.day()),
		ExpiresOn: idv.Text(d.ValidUntil.day()),
		Issuer:    given(d.IssuedBy),
	}
	if ours == (idv.Document{}) {
		return nil
	}
	return &ours
}

func given(t text) *string { return idv.Text(string(t)) }
