package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// #region receive

// event is the part of a webhook that a backend acts on.
type event struct {
	Type string `json:"type"`
	Data struct {
		ExternalUserID string `json:"externalUserId"`
		Status         string `json:"status"`
		Version        int64  `json:"version"`
	} `json:"data"`
}

type receiver struct {
	verifier *webhooks.Webhook // checks the signatures and the time
	accounts *accounts
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10)) // the bytes that were signed
	if err != nil {
		http.Error(w, "too large or cut off", http.StatusBadRequest)
		return
	}
	if rc.verifier.Verify(body, r.Header) != nil {
		http.Error(w, "not genuine", http.StatusUnauthorized)
		return
	}
	var e event
	if json.Unmarshal(body, &e) != nil {
		http.Error(w, "not understood", http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(e.Type, "user.") && rc.accounts.apply(r.Header.Get("webhook-id"), e) {
		fmt.Printf("%s is %s (version %d)\n", e.Data.ExternalUserID, e.Data.Status, e.Data.Version)
	}
	w.WriteHeader(http.StatusNoContent) // anything but 2xx is sent again
}

// #endregion
