package realid

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/payload"
)

// CodeContactRequired is the code of the refusal of a create that has neither an
// e-mail address nor a phone number. Nothing is sent then: Real ID delivers the
// link itself and refuses such a check (page api/checks).
const CodeContactRequired = "contact_required"

// creation is the body of POST /checks.
type creation struct {
	Customer customer        `json:"customer"`
	Order    *order          `json:"order,omitempty"`
	Check    json.RawMessage `json:"check,omitempty"`
}

type customer struct {
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Email     string `json:"email,omitempty"`
	Phone     string `json:"phone,omitempty"`
}

type order struct {
	Name string `json:"name"`
}

// Check refuses a user whom Real ID could not reach.
func (p *provider) Check(req idv.StartRequest) error {
	if strings.TrimSpace(req.Prefill.Email) == "" && strings.TrimSpace(req.Prefill.Phone) == "" {
		return &idv.InputError{Pointer: "/user", Code: CodeContactRequired, Detail: "needs an email or a phone: Real ID delivers the link itself"}
	}
	return nil
}

// Start creates a check, which Real ID sends to the user at once by e-mail and
// text message. It has no field for a callback URL, a lifetime, a country, a
// document type or a locale.
func (p *provider) Start(ctx context.Context, req idv.StartRequest) (idv.Started, error) {
	body := creation{
		Customer: customer{
			FirstName: req.Prefill.FirstName,
			LastName:  req.Prefill.LastName,
			Email:     strings.TrimSpace(req.Prefill.Email),
			Phone:     strings.TrimSpace(req.Prefill.Phone),
		},
		Check: p.overrides,
	}
	if p.Check(req) != nil {
		return idv.Started{}, &idv.ProviderError{
			Kind: idv.KindRejected, Code: CodeContactRequired, Err: errors.New("the user's email or phone is needed"),
		}
	}
	if name := p.echo.Write(req); name != "" {
		body.Order = &order{Name: name}
	}
	var answer object
	if err := p.http.Write(ctx, http.MethodPost, "/checks", body, &answer); err != nil {
		return idv.Started{}, err
	}
	check := answer.Object("check")
	ref := refOf(check)
	if ref == "" {
		return idv.Started{}, &idv.ProviderError{
			Kind: idv.KindUnavailable, Ambiguous: true, Err: errors.New("the answer has no check id"),
		}
	}
	return idv.Started{
		Ref:            ref,
		Launch:         idv.Launch{URL: fill(p.launchURL, string(ref), req.CallbackURL)},
		ProviderStatus: payload.Word(check.Text("step")),
		Status:         p.startedAs(check.Text("step")),
		CreatedAt:      check.Time("created_at"),
	}, nil
}

// startedAs reads the step of a new check, which can never be a decision. It is
// confirmed by now, so it is no longer merely created.
func (p *provider) startedAs(step string) idv.Status {
	status, _ := p.stepStatus(step)
	if !status.Open() || status == idv.Created {
		status = ""
	}
	return cmp.Or(status, idv.Pending)
}
