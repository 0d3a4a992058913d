package payload_test

import (
	"testing"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

func TestDocumentType(t *testing.T) {
	for name, want := range map[string]idv.DocumentType{
		"Passport": idv.Passport, "us_drivers_license": idv.DrivingLicense, "driving-licence": idv.DrivingLicense,
		"resident permit": idv.ResidencePermit, "residence_permit": idv.ResidencePermit, "US Green Card": idv.ResidencePermit,
		"visa": idv.Visa, "ng_national_id": idv.IDCard, "identity card": idv.IDCard, "id-card": idv.IDCard, "library card": idv.OtherDocument,
	} {
		if got := payload.DocumentType(name); got == nil || *got != want {
			t.Errorf("%q was read as %v, want %s", name, got, want)
		}
	}
	if got := payload.DocumentType(" "); got != nil {
		t.Errorf("no word was read as %s", *got)
	}
}
