package bare

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bonafide-idv/bonafide/internal/id"
)

// claimSession writes everything that stands before the provider's call: the
// key, the user, the session, and the two jobs for a process that dies.
const claimSession = `
WITH key AS (
	INSERT INTO idempotency_keys (credential, key, request, session_id, created_at, expires_at)
	VALUES ('key_bare', $1, ''::bytea, $2, now(), now() + interval '1 day')
	ON CONFLICT DO NOTHING
), person AS (
	INSERT INTO users (external_user_id, status, session_id, provider, open_session_id, reasons, version, updated_at)
	VALUES ($3, 'pending', $2, 'kora', $2, '[]', 1, now())
	ON CONFLICT DO NOTHING
), attempt AS (
	INSERT INTO sessions (id, external_user_id, provider, open_slot, status, start_unanswered, decision_version,
		ever_approved, reasons, private, created_at, updated_at, expires_at)
	VALUES ($2, $3, 'kora', $3, 'created', false, 0, false, '[]', $4, now(), now(), now() + interval '3 days')
)
INSERT INTO river_job (args, kind, max_attempts, queue, state, scheduled_at) VALUES
	(jsonb_build_object('id', $2), 'settle', 2000, 'settle', 'scheduled', now() + interval '15 s'),
	(jsonb_build_object('id', $2), 'expire', 2000, 'expire', 'scheduled', now() + interval '3 days')`

// confirmSession writes everything that follows from the provider's answer.
const confirmSession = `
WITH attempt AS (
	UPDATE sessions SET ref = $2, status = 'pending', private = $3, updated_at = now() WHERE id = $1
), heard AS (
	INSERT INTO observations (session_id, seq, fingerprint, source, heard_at, provider_status, status, attempt,
		unknown, partial, test, reasons)
	VALUES ($1, 1, 'create', 'create', now(), 'pending', 'pending', '', false, false, false, '[]')
), job AS (
	INSERT INTO river_job (args, kind, max_attempts, queue, state, scheduled_at)
	VALUES (jsonb_build_object('id', $1), 'expire', 2000, 'expire', 'scheduled', now() + interval '1 day')
)
UPDATE idempotency_keys SET answer = $4 WHERE credential = 'key_bare' AND key = $5`

type sessionAnswer struct {
	ID                string `json:"id"`
	ExternalUserID    string `json:"externalUserId"`
	Provider          string `json:"provider"`
	ProviderSessionID string `json:"providerSessionId"`
	Status            string `json:"status"`
}

// create makes a session for a user that has none: one statement before the
// provider's call and one after.
func create(db *pgxpool.Pool, provider string) http.HandlerFunc {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	return func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ ExternalUserID string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx, key := r.Context(), r.Header.Get("Idempotency-Key")
		answer := sessionAnswer{
			ID: id.New(id.Session), ExternalUserID: asked.ExternalUserID, Provider: "kora", Status: "pending",
		}
		private := append([]byte{1}, `{"launch":{},"callbackUrl":"","metadata":{}}`...)
		fail := func(err error) { http.Error(w, err.Error(), http.StatusInternalServerError) }
		if _, err := db.Exec(ctx, claimSession, key, answer.ID, asked.ExternalUserID, private); err != nil {
			fail(err)
			return
		}
		var err error
		if answer.ProviderSessionID, err = start(ctx, client, provider, asked.ExternalUserID); err != nil {
			fail(err)
			return
		}
		rendered, err := json.Marshal(answer)
		if err != nil {
			fail(err)
			return
		}
		if _, err := db.Exec(ctx, confirmSession, answer.ID, answer.ProviderSessionID, private, append([]byte{1}, rendered...), key); err != nil {
			fail(err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(rendered)
	}
}

// start asks the provider for a verification and gives its id.
func start(ctx context.Context, client *http.Client, provider, user string) (string, error) {
	body, err := json.Marshal(map[string]string{"externalId": user, "tier": "standard"})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, provider+"/verifications", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	var made struct{ ID string }
	if err := json.Unmarshal(said, &made); err != nil || made.ID == "" {
		return "", fmt.Errorf("the provider answered %s: %.100s", res.Status, said)
	}
	return made.ID, nil
}
