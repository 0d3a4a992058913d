package payload

import (
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// DocumentType reads a document type of a provider that does not publish its
// words: some carry a country ("us_drivers_license"), so parts of them decide.
// Nil for no word at all, idv.OtherDocument for one with no part that is known.
func DocumentType(name string) *idv.DocumentType {
	name = strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(name)))
	if name == "" {
		return nil
	}
	kind := idv.OtherDocument
	for _, known := range []struct {
		part string
		kind idv.DocumentType
	}{
		{"passport", idv.Passport},
		{"driver", idv.DrivingLicense},
		{"driving", idv.DrivingLicense},
		{"residen", idv.ResidencePermit},
		{"green_card", idv.ResidencePermit},
		{"visa", idv.Visa},
		{"national_id", idv.IDCard},
		{"id_card", idv.IDCard},
		{"identity_card", idv.IDCard},
	} {
		if strings.Contains(name, known.part) {
			kind = known.kind
			break
		}
	}
	return &kind
}
