package kora_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/kora"
)

// provider is an account at a Kora that answers every call with the body.
func provider(t *testing.T, body string, asked *string) idv.Provider {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked != nil {
			*asked = r.Method + " " + r.URL.EscapedPath()
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	p, err := kora.Adapter().New(settings(server.URL), server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFind(t *testing.T) {
	list := `[
	 {"id":"ver_1","externalId":"a/b","status":"pending","createdAt":"2025-01-15T10:30:00Z"},
	 {"id":"ver_2","external_id":"a/b","status":"manual_review","created_at":"2025-01-15T10:28:00Z"},
	 {"id":"ver_skewed_too_far","externalId":"a/b","status":"pending","createdAt":"2025-01-15T10:27:59Z"},
	 {"id":"ver_decided","externalId":"a/b","status":"verified","createdAt":"2025-01-15T10:31:00Z"},
	 {"id":"ver_strange","externalId":"a/b","status":"not-a-word","createdAt":"2025-01-15T10:31:00Z"},
	 {"id":"ver_timeless","externalId":"a/b","status":"pending"},
	 {"id":"ver_of_another","externalId":"a","status":"pending","createdAt":"2025-01-15T10:31:00Z"},
	 {"id":"ver_of_tenant","tenantId":"other","status":"pending","createdAt":"2025-01-15T10:31:00Z"},
	 {"status":"pending","createdAt":"2025-01-15T10:31:00Z"}, null, "ver_text", 7]`
	req := idv.StartRequest{ExternalUserID: "a/b", At: time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)}
	for name, body := range map[string]string{
		"bare": list, "verifications": `{"verifications":` + list + `}`, "data": `{"data":` + list + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			var asked string
			found, err := provider(t, body, &asked).(idv.Finder).Find(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			var refs []idv.Ref
			for _, f := range found {
				refs = append(refs, f.Ref)
				if f.Launch.VerificationID != string(f.Ref) || f.CreatedAt.IsZero() {
					t.Errorf("found %+v", f)
				}
			}
			if !slices.Equal(refs, []idv.Ref{"ver_1", "ver_2", "ver_decided", "ver_strange"}) {
				t.Errorf("found %v", refs)
			}
			if asked != "GET /api/v1/idv/subjects/a%2Fb/verifications" {
				t.Errorf("asked %s", asked)
			}
		})
	}
	for name, body := range map[string]string{"empty": `[]`, "null": `null`, "text": `"x"`, "other object": `{}`} {
		t.Run(name, func(t *testing.T) {
			if found, err := provider(t, body, nil).(idv.Finder).Find(t.Context(), req); err != nil || len(found) != 0 {
				t.Errorf("found %v, error %v", found, err)
			}
		})
	}
}

func TestRefusedKeyNamesTheOtherHost(t *testing.T) {
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		rec.WriteHeader(http.StatusUnauthorized)
		return rec.Result(), nil
	})
	s := settings("")
	s["BASE_URL"] = kora.DefaultBaseURL
	p, err := kora.Adapter().New(s, &http.Client{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Fetch(t.Context(), "ver_1")
	if err == nil || !strings.Contains(err.Error(), "https://idv.korastratum.com/api/v1/idv") {
		t.Errorf("error %v does not say what to try", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSettings(t *testing.T) {
	for key, values := range map[string][]string{
		"API_KEY":                     {"", "two words", "line\nbreak"},
		"TENANT_ID":                   {"", "ü"},
		"WEBHOOK_SECRET":              {"", " , "},
		"BASE_URL":                    {"", "api.korastratum.com", "ftp://x/y", "https://", "https://u:p@h/", "https://h/?a=b"},
		"LAUNCH_URL":                  {"https://app.example/", "/{verificationId}", "javascript:{verificationId}"},
		"TIER":                        {"", "gold"},
		"SEND_CALLBACK_URL":           {"maybe"},
		"SEND_EXPECTED_NAME":          {"ja"},
		"REQUIRE_TIMESTAMPED":         {"on"},
		"ALLOW_KORASTRATUM_SIGNATURE": {"2"},
	} {
		for _, value := range values {
			s := settings("https://kora.example")
			s[key] = value
			_, err := kora.Adapter().New(s, &http.Client{})
			if err == nil || !strings.Contains(err.Error(), key+":") {
				t.Errorf("%s=%q: error %v", key, value, err)
			}
			if err != nil && strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("%s=%q: more than that is refused: %v", key, value, err)
			}
		}
	}
}
