package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// provider stands in for Kora and answers at once: it makes verifications, and
// calls each of them verified when it is asked.
func provider(ctx context.Context) (url string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /verifications", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var asked struct{ ExternalID string }
		if err == nil {
			err = json.Unmarshal(body, &asked)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		say(w, http.StatusCreated, `{"id":%q,"tenantId":%q,"status":"pending","tier":"standard","createdAt":%q}`,
			verificationOf(asked.ExternalID), tenant, stamp())
	})
	mux.HandleFunc("GET /verifications/{id}", func(w http.ResponseWriter, r *http.Request) {
		now := stamp()
		say(w, http.StatusOK, `{"id":%q,"tenantId":%q,"status":"verified","tier":"standard","createdAt":%q,"updatedAt":%q,"completedAt":%q,`+
			`"documentVerification":{"documentType":"passport","documentNumber":"A0000001","firstName":"AMARA","lastName":"OKAFOR",`+
			`"dateOfBirth":"1994-02-17","expirationDate":"2131-05-09","issuingCountry":"NGA","mrzValid":true,"authenticityScore":95.4},`+
			`"faceVerification":{"matchScore":96.8,"matchResult":"match","confidence":97.0},`+
			`"scores":{"documentQuality":97.1,"documentAuth":95.4,"faceMatch":96.8,"liveness":98.2,"nameMatch":100,"overall":96.3},`+
			`"decision":"auto_approve","decisionReason":"All checks passed"}`, r.PathValue("id"), tenant, now, now, now)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // until it is closed
	return "http://" + l.Addr().String(), func() { _ = server.Close() }, nil
}

func say(w http.ResponseWriter, status int, format string, values ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, format, values...)
}

func stamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }
