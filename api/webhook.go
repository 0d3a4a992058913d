package api

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

type receivedReply struct {
	Received bool `json:"received" example:"true"`
} // @name Received

// receiveWebhook takes in a provider's webhook.
//
//	@Summary		Receive a provider's webhook
//	@Description	For providers, not for clients. The signature is verified over the raw bytes; a genuine webhook is kept before it is answered and worked afterwards. A repetition is answered alike and changes nothing.
//	@ID				receiveWebhook
//	@Tags			webhooks
//	@Accept			json
//	@Produce		json
//	@Param			provider	path		string			true	"the provider's name"	example(kora)
//	@Param			body		body		object			true	"the provider's own payload"
//	@Success		200			{object}	receivedReply	"kept"
//	@Failure		401			{object}	problem			"`forged`: the signature is missing or wrong"
//	@Failure		404			{object}	problem			"`not_found`: no such provider takes webhooks here"
//	@Failure		413			{object}	problem			"`too_large`: the body is over 1 MiB"
//	@Failure		429			{object}	problem			"`rate_limited`: too many webhooks from this address had to be refused; genuine ones are always taken"
//	@Failure		500			{object}	problem			"`internal`: not kept; the provider is to send it again"
//	@Failure		503			{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"404": {"detail": "No such provider takes webhooks here."}}
//	@Router			/v1/webhooks/{provider} [post]
func (s *server) receiveWebhook(c echo.Context) (reply, error) {
	began := time.Now()
	isNew, err := s.takeIn(c)
	if outcome := webhookOutcome(isNew, err); outcome == webhookForged || outcome == webhookRefused {
		err = s.limitForger(c, err)
	}
	s.observeWebhook(c, began, isNew, err)
	if err != nil {
		return reply{}, err
	}
	return ok(receivedReply{Received: true})
}

func (s *server) takeIn(c echo.Context) (isNew bool, err error) {
	r := c.Request()
	leave, err := s.room.enter(r)
	if err != nil {
		return false, err
	}
	defer leave()
	body, err := readBody(c)
	if err != nil {
		return false, err
	}
	return s.Inbox.Receive(r.Context(), c.Param("provider"), r.Header.Clone(), body)
}

type deliveryReply struct {
	ID         string            `json:"id" example:"whd_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Provider   string            `json:"provider" example:"kora"`
	State      idv.DeliveryState `json:"state" example:"processed"`
	Reason     *string           `json:"reason" extensions:"x-nullable" example:"unknown status \"on_hold\""`
	EventType  *string           `json:"eventType" extensions:"x-nullable" example:"verification.completed"`
	SessionID  *string           `json:"sessionId" extensions:"x-nullable" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	ReceivedAt string            `json:"receivedAt" format:"date-time" example:"2026-11-20T09:04:31.518Z"`
	Attempts   int               `json:"attempts" minimum:"0" example:"1"`
} // @name Delivery

type deliveryList struct {
	Data       []deliveryReply `json:"data"`
	NextCursor *string         `json:"nextCursor" extensions:"x-nullable" example:"d2hkXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm"`
	HasMore    bool            `json:"hasMore" example:"true"`
} // @name DeliveryList

func deliveryOf(d idv.Delivery) deliveryReply {
	return deliveryReply{
		ID:         d.ID,
		Provider:   d.Provider,
		State:      d.State,
		Reason:     orNull(d.Reason),
		EventType:  orNull(d.EventType),
		SessionID:  orNull(d.SessionID),
		ReceivedAt: stamp(d.ReceivedAt),
		Attempts:   d.Attempts,
	}
}

