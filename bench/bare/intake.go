// Package bare holds the servers that bonafide is measured against: the same
// work with net/http and pgx alone, without checks, encryption, logs or
// anything else that a real server needs.
package bare

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bonafide-idv/bonafide/internal/id"
)

// keepWebhook stores a webhook once with its job: one statement, one round trip.
const keepWebhook = `
WITH kept AS (
	INSERT INTO deliveries (id, provider, digest, state, reason, event_type, received_at, attempts, webhook)
	VALUES ($1, 'kora', $2, 'received', '', '', now(), 0, $3)
	ON CONFLICT (provider, digest) DO NOTHING
	RETURNING id
)
INSERT INTO river_job (args, kind, max_attempts, queue)
SELECT jsonb_build_object('id', id), 'delivery', 2000, 'delivery' FROM kept`

// intake verifies a webhook by its timestamp and body, stores it, and answers
// after the commit.
func intake(db *pgxpool.Pool, secret string) http.HandlerFunc {
	answer := []byte(`{"received":true}`)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength < 0 {
			http.Error(w, "", http.StatusLengthRequired)
			return
		}
		// What is kept begins with the version of an envelope.
		kept := make([]byte, 1+r.ContentLength)
		kept[0] = 1
		body := kept[1:]
		if _, err := io.ReadFull(r.Body, body); err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = io.WriteString(mac, r.Header.Get("X-Timestamp")+".")
		_, _ = mac.Write(body)
		sum, err := hex.DecodeString(r.Header.Get("X-Signature"))
		if err != nil || !hmac.Equal(sum, mac.Sum(nil)) {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		digest := sha256.Sum256(body)
		if _, err := db.Exec(r.Context(), keepWebhook, id.New(id.Delivery), hex.EncodeToString(digest[:]), kept); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}
}
