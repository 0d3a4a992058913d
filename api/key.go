package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/token"
)

// Keys are the API keys of clients.
type Keys interface {
	// CreateKey and RevokeKey keep on record by whom, a credential's id, it was done.
	CreateKey(ctx context.Context, key idv.APIKey, by string) error
	Key(ctx context.Context, id string) (idv.APIKey, error)
	Keys(ctx context.Context, p idv.Page) ([]idv.APIKey, error)
	RevokeKey(ctx context.Context, id, by string, at time.Time) error
}

type keyRequest struct {
	// For people: what the key is for.
	Name string `json:"name" validate:"required,max=100,printable" minLength:"1" maxLength:"100" example:"accounts service"`
	// What the key may do.
	Scopes []idv.Scope `json:"scopes" validate:"required,min=1,unique,dive,scope" example:"users:read"`
	// How long the key counts, in seconds; for ever if nothing is said.
	ExpiresInSeconds *int64 `json:"expiresInSeconds,omitempty" validate:"omitnil,min=60,max=315360000" minimum:"60" maximum:"315360000" example:"2592000"`
} // @name APIKeyRequest

// keyReply is an API key. It never shows the key itself.
type keyReply struct {
	ID        string      `json:"id" example:"key_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Name      string      `json:"name" example:"accounts service"`
	Scopes    []idv.Scope `json:"scopes" example:"users:read"`
	CreatedAt string      `json:"createdAt" format:"date-time" example:"2026-11-20T09:00:00.000Z"`
	ExpiresAt *string     `json:"expiresAt" format:"date-time" extensions:"x-nullable" example:"2026-12-20T09:00:00.000Z"`
	RevokedAt *string     `json:"revokedAt" format:"date-time" extensions:"x-nullable" example:"2026-11-24T16:40:07.312Z"`
	// To the minute.
	LastUsedAt *string `json:"lastUsedAt" format:"date-time" extensions:"x-nullable" example:"2026-11-24T16:39:41.003Z"`
} // @name APIKey

// newKeyReply is an API key that was made just now.
type newKeyReply struct {
	keyReply
	// The credential. It is shown this once.
	Key string `json:"key" example:"bfk_oud4NadR_71qSZ0nylBatVZJOQJVYyd7kBArH2OaBNk"`
} // @name NewAPIKey

type keyList struct {
	Data       []keyReply `json:"data"`
	NextCursor *string    `json:"nextCursor" extensions:"x-nullable" example:"a2V5XzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm"`
	HasMore    bool       `json:"hasMore" example:"true"`
} // @name APIKeyList

func keyOf(k idv.APIKey) keyReply {
	return keyReply{
		ID:         k.ID,
		Name:       k.Name,
		Scopes:     k.Scopes,
		CreatedAt:  stamp(k.CreatedAt),
		ExpiresAt:  stampOrNull(k.ExpiresAt),
		RevokedAt:  stampOrNull(k.RevokedAt),
		LastUsedAt: stampOrNull(k.LastUsedAt),
	}
}

// keyFault gives an error about an API key its words.
func keyFault(err error) error {
	if errors.Is(err, idv.ErrNotFound) {
		return notFound("API key")
	}
	return err
}

// createKey makes an API key.
//
//	@Summary		Create an API key
//	@Description	The reply holds the `key`, this once: only a digest of it is kept.
//	@ID				createKey
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			Idempotency-Key	header		string		false	"the client's name for this request"	maxlength(255)	example(key-1)
//	@Param			request			body		keyRequest	true	"the API key"
//	@Success		201				{object}	newKeyReply	"the API key with what it is sent as"
//	@Header			201				{string}	Location	"the API key's address"
//	@Failure		400				{object}	problem		"`invalid_request`: the request has mistakes, each in `errors`"
//	@Failure		401				{object}	problem		"`unauthorized`"
//	@Failure		403				{object}	problem		"`forbidden`: the credential lacks `admin`"
//	@Failure		409				{object}	problem		"`idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem		"`too_large`"
//	@Failure		415				{object}	problem		"`unsupported_media_type`"
//	@Failure		422				{object}	problem		"`idempotency_mismatch`"
//	@Failure		500				{object}	problem		"`internal`"
//	@Failure		503				{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"201": {"revokedAt": null, "lastUsedAt": null}, "400": {"detail": "The request has a mistake: /name is required.", "errors": [{"pointer": "/name", "code": "required", "detail": "is required"}]}}
//	@Security		Bearer
//	@Router			/v1/keys [post]
func (s *server) createKey(c echo.Context) (reply, error) {
	var in keyRequest
	if err := s.accept(c, &in); err != nil {
		return reply{}, err
	}
	var life time.Duration
	if in.ExpiresInSeconds != nil {
		life = time.Duration(*in.ExpiresInSeconds) * time.Second
	}
	key, secret := token.Issue(in.Name, in.Scopes, life, time.Now())
	if err := s.Keys.CreateKey(c.Request().Context(), key, caller(c).ID); err != nil {
		return reply{}, err
	}
	return reply{
		status: http.StatusCreated, body: newKeyReply{keyReply: keyOf(key), Key: secret},
		header: map[string]string{echo.HeaderLocation: "/v1/keys/" + key.ID},
	}, nil
}

// listKeys answers API keys, newest first.
//
//	@Summary		List API keys
//	@Description	Those that have expired or were revoked are among them. The key that the configuration brings is not.
//	@ID				listKeys
//	@Tags			keys
//	@Produce		json
//	@Param			limit	query		integer	false	"how many"	minimum(1)	maximum(200)	default(50)	example(50)
//	@Param			cursor	query		string	false	"`nextCursor` of the page before"	example(a2V5XzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm)
//	@Success		200		{object}	keyList	"a page of API keys"
//	@Failure		400		{object}	problem	"`invalid_request`: a parameter is unknown or wrong"
//	@Failure		401		{object}	problem	"`unauthorized`"
//	@Failure		403		{object}	problem	"`forbidden`: the credential lacks `admin`"
//	@Failure		500		{object}	problem	"`internal`"
//	@Failure		503		{object}	problem	"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"data": [{"revokedAt": null}]}, "400": {"detail": "The request has a mistake: ?limit must be a number from 1 to 200.", "errors": [{"pointer": "?limit", "code": "invalid_value", "detail": "must be a number from 1 to 200"}]}}
//	@Security		Bearer
//	@Router			/v1/keys [get]
func (s *server) listKeys(c echo.Context) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "limit", "cursor")
	page := q.page(id.Key)
	if err := q.err(); err != nil {
		return reply{}, err
	}
	rows, err := s.Keys.Keys(c.Request().Context(), page)
	if err != nil {
		return reply{}, err
	}
	data, next, more := shown(rows, page, func(k idv.APIKey) string { return k.ID }, keyOf)
	return ok(keyList{Data: data, NextCursor: next, HasMore: more})
}

