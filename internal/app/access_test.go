package app

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/api"
	"github.com/bonafide-idv/bonafide/internal/enginetest"
	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/token"
)

// grant makes a key with the scopes.
func (w *world) grant(scopes []idv.Scope, expires time.Time) string {
	w.t.Helper()
	secret := token.New()
	must(w.t, w.app.store.CreateKey(w.t.Context(), idv.APIKey{ID: id.New("key"), Name: "test", Hash: token.Hash(secret), Scopes: scopes, CreatedAt: time.Now(), ExpiresAt: expires}, "test"))
	return secret
}

// ownUser stands for the right that a client token has.
const ownUser idv.Scope = "@"

// Who may call what: every route with every kind of credential.
func TestWhoMayCallWhat(t *testing.T) {
	needs := map[string]idv.Scope{
		"GET /healthz":                                       "",
		"GET /readyz":                                        "",
		"GET /openapi.json":                                  "",
		"GET /metrics":                                       idv.ScopeMetricsRead,
		"POST /v1/sessions":                                  idv.ScopeSessionsWrite,
		"GET /v1/sessions":                                   idv.ScopeSessionsRead,
		"GET /v1/providers":                                  "*",
		"GET /v1/sessions/{id}":                              idv.ScopeSessionsRead,
		"POST /v1/sessions/{id}/cancel":                      idv.ScopeSessionsWrite,
		"POST /v1/sessions/{id}/refresh":                     idv.ScopeSessionsWrite,
		"GET /v1/sessions/{id}/timeline":                     idv.ScopeSessionsRead,
		"GET /v1/sessions/{id}/result":                       idv.ScopeResultsRead,
		"GET /v1/users/{externalUserId}/verification":        idv.ScopeUsersRead,
		"POST /v1/users/{externalUserId}/client-tokens":      idv.ScopeSessionsWrite,
		"DELETE /v1/users/{externalUserId}":                  idv.ScopeUsersErase,
		"GET /v1/users/{externalUserId}/legal-hold":          idv.ScopeAdmin,
		"PUT /v1/users/{externalUserId}/legal-hold":          idv.ScopeAdmin,
		"DELETE /v1/users/{externalUserId}/legal-hold":       idv.ScopeAdmin,
		"GET /v1/privacy-tasks":                              idv.ScopeUsersErase,
		"POST /v1/privacy-tasks/{id}/done":                   idv.ScopeUsersErase,
		"GET /v1/audit-log":                                  idv.ScopeAdmin,
		"GET /v1/me/verification":                            ownUser,
		"GET /v1/events":                                     idv.ScopeSessionsRead,
		"POST /v1/webhooks/{provider}":                       "",
		"GET /v1/webhook-deliveries":                         idv.ScopeAdmin,
		"POST /v1/webhook-deliveries/{id}/replay":            idv.ScopeAdmin,
		"GET /v1/users/{externalUserId}/verification/stream": idv.ScopeUsersRead,
		"GET /v1/me/verification/stream":                     ownUser,
		"POST /v1/endpoints":                                 idv.ScopeEndpointsManage,
		"GET /v1/endpoints":                                  idv.ScopeEndpointsManage,
		"GET /v1/endpoints/{id}":                             idv.ScopeEndpointsManage,
		"PATCH /v1/endpoints/{id}":                           idv.ScopeEndpointsManage,
		"DELETE /v1/endpoints/{id}":                          idv.ScopeEndpointsManage,
		"POST /v1/endpoints/{id}/rotate-secret":              idv.ScopeEndpointsManage,
		"POST /v1/endpoints/{id}/test":                       idv.ScopeEndpointsManage,
		"GET /v1/endpoints/{id}/messages":                    idv.ScopeEndpointsManage,
		"POST /v1/endpoints/{id}/resend":                     idv.ScopeEndpointsManage,
		"POST /v1/endpoints/{id}/messages/{eventId}/resend":  idv.ScopeEndpointsManage,
		"POST /v1/keys":                                      idv.ScopeAdmin,
		"GET /v1/keys":                                       idv.ScopeAdmin,
		"GET /v1/keys/{id}":                                  idv.ScopeAdmin,
		"DELETE /v1/keys/{id}":                               idv.ScopeAdmin,
	}
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		provider := newIdentity(t)
		w := start(t, databaseURL, provider.accepted)
		keys := map[idv.Scope]string{}
		credentials := map[idv.Scope][]string{} // those that have only the scope
		for _, scope := range idv.Scopes() {
			keys[scope] = w.grant([]idv.Scope{scope}, time.Time{})
			credentials[scope] = []string{
				keys[scope],
				provider.shared(map[string]any{"scope": "openid " + string(scope)}),
				provider.signed(map[string]any{"scp": []any{scope, "openid"}}),
			}
		}
		past := map[string]any{"scope": "admin", "exp": time.Now().Unix()}
		nobody := []string{provider.shared(nil), provider.signed(map[string]any{"scope": "openid"})} // who may nothing by name
		clientToken := w.call("POST", "/v1/users/user-1/client-tokens", nil).want(t, 201, "").text("clientToken")
		expired := w.grant(idv.Scopes(), time.Now().Add(-time.Second))
		for _, operation := range api.Operations() {
			need, known := needs[operation]
			if !known {
				t.Errorf("%s is not in this test", operation)
				continue
			}
			method, path, _ := strings.Cut(operation, " ")
			path = strings.NewReplacer("{id}", "ses_01kagt2f6pe4mrt1qq3g1c2s8f", "{externalUserId}", "user-1", "{provider}", "kora", "{eventId}", "evt_01kagt2f6pe4mrt1qq3g1c2s8f").Replace(path)
			answered := func(authorization string) int {
				return w.call(method, path, nil, "Authorization", authorization).status
			}
			for _, bad := range []string{
				"", "Bearer", "Bearer nonsense", "Basic " + keys[idv.ScopeAdmin], "Bearer " + expired, keys[idv.ScopeAdmin],
				"Bearer " + provider.shared(past), "Bearer " + provider.signed(past),
			} {
				if got := answered(bad); (got == http.StatusUnauthorized) != (need != "" || path == "/v1/webhooks/kora") {
					t.Errorf("%s with %q: %d", operation, bad, got)
				}
			}
			if need == "" {
				continue
			}
			if got := answered("Bearer " + clientToken); (got == http.StatusForbidden) == (need == ownUser) || got == http.StatusUnauthorized {
				t.Errorf("%s with a client token: %d", operation, got)
			}
			for scope, list := range credentials {
				may := need == "*" || need != ownUser && (scope == need || scope == idv.ScopeAdmin)
				for i, credential := range list {
					if got := answered("Bearer " + credential); (got == http.StatusForbidden) == may || got == http.StatusUnauthorized {
						t.Errorf("%s with the scope %s, credential %d: %d", operation, scope, i, got)
					}
				}
			}
			for _, credential := range nobody {
				if got := answered("Bearer " + credential); (got == http.StatusForbidden) == (need == "*") || got == http.StatusUnauthorized {
					t.Errorf("%s with a JWT without a scope: %d", operation, got)
				}
			}
		}
	})
}

