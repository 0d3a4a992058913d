package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/config"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/logtest"
	"github.com/bonafide-idv/bonafide/internal/seal"
	"github.com/bonafide-idv/bonafide/internal/store"
	"github.com/bonafide-idv/bonafide/providers"
)

// studio is a world in which nothing happens by itself: the real router and a
// real database, providers that say what they are told to, and work that is
// done when the test says so.
type studio struct {
	*world
	desk    *desk
	errands *errands
}

// startStudio starts one on the database; change may change the settings of a
// provider.
func startStudio(t *testing.T, databaseURL string, d *desk, change ...func(provider string, s idv.Settings)) *studio {
	t.Helper()
	w := &studio{world: &world{t: t, key: bootstrapKey, logs: &logtest.Journal{}, settings: map[string]idv.Settings{}}, desk: d, errands: &errands{}}
	log := slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg := testConfig(databaseURL)
	cfg.ProviderTimeout = 30 * time.Second // a machine may be busy
	for _, entry := range providers.All() {
		name := entry.Adapter.Name
		settings := devSettings(entry, d.URL+"/"+name)
		for _, c := range change {
			c(name, settings)
		}
		w.settings[name] = settings
		cfg.Accounts = append(cfg.Accounts, config.Account{Name: name, Adapter: name, Settings: settings})
	}
	metrics := newMetrics(cfg, "test", log)
	accounts, err := openAccounts(cfg, metrics)
	must(t, err)
	sealer, err := seal.New(cfg.EncryptionKeys)
	must(t, err)
	st, err := store.Open(t.Context(), store.Options{
		URL: databaseURL, Seal: sealer, Jobs: w.errands, ValidFor: cfg.ValidFor, Now: time.Now, Logger: log,
	})
	must(t, err)
	server := httptest.NewUnstartedServer(nil)
	w.base = "http://" + server.Listener.Addr().String()
	w.app, err = newApp(cfg, st, accounts, w.base, metrics, log)
	must(t, err)
	server.Config.Handler = w.app.handler()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := st.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return w
}

// played is a webhook as one session gets it.
type played struct {
	provider, body string
	header         []string
}

// webhook plays one of a recording's webhooks.
func (w *studio) webhook(r recording, i int, c cast) (played, error) {
	recorded, settings := r.webhooks[i], w.settings[r.provider]
	p := played{provider: r.provider, body: c.play(string(recorded.Body), settings)}
	var at time.Time
	if recorded.SignedAt != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, c.play(recorded.SignedAt, settings)); err != nil {
			return p, err
		}
	}
	p.header = append(signed(r.provider, settings, p.body, at), "Authorization", "")
	for name, values := range recorded.Header {
		p.header = append(p.header, name, values[0])
	}
	return p, nil
}

// truth is what the provider says of the session when it is asked.
func (w *studio) truth(r recording, c cast) []scripted {
	var answers []scripted
	for _, a := range r.answers {
		answers = append(answers, scripted{
			Method: a.Method,
			Path:   c.play(a.Path, w.settings[r.provider]),
			Body:   []byte(c.play(string(a.Body), w.settings[r.provider])),
		})
	}
	return answers
}

// send delivers a webhook at the door.
func (w *studio) send(p played) error {
	a, err := w.try("POST", "/v1/webhooks/"+p.provider, p.body, p.header...)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("the webhook was answered %d %s", a.status, a.raw)
	}
	return err
}

// replay has a webhook that was delivered handled again.
func (w *studio) replay(p played) error {
	id, err := w.deliveryOf(p)
	if err != nil {
		return err
	}
	a, err := w.try("POST", "/v1/webhook-deliveries/"+id+"/replay", nil)
	if err == nil && a.status != http.StatusAccepted {
		err = fmt.Errorf("the replay was answered %d %s", a.status, a.raw)
	}
	return err
}

// deliveryOf gives the id under which a webhook was kept.
func (w *studio) deliveryOf(p played) (id string, err error) {
	digest := sha256.Sum256([]byte(p.body))
	err = w.app.store.DB().QueryRowContext(w.t.Context(),
		"SELECT id FROM deliveries WHERE provider = '"+p.provider+"' AND digest = '"+hex.EncodeToString(digest[:])+"'").Scan(&id)
	return id, err
}

// begin creates a session for the user that plays the recording.
func (w *studio) begin(r recording, user string) (cast, error) {
	a, err := w.try("POST", "/v1/sessions", forUser(user, r.provider))
	if err == nil && a.status != http.StatusCreated {
		err = fmt.Errorf("the create was answered %d %s", a.status, a.raw)
	}
	c := cast{session: a.text("id"), user: user, ref: a.text("providerSessionId"), shift: r.recently(time.Now())}
	if err == nil {
		w.desk.tell(c.ref, w.truth(r, c))
	}
	return c, err
}

// isSQLite tells the engines apart where SQL must.
func isSQLite(databaseURL string) bool { return strings.HasPrefix(databaseURL, "sqlite:") }
