package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// client calls bonafide with an API key.
type client struct{ api, key string }

type session struct {
	ID     string `json:"id"`
	Launch struct {
		URL string `json:"url"`
	} `json:"launch"`
	ClientToken string `json:"clientToken"` // for the user's phone
}

// create creates a session for a user. Real code keeps the idempotency key with
// its order, so that asking again after a crash makes no second session.
func (c client) create(ctx context.Context, user string) (session, error) {
	var s session
	body, err := json.Marshal(map[string]string{"externalUserId": user})
	if err != nil {
		return s, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.api+"/v1/sessions", bytes.NewReader(body))
	if err != nil {
		return s, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", rand.Text())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		return s, refused(res)
	}
	return s, json.NewDecoder(res.Body).Decode(&s)
}

// refused is the error that an answer tells, such as "409 already_verified: …".
func refused(res *http.Response) error {
	var problem struct{ Code, Detail string }
	raw, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	_ = json.Unmarshal(raw, &problem) // the status says enough where a proxy answered
	return fmt.Errorf("%d %s: %s", res.StatusCode, problem.Code, problem.Detail)
}
