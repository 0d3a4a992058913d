package idv

// ReasonCode is our stable code for why a session is where it is.
type ReasonCode string // @name ReasonCode

// Reason says why. Message is safe to show to the user; ProviderCode is the
// provider's own word and may be empty.
type Reason struct {
	Code         ReasonCode `json:"code"`
	Retryable    bool       `json:"retryable"`
	Message      string     `json:"message"`
	ProviderCode string     `json:"providerCode"`
}

// The reason codes. Each has its message and its retryability in catalogue.
const (
	ReasonDocumentExpired      ReasonCode = "document_expired"
	ReasonDocumentUnreadable   ReasonCode = "document_unreadable"
	ReasonDocumentDamaged      ReasonCode = "document_damaged"
	ReasonDocumentMissing      ReasonCode = "document_missing"
	ReasonDocumentNotSupported ReasonCode = "document_not_supported"
	ReasonDocumentNotGenuine   ReasonCode = "document_not_genuine"
	ReasonDocumentInvalid      ReasonCode = "document_invalid"
	ReasonFaceMismatch         ReasonCode = "face_mismatch"
	ReasonFaceNotVisible       ReasonCode = "face_not_visible"
	ReasonLivenessFailed       ReasonCode = "liveness_failed"
	ReasonNameMismatch         ReasonCode = "name_mismatch"
	ReasonDataMismatch         ReasonCode = "data_mismatch"
	ReasonDataMissing          ReasonCode = "data_missing"
	ReasonAddressNotVerified   ReasonCode = "address_not_verified"
	ReasonRegistryMismatch     ReasonCode = "registry_mismatch"
	ReasonAgeRestriction       ReasonCode = "age_restriction"
	ReasonLocationRestricted   ReasonCode = "location_restricted"
	ReasonDuplicateUser        ReasonCode = "duplicate_user"
	ReasonFraudSuspected       ReasonCode = "fraud_suspected"
	ReasonWatchlistMatch       ReasonCode = "watchlist_match"
	ReasonTooManyAttempts      ReasonCode = "too_many_attempts"
	ReasonScoreLow             ReasonCode = "score_low"
	ReasonNotSpecified         ReasonCode = "not_specified"
	ReasonUserCanceled         ReasonCode = "user_canceled"
	ReasonSessionExpired       ReasonCode = "session_expired"
	ReasonClientCanceled       ReasonCode = "client_canceled"
	ReasonProviderTimeout      ReasonCode = "provider_timeout"
	ReasonProviderRejected     ReasonCode = "provider_rejected"
	ReasonProviderUnavailable  ReasonCode = "provider_unavailable"
	ReasonProviderError        ReasonCode = "provider_error"
)

type reasonText struct {
	code      ReasonCode
	retryable bool
	message   string
}

func catalogue() []reasonText {
	return []reasonText{
		{ReasonDocumentExpired, true, "The document has expired. Please use one that is still valid."},
		{ReasonDocumentUnreadable, true, "The document could not be read. Please take a sharper picture in good light."},
		{ReasonDocumentDamaged, true, "The document is damaged. Please use another one."},
		{ReasonDocumentMissing, true, "A picture of the document is missing. Please capture every side that is asked for."},
		{ReasonDocumentNotSupported, true, "This kind of document is not accepted. Please use another one."},
		{ReasonDocumentNotGenuine, false, "The document could not be accepted as genuine."},
		{ReasonDocumentInvalid, false, "The document is not valid."},
		{ReasonFaceMismatch, false, "The face does not match the picture on the document."},
		{ReasonFaceNotVisible, true, "The face could not be seen clearly. Please take off glasses or coverings and try in good light."},
		{ReasonLivenessFailed, true, "It could not be confirmed that a live person was in front of the camera. Please try again."},
		{ReasonNameMismatch, false, "The name on the document differs from the name that was given."},
		{ReasonDataMismatch, false, "The details on the document do not agree with each other or with those that were given."},
		{ReasonDataMissing, true, "Some details could not be collected. Please try again."},
		{ReasonAddressNotVerified, true, "The address could not be verified."},
		{ReasonRegistryMismatch, false, "The details could not be confirmed with the official register."},
		{ReasonAgeRestriction, false, "The age requirement is not met."},
		{ReasonLocationRestricted, false, "Verification is not available from this location."},
		{ReasonDuplicateUser, false, "This person or document was used for another account already."},
		{ReasonFraudSuspected, false, "The verification could not be accepted."},
		{ReasonWatchlistMatch, false, "The verification could not be accepted."},
		{ReasonTooManyAttempts, false, "There were too many attempts."},
		{ReasonScoreLow, false, "The verification did not reach the required confidence."},
		{ReasonNotSpecified, false, "The provider gave no reason that we know."},
		{ReasonUserCanceled, true, "The verification was canceled before it was finished."},
		{ReasonSessionExpired, true, "The time to finish the verification ran out."},
		{ReasonClientCanceled, true, "The verification was canceled by the service that asked for it."},
		{ReasonProviderTimeout, true, "The verification could not be started. Please try again."},
		{ReasonProviderRejected, false, "The verification could not be started."},
		{ReasonProviderUnavailable, true, "The verification could not be started. Please try again later."},
		{ReasonProviderError, true, "The verification could not be completed for technical reasons. Please try again."},
	}
}

// ReasonCodes lists every reason code.
func ReasonCodes() []ReasonCode {
	var codes []ReasonCode
	for _, r := range catalogue() {
		codes = append(codes, r.code)
	}
	return codes
}

// NewReason gives the reason for one of our codes with the provider's own word.
// A code that is not in the catalogue becomes ReasonNotSpecified.
func NewReason(code ReasonCode, providerCode string) Reason {
	fallback := Reason{}
	for _, r := range catalogue() {
		reason := Reason{Code: r.code, Retryable: r.retryable, Message: r.message, ProviderCode: providerCode}
		if r.code == code {
			return reason
		}
		if r.code == ReasonNotSpecified {
			fallback = reason
		}
	}
	return fallback
}