// listDeliveries answers what came, newest first.
//
//	@Summary		List webhook deliveries
//	@Description	What providers sent: `parked` deliveries are genuine but not understood, `unmatched` ones are about no session of ours.
//	@ID				listDeliveries
//	@Tags			webhooks
//	@Produce		json
//	@Param			state		query		string			false	"only those in this state"	Enums(received,processed,parked,unmatched)	example(parked)
//	@Param			provider	query		string			false	"only those of this provider"	example(kora)
//	@Param			limit		query		integer			false	"how many"	minimum(1)	maximum(200)	default(50)	example(50)
//	@Param			cursor		query		string			false	"`nextCursor` of the page before"	example(d2hkXzAxa2FndDJmNnBlNG1ydDFxcTNnMWMyczhm)
//	@Success		200			{object}	deliveryList	"a page of deliveries"
//	@Failure		400			{object}	problem			"`invalid_request`: a parameter is unknown or wrong"
//	@Failure		401			{object}	problem			"`unauthorized`"
//	@Failure		403			{object}	problem			"`forbidden`: the credential lacks `admin`"
//	@Failure		500			{object}	problem			"`internal`"
//	@Failure		503			{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"data": [{"state": "parked", "sessionId": null}]}, "400": {"detail": "The request has a mistake: ?limit must be a number from 1 to 200.", "errors": [{"pointer": "?limit", "code": "invalid_value", "detail": "must be a number from 1 to 200"}]}}
//	@Security		Bearer
//	@Router			/v1/webhook-deliveries [get]
func (s *server) listDeliveries(c echo.Context) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "state", "provider", "limit", "cursor")
	known := func(v string) bool { return slices.Contains(idv.DeliveryStates(), idv.DeliveryState(v)) }
	f := idv.DeliveryFilter{
		State:    idv.DeliveryState(q.text("state", known, "must be a delivery state")),
		Provider: q.text("provider", providerName.MatchString, "must be a provider's name"),
		Page:     q.page("whd"),
	}
	if err := q.err(); err != nil {
		return reply{}, err
	}
	rows, err := s.Deliveries.Deliveries(c.Request().Context(), f)
	if err != nil {
		return reply{}, err
	}
	data, next, more := shown(rows, f.Page, func(d idv.Delivery) string { return d.ID }, deliveryOf)
	return ok(deliveryList{Data: data, NextCursor: next, HasMore: more})
}

// replayDelivery handles a delivery again.
//
//	@Summary		Replay a webhook delivery
//	@Description	Handles a kept delivery again by the same rules, for example after a provider's new word became known. What it says is read anew and replaces the earlier reading.
//	@ID				replayDelivery
//	@Tags			webhooks
//	@Produce		json
//	@Param			Idempotency-Key	header		string			false	"the client's name for this request"	maxlength(255)	example(replay-1042)
//	@Param			id				path		string			true	"the delivery's id"	example(whd_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		202				{object}	deliveryReply	"the delivery waits to be worked"
//	@Failure		400				{object}	problem			"`invalid_request`: there is a body with fields"
//	@Failure		401				{object}	problem			"`unauthorized`"
//	@Failure		403				{object}	problem			"`forbidden`: the credential lacks `admin`"
//	@Failure		404				{object}	problem			"`not_found`"
//	@Failure		409				{object}	problem			"`conflict`: the webhook itself was removed; `idempotency_in_flight`: the first request with this key still runs"
//	@Failure		413				{object}	problem			"`too_large`"
//	@Failure		415				{object}	problem			"`unsupported_media_type`"
//	@Failure		422				{object}	problem			"`idempotency_mismatch`"
//	@Failure		500				{object}	problem			"`internal`"
//	@Failure		503				{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"202": {"state": "received", "reason": null}, "400": {"detail": "The request has a mistake: /reason is not a field of this request.", "errors": [{"pointer": "/reason", "code": "unknown_field", "detail": "is not a field of this request"}]}, "404": {"detail": "There is no such delivery."}}
//	@Security		Bearer
//	@Router			/v1/webhook-deliveries/{id}/replay [post]
func (s *server) replayDelivery(c echo.Context) (reply, error) {
	if err := noFields(c); err != nil {
		return reply{}, err
	}
	ctx := c.Request().Context()
	did, err := idOf(c, id.Delivery, "delivery")
	if err != nil {
		return reply{}, err
	}
	err = s.Deliveries.RequeueDelivery(ctx, did, caller(c).ID)
	switch {
	case errors.Is(err, idv.ErrNotFound):
		return reply{}, notFound("delivery")
	case errors.Is(err, idv.ErrGone):
		return reply{}, &problem{Status: http.StatusConflict, Code: codeConflict, Detail: "The webhook itself was removed, by age or because its user's data was erased."}
	}
	if err != nil {
		return reply{}, err
	}
	d, err := s.Deliveries.Delivery(ctx, did)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusAccepted, body: deliveryOf(d)}, nil
}
