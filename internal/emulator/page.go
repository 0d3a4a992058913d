package emulator

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

//go:embed page.html
var pageSource string

// page is what the hosted page shows.
type page struct {
	Title     string
	Status    idv.Status
	Reviewing bool // a human decides now
	Options   []option
	ReturnURL string
}

type option struct {
	Step    Step
	Label   string
	Hint    string
	Reasons []Choice
}

func (s *Stage) pageRoutes(mux *http.ServeMux) {
	view := template.Must(template.New("page").Parse(pageSource))
	mux.HandleFunc("GET "+s.profile.Page+"{id}", func(w http.ResponseWriter, r *http.Request) {
		s.show(w, r, view)
	})
	mux.HandleFunc("POST "+s.profile.Page+"{id}", s.choose)
}

// show is the user opening the link.
func (s *Stage) show(w http.ResponseWriter, r *http.Request, view *template.Template) {
	id := r.PathValue("id")
	s.returnTo(id, r.URL.Query().Get("return"))
	session, err := s.Take(id, Open, "")
	if err != nil {
		http.Error(w, "This link is not known to the emulator. It forgets all sessions when it stops.", http.StatusNotFound)
		return
	}
	htmlHeader(w)
	_ = view.Execute(w, s.pageOf(session)) // the browser went away
}

func (s *Stage) pageOf(session Session) page {
	p := page{
		Title: s.profile.Title, Status: session.Status, Reviewing: session.Status == idv.InReview,
		ReturnURL: session.ReturnURL,
	}
	for _, step := range menu(s.profile.Steps, session.Status) {
		o := option{Step: step}
		o.Label, o.Hint = wording(step)
		switch step {
		case Decline:
			o.Reasons = s.profile.Reasons
		case Resubmit:
			o.Reasons = s.profile.ResubmitReasons
		}
		p.Options = append(p.Options, o)
	}
	return p
}

// choose is the person deciding.
func (s *Stage) choose(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	step := Step(r.PostFormValue("step"))
	session, ok := s.Session(id)
	if !ok {
		http.Error(w, "This link is not known to the emulator.", http.StatusNotFound)
		return
	}
	// What was decided in another tab meanwhile is shown, not decided again.
	if slices.Contains(menu(s.profile.Steps, session.Status), step) {
		// The session is there and the step is the provider's own.
		session, _ = s.Take(id, step, r.PostFormValue("reason_"+string(step)))
	}
	// Relative, so that it holds under every prefix and host.
	next := "./" + url.PathEscape(id)
	if session.ReturnURL != "" && session.Status != idv.InReview {
		next = session.ReturnURL
	}
	w.Header().Set("Location", next)
	w.WriteHeader(http.StatusSeeOther)
}

// returnTo takes the way back from the link, where the provider's API has no
// field for it.
func (s *Stage) returnTo(id, link string) {
	s.book.change(id, func(session *Session) {
		if session.ReturnURL == "" && WebURL(link) {
			session.ReturnURL = link
		}
	})
}

// WebURL reports whether a browser may be sent there.
func WebURL(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func wording(s Step) (label, hint string) {
	switch s {
	case Approve:
		return "Approve", "The person is who they say they are."
	case Decline:
		return "Decline", "The verification is refused."
	case Review:
		return "Send to review", "A human at the provider decides later, on this page."
	case Resubmit:
		return "Ask again", "The person must hand in new pictures."
	case Fraud:
		return "Fraud alert", "The provider raises an alert and declines."
	case Fail:
		return "Technical failure", "The provider could not process the pictures."
	case Abandon:
		return "Give up", "The person leaves without finishing."
	default:
		return string(s), ""
	}
}
