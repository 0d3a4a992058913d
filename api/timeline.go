package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type timelineReply struct {
	SessionID string             `json:"sessionId" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Status    idv.Status         `json:"status" example:"approved"`
	Data      []observationReply `json:"data"`
} // @name Timeline

// observationReply is one thing that somebody told us, and what it did.
type observationReply struct {
	At             string      `json:"at" format:"date-time" example:"2026-11-20T09:04:31.518Z"`
	OccurredAt     *string     `json:"occurredAt" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:04:31.000Z"`
	Source         idv.Source  `json:"source" example:"webhook"`
	DeliveryID     *string     `json:"deliveryId" extensions:"x-nullable" example:"whd_01kagt2f6pe4mrt1qq3g1c2s8f"`
	ProviderStatus *string     `json:"providerStatus" extensions:"x-nullable" example:"verified"`
	Status         *idv.Status `json:"status" extensions:"x-nullable" example:"approved"`
	Attempt        *string     `json:"attempt" extensions:"x-nullable" example:"0a9b8c7d-6e5f-4d3c-a2b1-908f7e6d5c4b"`
	Effect         idv.Effect  `json:"effect" example:"moved"`
	Why            string      `json:"why" example:"moved the session from pending to approved"`
	Notice         *idv.Notice `json:"notice" extensions:"x-nullable"`
} // @name Observation

// getTimeline explains a session.
//
//	@Summary		Explain a session
//	@Description	Why the session is where it is: every observation in the order in which we heard of it (a webhook that had to wait to be worked is heard once it is), with its source, the provider's own word, the status it was read as, and whether it moved anything.
//	@ID				getTimeline
//	@Tags			sessions
//	@Produce		json
//	@Param			id	path		string			true	"the session's id"	example(ses_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Success		200	{object}	timelineReply	"the timeline"
//	@Failure		401	{object}	problem			"`unauthorized`"
//	@Failure		403	{object}	problem			"`forbidden`: the credential lacks `sessions:read`"
//	@Failure		404	{object}	problem			"`not_found`"
//	@Failure		500	{object}	problem			"`internal`"
//	@Failure		503	{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"200": {"data": [{"at": "2026-11-20T09:00:00.412Z", "occurredAt": null, "source": "create", "deliveryId": null, "providerStatus": "pending", "status": "pending", "attempt": null, "why": "moved the session from created to pending", "notice": null}, {"notice": null}]}, "404": {"detail": "There is no such session."}}
//	@Security		Bearer
//	@Router			/v1/sessions/{id}/timeline [get]
func (s *server) getTimeline(c echo.Context) (reply, error) {
	x, err := s.session(c)
	if err != nil {
		return reply{}, err
	}
	observations, err := s.SessionReader.Observations(c.Request().Context(), x.ID)
	if err != nil {
		return reply{}, err
	}
	timeline := timelineReply{SessionID: x.ID, Status: x.State.Status, Data: []observationReply{}}
	var at time.Time
	for _, e := range idv.Explain(observations) {
		o := e.Observation
		// A webhook that was worked late was heard once it was worked.
		if o.HeardAt.After(at) {
			at = o.HeardAt
		}
		timeline.Data = append(timeline.Data, observationReply{
			At:             stamp(at),
			OccurredAt:     stampOrNull(o.OccurredAt),
			Source:         o.Source,
			DeliveryID:     orNull(o.DeliveryID),
			ProviderStatus: orNull(o.ProviderStatus),
			Status:         orNull(o.Status),
			Attempt:        orNull(o.Attempt),
			Effect:         e.Effect,
			Why:            e.Why,
			Notice:         o.Notice,
		})
	}
	return ok(timeline)
}
