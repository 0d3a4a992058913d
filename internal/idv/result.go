package idv

// Result is what the provider read off the person and the document: personal
// data. A value that the provider did not give is null or absent.
type Result struct {
	Person   *Person   `json:"person"`
	Document *Document `json:"document"`
	Checks   []Check   `json:"checks"`
}

// Person is the verified person. Dates are YYYY-MM-DD, countries ISO 3166-1
// alpha-2 where they can be told.
type Person struct {
	FirstName      *string   `json:"firstName" extensions:"x-nullable" example:"AMARA"`
	LastName       *string   `json:"lastName" extensions:"x-nullable" example:"OKAFOR"`
	FullName       *string   `json:"fullName" extensions:"x-nullable" example:"AMARA OKAFOR"`
	DateOfBirth    *string   `json:"dateOfBirth" extensions:"x-nullable" format:"date" example:"1994-02-17"`
	Sex            *string   `json:"sex" extensions:"x-nullable" enums:"female,male,other" example:"female"`
	Nationality    *string   `json:"nationality" extensions:"x-nullable" example:"NG"`
	PersonalNumber *string   `json:"personalNumber" extensions:"x-nullable" example:"90001234567"`
	PlaceOfBirth   *string   `json:"placeOfBirth" extensions:"x-nullable" example:"ENUGU"`
	Addresses      []Address `json:"addresses"`
} // @name Person

// Address is one address of the person.
type Address struct {
	Full       *string `json:"full" extensions:"x-nullable" example:"12 Harbour Lane, Lagos"`
	Street     *string `json:"street" extensions:"x-nullable" example:"Harbour Lane"`
	City       *string `json:"city" extensions:"x-nullable" example:"Lagos"`
	PostalCode *string `json:"postalCode" extensions:"x-nullable" example:"101241"`
	State      *string `json:"state" extensions:"x-nullable" example:"Lagos"`
	Country    *string `json:"country" extensions:"x-nullable" example:"NG"`
} // @name Address

// Document is the document that was shown.
type Document struct {
	Type      *DocumentType `json:"type" extensions:"x-nullable" example:"passport"`
	Number    *string       `json:"number" extensions:"x-nullable" example:"A0000001"`
	Country   *string       `json:"country" extensions:"x-nullable" example:"NG"`
	IssuedOn  *string       `json:"issuedOn" extensions:"x-nullable" format:"date" example:"2021-05-10"`
	ExpiresOn *string       `json:"expiresOn" extensions:"x-nullable" format:"date" example:"2031-05-09"`
	Issuer    *string       `json:"issuer" extensions:"x-nullable" example:"NIS"`
} // @name Document

// Check is one thing that the provider looked at.
type Check struct {
	Kind   CheckKind   `json:"kind" example:"document"`
	Status CheckStatus `json:"status" example:"passed"`
	Detail *string     `json:"detail" extensions:"x-nullable" example:"documentAuth: 97"`
} // @name Check

// DocumentType is a kind of identity document.
type DocumentType string // @name DocumentType

// The document types. A client may ask for the first four.
const (
	Passport        DocumentType = "passport"
	IDCard          DocumentType = "id_card"
	DrivingLicense  DocumentType = "driving_license"
	ResidencePermit DocumentType = "residence_permit"
	Visa            DocumentType = "visa"
	OtherDocument   DocumentType = "other"
)

// CheckKind is what a check looked at.
type CheckKind string // @name CheckKind

// The kinds of checks.
const (
	CheckDocument  CheckKind = "document"
	CheckFaceMatch CheckKind = "face_match"
	CheckLiveness  CheckKind = "liveness"
	CheckData      CheckKind = "data"
	CheckAddress   CheckKind = "address"
	CheckAML       CheckKind = "aml"
	CheckRegistry  CheckKind = "registry"
	CheckDuplicate CheckKind = "duplicate"
	CheckDevice    CheckKind = "device"
	CheckAge       CheckKind = "age"
	CheckOther     CheckKind = "other"
)

// CheckStatus is how a check ended.
type CheckStatus string // @name CheckStatus

// The ends of a check.
const (
	CheckPassed  CheckStatus = "passed"
	CheckFailed  CheckStatus = "failed"
	CheckUnclear CheckStatus = "unclear"
	CheckNotRun  CheckStatus = "not_run"
)

// Text is a helper for optional values: nil for an empty string.
func Text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