// getKey answers one API key.
//
//	@Summary	Get an API key
//	@ID			getKey
//	@Tags		keys
//	@Produce	json
//	@Param		id	path		string		true	"the API key's id"	example(key_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success	200	{object}	keyReply	"the API key"
//	@Failure	401	{object}	problem		"`unauthorized`"
//	@Failure	403	{object}	problem		"`forbidden`: the credential lacks `admin`"
//	@Failure	404	{object}	problem		"`not_found`"
//	@Failure	500	{object}	problem		"`internal`"
//	@Failure	503	{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example	{"404": {"detail": "There is no such API key."}}
//	@Security	Bearer
//	@Router		/v1/keys/{id} [get]
func (s *server) getKey(c echo.Context) (reply, error) {
	kid, err := idOf(c, id.Key, "API key")
	if err != nil {
		return reply{}, err
	}
	k, err := s.Keys.Key(c.Request().Context(), kid)
	if err != nil {
		return reply{}, keyFault(err)
	}
	return ok(keyOf(k))
}

// revokeKey ends an API key.
//
//	@Summary		Revoke an API key
//	@Description	It counts no longer: at once in the process that answers, within two seconds everywhere else. It stays in the list. A second time changes nothing.
//	@ID				revokeKey
//	@Tags			keys
//	@Produce		json
//	@Param			id	path	string	true	"the API key's id"	example(key_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		204	"it is revoked"
//	@Failure		401	{object}	problem	"`unauthorized`"
//	@Failure		403	{object}	problem	"`forbidden`: the credential lacks `admin`"
//	@Failure		404	{object}	problem	"`not_found`"
//	@Failure		500	{object}	problem	"`internal`"
//	@Failure		503	{object}	problem	"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"404": {"detail": "There is no such API key."}}
//	@Security		Bearer
//	@Router			/v1/keys/{id} [delete]
func (s *server) revokeKey(c echo.Context) (reply, error) {
	kid, err := idOf(c, id.Key, "API key")
	if err != nil {
		return reply{}, err
	}
	if err := s.Keys.RevokeKey(c.Request().Context(), kid, caller(c).ID, time.Now()); err != nil {
		return reply{}, keyFault(err)
	}
	return reply{status: http.StatusNoContent}, nil
}
