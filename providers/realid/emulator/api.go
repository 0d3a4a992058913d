package emulator

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bonafide-idv/bonafide/internal/emulator"
)

// creation is the body of POST /checks. Overrides of the app's settings are
// taken and have no effect.
type creation struct {
	Customer struct {
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
		Email     string `json:"email"`
		Phone     string `json:"phone"`
	} `json:"customer"`
	Order struct {
		Name string `json:"name"`
	} `json:"order"`
	Check map[string]any `json:"check"`
}

func (e *realid) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+apiRoot+"/checks", e.create)
	mux.HandleFunc("GET "+apiRoot+"/checks/{id}", e.read)
	mux.HandleFunc("DELETE "+apiRoot+"/checks/{id}", e.remove)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "Not Found")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.licensed(r) {
			fail(w, http.StatusUnauthorized, "Unauthenticated.")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (e *realid) licensed(r *http.Request) bool {
	ok := false
	for _, token := range e.o.Settings.List("API_TOKEN") {
		ok = ok || subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) == 1
	}
	return ok
}

// create makes a check. The real one sends the link to the customer now.
func (e *realid) create(w http.ResponseWriter, r *http.Request) {
	var body creation
	if emulator.ReadJSON(w, r, &body, false) != nil {
		fail(w, http.StatusUnprocessableEntity, "The body is not a check.")
		return
	}
	if body.Customer.Email == "" && body.Customer.Phone == "" {
		fail(w, http.StatusUnprocessableEntity, "An email or phone of the customer is required.")
		return
	}
	session, ok := e.stage.Create(w, r, emulator.Session{
		ID:             newID(),
		ExternalUserID: userOf(body.Order.Name),
		Fields: map[string]string{
			"first_name": body.Customer.FirstName,
			"last_name":  body.Customer.LastName,
			"email":      body.Customer.Email,
			"phone":      body.Customer.Phone,
			"order":      body.Order.Name,
		},
	})
	if !ok {
		return
	}
	e.stage.Send(session, e.message(session, "check.delivered", "delivered"))
	emulator.WriteJSON(w, http.StatusOK, answer{Message: "Delivered ID check", LiveMode: !e.testing(), Check: e.view(session)})
}

// userOf leaves out what a client adds to its user's id for itself, so that the
// magic at the end of the id is seen.
func userOf(orderName string) string {
	if i := strings.LastIndex(orderName, "~ses_"); i >= 0 {
		return orderName[:i]
	}
	return orderName
}

// newID looks like the samples: 7TWFOC-AUPI.
func newID() string {
	text := rand.Text()
	return text[:6] + "-" + text[6:10]
}

func (e *realid) read(w http.ResponseWriter, r *http.Request) {
	session, ok := e.stage.Session(r.PathValue("id"))
	if !ok {
		fail(w, http.StatusNotFound, "Check not found")
		return
	}
	emulator.WriteJSON(w, http.StatusOK, answer{LiveMode: !e.testing(), Check: e.view(session)})
}

func (e *realid) remove(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !e.stage.Remove(id) {
		fail(w, http.StatusNotFound, "Check not found")
		return
	}
	emulator.WriteJSON(w, http.StatusOK, map[string]any{"message": "Deleted ID check", "check": map[string]string{"id": id}})
}

// Refuse answers as the rest of the API does.
func (e *realid) Refuse(w http.ResponseWriter, status int, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	fail(w, status, http.StatusText(status))
}

func fail(w http.ResponseWriter, status int, message string) {
	emulator.WriteJSON(w, status, map[string]string{"message": message})
}