func TestRevokedKey(t *testing.T) {
	enginetest.Each(t, func(t *testing.T, databaseURL string) {
		w := start(t, databaseURL)
		w.key = w.grant([]idv.Scope{idv.ScopeSessionsRead}, time.Now().Add(time.Hour))
		w.call("GET", "/v1/sessions", nil, "authorization", "bearer "+w.key).want(t, 200, "")
		keys, err := w.app.store.Keys(t.Context(), idv.Page{})
		must(t, err)
		if keys[0].LastUsedAt.IsZero() {
			t.Error("its use was not noted")
		}
		must(t, w.app.store.RevokeKey(t.Context(), keys[0].ID, "test", time.Now()))
		a := w.call("GET", "/v1/sessions", nil).want(t, 401, "unauthorized")
		if a.header.Get("WWW-Authenticate") == "" {
			t.Error("no WWW-Authenticate")
		}
	})
}

// Load balancers ask by HEAD.
func TestHead(t *testing.T) {
	w := start(t, enginetest.SQLite(t))
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200, "/v1/sessions": 401} {
		res, err := http.Head(w.base + path)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != status {
			t.Errorf("HEAD %s: %d", path, res.StatusCode)
		}
	}
}

// What is served is what is documented.
func TestServedIsDocumented(t *testing.T) {
	c, err := checker()
	must(t, err)
	served, documented := api.Operations(), c.Operations()
	slices.Sort(served)
	slices.Sort(documented)
	if !slices.Equal(served, documented) {
		t.Errorf("served     %v\ndocumented %v", served, documented)
	}
}
