package emulator

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

type object = map[string]any

// words are Veriff's status and code of a session.
func words(s emulator.Session) (status string, code int) {
	switch s.Status {
	case idv.InProgress:
		return "started", 7001
	case idv.Processing:
		return "submitted", 7002
	case idv.InReview:
		return "review", 9121
	case idv.ResubmissionRequested:
		return "resubmission_requested", 9103
	case idv.Approved:
		return "approved", 9001
	case idv.Declined:
		return "declined", 9102
	case idv.Expired:
		return "expired", 9104
	case idv.Canceled: // the user gave up, and seven days went by
		return "abandoned", 9104
	default:
		return "created", 0
	}
}

func isDecision(code int) bool { return code > 9000 }

// attemptID is the id of a session's n-th attempt.
func attemptID(s emulator.Session, n int) string {
	session, _ := uuid.Parse(s.ID) // it was made here
	return uuid.NewSHA1(session, []byte(strconv.Itoa(n))).String()
}

func (v *veriff) created(s emulator.Session) object {
	status, _ := words(s)
	return object{"status": "success", "verification": object{
		"id": s.ID, "url": v.stage.PageURL(s.ID), "vendorData": text(s.Fields["vendorData"]), "endUserId": text(s.Fields["endUserId"]),
		"host": v.o.PublicURL, "status": status, "sessionToken": s.ID,
	}}
}

// decision is the decision webhook, and the answer to a read of it.
func (v *veriff) decision(s emulator.Session) object {
	status, code := words(s)
	if !isDecision(code) {
		return object{"status": "success", "verification": nil}
	}
	verification := object{
		"id": s.ID, "attemptId": attemptID(s, s.Round), "vendorData": text(s.Fields["vendorData"]), "endUserId": text(s.Fields["endUserId"]),
		"status": status, "code": code, "reason": nil, "reasonCode": nil,
		"decisionTime": s.UpdatedAt, "acceptanceTime": s.CreatedAt, "submissionTime": moment(s.SubmittedAt),
		"person": personOf(s), "document": documentOf(s),
		"additionalVerifiedData": object{}, "riskScore": object{"score": 0.04}, "riskLabels": []object{}, "comments": []object{},
	}
	switch s.Status {
	case idv.Declined, idv.ResubmissionRequested:
		reasonCode, _ := strconv.Atoi(s.Reason) // 0 for what is no code
		verification["reason"], verification["reasonCode"] = reasonText(s.Reason), reasonCode
	case idv.Expired, idv.Canceled:
		verification["decisionTime"], verification["riskScore"] = nil, nil
		if s.SubmittedAt.IsZero() && s.Status == idv.Expired {
			verification["attemptId"] = nil
		}
	}
	return object{"status": "success", "verification": verification, "technicalData": object{"ip": "198.51.100.24"}}
}

// attempts lists the newest first. There is none before the link is opened.
func attempts(s emulator.Session) []object {
	list := []object{}
	if s.Status == idv.Pending {
		return list
	}
	status, _ := words(s)
	for n := s.Round; n >= 1; n-- {
		list = append(list, object{
			"id": attemptID(s, n), "status": status, "userDefinedData": []object{},
			"createdTime": s.CreatedAt.Add(time.Duration(n) * time.Millisecond), // in their order
		})
		status = "resubmission_requested"
	}
	return list
}

// personOf is Amara Okafor where Veriff read the document, else nobody.
func personOf(s emulator.Session) object {
	if !wasRead(s) {
		return object{
			"firstName": nil, "lastName": nil, "dateOfBirth": nil, "gender": nil, "nationality": nil, "idNumber": nil,
			"yearOfBirth": nil, "placeOfBirth": nil, "pepSanctionMatches": []object{}, "addresses": []object{},
		}
	}
	return object{
		"firstName": "AMARA", "lastName": "OKAFOR", "fullName": "AMARA OKAFOR", "dateOfBirth": "1994-02-17", "gender": "F",
		"nationality": "NG", "idNumber": nil, "yearOfBirth": "1994", "placeOfBirth": "ENUGU", "pepSanctionMatches": []object{},
		"addresses": []object{{
			"fullAddress": "12 Harbour Lane, Lagos",
			"parsedAddress": object{
				"city": "Lagos", "unit": nil, "state": nil, "street": "Harbour Lane", "country": "NG", "postcode": nil, "houseNumber": "null",
			},
		}},
	}
}

func documentOf(s emulator.Session) object {
	if !wasRead(s) {
		return object{"type": nil, "number": nil, "country": nil, "state": nil, "validFrom": nil, "validUntil": nil}
	}
	return object{
		"type": "PASSPORT", "number": "A0000001", "country": "NG", "state": nil, "validFrom": "2021-05-10", "validUntil": "2031-05-09",
		"placeOfIssue": "LAGOS", "firstIssue": nil, "issueNumber": nil, "issuedBy": nil, "nfcValidated": s.Status == idv.Approved,
	}
}

func wasRead(s emulator.Session) bool {
	return s.Status == idv.Approved || s.Status == idv.Declined || s.Status == idv.InReview
}

// text is nil for nothing, as Veriff sends null.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
