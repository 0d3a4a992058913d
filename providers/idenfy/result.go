package idenfy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/country"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// withResult adds what was read off the person and the document. data is the
// member of a webhook or the answer of /api/v2/data, whose members are the same.
func withResult(u idv.Update, details, data, body object) idv.Update {
	r := &idv.Result{Person: personOf(data, body), Document: documentOf(data), Checks: checksOf(details, data, body)}
	if r.Person == nil && r.Document == nil && len(r.Checks) == 0 {
		return u
	}
	u.Result = r
	u.DocumentExpiresAt = idv.AfterDay(payload.Day(data.Text("docExpiry")))
	return u
}

// personOf prefers the Latin spelling to the one of the document (org…).
func personOf(data, body object) *idv.Person {
	either := func(latin, original string) *string {
		return idv.Text(cmp.Or(data.Text(latin), data.Text(original)))
	}
	p := idv.Person{
		FirstName:      either("docFirstName", "orgFirstName"),
		LastName:       either("docLastName", "orgLastName"),
		FullName:       idv.Text(data.Text("fullName")),
		DateOfBirth:    idv.Text(payload.Day(data.Text("docDob"))),
		Sex:            idv.Text(sexOf(data.Text("docSex"))),
		Nationality:    idv.Text(country.Alpha2(data.Text("docNationality"))),
		PersonalNumber: idv.Text(data.Text("docPersonalCode")),
		PlaceOfBirth:   either("birthPlace", "orgBirthPlace"),
		Addresses:      addressesOf(data, body),
	}
	if p.FirstName == nil && p.LastName == nil && p.FullName == nil && p.DateOfBirth == nil && p.Sex == nil &&
		p.Nationality == nil && p.PersonalNumber == nil && p.PlaceOfBirth == nil && len(p.Addresses) == 0 {
		return nil
	}
	return &p
}

// addressesOf lists each address once: on the document, temporary, from the
// proof of address, as it was verified.
func addressesOf(data, body object) []idv.Address {
	var list []idv.Address
	add := func(full, code string) {
		same := func(a idv.Address) bool { return strings.EqualFold(*a.Full, full) }
		if full != "" && !slices.ContainsFunc(list, same) {
			list = append(list, idv.Address{Full: &full, Country: idv.Text(country.Alpha2(code))})
		}
	}
	verified := body.Object("addressVerification")
	add(verified.Text("address"), verified.Text("country"))
	add(cmp.Or(data.Text("address"), data.Text("orgAddress")), "")
	add(cmp.Or(data.Text("docTemporaryAddress"), data.Text("orgTemporaryAddress")), "")
	add(manual(body, data).Text("manualAddress"), "")
	return list
}

// manual gives the object that holds the manual address, nil if there is none.
// Some older webhooks have it in data.
func manual(body, data object) object {
	for _, o := range []object{body, data} {
		if o.Text("manualAddress") != "" {
			return o
		}
	}
	return nil
}

func documentOf(data object) *idv.Document {
	d := idv.Document{
		Type:      documentTypeOf(data.Text("docType")),
		Number:    idv.Text(data.Text("docNumber")),
		Country:   idv.Text(country.Alpha2(data.Text("docIssuingCountry"))),
		IssuedOn:  idv.Text(payload.Day(data.Text("docDateOfIssue"))),
		ExpiresOn: idv.Text(payload.Day(data.Text("docExpiry"))),
		Issuer:    idv.Text(cmp.Or(data.Text("authority"), data.Text("orgAuthority"))),
	}
	if d == (idv.Document{}) {
		return nil
	}
	return &d
}
