package emulator

import (
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// answer is what a create and a read give.
type answer struct {
	Message  string `json:"message,omitempty"`
	LiveMode bool   `json:"live_mode"`
	Check    check  `json:"check"`
}

type check struct {
	ID         string    `json:"id"`
	Step       string    `json:"step"`
	Overridden bool      `json:"step_manually_overridden,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	ShopName   string    `json:"shop_name"`
	Platform   string    `json:"platform"`
	Order      order     `json:"order"`
	Customer   customer  `json:"customer"`
	Rules      rules     `json:"rules"`
	Result     result    `json:"result"`
}

type order struct {
	Name string `json:"name,omitempty"`
}

type customer struct {
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`
}

type rules struct {
	Testing      bool   `json:"testing"`
	Signature    bool   `json:"signature_required"`
	CheckType    string `json:"id_check_type"`
	IncludeBack  bool   `json:"include_back_of_id"`
	SelfieMotion string `json:"selfie_liveness"`
}

type result struct {
	Success  *bool              `json:"success,omitempty"`
	Scores   map[string]float64 `json:"scores"`
	Document map[string]string  `json:"document"`
	Errors   []string           `json:"errors,omitempty"`
}

func (e *realid) view(s emulator.Session) check {
	return check{
		ID: s.ID, Step: stepOf(s), Overridden: overridden(s), CreatedAt: s.CreatedAt, ShopName: "emulated-shop", Platform: "api",
		Order: order{Name: s.Fields["order"]},
		Customer: customer{
			FirstName: s.Fields["first_name"], LastName: s.Fields["last_name"], Email: s.Fields["email"], Phone: s.Fields["phone"],
		},
		Rules:  rules{Testing: e.testing(), CheckType: "idv", SelfieMotion: "straight"},
		Result: resultOf(s),
	}
}

// stepOf gives the step. Real ID has none for giving up: a check stays opened.
func stepOf(s emulator.Session) string {
	switch s.Status {
	case idv.InProgress, idv.Canceled:
		return "opened"
	case idv.Processing:
		return "face_match"
	case idv.InReview:
		return "in_review"
	case idv.Approved:
		if s.Reviewed {
			return "manually_approved"
		}
		return "completed"
	case idv.Declined:
		if s.Reviewed {
			return "manually_rejected"
		}
		return "failed"
	case idv.Failed:
		return "failed"
	default:
		return "delivered"
	}
}

// overridden reports whether a human decided.
func overridden(s emulator.Session) bool { return s.Reviewed && s.Status.Decided() }

func resultOf(s emulator.Session) result {
	r := result{Scores: map[string]float64{}, Document: map[string]string{}}
	success := s.Status == idv.Approved
	switch {
	case s.Status == idv.Failed:
		r.Errors = []string{"UnknownSystemError"}
	case s.Status == idv.Declined:
		r.Errors = []string{s.Reason}
	case s.Status != idv.Approved && s.Status != idv.InReview:
		return r
	}
	if s.Status != idv.InReview {
		r.Success = &success
	}
	r.Scores["face_match"] = 0.97
	r.Document["birth_date"] = "1994-02-17"
	return r
}
