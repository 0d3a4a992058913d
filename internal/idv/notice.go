package idv

// NoticeKind names a fact that a provider tells and that moves no status.
type NoticeKind string // @name NoticeKind

// The kinds of notices.
const (
	NoticeDocumentExpired  NoticeKind = "document_expired"  // the verified document ran out
	NoticeDocumentExpiring NoticeKind = "document_expiring" // the verified document will run out soon
	NoticeAMLChanged       NoticeKind = "aml_changed"       // a screening result changed
	NoticeFraudAlert       NoticeKind = "fraud_alert"       // the provider suspects fraud
	NoticeRegistryResult   NoticeKind = "registry_result"   // a register answered
	NoticeCustomStatus     NoticeKind = "custom_status"     // a status that the operator defined at the provider
	NoticeDataRequest      NoticeKind = "data_request"      // a person asked the provider for their data
	NoticeDataErasure      NoticeKind = "data_erasure"      // a person asked the provider to erase their data
	NoticeReviewRequested  NoticeKind = "review_requested"  // a person asked for a human to look at the decision
	NoticeContradiction    NoticeKind = "contradiction"     // the provider contradicts itself
)

// NoticeKinds lists every kind of notice.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{
		NoticeDocumentExpired, NoticeDocumentExpiring, NoticeAMLChanged, NoticeFraudAlert, NoticeRegistryResult,
		NoticeCustomStatus, NoticeDataRequest, NoticeDataErasure, NoticeReviewRequested, NoticeContradiction,
	}
}

// Notice is such a fact. Facts holds short machine-readable details in the
// provider's words (never personal data), for example "severity": "high".
type Notice struct {
	Kind  NoticeKind        `json:"kind" example:"fraud_alert"`
	Facts map[string]string `json:"facts,omitempty" example:"severity:high"`
} // @name Notice
