package idenfy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/country"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// withResult adds what was read off the person and the document. data is the
// member of a webhook or the answer of /api/v2/data, whose members are the same.
func withResult(u idv.Update, details, data, body object) idv.Update {
	r := &idv.Result{Person: personOf(data, body), Document: documentOf(data), Checks: checksOf(details, data, body)}
	if r.Person == nil && r.Document == nil && len(r.Checks) == 0 {
		return u
	}
	u.Result = r
	u.DocumentExpiresAt = idv.AfterDay(day(data.text("docExpiry")))
	return u
}

// personOf prefers the Latin spelling to the one of the document (org…).
func personOf(data, body object) *idv.Person {
	either := func(latin, original string) *string {
		return idv.Text(cmp.Or(data.text(latin), data.text(original)))
	}
	p := idv.Person{
		FirstName:      either("docFirstName", "orgFirstName"),
		LastName:       either("docLastName", "orgLastName"),
		FullName:       idv.Text(data.text("fullName")),
		DateOfBirth:    idv.Text(day(data.text("docDob"))),
		Sex:            idv.Text(sexOf(data.text("docSex"))),
		Nationality:    idv.Text(country.Alpha2(data.text("docNationality"))),
		PersonalNumber: idv.Text(data.text("docPersonalCode")),
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
	verified := body.object("addressVerification")
	add(verified.text("address"), verified.text("country"))
	add(cmp.Or(data.text("address"), data.text("orgAddress")), "")
	add(cmp.Or(data.text("docTemporaryAddress"), data.text("orgTemporaryAddress")), "")
	add(manual(body, data).text("manualAddress"), "")
	return list
}

// manual gives the object that holds the manual address, nil if there is none.
// Some older webhooks have it in data.
func manual(body, data object) object {
	for _, o := range []object{body, data} {
		if o.text("manualAddress") != "" {
			return o
		}
	}
	return nil
}

func documentOf(data object) *idv.Document {
	d := idv.Document{
		Type:      documentTypeOf(data.text("docType")),
		Number:    idv.Text(data.text("docNumber")),
		Country:   idv.Text(country.Alpha2(data.text("docIssuingCountry"))),
		IssuedOn:  idv.Text(day(data.text("docDateOfIssue"))),
		ExpiresOn: idv.Text(day(data.text("docExpiry"))),
		Issuer:    idv.Text(cmp.Or(data.text("authority"), data.text("orgAuthority"))),
	}
	if d == (idv.Document{}) {
		return nil
	}
	return &d
}

// day gives a date if it is a whole one, YYYY-MM-DD, and is empty otherwise.
func day(s string) string {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return ""
	}
	return s
}
